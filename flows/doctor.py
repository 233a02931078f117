"""Whether everything is as a run needs it: what is installed, the machine, a warehouse, keys."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from importlib.metadata import version as package_version
from pathlib import Path

from flows.settings import server_configured
from schemas.errors import AgoraError
from schemas.study import Study
from tasks.models.secrets import is_without_key
from warehouse.address import Address, address_file
from warehouse.reader import reader
from warehouse.storage import storage_of
from warehouse.upkeep import contradictions, extension_faults, readable

#: Room that a run should find on the warehouse's disk.
LEAST_FREE_BYTES = 10**9
#: How long a server may take to say that it is there.
ANSWERS_S = 5.0


@dataclass(frozen=True)
class Finding:
    """What was looked at, and whether it is as it should be.

    Attributes:
        about: What was looked at.
        sound: Whether it is as it should be.
        found: What was found.
        fix: What to do, where it is not.
    """

    about: str
    sound: bool
    found: str
    fix: str = ""


def examined(
    warehouse: Path, study: str | None = None, allowed: Sequence[Path] = ()
) -> Iterator[Finding]:
    """Everything that was looked at, one after the other.

    Args:
        warehouse: The warehouse; it need not be there.
        study: A study whose models' keys are looked for; nothing of a key is shown.
        allowed: Folders outside its own whose files a study may name.

    Raises:
        Mistake: There is no such study.
        Mistakes: The study file has mistakes in it.
    """
    yield from _packages()
    yield _extensions(storage_of(warehouse).extensions)
    yield _prefect()
    yield _disk(warehouse)
    yield from _warehouse(warehouse)
    if study is not None:
        from flows.study_references import named

        yield from _keys(named(study, warehouse, allowed).study)


def _packages() -> Iterator[Finding]:
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(line) for line in requires("agora-lab") or ()]
    except PackageNotFoundError:
        yield Finding("packages", False, "agora-lab is not installed", "pip install agora-lab")
        return
    for one in wanted:
        if one.marker is not None and not one.marker.evaluate({"extra": ""}):
            continue
        try:
            found = package_version(one.name)
        except PackageNotFoundError:
            found = ""
        if not found or not one.specifier.contains(found, prereleases=True):
            said = f"{one.name} {found or 'is missing'}; expected {one.specifier}"
            yield Finding("packages", False, said, f"pip install '{one.name}{one.specifier}'")
            return
    main = ("duckdb", "prefect", "litellm")
    names = ", ".join(f"{name} {package_version(name)}" for name in main)
    said = f"Python {platform.python_version()}; {len(wanted)} packages as required, with {names}"
    yield Finding("packages", True, said)


def _extensions(names: tuple[str, ...]) -> Finding:
    faults = extension_faults(names)
    if not faults:
        return Finding("extensions", True, f"DuckDB loads {' and '.join(names)}")
    packages = (f"duckdb-extension-{name.replace('_', '-')}" for name in names)
    fix = f"pip install --force-reinstall {' '.join(packages)}"
    return Finding("extensions", False, "; ".join(faults), fix)


def _prefect() -> Finding:
    if not server_configured():
        return Finding("prefect", True, "no server is configured: runs start one for themselves")
    from prefect.settings import get_current_settings

    url = get_current_settings().api.url or ""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=ANSWERS_S):
            return Finding("prefect", True, f"{url} answers")
    except urllib.error.HTTPError as error:
        if error.code in {401, 403}:
            return Finding("prefect", True, f"{url} answers, and wants its users to sign in")
        said = f"{url}: {error}"
    except (OSError, ValueError) as error:
        said = f"{url} does not answer: {error}"
    return Finding("prefect", False, said, "start it (prefect server start), or unset its URL")


def _disk(warehouse: Path) -> Finding:
    folder = next(one for one in warehouse.absolute().parents if one.is_dir())
    free = shutil.disk_usage(folder).free
    said = f"{free / 1e9:.1f} GB free in {folder}"
    return Finding("disk", free >= LEAST_FREE_BYTES, said, "make room before a run")


def _warehouse(warehouse: Path) -> Iterator[Finding]:
    if not warehouse.exists():
        yield Finding("warehouse", True, f"{warehouse} is not there yet; a run makes it")
        return
    try:
        with reader(warehouse) as reading:
            schema = readable(warehouse, reading)
            faults = contradictions(reading)
    except AgoraError as error:
        first, *rest = error.message().splitlines()
        yield Finding("warehouse", False, first, " ".join(line.strip() for line in rest))
        return
    if faults:
        fix = "restore it from a snapshot, or open an issue with these lines"
        for fault in faults:
            yield Finding("warehouse", False, fault, fix)
    else:
        yield Finding("warehouse", True, f"{warehouse}: {schema}, keys and references hold")
    if storage_of(warehouse).owned:
        yield _server(warehouse)


def _server(warehouse: Path) -> Finding:
    file = address_file(warehouse)
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return Finding("server", True, "no process serves the warehouse")
    if mode & 0o077:
        return Finding("server", False, f"{file} can be read by others", f"chmod 600 {file}")
    address = Address.of(warehouse)
    if address is None or not _alive(address.pid):
        said = f"{file} was left behind by a process that has ended"
        return Finding("server", False, said, f"remove {file}; the next run does so by itself")
    return Finding("server", True, f"process {address.pid} has the warehouse open and serves it")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _keys(study: Study) -> Iterator[Finding]:
    for alias, spec in study.models.items():
        about = f"key of {alias}"
        if spec.model.startswith("sim/"):
            yield Finding(about, True, f"{spec.model} needs none")
        elif spec.api_key_env is not None:
            there = not is_without_key(spec)
            said = f"{spec.api_key_env} is {'set' if there else 'not set'}"
            yield Finding(about, there, said, f"export {spec.api_key_env}=...")
        elif spec.api_key_block is not None:
            said = f"Secret block {spec.api_key_block}; a run loads it"
            yield Finding(about, True, said)
        else:
            yield _usual_key(about, spec.model)


def _usual_key(about: str, model: str) -> Finding:
    from flows.settings import apply_defaults

    apply_defaults()
    from tasks.models.usual_keys import missing_variables

    missing = missing_variables(model)
    if not missing:
        return Finding(about, True, f"{model}: the provider's variable is set")
    names = ", ".join(missing)
    return Finding(about, False, f"{model}: {names} not set", f"export {names}=...")
