"""What an archive says of itself to people: its README, and whose work is in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.archive import Manifest, SourceNote
from schemas.counts import counted
from schemas.source import Source
from warehouse.queries.sources import SourceInVersion

#: What stands in ``cite``; the same as in ``CITATION.cff``.
CITE = "The Agora authors: Agora: a laboratory for experiments on groups of language-model agents."


def sources_of(
    spec: Mapping[str, Any], imported: Iterable[SourceInVersion] = ()
) -> tuple[SourceNote, ...]:
    """Whatever in a study says where it comes from or under which licence.

    Args:
        spec: The study's canonical spec.
        imported: What it took from outside, with what was declared of it.

    Example:
        >>> (note,) = sources_of({"coding": {"codebook": {"source": "Doe 2020", "flags": {}}}})
        >>> note.what, note.source, note.licence
        ('coding.codebook', 'Doe 2020', '')
    """
    notes = [
        SourceNote(
            what=f"imported {one.kind} {one.name} ({counted(one.units, 'unit')})",
            source=one.source,
            licence=one.licence,
            citation=one.citation,
        )
        for one in imported
    ]
    return tuple(sorted([*_sources(spec, ""), *notes], key=lambda note: note.what))


def _sources(value: Any, place: str) -> Iterator[SourceNote]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _sources(item, f"{place}[{number}]")
    if not isinstance(value, dict):
        return
    said = {
        name: found
        for name in Source.model_fields
        if isinstance(found := value.get(name), str) and found
    }
    if said:
        yield SourceNote(what=place, **said)
    for name, part in value.items():
        yield from _sources(part, f"{place}.{name}" if place else name)


def readme(manifest: Manifest) -> str:
    """The page of an archive."""
    filled = [note for note in manifest.tables if note.rows]
    parts = [
        f"# {manifest.study}: data",
        f"Version `{manifest.study_version}` of the study, {manifest.units_done:,} of "
        f"{manifest.units:,} units done. Written by `agora export`, Agora {manifest.code_version}, "
        f"schema `{manifest.schema_version}`.",
        "## Query it with DuckDB\n\nIn this folder, with DuckDB's shell:\n\n"
        "```sh\nduckdb -init load.sql\n```\n\nor in Python:\n\n"
        "```python\nimport duckdb\n\nstudy = duckdb.connect()\n"
        'study.execute(open("load.sql").read())\n'
        'print(study.sql("SELECT * FROM v_studies"))\n```\n\n'
        "`load.sql` shows every file as a table and makes Agora's views; `SHOW TABLES` lists them. "
        'A single file needs no more than `FROM "units.parquet"`.',
        "## Import it into a warehouse of Agora\n\n```sh\nagora import archive FOLDER\n"
        f'agora sql --at {manifest.study_version[:12]} "FROM v_metrics"\n```\n\n'
        "Nothing is lost by it: exported again, it has the same bytes. `agora run` of the study "
        "(`study.yaml`, with the files that it names) then has nothing to do.",
        "## Files\n\n"
        "- `manifest.json`: digests of all files, every column with its type and unit\n"
        "- `study.yaml`: the study as it was written; `study.json`: the same with the files that "
        "it names, in canonical form\n"
        "- `load.sql`: tables and views for DuckDB\n"
        + "\n".join(
            f"- `{note.table}.parquet`: {note.about.rstrip('.')} (rows: {note.rows:,})"
            for note in filled
        ),
        f"Not in it: {', '.join(f'`{name}`' for name in manifest.left_out)}, whose rows are part "
        "of no version of a study.",
        "## Units of measurement\n\nTimes are UTC.\n\n"
        + "\n".join(
            f"- `{note.table}.{column.name}`: {column.unit}"
            for note in filled
            for column in note.columns
            if column.unit and column.unit != "UTC"
        ),
        "## Cite and licences\n\n"
        f"{manifest.cite} Cite the authors of the study as they ask.\n\n" + _sources_list(manifest),
    ]
    return "\n\n".join(parts) + "\n"


def _sources_list(manifest: Manifest) -> str:
    if not manifest.sources:
        return "The study names nothing that others made."
    lines = ["What the study uses of others, as it was declared:", ""]
    for note in manifest.sources:
        licence = note.licence or "licence not declared"
        cite = f". Cite: {note.citation}" if note.citation else ""
        lines.append(f"- {note.what}: {note.source or 'source not declared'} ({licence}){cite}")
    return "\n".join(lines)
