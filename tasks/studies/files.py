"""Files that a study names: found beside it, read within limits, remembered for messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.errors import Mistake
from schemas.files import LoadContext, named_file
from tasks.files import text_of
from tasks.personas.formats.files import personas_of_file
from tasks.personas.listed import ListedPersona
from tasks.studies.rowsfile import columns_of_file
from tasks.studies.strict import with_tuples
from tasks.studies.yamltext import Document, document


class FileProblem(ValueError):
    """A mistake about a file, raised inside pydantic so that it is reported with its field."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(mistake.message())


class StudyFiles:
    """The files that a study may name: those in its folder, and in folders allowed by the caller.

    A study cannot allow itself anything: whoever runs it does, and a link out of a folder is not
    in the folder.

    Attributes:
        texts: Texts read so far, by the path that stands in the study.
        documents: YAML files read so far, likewise.
    """

    def __init__(self, folder: Path, shown: str, allowed: Sequence[Path] = ()) -> None:
        """Files of a study.

        Args:
            folder: Where the study's file is.
            shown: How messages name the study's file.
            allowed: Other folders whose files it may name.
        """
        self.folder = folder
        self.shown = shown
        self._within = tuple(one.resolve() for one in (folder, *allowed))
        self.texts: dict[str, str] = {}
        self.documents: dict[str, Document] = {}

    @property
    def context(self) -> LoadContext:
        """What pydantic is handed while the study is validated."""
        return LoadContext(
            read=self.read,
            load=lambda path: with_tuples(self.load(path)),
            rows=self.rows,
            personas=self.personas,
        )

    def read(self, path: str) -> str:
        """The text of a file named in the study.

        Raises:
            FileProblem: It cannot be read.
        """
        if path not in self.texts:
            try:
                self.texts[path] = self._text(path)
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
                self.documents[path] = document(self._text(path), self._name(path))
            except Mistake as mistake:
                raise FileProblem(mistake) from None
        return self.documents[path].value

    def rows(self, path: str, names: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
        """Columns of a CSV or Parquet file named in the study.

        Raises:
            FileProblem: It cannot be read.
        """
        try:
            return columns_of_file(self._allowed(path), self._name(path), names)
        except Mistake as mistake:
            raise FileProblem(mistake) from None

    def personas(self, path: str) -> tuple[ListedPersona, ...]:
        """The personas in a file, or a folder, named in the study.

        Raises:
            FileProblem: It cannot be read.
        """
        try:
            return personas_of_file(self._allowed(path), self._name(path))
        except Mistake as mistake:
            raise FileProblem(mistake) from None

    def inlined(self, value: Any) -> Any:
        """Data from the study in which every file that was read stands in place of its path."""
        if isinstance(value, dict):
            if named_file(value) in self.texts:
                return self.inlined(value["file"])
            return {key: self.inlined(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.inlined(part) for part in value]
        if isinstance(value, str) and value in self.texts:
            return {"path": value, "text": self.texts[value]}
        if isinstance(value, str) and value in self.documents:
            return self.documents[value].value
        return value

    def _text(self, path: str) -> str:
        return text_of(self._allowed(path), self._name(path))

    def _allowed(self, path: str) -> Path:
        """Where a file is, after it was made sure that the study may read it."""
        name = self._name(path)
        try:
            found = (self.folder / path).resolve()
        except (OSError, ValueError, RuntimeError) as error:  # NUL, too long, links in a circle
            raise Mistake(what="not a usable path", place=name, found=str(error)) from None
        if not any(found.is_relative_to(folder) for folder in self._within):
            raise Mistake(
                what="the file is outside the study's folder",
                place=name,
                found=str(found),
                expected="a file in " + ", or in ".join(map(str, self._within)),
                fix=f"copy it beside the study, or allow its folder: --allow-path {found.parent}",
            )
        return found

    def _name(self, path: str) -> str:
        return str(Path(self.shown).parent / path)
