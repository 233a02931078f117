"""The rooms, who may enter them, and how large their modules may be."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("schemas", "warehouse", "tasks", "flows")
MAY_IMPORT = {
    "schemas": {"schemas"},
    "warehouse": {"warehouse", "schemas"},
    "tasks": {"tasks", "schemas"},
    "flows": {"flows", "tasks", "warehouse", "schemas"},
}
ONLY_IN = {
    "duckdb": ("warehouse",),
    "duckdb_extensions": ("warehouse",),
    "great_expectations": ("warehouse",),
    "prefect": ("flows", "tasks/shards.py"),
    "litellm": ("tasks/models",),
}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    strays = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(room)
        for name in imported(path)
        if name.split(".")[0] in ROOMS and name.split(".")[0] not in MAY_IMPORT[room]
    ]
    assert strays == []


def test_flows_do_not_depend_on_the_command_line() -> None:
    strays = [
        str(path.relative_to(ROOT))
        for path in modules("flows")
        if path.parent.name != "cli"
        and any(name.startswith("flows.cli") for name in imported(path))
    ]
    assert strays == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_only_where_it_belongs(library: str) -> None:
    homes = ONLY_IN[library]
    strays = [
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in modules(room)
        if any(name.split(".")[0] == library for name in imported(path))
        and not str(path.relative_to(ROOT)).startswith(homes)
    ]
    assert strays == []


def test_modules_are_small() -> None:
    sizes = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for room in ROOMS
        for path in modules(room)
        if path.name != "__init__.py"
    }
    assert {str(path): size for path, size in sizes.items() if size > 400} == {}
    assert statistics.median(sizes.values()) <= 150


def test_every_module_says_what_it_holds() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in modules(room)
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def packages() -> list[str]:
    below = sorted(
        path.name for path in (ROOT / "tasks").iterdir() if (path / "__init__.py").is_file()
    )
    return [*ROOMS, *(f"tasks/{name}" for name in below)]


@pytest.mark.parametrize("package", packages())
def test_an_index_names_everything_in_its_package(package: str) -> None:
    folder = ROOT / package
    index = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    named = set(re.findall(r"``([a-z_/.]+)``", index))
    there = {
        path.stem
        for path in folder.iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file()) and path.stem != "__init__"
    }
    assert sorted(there - named) == []
