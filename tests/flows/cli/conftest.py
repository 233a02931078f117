"""The command line, and a warehouse with two versions of a study."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest

from schemas.keys import digest
from tasks.studies.design import design
from tasks.studies.load import LoadedStudy, load_study
from warehouse.store import Warehouse

STUDY = """\
name: small
models:
  ana: {model: sim/talkative}
  ben: {model: sim/reserved}
episode:
  environment: discussion
  brief: Plan a festival for a small town
  rounds: 2
  seats: [ana, ben]
conditions:
  baseline:
  named: {names: model}
replicates: 2
"""


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    """A small study on disk."""
    path = tmp_path / "small.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def study_row(loaded: LoadedStudy, day: int = 1) -> dict[str, Any]:
    """A study as it is recorded on a day of January 2026."""
    return {
        "study_version": design(loaded.study).version,
        "name": loaded.study.name,
        "spec": loaded.study.model_dump(mode="json"),
        "yaml": loaded.yaml,
        "path": loaded.path,
        "code_version": "0",
        "created_at": dt.datetime(2026, 1, day),  # noqa: DTZ001
    }


@pytest.fixture
def warehouse(two_versions: Path, study_file: Path, tmp_path: Path) -> Path:
    """A copy of the warehouse with two versions, and the study files beside it."""
    shutil.copyfile(two_versions / "larger.yaml", tmp_path / "larger.yaml")
    return Path(shutil.copyfile(two_versions / "agora.duckdb", tmp_path / "agora.duckdb"))


@pytest.fixture(scope="session")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose warehouse has two versions of a study.

    One is of two replicates, partly done, and one of three.
    """
    from tasks.stages.base import Upstream
    from tasks.stages.episodes import EpisodeStep

    folder = tmp_path_factory.mktemp("two_versions")
    path, study_file, larger = (folder / n for n in ("agora.duckdb", "small.yaml", "larger.yaml"))
    study_file.write_text(STUDY, encoding="utf-8")
    larger.write_text(STUDY.replace("replicates: 2", "replicates: 3"), encoding="utf-8")
    with Warehouse.open(path) as opened:
        for day, file in enumerate((study_file, larger), start=1):
            loaded = load_study(file)
            resolved = design(loaded.study)
            units = EpisodeStep().plan(resolved, Upstream())
            opened.record_study(study_row(loaded, day))
            opened.record_units(
                resolved.version,
                EpisodeStep.name,
                [
                    {
                        "study_version": resolved.version,
                        "stage": unit.stage,
                        "step": unit.step,
                        "unit_key": unit.key,
                        "condition": unit.condition,
                        "replicate": unit.replicate,
                        "label": unit.label,
                    }
                    for unit in units
                ],
            )
            if day == 1:
                states = zip(units, ("done", "done", "failed"), strict=False)
                worked = [(unit.key, unit.label, status) for unit, status in states]
        with opened.cursor() as cursor:
            for key, label, status in worked:
                failure = (
                    "'refused', 'the provider refused'" if status == "failed" else "null, null"
                )
                cursor.execute(
                    "insert into units by name select "
                    f"'{key}' as unit_key, 'episodes' as stage, 'episodes' as step, "
                    f"'{label}' as label, '{status}' as status, 0 as n_rows, '0' as code_version, "
                    f"'{digest('run')}' as run_id, timestamp '2026-01-01' as committed_at, "
                    f"* from (values ({failure})) as t(failure_kind, failure)"
                )
    return folder
