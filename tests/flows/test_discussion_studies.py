"""Shipped studies of discussions, in small versions from their file to their report."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.findings import findings
from tasks.studies.load import load_study
from warehouse.reader import reader

if TYPE_CHECKING:
    from conftest import Ran

STUDIES = Path(__file__).resolve().parents[2] / "studies"
#: What makes a study small: patterns and what takes their place.
SMALL = (
    (r"\nreplicates: \d+", "\nreplicates: 2"),
    (r"(\n  [A-Z]\w*:.*\n(?:    .*\n)*?)    replicates: \d+\n", r"\1"),
    (r", replicates: \d+}", "}"),
    (r"rounds: (8|11|21)\b", "rounds: 2"),
    (r"sample: \d+", "sample: 20"),
    (r"\nexpect:\n(  - .*\n)+", "\n"),
)


def small(path: Path, folder: Path) -> Path:
    """A copy of a study with few short episodes, with the files beside it."""
    copied = Path(shutil.copytree(path.parent, folder / path.parent.name)) / path.name
    text = copied.read_text(encoding="utf-8")
    for pattern, instead in SMALL:
        text = re.sub(pattern, instead, text)
    copied.write_text(text, encoding="utf-8")
    return copied


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["who_am_i/who_am_i", "discussions/persona_inconstancy", "discussions/debate_budget"],
)
async def test_a_small_version_runs_and_ends_in_its_table(
    name: str, tmp_path: Path, ran: Ran
) -> None:
    path = small(STUDIES / f"{name}.yaml", tmp_path)
    study = load_study(path).study
    assert study.reproduces is not None
    assert all(model.simulated for model in study.models.values())
    report = await ran(path)
    assert report.complete
    with reader(tmp_path / "agora.duckdb") as warehouse:
        found = findings(warehouse, report.version, study)
    assert len(found.reproduced) == len(study.reproduces.published)
    missing = [one for one in found.reproduced if not one.found or one.found[0].value is None]
    assert len(missing) <= len(found.reproduced) / 4, missing  # of two episodes, some have no value
    assert {one.contrast for one in found.contrasts} == set(study.contrasts)
