"""The process that runs Great Expectations: ``python -m warehouse.expectations.worker``.

It reads requests from its standard input and answers each with a line on its standard output. A
request is a line of JSON, ``{"checks": [{"kind", "arguments", "condition"}, ...]}``, and behind it
the rows as an Arrow stream; a check with a condition is about the rows whose ``_condition`` is
that. An answer is a line of JSON with an outcome per check: ``passed``, ``observed``, ``n_rows``,
``n_failed``.

When its input ends it ends at once, whatever it is doing, so it never outlives its parent.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import sys
import threading
from typing import IO, Any

import pyarrow as pa

from warehouse.later_module import import_later

CONDITION = "_condition"
#: Great Expectations imports these for databases and stores of others if they are there. Without
#: them it starts a fifth sooner.
UNUSED = ("boto3", "botocore", "sqlalchemy")
#: These it needs for the divergence of distributions alone, and for drawing it. Without them it
#: starts a third sooner.
RARE = ("altair", "scipy.stats")
#: Values that an observation quotes, at most.
QUOTED = 5

Request = tuple[list[dict[str, Any]], pa.Table]


def _read(stream: IO[bytes], requests: queue.Queue[Request]) -> None:
    """Hand requests over; at the end of the stream, end the process."""
    while line := stream.readline():
        with pa.ipc.open_stream(stream) as rows:
            requests.put((json.loads(line)["checks"], rows.read_all()))
    os._exit(0)


def main() -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints is no answer
    requests: queue.Queue[Request] = queue.Queue()
    stream = sys.stdin.buffer
    threading.Thread(target=_read, args=(stream, requests), daemon=True).start()
    for name in UNUSED:
        sys.modules[name] = None  # type: ignore[assignment] # as if it were not installed
    import_later(*RARE)
    gc.disable()  # imports make much that stays, and nothing to collect
    from warehouse.expectations.library import library

    context = library().get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    asset = context.data_sources.add_pandas("study").add_dataframe_asset("rows")
    whole = asset.add_batch_definition_whole_dataframe("all")
    gc.freeze()
    gc.enable()
    while True:
        checks, table = requests.get()
        answers.write(json.dumps(outcomes(whole, checks, table)) + "\n")
        answers.flush()


def outcomes(whole: Any, checks: list[dict[str, Any]], table: pa.Table) -> list[dict[str, Any]]:
    """The outcome of each check of some rows.

    Args:
        whole: Batch definition of Great Expectations that takes a data frame.
        checks: Name, arguments and condition of each.
        table: The rows.
    """
    frame = table.to_pandas()
    found: list[dict[str, Any]] = []
    for check in checks:
        rows = frame
        if CONDITION in frame.columns:
            rows = frame.drop(columns=CONDITION)
            if check["condition"] is not None:
                rows = rows[frame[CONDITION] == check["condition"]].reset_index(drop=True)
        found.append(_outcome(whole.get_batch({"dataframe": rows}), check, len(rows)))
    return found


def _outcome(batch: Any, check: dict[str, Any], n_rows: int) -> dict[str, Any]:
    from warehouse.expectations.library import expectation

    try:
        wanted = expectation(check["kind"], check["arguments"])
    except ValueError as error:
        return _not_checked(str(error), n_rows)
    result = batch.validate(wanted, result_format={"result_format": "SUMMARY"})
    if result.exception_info.get("raised_exception"):
        return _not_checked(str(result.exception_info["exception_message"]), n_rows)
    if "exception_message" not in result.exception_info and not result.result:
        # Exceptions of metrics stand one level deeper, by the metric's identifier.
        for problem in result.exception_info.values():
            if isinstance(problem, dict) and problem.get("raised_exception"):
                return _not_checked(str(problem["exception_message"]), n_rows)
    return {
        "passed": bool(result.success),
        "observed": _observed(result.result, n_rows),
        "n_rows": n_rows,
        "n_failed": int(result.result.get("unexpected_count") or 0),
    }


def _not_checked(message: str, n_rows: int) -> dict[str, Any]:
    first = " ".join(message.split())[:300]
    observed = f"it could not be checked: {first}"
    return {"passed": False, "observed": observed, "n_rows": n_rows, "n_failed": 0}


def _observed(result: dict[str, Any], n_rows: int) -> str:
    """What was found, as text."""
    if result.get("observed_value") is not None:
        return _plain(result["observed_value"])
    if "element_count" in result:
        failed, total = result["unexpected_count"], result["element_count"]
        text = f"{failed} of {total} rows break it"
        if failed:
            share = 100 * failed / total
            text += f" ({share:.0f}%)" if share >= 1 else f" ({share:.2g}%)"
        examples = list(dict.fromkeys(map(_plain, result.get("partial_unexpected_list") or ())))
        shown = [one for one in examples if one not in {"nan", "None"}][:QUOTED]
        return f"{text}: {', '.join(shown)}" if shown else text
    said = [
        f"{title} {_plain(result[name])}"
        for title, name in (
            ("unexpected", "partial_unexpected_list"),
            ("missing", "partial_missing_list"),
        )
        if result.get(name)
    ]
    if "observed_partition" in result.get("details", {}):
        parts = result["details"]["observed_partition"]
        pairs = zip(parts["values"], parts["weights"], strict=True)
        said = [f"{_plain(value)} {weight:.1%}" for value, weight in pairs]
    return ", ".join(said) or ("as expected" if n_rows else "no rows")


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        shown = ", ".join(map(_plain, value[: 4 * QUOTED]))
        return f"{shown}, ..." if len(value) > 4 * QUOTED else shown
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(part)}" for name, part in value.items())
    return str(value)


if __name__ == "__main__":
    main()
