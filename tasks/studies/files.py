"""Files that a study names: found beside it, read within limits, remembered for messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from schemas.errors import Mistake, nearest
from schemas.files import LoadContext
from tasks.studies.strict import with_tuples
from tasks.studies.yamltext import MAX_BYTES, Document, document


class FileProblem(ValueError):
    """A mistake about a file, raised inside pydantic so that it is reported with its field."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(mistake.message())


def text_of(path: Path, shown: str) -> str:
    """The text in a file.

    Args:
        path: The file.
        shown: How messages name it.

    Raises:
        Mistake: It is missing, a folder, unreadable, too large or no UTF-8.
    """
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise Mistake(
                what="the file is too large",
                place=shown,
                found=f"{path.stat().st_size:,} bytes",
                expected=f"at most {MAX_BYTES:,} bytes",
            )
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise _missing(path, shown) from None
    except IsADirectoryError:
        raise Mistake(
            what="a folder stands where a file is expected", place=shown, fix="name a file in it"
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise Mistake(
            what="not readable as UTF-8",
            place=f"{shown}:{line}",
            found=f"byte 0x{error.object[error.start]:02x}",
            fix="save the file in the encoding UTF-8",
        ) from None
    except OSError as error:
        raise Mistake(
            what="the file cannot be read", place=shown, found=error.strerror or str(error)
        ) from None


def _missing(path: Path, shown: str) -> Mistake:
    folder = path.parent
    if not folder.is_dir():
        return Mistake(
            what="no such file",
            place=shown,
            found=f"there is no folder {folder}",
            fix="correct the path; paths in a study are relative to the study's file",
        )
    near = nearest(path.name, (entry.name for entry in folder.iterdir() if entry.is_file()))
    return Mistake(
        what="no such file",
        place=shown,
        found=f"nothing of that name in {folder}",
        fix=f"did you mean {near}?" if near else "correct the path, or make the file",
    )


class StudyFiles:
    """The files beside a study.

    Attributes:
        texts: Texts read so far, by the path that stands in the study.
        documents: YAML files read so far, likewise.
    """

    def __init__(self, folder: Path, shown: str) -> None:
        self.folder = folder
        self.shown = shown
        self.texts: dict[str, str] = {}
        self.documents: dict[str, Document] = {}

    @property
    def context(self) -> LoadContext:
        """What pydantic is handed while the study is validated."""
        return LoadContext(read=self.read, load=lambda path: with_tuples(self.load(path)))

    def read(self, path: str) -> str:
        """The text of a file named in the study.

        Raises:
            FileProblem: It cannot be read.
        """
        if path not in self.texts:
            try:
                self.texts[path] = text_of(self.folder / path, self._name(path))
            except Mistake as mistake:
                raise FileProblem(mistake) from None
        return self.texts[path]

    def load(self, path: str) -> Any:
        """The data in a YAML file named in the study.

        Raises:
            FileProblem: It cannot be read.
        """
        if path not in self.documents:
            try:
                name = self._name(path)
                self.documents[path] = document(text_of(self.folder / path, name), name)
            except Mistake as mistake:
                raise FileProblem(mistake) from None
        return self.documents[path].value

    def inlined(self, value: Any) -> Any:
        """Data from the study in which every file that was read stands in place of its path."""
        if isinstance(value, dict):
            return {key: self.inlined(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.inlined(part) for part in value]
        if isinstance(value, str) and value in self.texts:
            return {"path": value, "text": self.texts[value]}
        if isinstance(value, str) and value in self.documents:
            return self.documents[value].value
        return value

    def _name(self, path: str) -> str:
        return str(Path(self.shown).parent / path)
