"""How a run gets on, as people and programs are told."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from flows.cli.console import PlainConsole
from flows.cli.progress import ProgressLines
from flows.cli.progress_json import ProgressJson
from flows.meter import Meter, Snapshot
from flows.planning import StepPlan
from schemas.unit import Failure, Unit
from tasks.models.usage import Usage
from tasks.stages.codes import CodeStep


@pytest.fixture
async def meter() -> Meter:
    """A meter in the middle of a step: of 4 units 1 was there, 1 was done, 1 failed."""
    usage = Usage()
    meter = Meter("small", "0123456789abcdef", usage)
    meter.begin(plan())
    usage.calls_asked, usage.prompt_tokens, usage.completion_tokens = 1200, 40_000, 5_600
    usage.cost_usd = 0.5
    units = plan().units
    meter.count(units[1].key, Failure("rate_limit", "slow down"))
    meter.count(units[2].key, Failure("timeout", "no answer"))
    meter.count(units[2].key, None)  # a retry mended it
    return meter


def plan() -> StepPlan:
    units = tuple(Unit("codes", "code", f"{n}", None) for n in range(4))
    return StepPlan(CodeStep(), units, {"0": "done"})


async def test_a_unit_that_a_retry_mends_has_not_failed(meter: Meter) -> None:
    found = meter.snapshot()
    assert isinstance(found, Snapshot)
    assert (found.units, found.held, found.done, found.failed) == (4, 1, 1, {"rate_limit": 1})
    assert (found.calls, found.tokens, found.cost_usd) == (1200, 45_600, 0.5)


@pytest.mark.parametrize("width", [60, 110])
async def test_what_stands_below_a_bar_is_wrapped_between_its_parts(
    meter: Meter, width: int
) -> None:
    console = PlainConsole(width=width, force_terminal=True, color_system=None, highlight=False)
    lines = ProgressLines(console)
    lines.study_begins("small", "0123456789abcdef", meter)
    lines.step_begins(plan())
    with console.capture() as captured:
        for part in lines._bars.get_renderables():
            console.print(part)
    shown = captured.get()
    assert "2/4" in shown
    assert "1 failed (1 rate_limit)" in shown
    assert "45,600 tokens" in shown
    assert max(map(len, shown.splitlines())) <= width


async def test_a_log_gets_plain_lines_and_programs_get_json(
    meter: Meter, capsys: pytest.CaptureFixture[str]
) -> None:
    log = io.StringIO()
    lines = ProgressLines(Console(file=log, width=80))
    programs = ProgressJson()
    for one in (lines, programs):
        one.study_begins("small", "0123456789abcdef", meter)
        one.step_begins(plan())
        one._print_snapshot()
        one.step_ends(plan())
    said = log.getvalue().splitlines()
    assert said[0] == "small  version 0123456789ab"
    head = "  codings                2 of 4  1 failed (1 rate_limit) · 1,200 calls"
    assert said[1].startswith(head)
    assert said[2] == "  codings                1 of 4"
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["event"] for one in events] == ["study", "step", "progress", "step_end"]
    assert events[2]["failed"] == {"rate_limit": 1}
    assert events[2].keys() == {"event", "at", *Snapshot.model_fields}
