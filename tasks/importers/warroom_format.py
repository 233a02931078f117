"""The file format of the founding study's transcripts (WarRoom, CC BY 4.0): one JSON per run."""

# ruff: noqa: N815  (field names are those of the files)
from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from schemas.names import Name

Position = Annotated[int, Field(ge=1, le=100_000)]
Round = Annotated[int, Field(ge=0, le=1_000_000)]


class _Part(BaseModel):
    """Fields of other names are allowed: the platform that wrote the files kept adding some."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Condition(_Part):
    """What was varied."""

    series: Name
    mode: str
    temperature: float = Field(ge=0)
    promptAblation: str | None = None
    useRealNames: bool = False
    isolatedMode: bool = False
    cloneMode: bool = False
    cloneModelName: str | None = None


class Agent(_Part):
    """A slot of the platform."""

    position: Position
    key: str
    name: Name
    nickname: Name
    model: Name
    enabled: bool = True


class Environment(_Part):
    """Settings of the platform."""

    id: str
    timestamp: Annotated[dt.datetime, Field(strict=False)]
    staggerMs: int = Field(ge=0)
    maxRounds: Round
    agentRanking: tuple[Agent, ...] = Field(strict=False, min_length=1)
    systemPromptTemplate: str


#: Fields that only lines of agents have.
_OF_AGENTS = frozenset({"agent", "agent_nickname", "model_id", "position", "round"})


class Spoken(_Part):
    """What an agent sent, or the error that came instead."""

    sender: str
    time: str
    agent: str = Field(min_length=1)
    agent_nickname: str = Field(min_length=1)
    model_id: str = Field(min_length=1)
    position: Position
    round: Round
    text: str
    isError: bool
    language_detected: str = "unknown"
    mentions: list[dict[str, Any]] = []


class Typed(_Part):
    """What the person at the platform typed: the brief."""

    sender: Literal["user"]
    time: str
    text: str = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _names_no_agent(cls, value: Any) -> Any:
        if isinstance(value, dict) and (named := _OF_AGENTS & value.keys()):
            raise ValueError(
                f"a line of the user that has {', '.join(sorted(named))}, as lines of agents do"
            )
        return value


class Marker(_Part):
    """What the platform wrote between messages; no agent saw it."""

    sender: Literal["system"]
    time: str
    system: str = Field(min_length=1)


def _kind(value: Any) -> str:
    sender = value.get("sender") if isinstance(value, dict) else getattr(value, "sender", None)
    return {"user": "typed", "system": "marker"}.get(str(sender), "spoken")


Line = Annotated[
    Annotated[Spoken, Tag("spoken")]
    | Annotated[Typed, Tag("typed")]
    | Annotated[Marker, Tag("marker")],
    Discriminator(_kind),
]


def round_of(line: Spoken | Typed | Marker) -> int | None:
    """The round that a line was sent in or announces; ``None`` where it says nothing of it."""
    if isinstance(line, Spoken):
        return line.round
    marked = _ROUND.fullmatch(line.system) if isinstance(line, Marker) else None
    return int(marked[1]) if marked else None


_ROUND = re.compile(r"— Round (\d{1,6}) —", re.ASCII)


class Conversation(_Part):
    """The brief and what followed."""

    userPrompt: str = Field(min_length=1)
    messages: tuple[Line, ...] = Field(strict=False, min_length=1)

    @model_validator(mode="after")
    def _in_order_and_each_once(self) -> Self:
        # The platform may announce a round before the last agents of the round before have spoken.
        for kind in (Spoken, Marker):
            lines = [line for line in self.messages if isinstance(line, kind)]
            rounds = [number for line in lines if (number := round_of(line)) is not None]
            for before, number in pairwise(rounds):
                if number < before:
                    raise ValueError(f"round {number} after round {before}; rounds never go back")
        spoken = [line for line in self.messages if isinstance(line, Spoken)]
        seen: set[tuple[int, int, str, str]] = set()
        for line in spoken:
            place = (line.position, line.round, line.time, line.text)
            if place in seen:
                raise ValueError(
                    f"a message of {line.agent_nickname} in round {line.round} stands here twice"
                )
            seen.add(place)
        return self


class Transcript(_Part):
    """A run."""

    condition: Condition
    environment: Environment
    conversation: Conversation

    @property
    def planned_rounds(self) -> int:
        """Rounds of a run that is not stopped; the platform counts from round 0."""
        single = self.condition.mode == "single"
        return 1 if single else self.environment.maxRounds + 1

    @property
    def completed_rounds(self) -> int:
        """Rounds in which an agent sent something, or an error came instead."""
        rounds = [line.round for line in self.conversation.messages if isinstance(line, Spoken)]
        return max(rounds) + 1 if rounds else 0
