"""Tables of judgements and of the labels made of them."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Share
from schemas.tables.column import Count, Json, Key, Name, Ordinal, Row, Table


class CodebookRow(Row):
    """A version of a codebook."""

    table: ClassVar[Table] = Table(
        "codebooks", ("codebook_digest",), "version of a codebook", part="refers"
    )

    codebook_digest: Key = Field(description="Its version.")
    name: Name = Field(description="Its name.")
    spec: Json = Field(description="The codebook.")


class CodeRow(Row):
    """A judgement: one coder on one flag of one item."""

    table: ClassVar[Table] = Table(
        "codes",
        ("unit_key", "episode_key", "seq", "other_seq", "flag", "coder"),
        "judgement",
        {
            "episode_key": "episodes.episode_key",
            "call_key": "calls.call_key",
            "codebook_digest": "codebooks.codebook_digest",
        },
        owner="unit_key",
    )

    unit_key: Key = Field(description="Unit that wrote the row.")
    episode_key: Key = Field(description="The episode.")
    seq: Ordinal | None = Field(None, description="Event that was coded; null: the episode.")
    other_seq: Ordinal | None = Field(None, description="Second event of a pair.")
    codebook_digest: Key = Field(description="Version of the codebook.")
    flag: Name = Field(description="What was coded.")
    coder: Name = Field(description="Who coded.")
    coder_kind: Literal["model", "human", "rule"] = Field(description="What kind of coder.")
    value: float | None = Field(
        None, description="0 or 1, or the number of the level; null: no usable judgement came."
    )
    evidence: str | None = Field(None, description="Words of the item that the coder points at.")
    problem: str | None = Field(None, description="Why there is no value.")
    call_key: Key | None = Field(None, description="Call that it came from.")


class LabelRow(Row):
    """An adjudicated flag of one item."""

    table: ClassVar[Table] = Table(
        "labels",
        ("unit_key", "episode_key", "seq", "other_seq", "flag", "rule"),
        "adjudicated flag",
        {
            "episode_key": "episodes.episode_key",
            "codebook_digest": "codebooks.codebook_digest",
        },
        owner="unit_key",
    )

    unit_key: Key = Field(description="Unit that wrote the row.")
    episode_key: Key = Field(description="The episode.")
    seq: Ordinal | None = Field(None, description="Event that was coded; null: the episode.")
    other_seq: Ordinal | None = Field(None, description="Second event of a pair.")
    codebook_digest: Key = Field(description="Version of the codebook.")
    flag: Name = Field(description="What was coded.")
    rule: Name = Field(description="Adjudication rule with its parameters.")
    value: float | None = Field(None, description="The label; null: the rule could not decide.")
    probability: Share | None = Field(None, description="Posterior, for rules that give one.")
    n_codes: Count = Field(description="Usable judgements that it was made of.")


class SampleRow(Row):
    """An item that was drawn for people to code."""

    table: ClassVar[Table] = Table(
        "samples",
        ("sample_key", "episode_key", "seq"),
        "item drawn for people to code",
        {
            "episode_key": "episodes.episode_key",
            "codebook_digest": "codebooks.codebook_digest",
        },
        owner="unit_key",
    )

    sample_key: Key = Field(description="The sample: digest of what it was drawn from and how.")
    unit_key: Key = Field(description="Unit that wrote the row.")
    episode_key: Key = Field(description="The episode.")
    seq: Ordinal = Field(description="The event.")
    position: Count = Field(description="Place on the coding sheet, from 1.")
    stratum: str = Field(description="Stratum that it was drawn from.")
    inclusion_probability: Share = Field(description="Probability with which it was drawn.")
    codebook_digest: Key = Field(description="Codebook that it is to be coded by.")
