"""The page of what metrics and tests find, and the file behind it."""

from __future__ import annotations

from tasks.metrics.worlds.page import page
from tasks.metrics.worlds.record import FILE, PAGE, STUDIES, held, tasks

RENEW = "episode python bench/recovery.py"


def test_the_page_is_what_the_file_says() -> None:
    # Which numbers are of an older version is said when the page is written.
    on_page, now = (
        text.replace("\\*", "") for text in (PAGE.read_text(encoding="utf-8"), page(held()))
    )
    assert on_page == now, f"{RENEW} --seconds 0"


def test_every_world_is_on_file_with_hundreds_of_studies() -> None:
    found = held(FILE)
    missing = [task.key for task in tasks() if task.key not in found and task.episodes == 12]
    assert missing == [], RENEW
    assert {line["studies"] for lines in found.values() for line in lines} == {STUDIES}


def test_numbers_of_an_older_version_are_marked() -> None:
    task = next(task for task in tasks() if task.of == "metric" and task.kind == "null")
    line = {"quantity": "", "subject": "", "rule": None, "a": 0.0, "b": 0.0, "found": [0.1, 0.0]}
    line |= {"error": [0.05, 0.01], "coverage": 0.95, "rejection": 0.05, "studies": 400}
    row = {"key": task.key, "version": task.version, "intervals": 800, **line}
    said = page({task.key: [row]})
    assert f"| `{task.name}` |" in said
    assert "1 of 1 numbers have" in said
    assert "0.1 (0.05)" in said
    old = page({task.key: [{**row, "version": "0.0"}]})
    assert f"| `{task.name}`\\* |" in old


def test_numbers_beyond_the_bounds_are_named() -> None:
    task = next(
        task for task in tasks() if (task.of, task.kind, task.episodes) == ("metric", "null", 20)
    )
    line = {"quantity": "", "subject": "", "rule": None, "a": 1.0, "b": 1.0, "found": [1.2, 1.0]}
    line |= {"error": [0.01, 0.01], "coverage": 0.5, "rejection": 0.2, "studies": 400}
    said = page({task.key: [{"key": task.key, "version": "1", "intervals": 800, **line}]})
    assert "coverage .500 at 20" in said
    assert "rejection .200 at 20" in said
    assert "1.2 found of 1 at 20" in said
