"""Fixtures that tests of several rooms use."""

from __future__ import annotations

import atexit
import functools
import gc
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from .postgres import Postgres, serving_postgres

# How long an example takes depends on what else the machine does, so no test fails for it.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

#: Settings that tests are handed on purpose.
GIVEN = ("AGORA_SHARED", "AGORA_WRITE_GOLDEN")
#: An empty database of Prefect's server, made at set-up, since a server takes seconds to make one.
PREFECT_DATABASE = Path(sys.prefix) / "prefect" / "prefect.db"


def _isolate() -> None:
    """Take away what a user has set for Prefect and Agora, before either is imported."""
    for name in [name for name in os.environ if name.startswith(("PREFECT_", "AGORA_"))]:
        if name not in GIVEN:
            del os.environ[name]
    home = tempfile.TemporaryDirectory(prefix="agora-prefect-")
    atexit.register(home.cleanup)
    if PREFECT_DATABASE.exists():
        shutil.copy(PREFECT_DATABASE, home.name)
    os.environ["PREFECT_HOME"] = home.name
    os.environ["PREFECT_PROFILES_PATH"] = f"{home.name}/profiles.toml"
    # Groups of tests run side by side, where threads of linear algebra wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


_isolate()

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module", autouse=True)
def settled_heap() -> None:
    """What is imported stays out of later collections of garbage.

    statsmodels collects at every correction of p-values; with the modules of all tests loaded,
    that takes a third of a second each time.
    """
    gc.freeze()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse without rows, to copy: tables, views and comments take a third of a second."""
    from warehouse.store import Warehouse

    made = tmp_path_factory.mktemp("template") / "agora.duckdb"
    Warehouse.open(made).close()
    return made


@pytest.fixture(scope="module", autouse=True)
def new_warehouses(template: Path) -> Iterator[None]:
    """What is opened where no warehouse is becomes a copy of the template.

    ``inspect.unwrap(FileStorage.connection)`` makes it anew.
    """
    from warehouse.storage import FileStorage

    opened = FileStorage.connection

    @functools.wraps(opened)
    def connection(storage: FileStorage, *, read_only: bool = False, **limits: Any) -> Any:
        path = storage.path
        if not read_only and not path.exists() and os.access(path.parent, os.W_OK):
            shutil.copyfile(template, path)
        return opened(storage, read_only=read_only, **limits)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(FileStorage, "connection", connection)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with published data and the model server; tests skip where it is missing."""
    folder = Path(os.environ.get("AGORA_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"published data is not at {folder}; set AGORA_SHARED to its folder")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; tests skip where its programs are missing."""
    with serving_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def lake_template(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake without rows, to copy."""
    from warehouse.store import Warehouse

    made = postgres.lake(tmp_path_factory.mktemp("lake"))
    Warehouse.open(made).close()
    return made


@pytest.fixture
def modules_of_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Gives the Python code of a page of docs/ as modules, one per block, with the names given."""

    def made(page: str, *names: str) -> list[Any]:
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        modules = []
        for name, block in zip(names, blocks, strict=True):
            path = tmp_path / f"{name}.py"
            path.write_text(block, encoding="utf-8")
            spec = importlib.util.spec_from_file_location(name, path)
            assert spec is not None
            assert spec.loader is not None
            modules.append(importlib.util.module_from_spec(spec))
            monkeypatch.setitem(sys.modules, name, modules[-1])
            spec.loader.exec_module(modules[-1])
        return modules

    return made
