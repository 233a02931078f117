"""``agora plan``: what a run would do and what it would cost."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from flows.catalogues import refuse_missing_imports
from flows.cli.table import table, terminal_width
from flows.cli.terminal import say
from flows.estimating import estimated, questions, refuse_unpriced
from flows.naming import SHORT
from flows.planning import StepPlan, plans
from flows.study_references import with_markets
from schemas.counts import counted
from schemas.study import RunSpec
from tasks.models.estimate import Estimate, Span
from tasks.stages.registry import steps
from tasks.studies.balance import balance_lines
from tasks.studies.design import Design, design
from tasks.studies.load import load_study
from warehouse.reader import reader_or_empty


def print_plans(studies: Sequence[Path], warehouse: Path, allowed: Sequence[Path] = ()) -> None:
    """Print the plan of every study.

    Raises:
        Mistake: The warehouse cannot be read, or dollars are limited and a price is not known.
        Mistakes: A study has mistakes in it.
    """
    loaded = [load_study(path, allowed) for path in studies]
    for one in loaded:
        refuse_missing_imports(one.study, warehouse, one.path)
    with reader_or_empty(warehouse) as reading:
        for one in loaded:
            resolved = design(with_markets(one.study, warehouse, one.path))
            planned = list(plans(resolved, reading, steps()))
            _print_plan(resolved, planned, warehouse)
            for line in balance_lines(resolved):
                say(textwrap.fill(line, terminal_width(), subsequent_indent="  "))
            _print_estimates(estimated(resolved, planned, reading), resolved.study.run)
            say()
            asked = partial(questions, resolved, planned, reading)
            refuse_unpriced(resolved.study, asked, resolved.study.run.budget_usd)


def _print_plan(resolved: Design, planned: Sequence[StepPlan], warehouse: Path) -> None:
    study = resolved.study
    where = f"in {warehouse}" if warehouse.exists() else f"(a run will create {warehouse})"
    say(f"{study.name}  version {resolved.version[:SHORT]}  {where}")
    lines = [
        (
            plan.step.stage,
            plan.step.name,
            len(plan.units),
            len(plan.held),
            len(plan.failed),
            len(plan.units) - len(plan.held),
        )
        for plan in planned
        if plan.units
    ]
    say(table(("stage", "step", "units", "done", "failed", "to do"), lines), end="")
    if not any(line[-1] for line in lines):
        say("Nothing to do: the warehouse already holds every unit.")


def _print_estimates(found: Sequence[Estimate], run: RunSpec) -> None:
    """Calls, tokens and dollars per model, and what the numbers rest on."""
    if not found:
        say("A run will make no model calls.")
        return
    lines = [
        (
            one.alias,
            one.model,
            one.purpose,
            str(one.calls),
            str(one.prompt_tokens),
            str(one.completion_tokens),
            "unknown" if one.usd is None else _dollars(one.usd),
        )
        for one in found
    ]
    head = ("alias", "model", "used as", "calls", "prompt tokens", "answer tokens", "dollars")
    say()
    say(table(head, lines), end="")
    known = [one.usd for one in found if one.usd is not None]
    total = Span(sum(span.low for span in known), sum(span.high for span in known))
    unknown = len(found) - len(known)
    more = f", not counting {counted(unknown, 'model')} of unknown price" if unknown else ""
    say(f"Total: ${_dollars(total)}{more}")
    if run.budget_usd is not None and not unknown:
        say(_against(f"${run.budget_usd:g}", run.budget_usd, total))
    if run.budget_calls is not None:
        calls = Span(sum(one.calls.low for one in found), sum(one.calls.high for one in found))
        say(_against(counted(run.budget_calls, "call"), run.budget_calls, calls))
    say("Assumptions")
    for text, aliases in _grouped(found).items():
        line = f"{', '.join(aliases)}: {text}"
        width = terminal_width()
        say(textwrap.fill(line, width, initial_indent="  ", subsequent_indent="    "))


def _against(words: str, budget: float, span: Span) -> str:
    """How a budget compares with what is expected.

    Example:
        >>> _against("10 calls", 10, Span(5, 20))
        'The budget of 10 calls may run out; the next run then does the rest.'
    """
    outcome = "is enough."
    if span.low > budget:
        outcome = "will run out; the next run then does the rest."
    elif span.high > budget:
        outcome = "may run out; the next run then does the rest."
    return f"The budget of {words} {outcome}"


def _grouped(found: Sequence[Estimate]) -> dict[str, dict[str, None]]:
    """Assumptions with the models that they are made of, each once."""
    groups: dict[str, dict[str, None]] = {}
    for one in found:
        for text in one.assumptions:
            groups.setdefault(text, {})[one.alias] = None
    return groups


def _dollars(span: Span) -> str:
    """A range in dollars.

    Example:
        >>> _dollars(Span(0, 0)), _dollars(Span(0.5, 12))
        ('0.00', '0.50 to 12.00')
    """
    if span.high == 0:
        return "0.00"
    return f"{span.low:,.2f} to {span.high:,.2f}"
