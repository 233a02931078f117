"""What was found in all worlds, kept in ``docs/recovery.jsonl`` by ``bench/recovery.py``."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, get_args

from tasks.metrics.catalogue import METRICS
from tasks.metrics.contrasts.catalogue import TESTS
from tasks.metrics.worlds.catalogue import METRIC_WORLDS, TEST_WORLDS
from tasks.metrics.worlds.recovery import Recovery, TestRecovery, recovered, recovered_by_test
from tasks.metrics.worlds.world import Kind
from tasks.stages.contrasts import ContrastStep
from tasks.stages.measures import MeasureStep

DOCS = Path(__file__).resolve().parents[3] / "docs"
FILE, PAGE = DOCS / "recovery.jsonl", DOCS / "recovery.md"
STUDIES = 400
#: Kinds of worlds with episodes a side, what matters most first.
SIZES: tuple[tuple[Kind, int], ...] = (
    ("null", 12),
    ("planted", 12),
    ("limit", 12),
    ("hard", 12),
    ("null", 20),
    ("null", 5),
    ("planted", 5),
    ("planted", 20),
    ("hard", 5),
    ("hard", 20),
)
Line: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One world of one metric or test at one number of episodes.

    Attributes:
        of: ``metric`` or ``test``.
        name: Its name.
        version: Version of what is measured.
        kind: Kind of the world.
        world: Title of the world.
        episodes: Episodes a side.
        studies: Studies that are simulated.
        lines: Simulates them.
    """

    of: str
    name: str
    version: str
    kind: Kind
    world: str
    episodes: int
    studies: int
    lines: Callable[[], list[Line]]

    @property
    def key(self) -> tuple[str, ...]:
        """What sets it apart from all others, its version and studies aside."""
        return (self.of, self.name, self.kind, self.world, str(self.episodes))


def metric_version(name: str) -> str:
    """Version of the numbers of a metric, intervals included."""
    return f"{MeasureStep.recipe}.{METRICS[name].version}"


def tasks(studies: int = STUDIES, only: int | None = None) -> Iterator[Task]:
    """Everything that there is to simulate, what matters most first.

    Args:
        studies: Studies of each world.
        only: Episodes a side; nothing for all that the file holds.
    """
    sizes = SIZES if only is None else tuple((kind, only) for kind in get_args(Kind))
    for kind, episodes in sizes:
        for name, worlds in METRIC_WORLDS.items():
            for world in (world for which, world in worlds.kinds if which == kind):

                def found(
                    name: str = name, world: Any = world, episodes: int = episodes
                ) -> list[Line]:
                    return [
                        _line(one) for one in recovered(METRICS[name], world, episodes, studies)
                    ]

                version = metric_version(name)
                yield Task("metric", name, version, kind, world.title, episodes, studies, found)
        for name, tested in TEST_WORLDS.items():
            for sides in (sides for which, sides in tested.kinds if which == kind):

                def test(
                    name: str = name, sides: Any = sides, episodes: int = episodes
                ) -> list[Line]:
                    return [_test_line(recovered_by_test(TESTS[name], sides, episodes, studies))]

                version = str(ContrastStep.recipe)
                yield Task("test", name, version, kind, sides.title, episodes, studies, test)


def _line(one: Recovery) -> Line:
    truth = dataclasses.asdict(one.truth)
    rest = {key: value for key, value in dataclasses.asdict(one).items() if key != "truth"}
    return {key: _rounded(value) for key, value in {**truth, **rest}.items()}


def _test_line(one: TestRecovery) -> Line:
    return {key: _rounded(value) for key, value in dataclasses.asdict(one).items()}


def _rounded(value: Any) -> Any:
    """Numbers to six digits, and nothing in place of not-a-number."""
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def held(path: Path = FILE) -> dict[tuple[str, ...], list[Line]]:
    """What is on file, by what it is of."""
    found: dict[tuple[str, ...], list[Line]] = {}
    if path.exists():
        for text in path.read_text(encoding="utf-8").splitlines():
            line = json.loads(text)
            found.setdefault(tuple(line["key"]), []).append(line)
    return found


def write(found: dict[tuple[str, ...], list[Line]], path: Path = FILE) -> None:
    """Write the file, what no longer exists left out."""
    lines = [
        json.dumps(line, ensure_ascii=False) for task in tasks() for line in found.get(task.key, ())
    ]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
