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
        models by a Latin square, over 4 positions. It takes 4 replicates; 8 are 2 whole ones.
        >>> print(layout_words(one, 4, 6))
        models by a Latin square, over 4 positions. It takes 4 replicates; 6 leave it incomplete, \
and position and model confounded in part. Take 8.
        >>> print(layout_words(Counterbalance(models="random"), 4, 6))
        models at random, over 4 positions. It balances on average alone.
    """
    what = ", ".join(f"{thing} {_WORDS[way]}" for thing, way in declared.varied.items())
    words = f"{what}, over {n} positions."
    if set(declared.varied.values()) == {"random"}:
        return f"{words} It balances on average alone."
    period = declared.period(n)
    whole, rest = divmod(replicates, period)
    words += f" It takes {period:,} replicates; {replicates:,}"
    if not rest:
        return f"{words} complete it." if whole == 1 else f"{words} are {whole:,} whole ones."
    things = ["position", *(thing.removesuffix("s") for thing in declared.varied)]
    return (
        f"{words} leave it incomplete, and {', '.join(things[:-1])} and {things[-1]} confounded "
        f"in part. Take {(whole + 1) * period:,}."
    )
