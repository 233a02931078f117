"""Bringing in data that was made elsewhere: validated and committed like everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from flows.human_coding import READERS, read_back, sample_named_in
from flows.requests import ImportRequest
from flows.resources import open_for_import
from flows.version import code_version
from schemas.codebook import Codebook
from schemas.counts import counted
from schemas.errors import Mistake, Mistakes, nearest
from schemas.unit import Result
from tasks.files import text_of
from tasks.importers import warroom, warroom_codes
from tasks.importers.marketplace import marketplace_rows, read_marketplace
from tasks.importers.problems import name_of
from tasks.studies.messages import mistakes_of
from tasks.studies.positions import Positions
from tasks.studies.yamltext import document
from warehouse.committing.batch import BatchRefused
from warehouse.queries.coding import CodedElsewhere
from warehouse.queries.episodes import ImportedEpisodes, ImportedMessages, ImportedSeats
from warehouse.sources import record_source
from warehouse.writer import Writer

RUN_ID = "import"

#: Reasons that a message gives, at most.
MOST_REASONS = 3


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes:
        new: Units that were written.
        held: Units that were there already.
        notes: What a person should know, a sentence each.
    """

    new: int
    held: int
    notes: tuple[str, ...] = ()


def import_data(request: ImportRequest) -> Imported:
    """Bring in a file or folder, all of it or nothing; returns what that did.

    Raises:
        Mistake: The data or the warehouse are not usable as they are.
        Mistakes: Fields of the codebook are wrong, each with its line.
    """
    _refuse_what_is_not_read(request)
    for option, name in (("--collection", request.collection), ("--coder", request.coder)):
        if name is not None:
            name_of(name, option)
    if request.kind == "marketplace":
        catalogue = read_marketplace(request.path, request.collection)
        with open_for_import(request.warehouse) as warehouse:
            done = _committed(warehouse, [marketplace_rows(catalogue)], request)
        n_customers, n_businesses = len(catalogue.customers), len(catalogue.businesses)
        note = (
            f"studies name it {{imported: {catalogue.name}}}; customers: {n_customers}, "
            f"businesses: {n_businesses}"
        )
        return replace(done, notes=(*done.notes, note))
    if request.kind == "codes" and request.format is not None and request.format in READERS:
        key = sample_named_in(request.path, request.format)
        with open_for_import(request.warehouse) as warehouse:
            results = read_back(request.path, request.format, key, warehouse, request.coder)
            _refuse_changed_codes(warehouse, results, request.path)
            return _committed(warehouse, results, request)
    _refuse_unknown_format(request)
    collection = request.collection or warroom.COLLECTION
    if request.kind == "transcripts":
        results = warroom.read_transcripts(request.path, collection)
        with open_for_import(request.warehouse) as warehouse:
            _refuse_changed_episodes(warehouse, results, collection, request.path)
            known_by_codes = _known_by_codes(warehouse, results, collection)
            done = _committed(warehouse, results, request)
        passed_over = _not_read(request.path)
        return Imported(done.new, done.held, (known_by_codes if done.new else ()) + passed_over)
    codebook = warroom_codes.shipped_codebook()
    if request.codebook is not None:
        codebook = _codebook(request.codebook)
    items = warroom_codes.coded_messages(request.path, codebook)
    with open_for_import(request.warehouse) as warehouse:
        known = _known(warehouse, collection)
        codes = warroom_codes.codes_of(request.path, items, known, codebook, collection)
        _refuse_changed_codes(warehouse, codes.results, request.path)
        done = _committed(warehouse, codes.results, request)
    notes = [f"{counted(codes.n_codes, 'judgement')} of {counted(codes.n_items, 'message')}."]
    if codes.placeholders:
        series = ", ".join(f"{name} {n}" for name, n in sorted(codes.placeholders.items()))
        notes.append(
            f"{sum(codes.placeholders.values())} of them are of episodes whose transcripts "
            f"were not imported ({series}); they are kept without text."
        )
    return Imported(done.new, done.held, tuple(notes))


def _refuse_what_is_not_read(request: ImportRequest) -> None:
    """Refuse options that have no meaning for what is imported."""
    sample = request.kind == "codes" and request.format in READERS
    for option, given, read in (
        ("--format", request.format, request.kind != "marketplace"),
        ("--collection", request.collection, not sample),
        ("--codebook", request.codebook, request.kind == "codes" and not sample),
        ("--coder", request.coder, sample),
    ):
        if given is not None and not read:
            form = f" of format {request.format}" if sample else ""
            raise Mistake(
                what=f"the import of {request.kind}{form} has no such option",
                place=option,
                found=str(given),
                fix="leave it out",
            )


