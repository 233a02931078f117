"""Interventions: scheduled changes of an episode, which work with every environment.

``base`` says what one is, ``conditions`` what it may wait for and ``arrangement`` what it changes.
The kinds: ``presence`` (crash, recover, leave, join, mute), ``replacing`` (replace), ``names``
(rename, swap), ``messages`` (inject, anonymise, reveal), ``prompts`` (edit_prompt; ``edits`` of
lines), ``memory`` (wipe), ``rules`` (change), ``adversary`` (instruct, script) and ``checking``
(fact_check). A new kind is a class here and a name in :data:`AnyIntervention`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tasks.episodes.interventions.adversary import Instruct, Script
from tasks.episodes.interventions.arrangement import Arrangement, Roster
from tasks.episodes.interventions.base import Change, Intervention
from tasks.episodes.interventions.checking import FactCheck
from tasks.episodes.interventions.memory import Wipe
from tasks.episodes.interventions.messages import Anonymise, Inject, Reveal
from tasks.episodes.interventions.names import Rename, Swap
from tasks.episodes.interventions.presence import Crash, Join, Leave, Mute, Recover
from tasks.episodes.interventions.prompts import EditPrompt
from tasks.episodes.interventions.replacing import Replace
from tasks.episodes.interventions.rules import ChangeRules

#: Every kind of intervention; ``do`` tells them apart.
AnyIntervention = (
    Crash
    | Recover
    | Leave
    | Join
    | Mute
    | Replace
    | Rename
    | Swap
    | Anonymise
    | Reveal
    | Inject
    | EditPrompt
    | Wipe
    | ChangeRules
    | Instruct
    | Script
    | FactCheck
)

InterventionField = Annotated[AnyIntervention, Field(discriminator="do")]

__all__ = [
    "AnyIntervention",
    "Arrangement",
    "Change",
    "EditPrompt",
    "Intervention",
    "InterventionField",
    "Replace",
    "Roster",
    "Script",
]
