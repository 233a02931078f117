"""The page ``docs/recovery.md``, made of what is on file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tasks.metrics.worlds.catalogue import METRIC_WORLDS, TEST_WORLDS
from tasks.metrics.worlds.record import STUDIES, Line, tasks

#: What is called outside: shares beyond these bounds at 12 and at 20 episodes a side.
COVERAGE, REJECTION, SIZE = (0.93, 0.97), (0.03, 0.07), 0.05
AT = (5, 12, 20)
Held = Mapping[tuple[str, ...], list[Line]]

HEAD = f"""\
# What metrics and tests find where the truth is known

Written by `python bench/recovery.py`. Every metric and every test is run on made-up
studies (`tasks/metrics/worlds/`). In a *null world* nothing happens that it is about, though much
else does: topics by round, voices, unequal turns and lengths, few messages. A *hard world* is a
null world built to fool. In a *planted world* an effect has a size that is known by arithmetic.
{STUDIES} studies are drawn for each number of episodes a side (5, 12, 20; known limits: 12). Lower
case `a` and `b` are the two conditions.

- **found**: mean over studies at 12 episodes a side, with its standard error in brackets.
- **coverage**: share of 95% intervals that hold the truth. Error of simulation .008 of
  {2 * STUDIES} intervals, .011 of {STUDIES}.
- **rejection**: share of studies in which Welch's test of the episodes of `a` and `b` has p < .05;
  for metrics without numbers by episode, share of conditions whose `p_null` is. Error .011. In
  a planted world it is the power.

A dash stands where there is no such number, and where a world has not been simulated yet.
Numbers that were found with an older version of the code are marked with \\*; run it again
to renew them.

