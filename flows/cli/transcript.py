"""An episode as lines that people read on a terminal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any

from schemas.environment import MEMORY
from schemas.errors import printable
from warehouse.queries.transcript import (
    MarkedFlag,
    ProbeAnswer,
    SeatOfEpisode,
    TranscriptEvent,
    UnusableAction,
)

#: Names of seats get this much of a line, at most; the number before them the rest of the margin.
NAME_WIDTH = 16
NUMBER_WIDTH = 4


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is read of an episode.

    Attributes:
        seats: Who took part, in order.
        events: What happened, in order.
        unusable: Questions that got no usable answer.
        answers: Answers to private questions.
        flags: Flags of messages.
    """

    seats: Sequence[SeatOfEpisode]
    events: Sequence[TranscriptEvent]
    unusable: Sequence[UnusableAction] = ()
    answers: Sequence[ProbeAnswer] = ()
    flags: Sequence[MarkedFlag] = ()


def transcript_lines(transcript: Transcript, width: int, *, seen: bool = False) -> Iterator[str]:
    """The lines of an episode, a blank one before each round.

    Args:
        transcript: The episode.
        width: Columns of the terminal.
        seen: Whether to say which events each speaker's prompt had shown.
    """
    names = {one.name for one in transcript.events} | {one.name for one in transcript.seats}
    page = _Page(
        width,
        min(NAME_WIDTH, max(map(len, names), default=0)),
        {one.seat: one.name for one in transcript.seats},
        seen,
    )
    flags = {
        seq: [one.flag for one in group]
        for seq, group in groupby(transcript.flags, key=lambda one: one.seq)
    }
    # Probes come before the events of the turn that follows them, missing answers after.
    # What was written in an earlier turn stands where it was published.
    so_far = accumulate((one.turn for one in transcript.events), max)
    timed = list(zip(transcript.events, so_far, strict=True))
    placed: list[tuple[tuple[int, int, int], int, list[str]]] = [
        ((turn, 1, one.seq), one.round, page.event(one, flags.get(one.seq, ())))
        for one, turn in timed
    ]
    placed += [
        ((one.turn, 2, place), one.round, page.unusable(one))
        for place, one in enumerate(transcript.unusable)
    ]
    placed += [
        ((turns, 0, place), rounds, page.probe(question, list(group)))
        for place, ((turns, rounds, question), group) in enumerate(
            groupby(
                transcript.answers,
                key=lambda one: (one.after_turns, one.after_rounds, (one.instrument, one.item)),
            )
        )
    ]
    # What is said may be of a phase of its round.
    phases = {
        (turn, 1, one.seq): one.phase for one, turn in timed if one.kind == "say" and one.phase
    }
    rounds = 1 + max((one.round for one in transcript.events), default=-1)
    last, phase = None, ""
    for place, round_, lines in sorted(placed, key=lambda one: one[0]):
        if round_ != last:
            yield ""
            yield f"round {round_ + 1}" if round_ < rounds else "end"
            last = round_
            phase = ""
        if place in phases and phases[place] != phase:
            phase = phases[place]
            yield f"-- {phase}"
        yield from lines


@dataclass(frozen=True, slots=True)
class _Page:
    width: int
    name_width: int
    seats: Mapping[str, str]
    seen: bool

    def event(self, one: TranscriptEvent, flags: Iterable[str]) -> list[str]:
        """A message beside its speaker's name, or what else happened."""
        words = one.text or ""
        if one.kind != "say":
            told = " ".join(filter(None, (self._words(one), self._detail(one))))
            words = f"({told}){' ' if words else ''}{words}"
        if audience := _audience(one):
            words += f"  [{audience}]"
        lines = self._lines(one.seq, "" if one.seat == "env" else one.name, words)
        if flagged := ", ".join(flags):
            lines += self._under(f"= {flagged}")
        if self.seen and one.seen is not None:
            lines += self._under(f"< had seen {one.seen or 'nothing'}")
        return lines

    def unusable(self, one: UnusableAction) -> list[str]:
        """What became of a question without a usable answer."""
        became = "the fallback was taken" if one.fallback else "no action"
        attempts = f"{one.attempts} attempt{'s' if one.attempts > 1 else ''}"
        return self._lines(None, one.name, f"(no usable answer in {attempts}: {became})")

    def probe(self, question: tuple[str, str], answers: Sequence[ProbeAnswer]) -> list[str]:
        """The answers of all seats to a private question."""
        instrument, item = question
        title = instrument if item in {"", instrument, "1"} else f"{instrument} {item}"
        given = "; ".join(f"{one.name}: {_answer(one)}" for one in answers)
        return self._lines(None, "", f"(asked in private, {title}: {given})")

    def _words(self, one: TranscriptEvent) -> str:
        """What kind of thing happened, to what and to whom."""
        intervention = one.kind == "intervene"
        kind = {"intervene": "intervention", "show": "shown"}.get(one.kind, one.kind)
        parts = [
            "noted" if one.phase == MEMORY else kind,
            self.seats.get(one.item or "", one.item),
            None if one.value is None else f"{one.value:g}",
            f"{'on' if intervention else 'to'} {one.target_name}" if one.target_name else None,
        ]
        return " ".join(part for part in parts if part)

    def _detail(self, one: TranscriptEvent) -> str:
        """What an intervention changed, or what a seat rated or asked itself for its memory."""
        data = json.loads(one.data)
        if one.phase == MEMORY:
            told = ("ratings", "questions", "failure")
            data = {name: data[name] for name in told if data.get(name)}
        elif one.kind != "intervene":
            return ""
        if one.target_name:
            data.pop("seats", None)
        return ", ".join(f"{name} {self._value(value)}" for name, value in data.items())

    def _value(self, value: Any) -> str:
        """A value in the data of an event, with seats by the names that they began with."""
        if isinstance(value, str):
            return self.seats.get(value, value)
        if isinstance(value, list):
            return "; ".join(map(self._value, value))
        if isinstance(value, dict):
            return "; ".join(f"{self._value(one)} {self._value(it)}" for one, it in value.items())
        return json.dumps(value, ensure_ascii=False)

    def _lines(self, seq: int | None, name: str, text: str) -> list[str]:
        number = "" if seq is None else str(seq)
        margin = f"{number:>{NUMBER_WIDTH}}  {_cut(name, self.name_width):<{self.name_width}}  "
        return self._wrapped(text, margin)

    def _under(self, text: str) -> list[str]:
        return self._wrapped(text, " " * self._margin_width)

    def _wrapped(self, text: str, margin: str) -> list[str]:
        room = max(20, self.width - len(margin))
        lines = [
            part
            for line in text.split("\n")
            for part in textwrap.wrap(printable(line), room) or [""]
        ]
        blank = " " * len(margin)
        return [(blank if place else margin) + line for place, line in enumerate(lines)]

    @property
    def _margin_width(self) -> int:
        return NUMBER_WIDTH + 2 + self.name_width + 2


def _audience(one: TranscriptEvent) -> str:
    """Who could see an event besides its actor, unless everyone could or its target says it."""
    if one.seen_by is None:
        return ""
    others = [name for name in one.seen_by if name != one.name]
    if others == [one.target_name]:
        return ""
    return f"only to {', '.join(others)}" if others else "seen by no other seat"


def _answer(one: ProbeAnswer) -> str:
    if one.text is not None:
        return one.text
    return "no usable answer" if one.value is None else f"{one.value:g}"


def _cut(name: str, width: int) -> str:
    name = printable(name)
    return name if len(name) <= width else f"{name[: width - 1]}…"
