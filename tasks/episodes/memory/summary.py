"""A memory that is a summary: a model keeps it, and renews it every so many events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from tasks.episodes.memory.base import AskingMemory, MemoryQuestion, Note, Recalled, SeatView


class SummaryMemory(AskingMemory):
    """A summary that the seat keeps, and what happened since.

    Once ``every`` events are neither in the summary nor among the latest ``keep``, the summary is
    written anew from the one before and these events. Where no usable summary comes, the older one
    stays, with all that happened since, and the next is asked for after ``every`` more events.
    """

    templates: ClassVar[tuple[str, ...]] = ("notes", "summary")

    kind: Literal["summary"]
    every: int = Field(
        10, ge=1, le=1_000_000, description="After how many events the summary is renewed."
    )
    keep: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="How many of the latest events are left out of it and shown as they are.",
    )
    max_words: int = Field(
        120, ge=1, le=100_000, description="Length of a summary that its writer is told to keep to."
    )

    def recalled(self, view: SeatView) -> Recalled:
        """The summary, and the events that are not in it."""
        notes = view.seen.notes
        covered = notes[-1].event.data["covers"] if notes else 0
        written = [note for note in reversed(notes) if note.event.text]
        return Recalled(view.seen.events[covered:], written[:1])

    def due(self, view: SeatView) -> MemoryQuestion | None:
        """A new summary, once enough has happened."""
        notes, upto = view.seen.notes, len(view.seen.events) - self.keep
        covered, tried = (
            (notes[-1].event.data[name] for name in ("covers", "tried")) if notes else (0, 0)
        )
        if upto - tried < self.every:
            return None
        before = self.recalled(view).notes
        events = view.seen.events[covered:upto]
        shown = [logged for logged in events if view.words(logged)]
        sources = tuple(one.seq for one in (*before, *shown))

        def noted(answer: Any, failure: str | None) -> Sequence[Note]:
            if failure is not None:
                data = {"covers": covered, "tried": upto, "failure": failure}
                return [Note("summary", None, sources, data=data)]
            data = {"covers": upto, "tried": upto}
            return [Note("summary", str(answer).strip(), sources, data=data)]

        return MemoryQuestion(
            "summary",
            Recalled(events, before),
            noted,
            values={"max_words": self.max_words, "again": bool(before)},
        )
