"""The one way to write a warehouse: whatever records what is run and commits what came of it."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.closing import Closing
from warehouse.reader import Reader

if TYPE_CHECKING:
    import polars as pl

    from schemas.unit import Result
    from warehouse.archives.contents import Stored
    from warehouse.committing.batch import CommitReport


class Writer(Reader, Closing):
    """Whatever reads and writes a warehouse. Its methods may be called from several threads.

    Everything that it writes may be asked for twice with the same effect as once, so that it can be
    asked for again where no answer came.

    Attributes:
        path: The warehouse.
    """

    path: Path

    @abstractmethod
    def record_study(self, study: Mapping[str, Any]) -> None:
        """Records that a version of a study is run: the version itself if it is new, and when.

        Args:
            study: Row of ``studies`` without ``last_run_at``; ``created_at`` is when the run began.

        Raises:
            pydantic.ValidationError: The row does not fit its table.
        """

    @abstractmethod
    def record_run(self, run_id: str, study_version: str, began_at: dt.datetime) -> None:
        """Records that a run of a version begins, before its first question to a model.

        Raises:
            pydantic.ValidationError: The row does not fit its table.
        """

    @abstractmethod
    def record_uncommitted(self, calls: Sequence[Mapping[str, Any]]) -> None:
        """Records calls that were paid for and whose unit is not committed, each once.

        Args:
            calls: Rows of ``uncommitted_calls``; those that are on record anywhere are left.

        Raises:
            pydantic.ValidationError: A row does not fit its table.
        """

    @abstractmethod
    def record_units(
        self, study_version: str, step: str, units: Sequence[Mapping[str, Any]]
    ) -> None:
        """Records the units of one step of a version, in place of those on record for it.

        Units over many episodes change with each one added; the version consists of the
        latest.

        Raises:
            pydantic.ValidationError: A row does not fit its table.
        """

    @abstractmethod
    def replace(
        self, table: str, values: Mapping[str, str | Sequence[str]], rows: pl.DataFrame
    ) -> None:
        """Puts rows in place of those of one of the warehouse's own tables that have some values.

        Args:
            table: The table.
            values: By column the value, or the values, of the rows that go.
            rows: The rows that come.
        """

    @abstractmethod
    def import_archive(self, folder: Path) -> Stored:
        """Stores what is new of the archive in a folder, in one transaction.

        A unit that is done in the warehouse is left as it is.

        Raises:
            Mistake: It is no archive, is damaged, or holds rows that are refused; nothing was
                stored.
        """

    @abstractmethod
    def copy_to(self, target: Path) -> None:
        """Copies what is committed to a file that is not there; commits wait meanwhile.

        See :meth:`warehouse.storage.Storage.copy`.

        Raises:
            Mistake: It could not be copied.
        """

    @abstractmethod
    def commit(
        self,
        results: Sequence[Result],
        *,
        run_id: str,
        code_version: str,
        whole: bool = False,
        at: dt.datetime | None = None,
    ) -> CommitReport:
        """What became of results: validated, and stored in one transaction.

        See :func:`warehouse.committing.commit.commit_results`. What does not fit DuckDB's memory
        is stored in parts of whole units.

        Args:
            results: What working the units gave.
            run_id: Flow run.
            code_version: Version of the code.
            whole: Whether to store nothing at all where any unit fails.
            at: When it was first asked for, in UTC; now if it is asked for the first time. A
                commit of the same run and time is the same commit: it is made once.

        Raises:
            BatchRefused: The batch was to be stored whole, and a unit failed; nothing was stored.
            Mistake: The rows of one unit, or of what is to be stored whole, do not fit the memory.
        """
