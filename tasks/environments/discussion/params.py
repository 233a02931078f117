"""Parameters of a discussion."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from schemas.files import TextFile
from tasks.environments.seating import SeatedParams
from tasks.environments.talk import Phase, TalkProtocol
from tasks.environments.talk.decisions import Decision


class DiscussionParams(TalkProtocol, SeatedParams):
    """A discussion in rounds: everybody speaks once a round and is read by all."""

    brief: TextFile = Field(description="What the participants are told to do.")
    phases: tuple[Phase, ...] = Field(
        (),
        exclude_if=operator.not_,
        description="Phases of the talk, one after the other, each with a protocol of its own; "
        "what stands beside them (floor, ...) holds for those that do not say otherwise.",
    )
    decision: Decision | None = Field(None, description="What the group decides by vote, if so.")

    @property
    def protocols(self) -> Mapping[str, TalkProtocol]:
        """How the talk goes, by the phase that its events are of."""
        return {phase.name: phase for phase in self.phases} or {"": self}

    @model_validator(mode="before")
    @classmethod
    def _phases_share_what_stands_beside_them(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or not isinstance(value.get("phases"), list | tuple):
            return value
        # The limit on words holds for all of them from the start: the system prompt says it.
        shared = {
            name: value[name]
            for name in TalkProtocol.model_fields
            if name in value and name != "max_words"
        }
        phases = tuple(
            {**shared, **phase} if isinstance(phase, Mapping) else phase
            for phase in value["phases"]
        )
        held = [phase.visibility for phase in phases if isinstance(phase, Phase)]
        if held and value["visibility"] not in [*held, "everyone"]:
            raise ValueError(
                "visibility: it cannot change in an episode whose phases have their own"
            )
        return {**value, "phases": phases}

    @model_validator(mode="after")
    def _protocol_makes_sense(self) -> Self:
        if len({phase.name for phase in self.phases}) < len(self.phases):
            raise ValueError("phases: two phases have the same name")
        for name, protocol in self.protocols.items():
            for problem in protocol.problems(self.seats):
                raise ValueError(f"phase {name}: {problem}" if name else problem)
        decision = self.decision
        if decision is not None and max(decision.by, default=0) > len(self.seats):
            raise ValueError(f"decision.by: seat {max(decision.by)} of {len(self.seats)}")
        return self
