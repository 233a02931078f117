"""What is coded: messages, turns, pairs or whole episodes, taken from events."""

from __future__ import annotations

import bisect
import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from schemas.codebook import Codebook
from schemas.errors import printable

#: Raised when a whole transcript is put down in another way; part of the key of what judges code.
TRANSCRIPT = 2

_PLAIN_NAME = re.compile(r"\w(?:[\w .'()&-]*[\w.)])?")
_LINE_ENDS = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
_INDENT = "\n    "


@dataclass(frozen=True, slots=True)
class Said:
    """A message: who spoke, under which name, and what.

    Attributes:
        shown: Whether it was said in another episode and only shown in this one. It is never coded;
            it is what those who are yoked to that episode had before them.
    """

    seq: int
    actor: str
    name: str
    text: str
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """Something to code.

    Attributes:
        id: Its number within the episode, from 1.
        seq: The event; nothing for a whole episode.
        other_seq: The event that comes first in a pair.
        speaker: Name that the speaker is shown under; nothing for a whole episode.
        text: What is coded.
        context: The messages before it, oldest first.
        actor: Seat of the speaker.
    """

    id: int
    seq: int | None
    other_seq: int | None
    speaker: str | None
    text: str
    context: tuple[Said, ...] = ()
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Changing:
    """A mapping that changes within an episode, such as shown names by seat.

    Attributes:
        changes: From which event on, and the mapping from then on; the first from 0.
    """

    changes: tuple[tuple[int, Mapping[str, str]], ...] = ((0, {}),)

    def at(self, seq: int | None) -> Mapping[str, str]:
        """The mapping at an event; that at the start where it is no event in particular.

        Example:
            >>> names = Changing(((0, {"s1": "Ada"}), (7, {"s1": "Bob"})))
            >>> names.at(6), names.at(7), names.at(None)
            ({'s1': 'Ada'}, {'s1': 'Bob'}, {'s1': 'Ada'})
        """
        place = bisect.bisect_right(self.changes, seq or 0, key=lambda change: change[0])
        return self.changes[place - 1][1]


def names_of(seats: pl.DataFrame, by: str = "episode_key") -> dict[Any, Changing]:
    """The names that the seats of each episode are shown under, by seat.

    Args:
        seats: Rows of ``v_seats_over_time``.
        by: Column that names the episode.
    """
    changes: dict[Any, list[tuple[int, Mapping[str, str]]]] = {}
    columns = seats.sort(by, "from_seq").select(by, "from_seq", "seat", "name")
    for episode, first, seat, name in columns.iter_rows():
        known = changes.setdefault(episode, [(0, {})])
        if first > known[-1][0]:
            known.append((first, known[-1][1]))
        known[-1] = (first, {**known[-1][1], seat: name})
    return {episode: Changing(tuple(known)) for episode, known in changes.items()}


def messages_of(events: pl.DataFrame, names: Mapping[str, Changing]) -> dict[str, list[Said]]:
    """The messages of each episode, in order: ``say`` events whose text is not empty.

    Those of another episode that were shown in one are among them.

    Args:
        events: Rows of ``events``.
        names: Names that seats are shown under, by episode.
    """
    said = events.filter(
        pl.col("kind").is_in(["say", "show"])
        & (pl.col("text").str.strip_chars().str.len_chars() > 0)
    ).sort("episode_key", "seq")
    messages: dict[str, list[Said]] = {}
    for row in said.iter_rows(named=True):
        episode, seq, actor = row["episode_key"], row["seq"], row["actor"]
        shown = row["kind"] == "show"
        if shown and json.loads(row["data"])["kind"] != "say":
            continue
        name = names.get(episode, Changing()).at(seq).get(actor, actor)
        messages.setdefault(episode, []).append(Said(seq, actor, name, row["text"], shown))
    return messages


