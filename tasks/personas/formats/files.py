"""Files of personas: which format a name stands for, and reading and writing one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import Mistake
from tasks.files import MAX_DATA_BYTES, bytes_of, text_of
from tasks.personas.formats import json_lines, parquet, tinytroupe
from tasks.personas.listed import ListedPersona

#: How the files of TinyTroupe's agents end, one persona in each.
AGENT = ".agent.json"


@dataclass(frozen=True, slots=True)
class PersonaFormat:
    """A format of files of personas.

    Attributes:
        name: Its name.
        written: The content of a file with some personas.
        read: The personas in the file at a path that messages name so.
    """

    name: str
    written: Callable[[Sequence[ListedPersona]], bytes]
    read: Callable[[Path, str], Iterator[ListedPersona]]


def _text(path: Path, shown: str) -> str:
    return text_of(path, shown, MAX_DATA_BYTES)


FORMATS: Mapping[str, PersonaFormat] = {
    ".jsonl": PersonaFormat(
        "JSON Lines",
        json_lines.written,
        lambda path, shown: json_lines.read(_text(path, shown), shown),
    ),
    ".parquet": PersonaFormat(
        "Parquet",
        parquet.written,
        lambda path, shown: parquet.read(bytes_of(path, shown, MAX_DATA_BYTES), shown),
    ),
    ".json": PersonaFormat(
        "TinyTroupe",
        tinytroupe.written,
        lambda path, shown: tinytroupe.read(_text(path, shown), shown),
    ),
}


def format_of(path: Path, shown: str) -> PersonaFormat:
    """The format that a file's name stands for.

    Raises:
        Mistake: It stands for none.

    Example:
        >>> format_of(Path("people.jsonl"), "").name
        'JSON Lines'
    """
    if path.suffix not in FORMATS:
        raise Mistake(
            what="no format of personas has this suffix",
            place=shown,
            found=path.suffix or "no suffix",
            expected=", ".join(f"{suffix} ({one.name})" for suffix, one in FORMATS.items()),
        )
    return FORMATS[path.suffix]


def personas_of_file(path: Path, shown: str) -> tuple[ListedPersona, ...]:
    """The personas in a file, or in a folder of TinyTroupe's agents.

    Args:
        path: The file or folder.
        shown: How messages name it.

    Raises:
        Mistake: It cannot be read, or holds no personas.
    """
    if path.is_dir():
        files = sorted(one for one in path.iterdir() if one.name.endswith(AGENT))
        texts = [(f"{shown}/{one.name}", _text(one, f"{shown}/{one.name}")) for one in files]
        found = tuple(tinytroupe.read_all(texts))
    else:
        found = tuple(format_of(path, shown).read(path, shown))
    if not found:
        raise Mistake(
            what="there are no personas in it",
            place=shown,
            expected=f"at least one, or files that end in {AGENT}" if path.is_dir() else "",
        )
    return found
