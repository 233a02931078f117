"""Runs of a study whose flows and tasks are plain functions: Prefect records nothing of them.

What a run leaves in its warehouse does not depend on who records it, and half of the time of a
small run is Prefect's. Tests of what Prefect shows of a run, or does with it, do without this.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

#: Identifier of the run that goes on without Prefect.
_run: ContextVar[str | None] = ContextVar("run", default=None)


class FlowRun:
    """What stands in for Prefect's description of the flow run that goes on."""

    def __getattr__(self, name: str) -> Any:
        import prefect.runtime.flow_run

        run = _run.get()
        if run is None:
            return getattr(prefect.runtime.flow_run, name)
        return {"id": run, "run_count": 1, "tags": ()}[name]


@dataclass(frozen=True)
class Ended:
    """How a flow or a task ended: with data, or with an exception."""

    value: Any

    async def aresult(self, raise_on_failure: bool) -> Any:
        assert not raise_on_failure
        return self.value


async def _called(function: Callable[..., Any], *words: Any, **named: Any) -> Ended:
    from prefect.client.schemas.objects import State
    from prefect.utilities.annotations import quote

    plain = [word.unquote() if isinstance(word, quote) else word for word in words]
    try:
        found = await function(*plain, **named)
    except Exception as error:  # noqa: BLE001 - whoever called raises it
        return Ended(error)
    return Ended(found.data if isinstance(found, State) else found)


def _instead(replaced: Callable[..., Any], plain: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is the plain one in a run without Prefect, else what it replaces."""

    @functools.wraps(replaced)
    def chosen(*words: Any, **named: Any) -> Any:
        return (replaced if _run.get() is None else plain)(*words, **named)

    return chosen


def _call(one: Any, *words: Any, return_state: bool, **named: Any) -> Any:
    assert return_state
    return _called(one.fn, *words, **named)


async def _nothing(*_: Any, **__: Any) -> None:
    pass


def _logger() -> logging.Logger:
    return logging.getLogger("agora.without_prefect")


@contextmanager
def replaceable() -> Iterator[None]:
    """While it lasts, what flows use of Prefect can be done without, see :func:`no_prefect`."""
    import prefect

    import flows.progress_artifact
    import flows.run_log
    import flows.stages
    import flows.study

    replaced: list[tuple[Any, str, Callable[..., Any]]] = [
        (prefect.Flow, "__call__", _call),
        (prefect.Task, "__call__", _call),
        (flows.stages, "show_stage", _nothing),
        (flows.study, "show_report", _nothing),
        (flows.study, "_label", _nothing),
        (flows.progress_artifact, "acreate_progress_artifact", _nothing),
        (flows.run_log, "get_run_logger", _logger),
    ]
    with pytest.MonkeyPatch.context() as patched:
        for owner, name, plain in replaced:
            patched.setattr(owner, name, _instead(getattr(owner, name), plain))
        patched.setattr(flows.study, "flow_run", FlowRun())
        yield


@contextmanager
def no_prefect() -> Iterator[None]:
    """While it lasts, flows and tasks that are called are plain functions."""
    token = _run.set(str(uuid4()))
    try:
        yield
    finally:
        _run.reset(token)


@contextmanager
def commands_without_prefect() -> Iterator[None]:
    """While it lasts, the command line of this process runs studies without Prefect."""

    def flow(*_: Any) -> Any:
        from flows.study import run_study

        async def run(*words: Any, **named: Any) -> Ended:
            with no_prefect():
                ended: Ended = await run_study(*words, **named)
                return ended

        return run

    with replaceable(), pytest.MonkeyPatch.context() as patched:
        patched.setattr("flows.cli.run._flow", flow)
        yield
