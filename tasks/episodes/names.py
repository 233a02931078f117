"""Names under which seats are shown, whatever the environment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from schemas.names import Name
from schemas.seats import Seat

#: How seats are named: by letters, by their models, by their personas, or as listed.
Names = Literal["neutral", "model", "persona"] | tuple[Name, ...]


#: How prompts name the other seats: by their shown names, not at all, or by their roles.
Others = Literal["named", "anonymous", "role"]

#: What stands in place of the name of a seat that is not named.
NAMELESS = "Another participant"


def other_names(
    others: Others, names: Mapping[str, str], roles: Mapping[str, str]
) -> Mapping[str, str]:
    """What stands in place of each seat's name in the prompts of the others.

    Args:
        others: How they are named.
        names: Shown name by seat.
        roles: Role by seat.

    Example:
        >>> other_names("role", {"s1": "Ann", "s2": "Bob"}, {"s1": "leader", "s2": "member"})
        {'s1': 'leader', 's2': 'member'}
    """
    match others:
        case "named":
            return names
        case "anonymous":
            return dict.fromkeys(names, NAMELESS)
        case "role":
            return {seat: roles[seat] for seat in names}


def listed_others(others: Others, found: Sequence[str]) -> list[str]:
    """The other participants as a prompt lists them; only their number where they are not named.

    Args:
        others: How they are named.
        found: What stands in place of the name of each.

    Example:
        >>> listed_others("anonymous", ["Another participant", "Another participant"])
        ['2 others']
    """
    if others != "anonymous" or not found:
        return list(found)
    return ["1 other" if len(found) == 1 else f"{len(found)} others"]


def shown_names(
    names: Names | None, seats: Sequence[Seat], model_ids: Mapping[str, str]
) -> dict[str, str]:
    """The shown name of every seat.

    Args:
        names: How they are named; ``None`` for the names that the environment gave them.
        seats: Who takes part. A seat without a persona keeps its own name where names come from
            personas.
        model_ids: A provider's model name by alias.

    Raises:
        ValueError: The list has another number of names than there are seats, or repeats one.

    Example:
        >>> seats = [Seat("s1", 1, "a", "One"), Seat("s2", 2, "a", "Two")]
        >>> shown_names("neutral", seats, {"a": "openai/gpt-5"})
        {'s1': 'Agent-A', 's2': 'Agent-B'}
        >>> shown_names("model", seats, {"a": "openai/gpt-5"})
        {'s1': 'gpt-5-1', 's2': 'gpt-5-2'}
    """
    match names:
        case None:
            found: Sequence[str] = [seat.name for seat in seats]
        case "neutral":
            found = neutral_names(len(seats))
        case "model":
            found = numbered([model_ids[seat.model].rpartition("/")[2] for seat in seats])
        case "persona":
            found = numbered([seat.persona.name if seat.persona else seat.name for seat in seats])
        case _:
            if len(names) != len(seats):
                raise ValueError(f"names: {len(names)} names for {len(seats)} seats")
            if len(set(names)) != len(names):
                raise ValueError("names: a name is given twice")
            found = names
    return dict(zip((seat.seat for seat in seats), found, strict=True))


def neutral_names(n: int) -> tuple[str, ...]:
    """Names that say nothing: Agent-A to Agent-Z, then Agent-AA.

    Example:
        >>> neutral_names(3)
        ('Agent-A', 'Agent-B', 'Agent-C')
        >>> neutral_names(28)[-1]
        'Agent-AB'
    """
    return tuple(f"Agent-{_letters(position)}" for position in range(1, n + 1))


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def numbered(names: Sequence[str]) -> tuple[str, ...]:
    """Names with a number behind those that several seats share.

    Example:
        >>> numbered(["gpt-5", "llama3", "gpt-5"])
        ('gpt-5-1', 'llama3', 'gpt-5-2')
    """
    shared = Counter(names)
    count: Counter[str] = Counter()
    unique = []
    for name in names:
        count[name] += 1
        unique.append(f"{name}-{count[name]}" if shared[name] > 1 else name)
    return tuple(unique)
