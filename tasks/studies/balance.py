"""What a study counterbalances, and whether its replicates complete the layout."""

from __future__ import annotations

from collections.abc import Iterator

from tasks.episodes.counterbalance import Counterbalance, Way
from tasks.studies.design import Design

_WORDS: dict[Way, str] = {
    "latin_square": "by a Latin square",
    "permutations": "through all permutations",
    "random": "at random",
}


def balance_lines(design: Design) -> Iterator[str]:
    """What changes places in which conditions, and what their number of replicates makes of it.

    Args:
        design: The study.
    """
    layouts: dict[tuple[Counterbalance, int, int], list[str]] = {}
    for condition in design.conditions:
        declared = condition.parts.counterbalance
        if declared.varied:
            n = len(getattr(condition.params, "seats", ()))
            replicates = design.study.replicates_of[condition.name]
            layouts.setdefault((declared, n, replicates), []).append(condition.name)
    for (declared, n, replicates), names in layouts.items():
        of = "" if len(names) == len(design.conditions) else f" in {', '.join(names)}"
        yield f"Counterbalanced{of}: {layout_words(declared, n, replicates)}"


def layout_words(declared: Counterbalance, n: int, replicates: int) -> str:
    """What changes places over positions, and whether a number of replicates completes it.

    Args:
        declared: What the study says.
        n: Number of positions.
        replicates: Replicates of the condition.

    Example:
        >>> one = Counterbalance(models="latin_square")
        >>> print(layout_words(one, 4, 8))
        models by a Latin square, over 4 positions. It is complete every 4 replicates, and 8 are 2 \
of it.
        >>> print(layout_words(one, 4, 6))
        models by a Latin square, over 4 positions. It is complete every 4 replicates, and 6 are \
not: position and model stay confounded in part. Take 8.
        >>> print(layout_words(Counterbalance(models="random"), 4, 6))
        models at random, over 4 positions. It balances on average alone.
    """
    what = ", ".join(f"{thing} {_WORDS[way]}" for thing, way in declared.varied.items())
    words = f"{what}, over {n} positions."
    if set(declared.varied.values()) == {"random"}:
        return f"{words} It balances on average alone."
    period = declared.period(n)
    whole, rest = divmod(replicates, period)
    words += f" It is complete every {period:,} replicates, and {replicates:,}"
    if not rest:
        return f"{words} are {whole:,} of it."
    things = ["position", *(thing.removesuffix("s") for thing in declared.varied)]
    return (
        f"{words} are not: {', '.join(things[:-1])} and {things[-1]} stay confounded in part. "
        f"Take {(whole + 1) * period:,}."
    )