def _refuse_unknown_format(request: ImportRequest) -> None:
    known = ["warroom", *READERS] if request.kind == "codes" else ["warroom"]
    if request.format in known:
        return
    close = nearest(request.format or "", known)
    raise Mistake(
        what="unknown format" if request.format else f"the {request.kind} have no format named",
        place=str(request.path),
        found=request.format or "",
        expected="--format " + " or ".join(known),
        fix=f"write --format {close or known[0]}",
    )


def _committed(warehouse: Writer, results: Sequence[Result], request: ImportRequest) -> Imported:
    statuses = warehouse.statuses(result.unit.key for result in results)
    new = [result for result in results if statuses.get(result.unit.key) != "done"]
    try:
        warehouse.commit(new, run_id=RUN_ID, code_version=code_version(), whole=True)
    except BatchRefused as refused:
        reasons = {failure.message: None for failure in refused.failures.values()}
        raise Mistake(
            what=f"nothing was imported: {refused}, of {len(new)}",
            place=str(request.path),
            found="; ".join(list(reasons)[:MOST_REASONS]),
            fix="mend the data and import all of it again",
        ) from None
    record_source(warehouse, request.declared, [result.unit.key for result in results])
    return Imported(len(new), len(results) - len(new))


def _known(warehouse: Writer, collection: str) -> warroom_codes.Known:
    """What the warehouse holds of a collection."""
    return warroom_codes.Known(
        warehouse.frame(ImportedEpisodes(collection)),
        warehouse.frame(ImportedSeats(collection)),
        warehouse.frame(ImportedMessages(collection)),
    )


def _refuse_changed_episodes(
    warehouse: Writer, results: Sequence[Result], collection: str, path: Path
) -> None:
    """Refuse an episode that is in the collection already, with other content."""
    keys = {
        (row.series, row.label): row.episode_key
        for row in warehouse.rows(ImportedEpisodes(collection))
        if row.status != "placeholder"
    }
    for result in results:
        for row in _plain(result, "episodes"):
            key = keys.get((row["series"], row["label"]))
            if key is not None and key != result.unit.key:
                raise Mistake(
                    what=f"episode {row['label']} is in collection {collection} with other content",
                    place=str(path),
                    found=f"episode {result.unit.key}",
                    expected=f"episode {key}",
                    fix="import it under another --collection",
                )


def _refuse_changed_codes(warehouse: Writer, results: Sequence[Result], path: Path) -> None:
    """Refuse codes of a coder for an episode that holds other codes of the same coder."""
    units = {
        (row.episode_key, row.coder, row.codebook_digest): row.unit_key
        for row in warehouse.rows(CodedElsewhere())
    }
    for result in results:
        for row in _plain(result, "codes"):
            key = units.get((row["episode_key"], row["coder"], row["codebook_digest"]))
            if key is not None and key != result.unit.key:
                raise Mistake(
                    what=f"{row['coder']} has already coded this episode differently",
                    place=str(path),
                    found=result.unit.label,
                    fix="codes are never overwritten: give the second coding a name of its own; of "
                    f"a sheet, by --coder '{row['coder']}, again'",
                )


def _known_by_codes(
    warehouse: Writer, results: Sequence[Result], collection: str
) -> tuple[str, ...]:
    """What to say of episodes whose codes were imported before their transcripts."""
    known = {
        (row.series, row.label)
        for row in warehouse.rows(ImportedEpisodes(collection))
        if row.status == "placeholder"
    }
    rows = [row for result in results for row in _plain(result, "episodes")]
    n = sum((row["series"], row["label"]) in known for row in rows)
    if n == 0:
        return ()
    return (
        f"{n} of these episodes were known by their codes only; import the codes again, so that "
        "they stand at the messages.",
    )


def _not_read(folder: Path) -> tuple[str, ...]:
    """What to say of files in a folder of transcripts that were passed over."""
    files = (path for path in folder.rglob("*") if path.is_file())
    beside = (path.name for path in files if path.suffix.lower() != ".json")
    names = sorted(name for name in beside if not name.startswith("."))
    if not names:
        return ()
    more = ", ..." if len(names) > MOST_REASONS else ""
    some = ", ".join(names[:MOST_REASONS])
    if len(names) == 1:
        return (f"1 file was not read, since it is no .json: {some}",)
    return (f"{len(names)} files were not read, since they are no .json: {some}{more}",)


def _plain(result: Result, table: str) -> list[Mapping[str, Any]]:
    """Rows of a table that a result holds as mappings."""
    rows = result.rows.get(table, ())
    return list(rows.to_dicts() if isinstance(rows, pl.DataFrame) else rows)


def _codebook(path: Path) -> Codebook:
    """The codebook in a file, read as a study's is, so that it has the same digest."""
    read = document(text_of(path), str(path))
    try:
        return Codebook.model_validate(read.value)
    except ValidationError as error:
        raise Mistakes(mistakes=mistakes_of(error, Codebook, Positions(read, {}))) from error