def items_of(messages: Sequence[Said], codebook: Codebook) -> list[Item]:
    """What a codebook codes of an episode, in order.

    A turn is an unbroken run of messages of one seat; it is known by its first message. A pair is
    a message and the nearest one before it by another seat.

    Example:
        >>> from schemas.codebook import Flag
        >>> said = [Said(0, "s1", "Ada", "Hello"), Said(1, "s2", "Bob", "Hi")]
        >>> book = Codebook(name="b", level="pair", flags={"greets": Flag(definition="greets")})
        >>> [(item.seq, item.other_seq, item.text) for item in items_of(said, book)]
        [(1, 0, 'Hi')]
    """
    own = [said for said in messages if not said.shown]
    if codebook.level == "episode":
        masks = _masks(own, codebook)
        whole = "\n\n".join(_spoken(masks.get(said.actor, said.name), said.text) for said in own)
        return [Item(1, None, None, None, whole)] if own else []
    if codebook.level == "pair":
        return _numbered(_pairs(messages, codebook.context))
    units = _turns(messages) if codebook.level == "turn" else [(said,) for said in messages]
    return _numbered(_units(units, codebook.context))


def _spoken(name: str, text: str) -> str:
    r"""A message of a transcript; only its first line begins at the margin, whatever it says.

    Example:
        >>> print(_spoken("Ada", "Yes.\n\nBob: I agree with Ada."))
        Ada: Yes.
            Bob: I agree with Ada.
    """
    plain = _PLAIN_NAME.fullmatch(name) is not None
    shown = name if plain else json.dumps(printable(name), ensure_ascii=False)
    return f"{shown}: {_LINE_ENDS.sub(_INDENT, text)}"


def _masks(messages: Sequence[Said], codebook: Codebook) -> dict[str, str]:
    """What stands for the names of a whole transcript's speakers, where any flag masks them."""
    if not any(flag.mask_speaker for flag in codebook.flags.values()):
        return {}
    actors = dict.fromkeys(said.actor for said in messages)
    return {actor: f"Speaker {number}" for number, actor in enumerate(actors, start=1)}


def _turns(messages: Sequence[Said]) -> list[tuple[Said, ...]]:
    runs = itertools.groupby(messages, key=lambda said: (said.actor, said.shown))
    return [tuple(run) for _, run in runs]


def _units(units: Sequence[tuple[Said, ...]], context: int) -> Iterable[Item]:
    yoked = any(unit[0].shown for unit in units)
    before: list[Said] = []
    for unit in units:
        first = unit[0]
        if not first.shown:
            text = "\n\n".join(said.text for said in unit)
            known = known_to(first.actor, before) if yoked else before
            shown = tuple(known[-context:]) if context else ()
            yield Item(0, first.seq, None, first.name, text, shown, first.actor)
        before.extend(unit)


def _pairs(messages: Sequence[Said], context: int) -> Iterable[Item]:
    yoked = any(said.shown for said in messages)
    for end, said in enumerate(messages):
        if said.shown:
            continue
        known = known_to(said.actor, messages[:end]) if yoked else messages
        place = len(known) if yoked else end
        earlier = next(
            (spot for spot in range(place - 1, -1, -1) if known[spot].actor != said.actor), None
        )
        if earlier is None:
            continue
        shown = tuple(known[max(0, earlier - context) : earlier + 1])
        other = known[earlier].seq
        yield Item(0, said.seq, other, said.name, said.text, shown, said.actor)


def known_to(speaker: str, messages: Sequence[Said]) -> Sequence[Said]:
    """Messages of a yoked episode without those of others that no prompt of a speaker showed.

    Example:
        >>> own, shown = Said(0, "s1", "Ada", "Hello"), Said(1, "s1", "Ada", "Hi", shown=True)
        >>> known_to("s2", [own, shown]) == [shown], known_to("s1", [own, shown]) == [own]
        (True, True)
    """
    return [said for said in messages if said.shown != (said.actor == speaker)]


def _numbered(items: Iterable[Item]) -> list[Item]:
    return [
        Item(number, item.seq, item.other_seq, item.speaker, item.text, item.context, item.actor)
        for number, item in enumerate(items, start=1)
    ]
