"""``agora export`` and ``agora import archive``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from flows.cli.terminal import say
from schemas.counts import counted
from schemas.errors import Mistake
from schemas.source import Source

FORMS = "agora export STUDY FOLDER, or agora export personas STUDY FILE"


def export_words(
    words: Sequence[str], warehouse: Path, condition: str | None, allowed: Sequence[Path]
) -> None:
    """Export what the words of the command name, and say what was written.

    Raises:
        Mistake: They name nothing that can be exported, or it cannot be written.
        Mistakes: The study file has mistakes in it.
    """
    match list(words):
        case ["personas", study, target]:
            _export_personas(study, Path(target), warehouse, condition, allowed)
        case [study, target]:
            if condition is not None:
                raise Mistake(
                    what="an archive holds every condition",
                    place="--condition",
                    found=condition,
                    fix="leave it out",
                )
            _export_archive(study, Path(target), warehouse, allowed)
        case _:
            raise Mistake(
                what="export takes a study and where to write it",
                place="agora export",
                found=" ".join(words),
                expected=FORMS,
            )


def import_folder(
    folder: Path, warehouse: Path, others: Mapping[str, object], declared: Source
) -> None:
    """Import an archive, and say what was stored.

    Args:
        folder: The archive.
        warehouse: The warehouse.
        others: Options that mean nothing here, as they were given.
        declared: Whose work the study is.

    Raises:
        Mistake: One of them was given, or the archive or the warehouse cannot be used.
    """
    for option, value in others.items():
        if value is not None:
            raise Mistake(
                what="the import of an archive has no such option",
                place=option,
                found=str(value),
                fix="leave it out",
            )
    from flows.archives.bringing_in import bring_in

    done = bring_in(folder, warehouse, declared)
    new = counted(done.new, "unit")
    say(f"{done.title}: imported {new}; {done.held} were already in the warehouse.")
    for note in done.notes:
        say(f"  {note}")


def _export_archive(study: str, folder: Path, warehouse: Path, allowed: Sequence[Path]) -> None:
    from flows.archives.export import export_archive

    done = export_archive(study, folder, warehouse, allowed)
    what = f"{counted(done.rows, 'row')} of {counted(done.tables, 'table')}"
    say(f"{done.title}: {what} written to {folder}")
    if done.done < done.units:
        say(f"  {done.units - done.done} of its {done.units} units are not done")


def _export_personas(
    study: str,
    target: Path,
    warehouse: Path,
    condition: str | None,
    allowed: Sequence[Path],
) -> None:
    from flows.exports import export_personas

    done = export_personas(study, target, warehouse, condition, allowed)
    say(f"personas: {done.n_personas:,} written to {done.target}")
    if done.n_without_prose:
        say(f"  {done.n_without_prose:,} of them without prose: it contradicted them")
