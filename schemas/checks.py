"""Checks of data sets at the end of a stage, and what they found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.study.expectations import DataExpectation, Severity

#: Who declared an expectation: the suite of the stage, or the study.
DeclaredBy = Literal["stage", "study"]


@dataclass(frozen=True)
class DataCheck:
    """An expectation about one data set.

    Attributes:
        expectation: The expectation.
        condition: The condition whose rows are checked; ``None`` for the rows of all of them.
        declared_by: Who declared it.
    """

    expectation: DataExpectation
    condition: str | None
    declared_by: DeclaredBy


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes:
        source: Who checked.
        view: The table or view.
        check: Name of the expectation with its columns.
        condition: The condition; empty for all rows.
        severity: What a broken expectation means.
        declared_by: Who declared it.
        expected: What was expected, as text.
        observed: What was found, as text.
        passed: Whether it holds.
        n_rows: Rows that were checked.
        n_failed: Rows that break it; 0 where it is about all rows together.
    """

    source: Literal["great_expectations", "agora"]
    view: str
    check: str
    condition: str
    severity: Severity
    declared_by: DeclaredBy
    expected: str
    observed: str
    passed: bool
    n_rows: int
    n_failed: int = 0

    @property
    def sentence(self) -> str:
        """What was expected and what was found, in one line.

        Example:
            >>> Checked("great_expectations", "v_actions", "expect_column_mean_to_be_between(fallback)", "mixed",
            ...         "warning", "stage", "max_value 0.05", "0.12", False, 40).sentence
            'v_actions (mixed): expect_column_mean_to_be_between(fallback): expected max_value 0.05, found 0.12'
        """  # noqa: E501 - one line is the point
        of = f" ({self.condition})" if self.condition else ""
        expected = f"expected {self.expected}, " if self.expected else ""
        return f"{self.view}{of}: {self.check}: {expected}found {self.observed}"
