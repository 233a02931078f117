"""The parent's side of the process that runs Great Expectations."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from schemas.checks import Checked, DataCheck
from warehouse.child_process import ChildProcess
from warehouse.closing import Closing


class Checker(Closing):
    """Checks data sets in a process of its own, which is started when it is first wanted.

    Great Expectations takes seconds to import, so call :meth:`start` while models answer. Not safe
    for use by several threads at once.
    """

    def __init__(self) -> None:
        self._process: ChildProcess | None = None
        self._starting = threading.Lock()

    @property
    def process_id(self) -> int | None:
        """Number of the process, if it was started."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process, if it is not there yet; returns at once."""
        with self._starting:
            if self._process is None:
                self._process = ChildProcess("warehouse.expectations.worker")

    def checked(
        self,
        checks: Sequence[DataCheck],
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
    ) -> list[Checked]:
        """What the checks find in some rows.

        Args:
            checks: Checks of one data set.
            schema: Columns of the rows.
            batches: The rows, sent as they come.

        Raises:
            RuntimeError: The process ended, or gave no answer.
        """
        self.start()
        assert self._process is not None
        stdin, stdout = self._process.stdin, self._process.stdout
        try:
            stdin.write(json.dumps({"checks": [_asked(check) for check in checks]}).encode())
            stdin.write(b"\n")
            with pa.ipc.new_stream(stdin, schema) as stream:
                for batch in batches:
                    stream.write_batch(batch)
            stdin.flush()
            line = stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            said = self._process.last_words()
            raise RuntimeError(f"the process that checks data sets ended: {said}")
        return [
            _checked(check, outcome)
            for check, outcome in zip(checks, json.loads(line), strict=True)
        ]

    def close(self) -> None:
        """End the process, if it was started."""
        with self._starting:
            process, self._process = self._process, None
            if process is not None:
                process.close()


def _asked(check: DataCheck) -> dict[str, Any]:
    expectation = check.expectation
    return {
        "kind": expectation.expectation,
        "arguments": expectation.arguments,
        "condition": check.condition,
    }


def _checked(check: DataCheck, outcome: dict[str, Any]) -> Checked:
    expectation = check.expectation
    columns = ", ".join(expectation.columns)
    passed, observed = outcome["passed"], outcome["observed"]
    if outcome["n_rows"] == 0 and not _counts_rows(expectation.expectation):
        # The suite of a stage speaks of whatever rows there are; a study expects some.
        passed, observed = check.declared_by == "stage", "no rows"
    return Checked(
        source="great_expectations",
        view=expectation.view,
        check=f"{expectation.expectation}({columns})" if columns else expectation.expectation,
        condition=check.condition or "",
        severity=expectation.severity,
        declared_by=check.declared_by,
        expected=expectation.expected,
        observed=observed,
        passed=passed,
        n_rows=outcome["n_rows"],
        n_failed=outcome["n_failed"],
    )


def _counts_rows(expectation: str) -> bool:
    return expectation.startswith("expect_table_row_count")
