"""Rules by which an episode is complete, fixed before anything is run."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from schemas.base import Record, Share


class CompletenessSpec(Record):
    """What an episode must have to be complete; what becomes of another one, ``run`` says."""

    min_rounds_share: Share | None = Field(
        None,
        description="Share of the planned rounds that must be over, at least. Rounds that an early "
        "end left out count as missing, whatever ended it.",
    )
    min_speakers: int | None = Field(
        None, ge=1, le=10_000, description="Seats that must have said something, at least."
    )
    max_absent_share: Share | None = Field(
        None, description="Share of questions to seats that led to no action, at most."
    )
    max_fallback_share: Share | None = Field(
        None, description="Share of questions to seats whose fallback was taken, at most."
    )

    @model_validator(mode="after")
    def _has_a_rule(self) -> Self:
        if not self.rules:
            names = ", ".join(type(self).model_fields)
            raise ValueError(f"completeness: no rule is named; there are {names}")
        return self

    @property
    def rules(self) -> dict[str, float]:
        """The bound of every rule that is declared, by name."""
        return {name: value for name, value in self if value is not None}
