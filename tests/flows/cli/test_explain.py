"""Why a unit is, or is not, in the warehouse."""

from __future__ import annotations

from pathlib import Path

from warehouse.store import Warehouse

from ..conftest import Agora
from .conftest import STUDY


def test_unit_that_is_held_says_since_when_and_for_which_versions(
    agora: Agora, warehouse: Path
) -> None:
    text = agora("explain", "baseline 1", "--study", "small.yaml").stdout
    assert "in the warehouse since 2026-01-01" in text
    key = text.split()[1].rstrip(":")
    again = agora("explain", key[:10]).stdout
    assert again.count("part of small") == 2


def test_unit_that_failed_says_why(agora: Agora, warehouse: Path) -> None:
    assert "the provider refused" in agora("explain", "named 1", "--study", "small@1").stdout


def test_earlier_tries_of_a_unit_are_listed(agora: Agora, warehouse: Path) -> None:
    with Warehouse.open(warehouse) as opened, opened.cursor() as cursor:
        cursor.execute(
            "INSERT INTO earlier_units BY NAME SELECT * REPLACE ('failed' AS status, "
            "'server_error' AS failure_kind, '500 from the provider' AS failure, "
            "timestamp '2025-12-31 10:00' AS committed_at) FROM units WHERE status = 'done' LIMIT 1"
        )
        key = opened.answer("SELECT unit_key FROM earlier_units").rows[0][0]
    said = agora("explain", key).stdout
    assert "in the warehouse since 2026-01-01" in said
    tried = "try 1 failed on 2025-12-31 10:00, 0 calls: server_error: 500 from the provider"
    assert tried in said


def test_unit_that_is_not_held_names_what_differs_from_the_nearest(
    agora: Agora, warehouse: Path, tmp_path: Path
) -> None:
    changed = STUDY.replace("rounds: 2", "rounds: 7")
    (tmp_path / "longer.yaml").write_text(changed, encoding="utf-8")
    text = agora("explain", "baseline 2", "--study", "longer.yaml").stdout
    assert "is not in the warehouse" in text
    assert ["params.rounds", "7", "2"] in [line.split() for line in text.splitlines()]


def test_planned_unit_that_was_never_worked_is_compared(agora: Agora, warehouse: Path) -> None:
    text = agora("explain", "named 3", "--study", "small").stdout
    assert "is not in the warehouse" in text
    assert "replicate" in text


def test_label_or_key_that_is_not_there(agora: Agora, warehouse: Path) -> None:
    for words in (("basline 1", "--study", "small.yaml"), ("0123abc",)):
        done = agora("explain", *words)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    assert (
        "did you mean 'baseline 1'" in agora("explain", "basline 1", "--study", "small.yaml").stderr
    )
