"""What an archive says of itself to people: its README, and whose work is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.archive import Manifest, SourceNote

#: What stands in ``cite``; the same as in ``CITATION.cff``.
CITE = "The Agora authors: Agora: a laboratory for experiments on groups of language-model agents."


def sources_of(spec: Mapping[str, Any]) -> tuple[SourceNote, ...]:
    """Whatever in a study's canonical spec says where it comes from or under which licence.

    Example:
        >>> sources_of({"coding": {"codebook": {"source": "Doe 2020", "flags": {}}}})
        (SourceNote(what='coding.codebook', source='Doe 2020', licence=''),)
    """
    return tuple(sorted(_sources(spec, ""), key=lambda note: note.what))


def _sources(value: Any, place: str) -> Iterator[SourceNote]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _sources(item, f"{place}[{number}]")
    if not isinstance(value, dict):
        return
    source, licence = (
        found if isinstance(found := value.get(name), str) else "" for name in ("source", "licence")
    )
    if source or licence:
        yield SourceNote(what=place, source=source, licence=licence)
    for name, part in value.items():
        yield from _sources(part, f"{place}.{name}" if place else name)
    collection = value.get("collection") if place == "imported" else None
    if isinstance(collection, str):
        yield SourceNote(what=f"imported collection {collection}", source="", licence="")


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
        lines.append(f"- {note.what}: {note.source or 'source not declared'} ({licence})")
    return "\n".join(lines)
