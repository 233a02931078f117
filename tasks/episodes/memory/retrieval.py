"""A memory that is searched: what is recent, important and relevant comes to mind.

After Generative Agents (Park et al. 2023, arXiv 2304.03442). What a seat rated, asked itself,
concluded and planned are its notes, so what is recalled and what is due follow from its view alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from schemas.base import Record
from schemas.environment import MEMORY, Logged
from tasks.episodes.memory.base import AskingMemory, MemoryQuestion, Note, Recalled, SeatView
from tasks.episodes.memory.relevance import similarities

Rating = Annotated[int, Field(ge=1, le=10)]
Weight = Annotated[float, Field(ge=0, le=1000)]

#: Kinds of notes, as ``item`` of their events.
RATINGS, QUESTIONS, REFLECTION, PLAN = "importance", "questions", "reflection", "plan"


class Ratings(Record):
    """The importance of some memories, in their order."""

    ratings: tuple[Rating, ...]


class SalientQuestions(Record):
    """Questions that a seat asks itself."""

    questions: tuple[str, ...] = Field(min_length=1)


class Insight(Record):
    """A conclusion."""

    text: str = Field(min_length=1)
    importance: Rating
    because: tuple[int, ...] = Field(description="Numbers of what it follows from.")


class Insights(Record):
    """Conclusions."""

    insights: tuple[Insight, ...]


class Reflection(Record):
    """When and how a seat draws conclusions from what it remembers; they are memories as well."""

    above: float = Field(
        150.0,
        ge=0,
        description="It reflects once the importance of what happened since it last did sums to "
        "more than this.",
    )
    latest: int = Field(
        100, ge=1, le=10_000, description="Latest memories that it finds its questions in."
    )
    questions: int = Field(3, ge=1, le=20, description="Questions that it asks itself.")
    insights: int = Field(5, ge=1, le=50, description="Insights at most for each question.")


class Plan(Record):
    """How often a seat plans what it will do; the latest plan stands in all its prompts."""

    every_rounds: int = Field(1, ge=1, le=10_000, description="Rounds that a plan is made for.")
    max_words: int = Field(60, ge=1, le=10_000, description="Length that it is told to keep to.")


class RetrievalMemory(AskingMemory):
    """The latest events, and of the earlier ones those that come to mind.

    The score of a memory is a weighted sum of recency, importance and relevance, each brought to
    between 0 and 1 over the memories at hand: ``decay`` to the power of the turns since the seat
    was last shown it (or it happened), a model's rating from 1 to 10, and the cosine of its words
    with those of the latest events and of the question. What is not rated yet is shown as it is;
    what could not be rated counts as least important. A probe shows what comes to mind and changes
    nothing.
    """

    templates: ClassVar[tuple[str, ...]] = (
        "notes",
        "importance",
        "questions",
        "insights",
        "plan",
    )
    heeds_showing: ClassVar[bool] = True

    kind: Literal["retrieval"]
    size: int = Field(
        10, ge=1, le=10_000, description="How many of the earlier memories come to mind."
    )
    recent: int = Field(
        4, ge=0, le=10_000, description="How many of the latest events are always shown."
    )
    recency: Weight = Field(1.0, description="Weight of how lately it was shown or happened.")
    importance: Weight = Field(1.0, description="Weight of its importance.")
    relevance: Weight = Field(1.0, description="Weight of its likeness to what is at hand.")
    decay: float = Field(
        0.995, gt=0, le=1, description="Recency that is left of a memory after a turn."
    )
    rate_every: int = Field(
        8,
        ge=1,
        le=1000,
        description="A model rates the importance of events once so many are not rated.",
    )
    reflection: Reflection | None = Field(
        None, description="When and how the seat draws conclusions; never if left out."
    )
    plan: Plan | None = Field(None, description="How often it plans; never if left out.")

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        if not self.recency + self.importance + self.relevance:
            raise ValueError("recency, importance and relevance: all weights are 0")
        return self

    @property
    def rates(self) -> bool:
        """Whether importance counts for anything, so that it is asked for."""
        return self.importance > 0 or self.reflection is not None

    def recalled(self, view: SeatView) -> Recalled:
        """The latest events and what comes to mind of the earlier ones, in order; then the plan."""
        earlier, latest = self._split(view)
        query = " ".join([*map(view.words, latest), view.question])
        found = self._best(view, query, [*_worded(view, earlier), *_said(view, REFLECTION)])
        thoughts = [one for one in found if one.event.item == REFLECTION and _is_note(one)]
        events = [one for one in found if not _is_note(one)]
        return Recalled([*events, *latest], [*thoughts, *_said(view, PLAN)[-1:]])

    def due(self, view: SeatView) -> MemoryQuestion | None:
        """Ratings first, then questions to itself, what it concludes of each, and a plan."""
        return (
            self._rating_due(view)
            or self._reflection_due(view)
            or self._insights_due(view)
            or self._plan_due(view)
        )

    def _split(self, view: SeatView) -> tuple[Sequence[Logged], Sequence[Logged]]:
        """The events that may come to mind, and the latest, which are shown anyway."""
        events = view.seen.events
        first = len(events) - self.recent
        if self.rates:
            first = min(first, _covered(view))
        first = max(first, 0)
        return events[:first], events[first:]

    def _best(self, view: SeatView, query: str, memories: Sequence[Logged]) -> list[Logged]:
        """The memories with the highest scores, in the order in which they happened."""
        if len(memories) > self.size:
            scores = self._scores(view, query, memories)
            # Of equal ones the later comes first.
            order = sorted(range(len(memories)), key=lambda n: (-scores[n], -memories[n].seq))
            memories = [memories[n] for n in order[: self.size]]
        return sorted(memories, key=lambda one: one.seq)

    def _scores(
        self, view: SeatView, query: str, memories: Sequence[Logged]
    ) -> npt.NDArray[np.float64]:
        ratings = _ratings(view)
        shown = (view.shown(one.seq) for one in memories)
        since = [
            view.turn - (one.turn if last is None else max(last, one.turn))
            for one, last in zip(memories, shown, strict=True)
        ]
        parts = (
            (self.recency, self.decay ** np.array(since, dtype=float)),
            (self.importance, np.array([float(ratings.get(one.seq) or 0) for one in memories])),
            (self.relevance, similarities(query, [view.words(one) for one in memories])),
        )
        total: npt.NDArray[np.float64] = sum(
            (weight * _between_0_and_1(values) for weight, values in parts if weight),
            start=np.zeros(len(memories)),
        )
        return total.round(12)

    def _rating_due(self, view: SeatView) -> MemoryQuestion | None:
        if not self.rates:
            return None
        covered, upto = _covered(view), len(view.seen.events)
        unrated = _worded(view, view.seen.events[covered:])
        if len(unrated) < self.rate_every:
            return None
        sources = tuple(one.seq for one in unrated)

        def check(answer: Ratings) -> str | None:
            n = len(answer.ratings)
            return None if n == len(sources) else f"{n} numbers for {len(sources)} memories"

        def noted(answer: Ratings | None, failure: str | None) -> Sequence[Note]:
            data: dict[str, Any] = {"covers": upto, "ratings": None, "failure": failure}
            if answer is not None:
                data = {"covers": upto, "ratings": list(answer.ratings)}
            return [Note(RATINGS, None, sources, data=data)]

        return MemoryQuestion(
            "importance", Recalled(()), noted, listed=unrated, schema=Ratings, check=check
        )

    def _reflection_due(self, view: SeatView) -> MemoryQuestion | None:
        wanted = self.reflection
        if wanted is None or _unreflected(view) <= wanted.above:
            return None
        memories = sorted(
            [*_worded(view, view.seen.events[-wanted.latest :]), *_said(view, REFLECTION)],
            key=lambda one: one.seq,
        )[-wanted.latest :]
        sources = tuple(one.seq for one in memories)

        def noted(answer: SalientQuestions | None, failure: str | None) -> Sequence[Note]:
            if answer is None:
                return [Note(QUESTIONS, None, sources, data={"questions": [], "failure": failure})]
            asked = [one.strip() for one in answer.questions[: wanted.questions]]
            return [Note(QUESTIONS, None, sources, data={"questions": asked})]

        return MemoryQuestion(
            "questions",
            Recalled(()),
            noted,
            listed=memories,
            values={"n": wanted.questions},
            schema=SalientQuestions,
        )

    def _insights_due(self, view: SeatView) -> MemoryQuestion | None:
        wanted, pending = self.reflection, _pending(view)
        if wanted is None or pending is None:
            return None
        place, about = pending
        memories = self._best(
            view, about, [*_worded(view, view.seen.events), *_said(view, REFLECTION)]
        )
        seqs = [one.seq for one in memories]

        def check(answer: Insights) -> str | None:
            cited = {number for one in answer.insights for number in one.because}
            strange = sorted(cited - set(range(1, len(seqs) + 1)))
            return f"nothing has the number {strange[0]}" if strange else None

        def noted(answer: Insights | None, failure: str | None) -> Sequence[Note]:
            drawn = answer.insights[: wanted.insights] if answer is not None else ()
            if not drawn:
                data = {"question": place, "failure": failure or "none"}
                return [Note(REFLECTION, None, tuple(seqs), data=data)]
            return [
                Note(
                    REFLECTION,
                    one.text.strip(),
                    tuple(sorted({seqs[number - 1] for number in one.because})),
                    float(one.importance),
                    {"question": place},
                )
                for one in drawn
            ]

        return MemoryQuestion(
            "insights",
            Recalled(()),
            noted,
            listed=memories,
            values={"about": about, "n": wanted.insights},
            schema=Insights,
            check=check,
        )

    def _plan_due(self, view: SeatView) -> MemoryQuestion | None:
        wanted = self.plan
        if wanted is None:
            return None
        made = [note for note in view.seen.notes if note.event.item == PLAN]
        if made and view.round < made[-1].round + wanted.every_rounds:
            return None
        recalled = self.recalled(view)
        sources = (*(one.seq for one in recalled.notes), *(one.seq for one in recalled.events))

        def noted(answer: Any, failure: str | None) -> Sequence[Note]:
            if failure is not None:
                return [Note(PLAN, None, sources, data={"failure": failure})]
            return [Note(PLAN, str(answer).strip(), sources)]

        values = {"rounds": wanted.every_rounds, "max_words": wanted.max_words}
        return MemoryQuestion("plan", recalled, noted, values=values)


def _is_note(logged: Logged) -> bool:
    return logged.event.phase == MEMORY


def _worded(view: SeatView, events: Sequence[Logged]) -> list[Logged]:
    """The events that prompts show in words."""
    return [one for one in events if view.words(one)]


def _said(view: SeatView, item: str) -> list[Logged]:
    """The notes of a kind that have words."""
    return [one for one in view.seen.notes if one.event.item == item and one.event.text]


def _covered(view: SeatView) -> int:
    """How many of the events have been rated, or could not be."""
    for note in reversed(view.seen.notes):
        if note.event.item == RATINGS:
            return int(note.event.data["covers"])
    return 0


def _ratings(view: SeatView) -> dict[int, float]:
    """The importance of what has one, by number."""
    found: dict[int, float] = {}
    for note in view.seen.notes:
        event = note.event
        if event.item == RATINGS and event.data["ratings"] is not None:
            found.update(zip(event.data["seqs"], event.data["ratings"], strict=True))
        elif event.item == REFLECTION and event.value is not None:
            found[note.seq] = event.value
    return found


def _unreflected(view: SeatView) -> float:
    """The importance of what was rated since the seat last reflected."""
    total = 0.0
    for note in reversed(view.seen.notes):
        if note.event.item == QUESTIONS:
            break
        if note.event.item == RATINGS:
            total += sum(note.event.data["ratings"] or ())
    return total


def _pending(view: SeatView) -> tuple[int, str] | None:
    """The first question of the last reflection that has no insights yet, with its place."""
    done = set()
    for note in reversed(view.seen.notes):
        if note.event.item == REFLECTION:
            done.add(note.event.data["question"])
        if note.event.item == QUESTIONS:
            for place, about in enumerate(note.event.data["questions"]):
                if place not in done:
                    return place, about
            return None
    return None


def _between_0_and_1(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Values brought to between 0 and 1; zeros where they are all alike."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros(len(values))
