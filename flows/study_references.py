"""Studies as a command names them: a file, a name, or the start of a version."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from schemas.errors import Mistake, nearest
from schemas.study import Study
from warehouse.sql import literal

if TYPE_CHECKING:
    from tasks.studies.design import Design

SHORT = 12
_NUMBERED = re.compile(r"(?P<name>.+)@(?P<number>[0-9]+)")


@dataclass(frozen=True)
class Named:
    """A study that a command names.

    Attributes:
        study: The study.
        version: Its version.
        path: File that it was read from.
        held: Whether the warehouse has that version on record.
        created: When it was first run, if it was.
    """

    study: Study
    version: str
    path: str
    held: bool
    created: Any = None

    @property
    def title(self) -> str:
        """Its name with the start of its version."""
        return f"{self.study.name} {self.version[:SHORT]}"

    def design(self) -> Design:
        """Its design.

        Raises:
            Mistake: Its environment is not there (any more).
            Mistakes: Its parameters are not valid (any more).
        """
        from tasks.studies.design import design

        return design(self.study)


def rows(warehouse: Path, sql: str) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries.

    Raises:
        Mistake: The warehouse cannot be read.
    """
    from warehouse.query import query

    found = query(warehouse, sql)
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def named(reference: str, warehouse: Path) -> Named:
    """The study that a reference names.

    Args:
        reference: A YAML file; a study's name, which means its newest version; ``NAME@2`` for its
            second version; or the start of a version.
        warehouse: The warehouse.

    Raises:
        Mistake: There is no such study, or there are several.
        Mistakes: The file has mistakes in it.
    """
    if reference.endswith((".yaml", ".yml")) or Path(reference).is_file():
        return _from_file(reference, warehouse)
    known = rows(
        warehouse,
        "select study_version, name, path, created_at from studies "
        "order by created_at, study_version",
    )
    version = _version(reference, known, warehouse)
    (row,) = rows(
        warehouse,
        "select study_version, name, spec, path, created_at from studies "
        f"where study_version = {literal(version)}",
    )
    try:
        study = Study.model_validate(json.loads(row["spec"]))
    except ValidationError as error:
        raise Mistake(
            what="this version was written by another version of agora, and cannot be shown",
            place=f"{row['name']} {version[:SHORT]}",
            found=f"{error.error_count()} fields that are not as expected",
            fix=f'read it as it was written: agora sql "select yaml from studies '
            f"where study_version = '{version}'\"",
        ) from None
    return Named(study, version, row["path"], True, row["created_at"])


def _from_file(reference: str, warehouse: Path) -> Named:
    from tasks.studies.design import design
    from tasks.studies.load import load_study

    study = with_markets(load_study(reference).study, warehouse, reference)
    version = design(study).version
    held: list[dict[str, Any]] = []
    if warehouse.exists():
        held = rows(
            warehouse, f"select created_at from studies where study_version = {literal(version)}"
        )
    created = held[0]["created_at"] if held else None
    return Named(study, version, reference, bool(held), created)


def with_markets(study: Study, warehouse: Path, place: str) -> Study:
    """The study with the imported markets that it names, as far as there is a warehouse.

    Raises:
        Mistake: The warehouse has no market of such a name, or cannot be read.
    """
    raw = [study.episode.params, *study.changes.values()] if study.episode else []
    markets = [params.get("catalogue") for params in raw]
    if not warehouse.exists() or not any(
        isinstance(market, dict) and "imported" in market for market in markets
    ):
        return study
    from flows.catalogues import with_catalogues
    from warehouse.store import Warehouse

    with Warehouse.open(warehouse, read_only=True) as shelf:
        return with_catalogues(study, shelf, place)


def _version(reference: str, known: list[dict[str, Any]], warehouse: Path) -> str:
    """The version that a name or the start of a version means, among those known."""
    of_name = [row["study_version"] for row in known if row["name"] == reference]
    if of_name:
        return str(of_name[-1])
    numbered = _NUMBERED.fullmatch(reference)
    if numbered:
        of_name = [row["study_version"] for row in known if row["name"] == numbered["name"]]
        if 1 <= int(numbered["number"]) <= len(of_name):
            return str(of_name[int(numbered["number"]) - 1])
        if of_name:
            raise Mistake(
                what="no version of that number",
                place=str(warehouse),
                found=reference,
                expected=f"{numbered['name']}@1 to {numbered['name']}@{len(of_name)}",
                fix="agora studies lists them",
            )
    begin = [row for row in known if row["study_version"].startswith(reference)]
    if len(begin) == 1:
        return str(begin[0]["study_version"])
    if begin:
        raise Mistake(
            what="several versions begin like that",
            place=str(warehouse),
            found=reference,
            expected="one of "
            + ", ".join(f"{row['study_version'][:SHORT]} ({row['name']})" for row in begin[:10]),
            fix="write more of the version",
        )
    names = list(dict.fromkeys(row["name"] for row in known))
    near = nearest(reference, names)
    raise Mistake(
        what="no study of that name, and no version that begins so",
        place=str(warehouse),
        found=reference,
        expected=f"one of {', '.join(names)}" if names else "the warehouse holds no study yet",
        fix=f"did you mean {near}?" if near else "agora studies lists them",
    )
