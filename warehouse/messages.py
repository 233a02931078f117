"""What is asked of the owner of a warehouse, as bytes: JSON, and frames as Arrow beside it.

Nothing in a message is run when it is read. Rows are validated by whoever commits them, so a time
may travel as a text, and whatever JSON has no word for travels as what it stands for.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl
from pydantic import BaseModel

from schemas.unit import Failure, Result, Unit
from warehouse.committing.batch import CommitReport

#: A message: one JSON document, then the frames that it numbers.
Parts = list[bytes]


def request(operation: str, values: Mapping[str, Any], frames: Sequence[pl.DataFrame]) -> Parts:
    """An operation to be done with some values and frames."""
    return [_json({"operation": operation, "values": values}), *map(_arrow, frames)]


def requested(parts: Parts) -> tuple[str, dict[str, Any], list[pl.DataFrame]]:
    """The operation that a message asks for, its values and its frames.

    Raises:
        ValueError: The message is none of :func:`request`.
    """
    head = json.loads(parts[0]) if parts else None
    if not isinstance(head, dict) or not isinstance(head.get("operation"), str):
        raise ValueError("a message that asks for nothing")
    if not isinstance(values := head.get("values"), dict):
        raise ValueError(f"a request for {head['operation']} without values")
    return head["operation"], values, [pl.read_ipc(io.BytesIO(part)) for part in parts[1:]]


def reply(values: Mapping[str, Any]) -> Parts:
    """An answer."""
    return [_json(values)]


def replied(parts: Parts) -> dict[str, Any]:
    """The values of an answer."""
    values: dict[str, Any] = json.loads(parts[0])
    return values


def plain_results(results: Sequence[Result]) -> tuple[list[dict[str, Any]], list[pl.DataFrame]]:
    """Results as values and frames; what a unit was made of stays here."""
    frames: list[pl.DataFrame] = []

    def plain_rows(rows: Any) -> dict[str, Any]:
        if isinstance(rows, pl.DataFrame):
            frames.append(rows)
            return {"frame": len(frames) - 1}
        return {"rows": list(rows)}

    values = [
        {
            "unit": [one.unit.stage, one.unit.step, one.unit.key, one.unit.label],
            "rows": {table: plain_rows(rows) for table, rows in one.rows.items()},
            "failure": asdict(one.failure) if one.failure else None,
        }
        for one in results
    ]
    return values, frames


def results_of(values: Sequence[Mapping[str, Any]], frames: Sequence[pl.DataFrame]) -> list[Result]:
    """The results that :func:`plain_results` was made of."""
    found = []
    for one in values:
        stage, step, key, label = one["unit"]
        rows = {
            table: frames[given["frame"]] if "frame" in given else given["rows"]
            for table, given in one["rows"].items()
        }
        unit: Unit[None] = Unit(stage, step, key, None, label=label)
        found.append(Result(unit, rows, Failure(**one["failure"]) if one["failure"] else None))
    return found


def plain_report(report: CommitReport) -> dict[str, Any]:
    """What became of a commit, as values."""
    failed = {unit: asdict(failure) for unit, failure in report.failed.items()}
    return {**vars(report), "failed": failed}


def report_of(values: Mapping[str, Any]) -> CommitReport:
    """The report that :func:`plain_report` was made of."""
    return CommitReport(
        values["batch"],
        tuple(values["done"]),
        plain_failures(values["failed"]),
        tuple(values["unchanged"]),
        values["rows"],
    )


def plain_failures(values: Mapping[str, Mapping[str, str]]) -> dict[str, Failure]:
    """Failures by unit, of their values."""
    return {unit: Failure(**failure) for unit, failure in values.items()}


def _json(value: Any) -> bytes:
    return json.dumps(value, default=_plain).encode()


def _plain(value: Any) -> Any:
    """What a value stands for that JSON has no word for."""
    match value:
        case dt.datetime() | dt.date():
            return value.isoformat()
        case np.generic():
            return value.item()
        case BaseModel():
            return value.model_dump()
        case Mapping():
            return dict(value)
        case Sequence():
            return list(value)
    raise TypeError(f"{type(value).__name__} cannot be sent to the owner of a warehouse")


def _arrow(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.write_ipc(stream)
    return stream.getvalue()
