"""The rooms, who may enter them, and how large their modules may be."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from functools import cache
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


@cache
def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(tree(path)))


@cache
def imported(path: Path) -> set[str]:
    names = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


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


#: How a statement of SQL begins, or goes on after a name was filled in.
SQL = re.compile(
    r"\s*(select\s.+\sfrom\s|with\s\w+\s+as\s*\(|from\s+\w+\s+(where|join|select)\s"
    r"|(where|and)\s+\w+\s*(=|in\s*\()|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s"
    r"|create\s+(or\s+replace\s+)?(temp\s+)?(table|view)\s|drop\s+(table|view)\s|alter\s+table\s)",
    re.IGNORECASE | re.DOTALL,
)
#: Where the text that a user types as SQL passes through.
USERS_SQL = ("flows/cli/sql.py", "flows/cli/output.py")


def texts(path: Path) -> Iterator[str]:
    """Every text of a module but docstrings; places in an f-string are written as a name."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    skipped = {
        id(node.body[0].value)
        for node in nodes(path)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in nodes(path):
        if isinstance(node, ast.JoinedStr):
            skipped.update(map(id, node.values))
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "filled"
                for part in node.values
            )
        elif isinstance(node, ast.Constant) and id(node) not in skipped:
            yield str(node.value)


@pytest.mark.parametrize("room", ["schemas", "tasks", "flows"])
def test_sql_stands_in_the_warehouse_alone(room: str) -> None:
    strays = [
        f"{path.relative_to(ROOT)}: {text.strip()[:60]}"
        for path in modules(room)
        for text in texts(path)
        if SQL.match(text)
    ]
    taking = [
        f"{path.relative_to(ROOT)} takes SQL"
        for path in modules(room)
        if ".frame_sql(" in path.read_text(encoding="utf-8")
        or ("warehouse.query" in imported(path) and not str(path).endswith(USERS_SQL))
    ]
    assert strays + taking == []


@pytest.mark.parametrize(
    "text",
    [
        "select a, b from events",
        "\n  SELECT *\n  FROM filled\n",
        "with runs as (select 1) from runs",
        "from v_metrics where study = 'a'",
        " where episode_key = 'a'",
        "INSERT INTO units VALUES (1)",
    ],
)
def test_a_statement_is_known_when_it_is_seen(text: str) -> None:
    assert SQL.match(text)


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
        if not ast.get_docstring(tree(path))
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


@pytest.mark.parametrize("room", ROOMS)
def test_every_mistake_says_where_it_is(room: str) -> None:
    lacking = []
    for path in modules(room):
        for node in nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                given = {keyword.arg for keyword in node.keywords}  # None stands for **details
                if node.func.id in {"Mistake", "Locked"} and not given & {"place", None}:
                    lacking.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert lacking == []


def test_commands_print_through_what_keeps_terminals_safe() -> None:
    allowed = {"flows/cli/terminal.py", "flows/cli/console.py", "flows/cli/main.py"}
    printing = []
    for path in sorted((ROOT / "flows").rglob("*.py")):
        for node in nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                name = str(path.relative_to(ROOT))
                if node.func.id in {"print", "Console"} and name not in allowed:
                    printing.append(f"{name}:{node.lineno}")
    assert printing == []


def test_the_front_page_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