"""


def page(held: Held) -> str:
    """The page as Markdown.

    Args:
        held: Lines of the file by what they are of.
    """
    parts = [HEAD, *_outside(held), "## Null worlds", "", *_metrics(held, "null")]
    parts += ["## Hard worlds", "", HARD, "", *_metrics(held, "hard")]
    parts += ["## Planted worlds", "", *_metrics(held, "planted")]
    parts += ["## Known limits", "", LIMITS, "", *_metrics(held, "limit")]
    parts += ["## Tests of contrasts", "", TESTS, "", *_tests(held)]
    return "\n".join(parts).rstrip() + "\n"


HARD = """\
Null worlds in which chance, lengths, order and faults do what an effect would do. A metric may find
too little there, never too much: p may be below .05 too seldom and intervals may hold the truth too
often, not the other way round. Where no truth is given, both conditions have the same one."""
LIMITS = "Worlds in which a metric sees what is not there. The bias is the number found."
TESTS = """\
The coverage is that of the effect's interval. The rejection of an equivalence test is at a
difference of exactly its margin. Effects are compared with their values for many episodes. In hard
worlds nothing happens, and values are skewed, rare or tied, of few episodes against many: there p
may be below .05 too seldom and intervals may hold the truth too often, not the other way round."""


def _share(number: float | None) -> str:
    return "-" if number is None else f"{number:.3f}".replace("0.", ".", 1)


def _number(number: float | None) -> str:
    return "-" if number is None else f"{number:.3g}"


def _by_episodes(found: Mapping[int, Line], column: str) -> str:
    return ", ".join(
        _share(found[episodes][column]) if episodes in found else "-" for episodes in AT
    )


def _versions() -> dict[tuple[str, ...], str]:
    return {task.key: task.version for task in tasks()}


def _grouped(held: Held, of: str, kind: str) -> Iterator[tuple[tuple[str, ...], dict[int, Line]]]:
    """Each number with its lines by episodes a side, in the order of the tasks."""
    versions = _versions()
    found: dict[tuple[str, ...], dict[int, Line]] = {}
    for key, lines in held.items():
        if key[0] != of or key[2] != kind or key not in versions:
            continue
        for line in lines:
            name = (key[1], key[3], line.get("quantity", ""), line.get("subject", ""))
            old = line["version"] != versions[key]
            found.setdefault((*name, line.get("rule") or ""), {})[int(key[4])] = {
                **line,
                "old": old,
            }
    yield from sorted(found.items())


def _metrics(held: Held, kind: str) -> Iterator[str]:
    yield "| number | world | truth a, b | found a, b | coverage at 5, 12, 20 | rejection |"
    yield "|---|---|---|---|---|---|"
    for (name, world, quantity, subject, _), by_episodes in _grouped(held, "metric", kind):
        line = by_episodes.get(12) or next(iter(by_episodes.values()))
        full = f"{name}.{quantity}" if quantity else name
        mark = "\\*" if any(one["old"] for one in by_episodes.values()) else ""
        found = ", ".join(
            f"{_number(value)} ({_number(error)})"
            for value, error in zip(line["found"], line["error"], strict=True)
            if value is not None
        )
        truth = ", ".join(_number(line[side]) for side in "ab" if line[side] is not None)
        cells = (
            f"`{full}`{mark} {subject}".rstrip(),
            world,
            truth or "-",
            found,
            _by_episodes(by_episodes, "coverage"),
            _by_episodes(by_episodes, "rejection"),
        )
        yield "| " + " | ".join(cells) + " |"
    yield ""


def _tests(held: Held) -> Iterator[str]:
    yield "| test | world | effect | found | coverage at 5, 12, 20 | rejection |"
    yield "|---|---|---|---|---|---|"
    for kind in ("null", "hard", "planted"):
        for (name, world, *_), by_episodes in _grouped(held, "test", kind):
            line = by_episodes.get(12) or next(iter(by_episodes.values()))
            mark = "\\*" if any(one["old"] for one in by_episodes.values()) else ""
            cells = (
                f"`{name}`{mark} ({kind})",
                world,
                _number(line["effect"]),
                f"{_number(line['found'])} ({_number(line['error'])})",
                _by_episodes(by_episodes, "coverage"),
                _by_episodes(by_episodes, "rejection"),
            )
            yield "| " + " | ".join(cells) + " |"
    yield ""


def _outside(held: Held) -> Iterator[str]:
    """Which numbers are beyond the bounds at 12 or 20 episodes a side, by how much."""
    told, n = [], 0
    for of in ("metric", "test"):
        for kind in ("null", "hard", "planted"):
            for (name, world, quantity, subject, _), by_episodes in _grouped(held, of, kind):
                n += 1
                words = list(_beyond(by_episodes, kind))
                if words:
                    full = f"{name}.{quantity}" if quantity else name
                    why = (
                        METRIC_WORLDS[name].notes.get(quantity, "")
                        if of == "metric"
                        else TEST_WORLDS[name].note
                    )
                    told.append(
                        f"- `{full}` {subject}".rstrip()
                        + f" ({kind}: {world}): {'; '.join(words)}"
                        + (f". Why: {why}." if why else "")
                    )
    low, high = COVERAGE
    yield (
        f"{n - len(told)} of {n} numbers have, at 12 and at 20 episodes a side, coverage within "
        f"{low:.0%} to {high:.0%}, rejection in null worlds within {REJECTION[0]:.0%} to "
        f"{REJECTION[1]:.0%} (in hard ones at most that, and coverage at least "
        f"{low:.0%}), and planted sizes within "
        f"{SIZE:.0%}, with two standard errors of "
        "simulation allowed. So many numbers have some beyond that by luck alone. The others, with "
        "the reason where it is known:"
    )
    yield ""
    yield from told or ["- none"]
    yield ""


def _beyond(by_episodes: Mapping[int, Line], kind: str) -> Iterable[str]:
    for episodes in AT[1:]:
        line = by_episodes.get(episodes)
        if line is None:
            continue
        coverage, rejection = line["coverage"], line["rejection"]
        if kind == "hard":
            error = 2 * (0.95 * 0.05 / line["studies"]) ** 0.5
            if rejection is not None and rejection > REJECTION[1] + error:
                yield f"rejection {_share(rejection)} at {episodes}"
            if coverage is not None and coverage < COVERAGE[0] - error:
                yield f"coverage {_share(coverage)} at {episodes}"
            if "a" in line:
                yield from _off_size(line, episodes)
            continue
        if coverage is not None:
            error = 2 * (0.95 * 0.05 / (line.get("intervals") or line["studies"])) ** 0.5
            if not COVERAGE[0] - error <= coverage <= COVERAGE[1] + error:
                yield f"coverage {_share(coverage)} at {episodes}"
        if kind == "null" and rejection is not None:
            error = 2 * (0.95 * 0.05 / line["studies"]) ** 0.5
            if not REJECTION[0] - error <= rejection <= REJECTION[1] + error:
                yield f"rejection {_share(rejection)} at {episodes}"
        yield from _off_size(line, episodes)


def _off_size(line: Line, episodes: int) -> Iterable[str]:
    sides = (
        zip((line["a"], line["b"]), line["found"], line["error"], strict=True)
        if "a" in line
        else [(line["effect"], line["found"], line["error"])]
    )
    for truth, found, error in sides:
        if truth is None or found is None:
            continue
        if abs(found - truth) > SIZE * abs(truth) + 3 * (error or 0) + 1e-6:
            yield f"{_number(found)} found of {_number(truth)} at {episodes}"
