"""Writing the archive of a version of a study: a folder of files that any program can read."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from flows.archives.page import CITE, readme, sources_of
from flows.naming import SHORT
from flows.study_references import recorded_version
from flows.version import code_version
from schemas.archive import MANIFEST, Manifest
from schemas.errors import Mistake
from warehouse.archives.writing import (
    digest_of,
    left_out,
    load_sql,
    schema_version,
    write_tables,
)
from warehouse.queries.of_version import StateOfVersion
from warehouse.queries.sources import SourcesOfVersion
from warehouse.queries.studies import StudyOfVersion
from warehouse.reader import reader


@dataclass(frozen=True)
class Archived:
    """What an export of a study wrote.

    Attributes:
        title: The study with the start of its version.
        rows: Rows written.
        tables: Tables that have rows.
        units: Units of the version.
        done: Those of them that are done.
    """

    title: str
    rows: int
    tables: int
    units: int
    done: int


def export_archive(
    study: str, folder: Path, warehouse: Path, allowed: Sequence[Path] = ()
) -> Archived:
    """Write the rows of a version of a study to a folder, which is there whole or not at all.

    Args:
        study: A study file, a study's name, ``NAME@2``, or the start of a version.
        folder: A folder that is empty or not there.
        warehouse: The warehouse.
        allowed: Folders outside its own whose files a study may name.

    Raises:
        Mistake: The warehouse holds no such version, or the folder cannot be written.
        Mistakes: The study file has mistakes in it.
    """
    _refuse_filled(folder)
    version = recorded_version(study, warehouse, allowed)
    with reader(warehouse) as reading:
        rows = reading.rows(StudyOfVersion(version))
        if not rows or not reading.rows(StateOfVersion(version)):
            raise Mistake(
                what="this version of the study has not been run",
                place=study,
                found=version,
                fix=f"agora run {study}",
            )
        (row,) = rows
        partial = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.partial")
        try:
            partial.mkdir(parents=True)
            state, notes = write_tables(reading, version, partial, warehouse)
            filled = frozenset(note.table for note in notes if note.rows)
            texts = {"study.yaml": row.yaml, "study.json": row.spec, "load.sql": load_sql(filled)}
            manifest = Manifest(
                study=row.name,
                study_version=row.study_version,
                units=state.units,
                units_done=state.done,
                code_version=code_version(),
                schema_version=schema_version(),
                cite=CITE,
                sources=sources_of(orjson.loads(row.spec), reading.rows(SourcesOfVersion(version))),
                tables=notes,
                files={},
                left_out=left_out(),
            )
            for name, text in (texts | {"README.md": readme(manifest)}).items():
                (partial / name).write_text(text, encoding="utf-8", newline="\n")
            digests = {name: digest_of(partial / name) for name in (*texts, "README.md")}
            _write_manifest(manifest.model_copy(update={"files": digests}), partial / MANIFEST)
            partial.rename(folder)
        except OSError as error:
            raise Mistake(
                what="the archive cannot be written",
                place=str(folder),
                found=error.strerror or str(error),
                fix="name a folder that is empty, in one that may be written",
            ) from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Archived(
        f"{row.name} {row.study_version[:SHORT]}",
        sum(note.rows for note in notes),
        len(filled),
        state.units,
        state.done,
    )


def _refuse_filled(folder: Path) -> None:
    try:
        empty = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    except OSError:
        empty = False
    if not empty or folder.is_symlink():
        raise Mistake(
            what="an archive is never written over what is there",
            place=str(folder),
            found="a folder with files in it" if folder.is_dir() else "a file",
            expected="a folder that is empty or not there",
            fix="name another one",
        )


def _write_manifest(manifest: Manifest, file: Path) -> None:
    text = orjson.dumps(manifest.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
    file.write_bytes(text + b"\n")
