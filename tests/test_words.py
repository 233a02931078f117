"""One word for one thing, in names and in whatever people read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("schemas", "warehouse", "tasks", "flows", "bench")

#: Names that hide what they are of.
HIDING = {
    "ahead", "answering", "calling", "connecting", "desk", "great", "handing", "humans",
    "leftover", "shelf", "tally", "titles", "together", "verdict",
}  # fmt: skip

#: What is not said, and what is said instead.
INSTEAD = {
    r"\b(n_runs|by_run|per_run|of_runs|every_run|ByRun|v_runs|run_quality)\b": "episode",
    r"\b(per|single|between|within|over|resampled?) runs?\b(?! of)": "episode",
    r"\bruns? of (a|the|each|this) condition\b": "episode",
    r"\b(an?|the) (condition|replicate)'s runs?\b": "episode",
    r"\d %(?=[ .,;:)\"'|]|$)(?! \w+ ==)": "95%, without a blank",
}


#: Old schemas, and a format that calls an episode a run.
LEFT_OUT = {"migrations", "importers"}


def texts() -> Iterator[tuple[str, str]]:
    """Every module, template, view and page, by name."""
    for folder, endings in (
        *((room, (".py", ".html", ".sql", ".md")) for room in ROOMS),
        ("docs", (".md",)),
        ("studies", (".yaml", ".md")),
    ):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings and not LEFT_OUT & set(path.parts):
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    yield "README.md", (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("pattern", INSTEAD)
def test_one_word_is_used_for_one_thing(pattern: str) -> None:
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert found == [], f"say {INSTEAD[pattern]}"


def test_no_module_class_or_function_hides_what_it_is() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for name in (path.stem, *named(path))
        if name.strip("_").lower() in HIDING
    ]
    assert found == []


def named(path: Path) -> Iterator[str]:
    """Names of the classes and functions of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
