"""Questionnaires of others as files that studies name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from schemas.counts import counted
from schemas.errors import Mistake
from schemas.source import Source
from tasks.importers.instruments import instrument_text, read_instrument


def write_instrument(
    kind: str, path: Path, output: Path | None, others: Mapping[str, object], declared: Source
) -> str:
    """Write the items of a CSV or JSON file as an instrument; returns what was written, in words.

    Args:
        kind: What is imported.
        path: The file.
        output: The file to write; NAME.yaml in the current folder if not given.
        others: Options of ``agora import`` that instruments do not have.
        declared: Whose work the instrument is; a citation is its title, which is written by hand.

    Raises:
        Mistake: The file cannot be read, the other is there with another content, or an option has
            no meaning for what is imported.
    """
    others = {**others, "--citation": declared.citation or None}
    for option, given in ({"--output": output} if kind != "instrument" else others).items():
        if given is not None:
            raise Mistake(
                what=f"the import of {kind} has no such option",
                place=option,
                found=str(given),
                fix="leave it out",
            )
    target = output or Path(f"{path.stem}.yaml")
    instrument = read_instrument(path, path.stem)
    source = declared.source or f"read from {path.name}"
    text = instrument_text(instrument, source, declared.licence)
    if target.exists() and target.read_text(encoding="utf-8") != text:
        raise Mistake(
            what="the file to write is there already, with another content",
            place=str(target),
            fix="name another one: --output FILE",
        )
    target.write_text(text, encoding="utf-8")
    counts = {
        trait: [item.key for item in instrument.items if item.trait == trait]
        for trait in instrument.traits
    }
    lines = [f"instrument: wrote {target}: {counted(len(instrument.items), 'item')}"]
    lines += [
        f"  {trait}: {keys.count(1)} keyed +, {keys.count(-1)} keyed -"
        for trait, keys in counts.items()
    ]
    scale = instrument.scale
    lines.append(
        f"  the file has no scale: answers from {scale.low} ({scale.labels[0]}) to {scale.high} "
        f"({scale.labels[-1]}) were written; correct them, and add "
        + ("a title" if declared.licence else "title and licence")
    )
    return "\n".join(lines)
