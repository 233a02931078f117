"""How random a sequence of two options looks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise


def scores(calls: Sequence[Sequence[bool]], shown_first: Sequence[bool]) -> dict[str, float | None]:
    """Numbers of sequences of answers; a fair coin has what stands in brackets.

    Answers follow one another within a sequence, and not from one sequence to the next.

    - ``share`` of the first option, and ``shown_first``, of the option that was named first (1/2);
    - ``switches``: share of answers that differ from the one before (1/2; people: about 0.6);
    - ``dependence``: P(first | first before) - P(first | second before) (0), which is 0 for every
      sequence whose answers do not depend on the one before, however uneven;
    - ``switch_after_3``: share of switches after a run of at least three (1/2);
    - ``runs_z``: number of runs, less what is expected of so many of each, in standard deviations
      (0); positive where the sequence alternates too much. Source: Wald and Wolfowitz (1940);
    - ``longest_run`` in answers.

    A number that a sequence has no base for is ``None``.

    Args:
        calls: Whether each answer is the first option, by sequence.
        shown_first: Whether each answer is the option that was named first.

    Example:
        >>> alternating = scores([[True, False] * 4], [True] * 8)
        >>> alternating["share"], alternating["switches"], alternating["dependence"]
        (0.5, 1.0, -1.0)
        >>> round(alternating["runs_z"], 3), alternating["longest_run"]
        (2.291, 1.0)
    """
    answers = [answer for call in calls for answer in call]
    pairs = [pair for call in calls for pair in pairwise(call)]
    after = {before: [now for one, now in pairs if one is before] for before in (True, False)}
    runs = [[len(list(run)) for _, run in groupby(call)] for call in calls]
    known = [_share(after[before]) for before in (True, False)]
    long = [
        call[place] != call[place - 1]
        for call in calls
        for place in range(3, len(call))
        if len(set(call[place - 3 : place])) == 1
    ]
    return {
        "answers": float(len(answers)),
        "share": _share(answers),
        "shown_first": _share(shown_first),
        "switches": _share([one != now for one, now in pairs]),
        "dependence": None if None in known else known[0] - known[1],  # type: ignore[operator]
        "switch_after_3": _share(long),
        "runs_z": runs_z([(sum(one), len(one)) for one in calls], [len(one) for one in runs]),
        "longest_run": float(max(map(max, runs))) if answers else None,
    }


def runs_z(counts: Sequence[tuple[int, int]], runs: Sequence[int]) -> float | None:
    """Runs of sequences, in standard deviations from what their order at random would give.

    Args:
        counts: Of each sequence, how many are of one kind, and how many there are.
        runs: How many runs each has.

    Example:
        >>> runs_z([(5, 5)], [1]) is None
        True
    """
    excess = variance = 0.0
    for (n, total), found in zip(counts, runs, strict=True):
        if total > 1:
            both = 2 * n * (total - n)
            excess += found - 1 - both / total
            variance += both * (both - total) / (total**2 * (total - 1))
    return excess / math.sqrt(variance) if variance > 0 else None


def _share(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None
