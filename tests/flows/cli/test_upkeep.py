"""``agora gc``, ``agora doctor`` and ``agora snapshot`` as people call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli.main import app
from flows.cli.upkeep import print_leftovers
from flows.doctor import examined
from flows.leftovers import Leftovers
from warehouse.address import Address, address_file
from warehouse.store import Warehouse

STUDY = """
name: keys
models:
  ours: {model: openai/gpt-4o, api_key_env: OUR_KEY}
  free: {model: sim/talkative}
episode: {environment: discussion, brief: Talk., rounds: 1, seats: [ours, free]}
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "agora.duckdb"
    Warehouse.open(path).close()
    return path


def test_a_sound_machine_has_nothing_wrong(warehouse: Path) -> None:
    about = {one.about: one for one in examined(warehouse)}
    assert [one for one in about.values() if not one.sound] == []
    assert {"packages", "extensions", "prefect", "disk", "warehouse", "server"} == about.keys()


def test_keys_are_told_by_name_and_never_shown(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tmp_path / "keys.yaml"
    study.write_text(STUDY)
    command = ["--warehouse", str(warehouse), "doctor", str(study), "--format", "json"]
    missing = CliRunner().invoke(app, command)
    assert missing.exit_code == 1
    (wrong,) = [one for one in json.loads(missing.stdout) if not one["sound"]]
    assert (wrong["found"], wrong["fix"]) == ("OUR_KEY is not set", "export OUR_KEY=...")
    monkeypatch.setenv("OUR_KEY", "sk-a-very-secret-value")
    there = CliRunner().invoke(app, command)
    assert there.exit_code == 0
    assert "OUR_KEY is set" in there.stdout
    assert "secret" not in there.stdout


def test_an_address_that_was_left_behind_or_can_be_read_by_others_is_told(warehouse: Path) -> None:
    Address("quack:127.0.0.1:4000", 4001, "token", 2**22 + 1).write(warehouse)
    (wrong,) = [one for one in examined(warehouse) if not one.sound]
    assert "left behind" in wrong.found
    address_file(warehouse).chmod(0o644)
    (wrong,) = [one for one in examined(warehouse) if not one.sound]
    assert "read by others" in wrong.found
    assert "token" not in wrong.found


def test_a_prefect_server_that_does_not_answer_is_told(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    monkeypatch.setattr("flows.doctor.server_configured", lambda: True)
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        (wrong,) = [one for one in examined(warehouse) if not one.sound]
    assert (wrong.about, "does not answer" in wrong.found) == ("prefect", True)


def test_what_is_no_warehouse_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("text")
    found = CliRunner().invoke(app, ["--warehouse", str(tmp_path / "other"), "doctor"])
    assert found.exit_code == 1
    (line,) = [one for one in found.stdout.splitlines() if one.startswith("WRONG")]
    assert "not a DuckDB file" in line


def test_nothing_is_removed_until_told(warehouse: Path) -> None:
    listed = CliRunner().invoke(app, ["--warehouse", str(warehouse), "gc"])
    assert listed.stdout == "Every unit is part of a version.\n"
    removed = CliRunner().invoke(app, ["--warehouse", str(warehouse), "gc", "--remove"])
    assert removed.stdout.endswith("Removed: nothing.\n")


@pytest.mark.parametrize(
    ("waiting", "settled", "said"),
    [
        (2, 0, "answers of 2 units that the next run of the study uses."),
        (0, 1, "answers of 1 done unit."),
        (2, 1, "answers of 2 units that the next run of the study uses, and of 1 done unit."),
        (0, 0, "no answers."),
    ],
)
def test_of_journals_what_is_there_is_said_and_nothing_else(
    waiting: int,
    settled: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = Leftovers((), 1, 2_000_000, waiting, settled)
    monkeypatch.setattr("flows.leftovers.leftovers", lambda warehouse: found)
    print_leftovers(Path("none.duckdb"), remove=False, paid=False)
    assert f"Journals: 1 file, 2.0 MB; {said}\n" in capsys.readouterr().out
