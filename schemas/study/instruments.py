"""Instruments of a study, and how they are put to its personas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from schemas.base import Record
from schemas.counts import counted
from schemas.files import study_files
from schemas.instrument import Instrument
from schemas.names import Name


class InstrumentSpec(Record):
    """An instrument, and how it is put to personas outside any episode.

    In a study: ``{file: instruments/mini_ipip.yaml, models: [ana]}``. The instrument becomes part
    of the study.
    """

    instrument: Instrument = Field(description="The instrument; `file` names one.")
    models: tuple[Name, ...] = Field(
        (),
        description="Aliases of the models that answer for the personas; with none it is put to "
        "seats alone, by a probe.",
    )
    by: Literal["item", "all"] | Annotated[int, Field(ge=2)] = Field(
        "item",
        description="What one question holds: an item by itself, all items, or a number of them. "
        "Every question has a fresh context.",
    )
    repeats: int = Field(1, ge=1, le=1000, description="How often each persona answers it.")
    order: Literal["shuffled", "listed"] = Field(
        "shuffled",
        description="Order of the items: shuffled anew for each persona and repeat, or as listed.",
    )
    reasks: int = Field(2, ge=0, le=10, description="How often a bad answer is asked again.")

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, Mapping) or "file" not in value:
            return value
        files = study_files(info, "an instrument")
        if "instrument" in value:
            raise ValueError("an instrument is named by file or written in place, not both")
        rest = {name: part for name, part in value.items() if name != "file"}
        return {**rest, "instrument": files.load(str(value["file"]))}

    @model_validator(mode="after")
    def _models_differ(self) -> Self:
        if len(set(self.models)) < len(self.models):
            raise ValueError("models: an alias is named twice; raise repeats for more answers")
        return self

    @property
    def summary(self) -> str:
        """What is put to whom, in a few words.

        Example:
            >>> items = ({"item": 1, "text": "I am tidy.", "trait": "order", "key": 1},)
            >>> one = {"name": "tidy", "scale": {"low": 1, "high": 5}, "items": items}
            >>> InstrumentSpec(instrument=one, models=("ana",), repeats=2).summary
            'tidy: 1 item on order; put to personas by ana, 2 times'
        """
        held = self.instrument
        items = f"{counted(len(held.items), 'item')} on {', '.join(held.traits)}"
        what = f"{held.title or held.name}: {items}"
        if not self.models:
            return f"{what}; put to seats by probes"
        times = "once" if self.repeats == 1 else f"{self.repeats} times"
        return f"{what}; put to personas by {', '.join(self.models)}, {times}"

    @property
    def items_per_question(self) -> int:
        """Items that one question holds, at most."""
        if self.by == "item":
            return 1
        return len(self.instrument.items) if self.by == "all" else self.by
