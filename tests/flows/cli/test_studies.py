"""What the warehouse has of studies, by name, version and file."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import closing
from pathlib import Path

import pytest

from flows.study_references import named
from schemas.errors import Mistake
from tasks.studies.design import design
from tasks.studies.load import load_study
from warehouse.store import Warehouse

from ..conftest import Agora
from .conftest import STUDY, study_row


def test_studies_lists_versions_with_progress(agora: Agora, warehouse: Path) -> None:
    lines = agora("studies").stdout.splitlines()
    assert lines[2].split()[:2] == ["small@1", lines[2].split()[1]]
    assert "2/4, 1 failed" in lines[2]
    assert "2 x 3" in lines[3]
    assert "2/6, 1 failed" in lines[3]


def test_a_name_means_the_version_that_was_run_last(
    agora: Agora, warehouse: Path, study_file: Path
) -> None:
    assert named("small", warehouse).study.replicates == 3
    first = named("small@1", warehouse)
    with Warehouse.open(warehouse) as opened, closing(opened.own_cursor()) as cursor:
        row = cursor.sql("from studies order by created_at limit 1").pl().row(0, named=True)
        del row["last_run_at"]
        spec = json.loads(row["spec"])
        opened.record_study(row | {"spec": spec, "created_at": dt.datetime(2026, 1, 9)})  # noqa: DTZ001
    again = named("small", warehouse)
    assert again.version == first.version
    assert again.created == first.created == dt.datetime(2026, 1, 1)  # noqa: DTZ001
    assert "2026-01-09" in agora("studies").stdout.splitlines()[2]
    assert first.version in agora("show", "small").stdout
    assert "share every unit" in agora("diff", "small", "small@1").stdout


def test_a_version_is_named_by_number_start_and_file(warehouse: Path, study_file: Path) -> None:
    assert named("small@1", warehouse).study.replicates == 2
    first = design(load_study(study_file).study).version
    assert named(first[:8], warehouse).version == first
    assert named(str(study_file), warehouse).recorded


@pytest.mark.parametrize(
    ("reference", "words"),
    [("smal", "did you mean small"), ("small@3", "small@1 to small@2"), ("", "several versions")],
)
def test_reference_that_leads_nowhere(reference: str, words: str, warehouse: Path) -> None:
    with pytest.raises(Mistake, match=words):
        named(reference, warehouse)


def test_show_names_conditions_units_and_failures(agora: Agora, warehouse: Path) -> None:
    text = agora("show", "small@1").stdout
    assert "→ model" in text
    assert "the provider refused" in text
    assert "first run 2026-01-01" in text


def test_status_says_what_is_done_failed_and_missing(agora: Agora, warehouse: Path) -> None:
    text = agora("status", "small@1").stdout
    lines = [line.split() for line in text.splitlines()]
    assert ["episodes", "baseline", "2", "2", "0", "0", "0", "0", "0.00"] in lines, text
    assert ["episodes", "named", "2", "0", "1", "1", "0", "0", "0.00"] in lines
    assert "the provider refused" in text
    assert "agora retry small@1" in text
    told = json.loads(agora("status", "small@1", "--format", "json").stdout)
    assert told["stages"][1]["missing"] == 1
    assert told["failures"][0] == {
        **{"stage": "episodes", "step": "episodes", "condition": "named", "kind": "refused"},
        **{"units": 1, "mended_by_time": False, "example": "the provider refused"},
    }


def test_status_and_retry_of_what_was_never_run_are_mistakes(
    agora: Agora, warehouse: Path, tmp_path: Path
) -> None:
    changed = STUDY.replace("rounds: 2", "rounds: 4")
    (tmp_path / "longer.yaml").write_text(changed, encoding="utf-8")
    for command in ("status", "retry"):
        done = agora(command, "longer.yaml")
        assert done.returncode == 2
        assert "never run" in done.stderr
    done = agora("retry", "small", "--condition", "nmaed")
    assert (done.returncode, "write named" in done.stderr) == (2, True)


def test_show_of_a_file_needs_no_warehouse(agora: Agora, study_file: Path, tmp_path: Path) -> None:
    done = agora("show", "small.yaml")
    assert done.returncode == 0, done.stderr
    assert "not run yet" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.yaml"]


def test_diff_names_fields_and_counts_units(agora: Agora, warehouse: Path) -> None:
    text = agora("diff", "small@1", "small@2").stdout
    assert ["replicates", "2", "3"] in [line.split() for line in text.splitlines()]
    assert ["episodes", "episodes", "0", "4", "2"] in [line.split() for line in text.splitlines()]


def test_diff_with_a_version_that_was_not_run(
    agora: Agora, warehouse: Path, tmp_path: Path
) -> None:
    changed = STUDY.replace("rounds: 2", "rounds: 4")
    (tmp_path / "longer.yaml").write_text(changed, encoding="utf-8")
    text = agora("diff", "small@1", "longer.yaml").stdout
    assert "episode.rounds" in text
    assert ["episodes", "episodes", "4", "0", "4"] in [line.split() for line in text.splitlines()]


def test_plan_tells_what_is_held_and_what_is_left(
    agora: Agora, warehouse: Path, tmp_path: Path
) -> None:
    done = agora("plan", "small.yaml", "larger.yaml")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["episodes", "episodes", "4", "2", "1", "2"] in lines, done.stdout
    assert ["episodes", "episodes", "6", "2", "1", "4"] in lines
    assert "Assumptions" in done.stdout


def test_plan_makes_no_warehouse(agora: Agora, study_file: Path, tmp_path: Path) -> None:
    done = agora("plan", "small.yaml")
    assert done.returncode == 0, done.stderr
    assert "a run will create" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.yaml"]


def test_numbers_of_replicates_by_condition_are_shown(agora: Agora, tmp_path: Path) -> None:
    file = tmp_path / "uneven.yaml"
    uneven = STUDY.replace("{names: model}", "{names: model, replicates: 5}")
    file.write_text(uneven, encoding="utf-8")
    with Warehouse.open(tmp_path / "agora.duckdb") as opened:
        opened.record_study(study_row(load_study(file)))
    assert "2 x 2..5" in agora("studies").stdout
    lines = [line.split()[:2] for line in agora("show", "small").stdout.splitlines()]
    assert ["baseline", "2"] in lines
    assert ["named", "5"] in lines


def test_studies_counts_conditions_that_factors_make(agora: Agora, tmp_path: Path) -> None:
    crossed = STUDY.replace("conditions:\n  baseline:\n", "").replace(
        "  named: {names: model}\n",
        "factors: {names: [neutral, model], rounds: [2, 3, 4]}\nconditions: {long: {rounds: 9}}\n",
    )
    file = tmp_path / "crossed.yaml"
    file.write_text(crossed, encoding="utf-8")
    loaded = load_study(file)
    with Warehouse.open(tmp_path / "agora.duckdb") as opened:
        opened.record_study(study_row(loaded))
    assert "7 x 2" in agora("studies").stdout
