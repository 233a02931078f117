"""Great Expectations over the staged rows of a table, once per batch."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

from warehouse.committing.batch import NUMBER, UNIT, Check, Staged
from warehouse.projections.expectations import library, suite_of


@cache
def _batches() -> Any:
    """Where batches of pandas frames come from, one for the process."""
    context = library().get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    asset = context.data_sources.add_pandas("commit").add_dataframe_asset("rows")
    return asset.add_batch_definition_whole_dataframe("all")


_ONE_AT_A_TIME = threading.Lock()


def warm_up() -> None:
    """Imports Great Expectations, which takes seconds: call it in a thread while models answer."""
    with _ONE_AT_A_TIME:
        _batches()


def expectations_met(staged: Staged) -> list[Check]:
    """The result of each expectation; rows that fail one are refused.

    Raises:
        RuntimeError: An expectation could not be evaluated.
    """
    accepted = staged.accepted(frozenset())
    frame = accepted.drop(NUMBER, UNIT).to_pandas()
    with _ONE_AT_A_TIME:
        batch = _batches().get_batch(batch_parameters={"dataframe": frame})
        suite = suite_of(staged.row)
        outcome = batch.validate(suite, result_format="BOOLEAN_ONLY")
        if not outcome.success:
            outcome = batch.validate(suite, result_format={"result_format": "COMPLETE"})
    checks = []
    for result in outcome.results:
        if result.exception_info.get("raised_exception"):
            raise RuntimeError(f"{staged.name}: {result.exception_info['exception_message']}")
        checks.append(_check(staged, accepted[NUMBER].to_list(), result))
    return checks


def _check(staged: Staged, numbers: list[int], result: Any) -> Check:
    config = result.expectation_config
    arguments = {
        name: value
        for name, value in config.kwargs.items()
        if name not in ("batch_id", "column", "column_set")
    }
    name = config.type.removeprefix("expect_")
    column = config.kwargs.get("column")
    failed: list[int] = []
    found: list[Any] = []
    if not result.success:
        indices = result.result.get("unexpected_index_list")
        failed = numbers if indices is None else [numbers[index] for index in indices]
        found = list(result.result.get("partial_unexpected_list", []))[:5]
        staged.refuse(failed, f"{column or staged.name}: {name.replace('_', ' ')} {arguments}")
    return Check(
        staged.name,
        f"{name}({column})" if column else name,
        "great_expectations",
        len(numbers),
        len(failed),
        {"expected": arguments, "found": [str(value) for value in found]},
    )
