"""Tables of what happened: episodes, seats, actions, events, what was seen, and results."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.environment import EventKind, Scope
from schemas.tables.column import Count, Json, Key, Name, Ordinal, Row, Span, Table, Time

#: Statuses of episodes that were cut short: by a limit, or before their planned rounds.
INCOMPLETE = frozenset({"truncated", "incomplete"})


class EpisodeRow(Row):
    """An episode."""

    table: ClassVar[Table] = Table("episodes", ("episode_key",), "episode", owner="unit_key")

    episode_key: Key = Field(description="The episode; key of the unit that ran or imported it.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    source: Literal["run", "import"] = Field(description="Run here, or imported.")
    environment: Name = Field(description="Environment that it was played in.")
    collection: str | None = Field(None, description="Collection of an imported episode.")
    series: str | None = Field(None, description="Series of an imported episode.")
    label: str = Field(description="Name for people; the run's name where it was imported.")
    brief: str | None = Field(None, description="What the participants were told to do.")
    params: Json = Field(description="Parameters of the environment.")
    seed: int | None = Field(None, description="Seed of everything random in it.")
    status: Literal["terminated", "truncated", "incomplete", "placeholder"] = Field(
        description="terminated: ended by its rules, so it is complete; truncated: ended by a "
        "limit; incomplete: imported, and it broke off; placeholder: known only by codes made "
        "elsewhere."
    )
    end_reason: str = Field(description="Why it ended.")
    planned_rounds: Count | None = Field(
        None, description="Rounds of an episode that nothing ends early."
    )
    completed_rounds: Count = Field(description="Rounds that were completed.")
    exclusion: str | None = Field(None, description="Why it should not be analysed, if so.")
    recorded_at: Time | None = Field(None, description="When an imported episode took place.")


class ExclusionRow(Row):
    """A rule of completeness that an episode breaks."""

    table: ClassVar[Table] = Table(
        "exclusions",
        ("unit_key", "episode_key", "rule"),
        "rule of completeness of a study that an episode breaks",
        {"episode_key": "episodes.episode_key"},
        owner="unit_key",
    )

    unit_key: Key = Field(description="Unit that wrote the row.")
    episode_key: Key = Field(description="The episode.")
    rule: Name = Field(description="The rule.")
    value: float = Field(description="What the episode has.")
    bound: float = Field(description="What the study wants.")
    reason: str = Field(description="Both in words.")


class SeatRow(Row):
    """A participant of an episode."""

    table: ClassVar[Table] = Table(
        "seats",
        ("episode_key", "seat"),
        "participant of an episode",
        {"episode_key": "episodes.episode_key", "persona_key": "personas.persona_key"},
        owner="unit_key",
    )

    episode_key: Key = Field(description="The episode.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    seat: Name = Field(description="Identifier within the episode.")
    position: Count = Field(description="Place in the order, from 1.")
    role: Name = Field(description="Role in the environment.")
    name: Name = Field(description="Name that it was shown under at the start.")
    model: Name = Field(description="Alias of the model in the study.")
    model_id: Name = Field(description="Model as the provider knows it.")
    persona_key: Key | None = Field(None, description="Its persona, if any.")


class ActionRow(Row):
    """A question put to a seat, and what it did."""

    table: ClassVar[Table] = Table(
        "actions",
        ("episode_key", "turn", "seat"),
        "question put to a seat",
        {"episode_key": "episodes.episode_key", "call_key": "calls.call_key"},
        owner="unit_key",
    )

    episode_key: Key = Field(description="The episode.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    turn: Count = Field(description="Turn, from 0; simultaneous actions share one.")
    round: Count = Field(description="Round, from 0.")
    seat: Name = Field(description="Who was asked.")
    ask: Name = Field(description="Kind of question.")
    call_key: Key | None = Field(None, description="Call that the answer came from.")
    valid: bool = Field(description="Whether it is the seat's own answer, and a usable one.")
    attempts: Count = Field(
        description="How often the model was asked, re-asks included; 0 for a seat that is out."
    )
    fallback: bool = Field(description="Whether the declared fallback was taken instead.")
    absent: bool = Field(description="Whether the seat did nothing, since no answer came.")
    answer: Json | None = Field(
        None, description="What it did; a JSON object, free text under text; null where absent."
    )


class EventRow(Row):
    """Something that happened in an episode."""

    table: ClassVar[Table] = Table(
        "events",
        ("episode_key", "seq"),
        "thing that happened",
        {"episode_key": "episodes.episode_key", "call_key": "calls.call_key"},
        owner="unit_key",
    )

    episode_key: Key = Field(description="The episode.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    seq: Ordinal = Field(description="Number within the episode, from 0.")
    round: Count = Field(description="Round, from 0.")
    turn: Count = Field(description="Turn, from 0; simultaneous actions share one.")
    phase: str = Field("", description="Phase within the round, where there are several.")
    kind: EventKind = Field(description="What kind of thing.")
    actor: Name = Field(description="Seat that did it, or env.")
    target: str | None = Field(None, description="Seat that it was done to.")
    item: str | None = Field(None, description="What it was about.")
    value: float | None = Field(None, description="Amount; unit as the environment says.")
    text: str | None = Field(None, description="Words.")
    data: Json = Field(description="Whatever else; a JSON object.")
    audience: str = Field(
        description="Who could see it: everyone, nobody, a seat, or a name in audiences."
    )
    call_key: Key | None = Field(None, description="Call that it came from.")


class AudienceRow(Row):
    """Who belongs to an audience from an event on."""

    table: ClassVar[Table] = Table(
        "audiences",
        ("episode_key", "audience", "from_seq"),
        "members of an audience, from an event on",
        {"episode_key": "episodes.episode_key"},
        owner="unit_key",
    )

    episode_key: Key = Field(description="The episode.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    audience: Name = Field(description="Its name; everyone, nobody and the seats need no row.")
    from_seq: Ordinal = Field(description="First event that these members could see.")
    seats: list[str] = Field(description="Its members, until the next row of the audience.")


class ExposureRow(Row):
    """What a seat had seen when it was asked."""

    table: ClassVar[Table] = Table(
        "exposures",
        ("call_key",),
        "question to an agent",
        {"call_key": "calls.call_key", "episode_key": "episodes.episode_key"},
        owner="unit_key",
    )

    call_key: Key = Field(description="The question.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    episode_key: Key = Field(description="The episode.")
    seat: Name = Field(description="Who was asked.")
    seqs: list[Span] = Field(
        description="Events that the prompt showed, as runs of numbers; v_exposures unnests them."
    )


class ResponseRow(Row):
    """An answer to a private question, which no seat but the one asked saw."""

    table: ClassVar[Table] = Table(
        "responses",
        ("unit_key", "after_turns", "seat", "instrument", "item"),
        "answer to a probe, or of a persona to an item of an instrument",
        {
            "episode_key": "episodes.episode_key",
            "persona_key": "personas.persona_key",
            "call_key": "calls.call_key",
        },
        owner="unit_key",
    )

    episode_key: Key | None = Field(
        None, description="The episode; null where it was asked outside of any."
    )
    unit_key: Key = Field(description="Unit that wrote the row.")
    administration: Literal["probe", "questionnaire"] = Field(
        description="Put to a seat in an episode, or to a persona outside of any."
    )
    after_rounds: Count | None = Field(
        None, description="Rounds of the episode that were over; 0 at the start."
    )
    after_turns: Count | None = Field(
        None, description="Turns of the episode that were over; 0 at the start."
    )
    seat: Name | None = Field(None, description="Who was asked, in an episode.")
    persona_key: Key | None = Field(None, description="The persona that was asked, if any.")
    model: Name | None = Field(
        None, description="Alias of the model that answered; null in rows of older versions."
    )
    repeat: Count = Field(1, description="Which time a persona answered the instrument, from 1.")
    instrument: Name = Field(description="Name of the probe, or of the instrument in the study.")
    item: Name = Field(description="Which of its questions.")
    position: Count | None = Field(
        None, description="Place of the item in the order asked, from 1; of instruments alone."
    )
    trait: Name | None = Field(None, description="Trait that the item measures.")
    facet: Name | None = Field(None, description="Part of the trait that the item is about.")
    key: Annotated[int, Field(ge=-1, le=1)] | None = Field(
        None, description="1 where a higher answer shows more of the trait, -1 where less."
    )
    value: float | None = Field(None, description="The answer as given, where it is a number.")
    scored: float | None = Field(
        None, description="The answer to an instrument's item, reversed where the key is -1."
    )
    text: str | None = Field(
        None, description="The answer in words; null, as the number, where none was usable."
    )
    call_key: Key | None = Field(None, description="Call that it came from.")


class OutcomeRow(Row):
    """A result of an episode."""

    table: ClassVar[Table] = Table(
        "outcomes",
        ("episode_key", "scope", "subject", "other", "round", "metric"),
        "result of an episode",
        {"episode_key": "episodes.episode_key"},
        owner="unit_key",
    )

    episode_key: Key = Field(description="The episode.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    scope: Scope = Field(description="What the result is of.")
    subject: str = Field(description="Seat or item; empty for the episode.")
    other: str | None = Field(None, description="Second of a pair.")
    round: Count | None = Field(None, description="Round, where it is of one.")
    metric: Name = Field(description="Name of the result.")
    value: float | None = Field(None, description="Number.")
    label: str | None = Field(None, description="Word.")
