"""Whether the answers of a stage can be used, and when to stop asking for more of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from schemas.study.analysis import StopRule
from schemas.unit import Result


class Usability:
    """Counts, over the units of one step, the questions that got an answer that can be used.

    A question that was asked again counts once, by how its last call ended.
    """

    def __init__(self) -> None:
        self.units = 0
        self.questions = 0
        self.unusable: Counter[str] = Counter()

    def count(self, results: Iterable[Result]) -> None:
        """Counts the questions of some units; units that asked nothing are left out."""
        for result in results:
            kinds = _endings(_mappings(result.rows.get("calls", ())))
            self.units += bool(kinds)
            self.questions += len(kinds)
            self.unusable.update(kind for kind in kinds if kind is not None)

    @property
    def usable_share(self) -> float | None:
        """Share of questions with a usable answer; ``None`` before the first."""
        return 1 - self.unusable.total() / self.questions if self.questions else None

    def reason_to_stop(self, rule: StopRule | None) -> str | None:
        """Why no more should be asked, or ``None`` to go on.

        Example:
            >>> usability = Usability()
            >>> usability.units, usability.questions = 20, 40
            >>> usability.unusable["bad_shape"] = 38
            >>> usability.reason_to_stop(StopRule(share=0.9, after=20))
            '38 of the 40 answers in the first 20 units cannot be used (bad_shape 38)'
        """
        if rule is None or self.units < rule.after:
            return None
        bad = self.unusable.total()
        if bad < rule.share * self.questions:
            return None
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.unusable.most_common())
        return (
            f"{bad} of the {self.questions} answers in the first {self.units} units cannot be "
            f"used ({kinds})"
        )


def _mappings(rows: Any) -> Iterable[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = (
        rows.iter_rows(named=True) if isinstance(rows, pl.DataFrame) else rows
    )
    return found


def _endings(calls: Iterable[Mapping[str, Any]]) -> list[str | None]:
    """How every question ended: ``None``, or the kind of its failure."""
    by_key = {call["call_key"]: call for call in calls}
    asked_again = {call.get("reask_of") for call in by_key.values()}
    return [
        call["error_kind"] if call["status"] == "failed" else None
        for key, call in by_key.items()
        if key not in asked_again
    ]
