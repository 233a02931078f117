"""Why a call is or is not held: which ingredient of its key differs from the nearest one held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.models.prompt_messages import shared_prefix

_ABSENT = "(absent)"


@dataclass(frozen=True)
class Ingredients:
    """What a call's key is made of.

    Attributes:
        call_key: The key.
        unit_key: Unit on whose behalf it is asked.
        ordinal: Number of the question within the unit.
        model: Model as asked for.
        api_base: Base URL, where one is declared.
        params: Parameters that decide the answer.
        answer_schema: Digest of the answer's schema, if it has one.
        messages: Digests of all messages, in order.
        reask_of: Call whose bad answer it quotes.
    """

    call_key: str
    unit_key: str
    ordinal: int
    model: str
    api_base: str | None
    params: Mapping[str, Any]
    answer_schema: str | None
    messages: Sequence[str]
    reask_of: str | None = None


@dataclass(frozen=True)
class Difference:
    """An ingredient that differs.

    Attributes:
        name: The ingredient; parameters as ``params.NAME``, messages as ``message N`` from 1.
        wanted: Its value in the call that is looked for.
        found: Its value in the call that is held.
    """

    name: str
    wanted: Any
    found: Any


@dataclass(frozen=True)
class Explanation:
    """Why a call is or is not held.

    Attributes:
        held: Whether it is.
        nearest: Key of the held call that is most like it; its own if it is held.
        differences: What differs from that call.
    """

    held: bool
    nearest: str | None
    differences: tuple[Difference, ...]

    def text(self) -> str:
        """The explanation for a person, one line per difference."""
        if self.held:
            return f"held: {self.nearest}"
        if self.nearest is None:
            return "not held, nor is any call that could be compared with it"
        lines = [f"not held; the nearest call held is {self.nearest}, which differs in"]
        lines += [f"  {one.name}: {one.wanted} here, {one.found} there" for one in self.differences]
        return "\n".join(lines)


def explanation(wanted: Ingredients, held: Iterable[Ingredients]) -> Explanation:
    """Why a call is or is not among those that are held.

    Calls of the same unit and ordinal count as nearer than others with as many differences.

    Example:
        >>> one = Ingredients("k1", "u", 0, "m", None, {"temperature": 1.0}, None, ("a",))
        >>> two = Ingredients("k2", "u", 0, "m", None, {"temperature": 0.5}, None, ("a",))
        >>> print(explanation(one, [two]).text())
        not held; the nearest call held is k2, which differs in
          params.temperature: 1.0 here, 0.5 there
    """
    best: tuple[tuple[bool, int, bool], Ingredients, tuple[Difference, ...]] | None = None
    for other in held:
        if other.call_key == wanted.call_key:
            return Explanation(True, wanted.call_key, ())
        found = _differences(wanted, other)
        elsewhere = (other.unit_key, other.ordinal) != (wanted.unit_key, wanted.ordinal)
        rank = (other.model != wanted.model, len(found), elsewhere)
        if best is None or rank < best[0]:
            best = (rank, other, found)
    if best is None:
        return Explanation(False, None, ())
    return Explanation(False, best[1].call_key, best[2])


def differences(
    wanted: Mapping[str, Any], found: Mapping[str, Any], path: str = ""
) -> tuple[Difference, ...]:
    """What differs between two nested values, by dotted path; for units as for parameters.

    Example:
        >>> differences({"a": {"b": 1}}, {"a": {"b": 2}})
        (Difference(name='a.b', wanted=1, found=2),)
    """
    result: list[Difference] = []
    for name in sorted({*wanted, *found}):
        one, other = wanted.get(name, _ABSENT), found.get(name, _ABSENT)
        place = f"{path}.{name}" if path else name
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            result += differences(one, other, place)
        elif one != other:
            result.append(Difference(place, one, other))
    return tuple(result)


def _differences(wanted: Ingredients, found: Ingredients) -> tuple[Difference, ...]:
    result = [
        Difference(name, getattr(wanted, name), getattr(found, name))
        for name in ("model", "api_base", "answer_schema", "unit_key", "ordinal", "reask_of")
        if getattr(wanted, name) != getattr(found, name)
    ]
    result += differences(wanted.params, found.params, "params")
    shared = shared_prefix(wanted.messages, found.messages)
    for place in range(shared, max(len(wanted.messages), len(found.messages))):
        one = wanted.messages[place] if place < len(wanted.messages) else _ABSENT
        other = found.messages[place] if place < len(found.messages) else _ABSENT
        if one != other:
            result.append(Difference(f"message {place + 1}", one, other))
    return tuple(result)
