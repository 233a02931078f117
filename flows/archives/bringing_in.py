"""Importing an archive: its rows become rows of a warehouse as if they had been made there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from flows.naming import SHORT
from flows.resources import open_for_import
from schemas.archive import Manifest
from schemas.errors import AgoraError
from schemas.source import Source
from schemas.study import Study
from warehouse.archives.contents import manifest_of
from warehouse.queries.studies import StudyOfVersion
from warehouse.queries.units import MembersOfVersion
from warehouse.reader import reader
from warehouse.sources import record_source


@dataclass(frozen=True)
class BroughtIn:
    """What an import of an archive did.

    Attributes:
        title: The study with the start of its version.
        new: Units that were stored.
        held: Units that were in the warehouse already.
        notes: What a person should know, a sentence each.
    """

    title: str
    new: int
    held: int
    notes: tuple[str, ...]


def bring_in(folder: Path, warehouse: Path, declared: Source) -> BroughtIn:
    """Import the archive in a folder, all that is new of it or nothing.

    Args:
        folder: The folder.
        warehouse: The warehouse; who has it open stores the archive.
        declared: Whose work the study's own units are. What the study imported keeps what was
            declared then.

    Raises:
        Mistake: It is no archive, is damaged, holds rows that are refused, or the warehouse cannot
            be used.
    """
    manifest = manifest_of(folder)
    with open_for_import(warehouse) as writing:
        stored = writing.import_archive(folder)
        own = {row.unit_key for row in writing.rows(MembersOfVersion(manifest.study_version))}
        worked = writing.statuses(own)
        record_source(writing, declared, worked)
    title = f"{manifest.study} {manifest.study_version[:SHORT]}"
    return BroughtIn(title, stored.new, stored.held, tuple(_notes(manifest, warehouse)))


def _notes(manifest: Manifest, warehouse: Path) -> list[str]:
    notes = []
    if manifest.units_done < manifest.units:
        left = manifest.units - manifest.units_done
        notes.append(f"{left} of its {manifest.units} units are not done; a run works them.")
    with reader(warehouse) as reading:
        (row,) = reading.rows(StudyOfVersion(manifest.study_version))
    if _version_here(row.spec) != manifest.study_version:
        notes.append(
            "This version of Agora makes another version of its study, so a run here would do it "
            "again."
        )
    return notes


def _version_here(spec: str) -> str | None:
    """The version that this code makes of a study; ``None`` where it cannot read it."""
    from tasks.studies.design import design

    try:
        return design(Study.model_validate_json(spec)).version
    except (ValidationError, AgoraError):
        return None
