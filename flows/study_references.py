"""Studies as a command names them: a file, a name, or the start of a version."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from flows.naming import SHORT
from schemas.counts import counted
from schemas.errors import Mistake, nearest
from schemas.study import Study
from warehouse.connection import Missing
from warehouse.queries.studies import StudyOfVersion, TextOfVersion, Version, Versions, VersionText
from warehouse.reader import reader, reader_or_empty

if TYPE_CHECKING:
    from tasks.studies.design import Design

_NUMBERED = re.compile(r"(?P<name>.+)@(?P<number>[0-9]+)")


@dataclass(frozen=True)
class Named:
    """A study that a command names.

    Attributes:
        study: The study.
        version: Its version.
        path: File that it was read from.
        recorded: Whether the warehouse has that version on record.
        created: When it was first run, if it was.
    """

    study: Study
    version: str
    path: str
    recorded: bool
    created: dt.datetime | None = None

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


def named(reference: str, warehouse: Path, allowed: Sequence[Path] = ()) -> Named:
    """The study that a reference names.

    Args:
        reference: A YAML file; a study's name, which means the version of it that was run last;
            ``NAME@2`` for its second version; or the start of a version.
        warehouse: The warehouse.
        allowed: Folders outside its own whose files a study may name.

    Raises:
        Mistake: There is no such study, or there are several.
        Mistakes: The file has mistakes in it.
    """
    if _is_file(reference):
        return _from_file(reference, warehouse, allowed)
    with reader(warehouse) as reading:
        version = version_of(reference, reading.rows(Versions()), warehouse)
        (row,) = reading.rows(StudyOfVersion(version))
    return Named(study_of(row), version, row.path, True, row.created_at)


def recorded_version(reference: str, warehouse: Path, allowed: Sequence[Path] = ()) -> str:
    """The version that a reference means; the study of one on record need not be readable any more.

    Args:
        reference: As for :func:`named`.
        warehouse: The warehouse.
        allowed: Folders outside its own whose files a study may name.

    Raises:
        Mistake: There is no such study, or there are several.
        Mistakes: The file has mistakes in it.
    """
    if _is_file(reference):
        return _from_file(reference, warehouse, allowed).version
    with reader(warehouse) as reading:
        return version_of(reference, reading.rows(Versions()), warehouse)


def _is_file(reference: str) -> bool:
    return reference.endswith((".yaml", ".yml")) or Path(reference).is_file()


def study_of(row: VersionText) -> Study:
    """The study of a version on record.

    Raises:
        Mistake: It was written by a version of the code with other fields.
    """
    try:
        return Study.model_validate_json(row.spec)
    except ValidationError as error:
        raise Mistake(
            what="this version was written by another version of agora, and cannot be shown",
            place=f"{row.name} {row.study_version[:SHORT]}",
            found=f"{counted(error.error_count(), 'field')} not as expected",
            fix=f'read it as it was written: agora sql "{TextOfVersion(row.study_version).text}"',
        ) from None


def _from_file(reference: str, warehouse: Path, allowed: Sequence[Path]) -> Named:
    from tasks.studies.design import design
    from tasks.studies.load import load_study

    study = with_markets(load_study(reference, allowed).study, warehouse, reference)
    version = design(study).version
    with reader_or_empty(warehouse) as reading:
        created = [row.created_at for row in reading.rows(StudyOfVersion(version))]
    return Named(study, version, reference, bool(created), *created)


def with_markets(study: Study, warehouse: Path, place: str) -> Study:
    """The study with the imported markets that it names, as far as there is a warehouse.

    Raises:
        Mistake: The warehouse has no market of such a name, or cannot be read.
    """
    from flows.catalogues import names_market, with_catalogues

    if not names_market(study):
        return study
    try:
        with reader(warehouse) as reading:
            return with_catalogues(study, reading, place)
    except Missing:
        return study


def version_of(reference: str, known: Sequence[Version], warehouse: Path) -> str:
    """The version that a name or the start of a version means, among those known.

    Raises:
        Mistake: There is no such study, or there are several.
    """
    of_name = [row for row in known if row.name == reference]
    if of_name:
        return next(row.study_version for row in of_name if row.run_last)
    numbered = _NUMBERED.fullmatch(reference)
    of_name = [row for row in known if numbered and row.name == numbered["name"]]
    if numbered and of_name:
        for row in of_name:
            if row.number == int(numbered["number"]):
                return row.study_version
        raise Mistake(
            what="there is no version with this number",
            place=str(warehouse),
            found=reference,
            expected=f"{numbered['name']}@1 to {numbered['name']}@{len(of_name)}",
            fix="agora studies lists them",
        )
    begin = [row for row in known if row.study_version.startswith(reference)]
    if len(begin) == 1:
        return begin[0].study_version
    if begin:
        raise Mistake(
            what="several versions begin like this",
            place=str(warehouse),
            found=reference,
            expected="one of "
            + ", ".join(f"{row.study_version[:SHORT]} ({row.name})" for row in begin[:10]),
            fix="write more of the version",
        )
    names = list(dict.fromkeys(row.name for row in known))
    near = nearest(reference, names)
    raise Mistake(
        what="no study has this name, and no version begins like this",
        place=str(warehouse),
        found=reference,
        expected=f"one of {', '.join(names)}" if names else "the warehouse holds no study yet",
        fix=f"did you mean {near}?" if near else "agora studies lists them",
    )
