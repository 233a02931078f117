"""Interventions: scheduled changes of an episode, which work with every environment.

``base`` says what one is; ``seats`` (crash, replace), ``names`` (rename, swap), ``messages``
(inject) and ``prompts`` (edit_prompt) are kinds. A new kind is a class here and a name in
:data:`AnyIntervention`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tasks.episodes.interventions.base import Arrangement, Change, Intervention, Roster
from tasks.episodes.interventions.messages import Inject
from tasks.episodes.interventions.names import Rename, Swap
from tasks.episodes.interventions.prompts import EditPrompt
from tasks.episodes.interventions.seats import Crash, Replace

#: Every kind of intervention; ``do`` tells them apart.
AnyIntervention = Crash | Replace | Rename | Swap | Inject | EditPrompt

InterventionField = Annotated[AnyIntervention, Field(discriminator="do")]

__all__ = [
    "AnyIntervention",
    "Arrangement",
    "Change",
    "EditPrompt",
    "Intervention",
    "InterventionField",
    "Roster",
]
