"""What became of a run, in sentences: for states, logs and the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flows.requests import StepReport, StudyReport
from schemas.counts import counted
from schemas.failures import in_words, quoted
from schemas.gateway import MENDED_BY_TIME
from tasks.models.accounts import no_credit


def step_sentence(report: StepReport) -> str:
    """How many units of a step are there; empty where it has none."""
    if not report.units:
        return ""
    held = f"{report.step}: {report.held + report.done:,} of {report.units:,}"
    return f"{held} ({report.blocked:,} blocked)" if report.blocked else held


def failed_sentence(report: StepReport) -> str:
    """How many units of a step failed, and why."""
    why = f": {in_words(report.failures)}" if report.failures else ""
    return f"{report.step}: {report.failed:,} failed{why}"


def to_do(failed: Iterable[StepReport]) -> str:
    """What to do about failed units."""
    kinds = {group.kind for report in failed for group in report.failures}
    others = sorted(kinds - MENDED_BY_TIME)
    told = f" Time alone does not mend: {', '.join(others)}." if others else ""
    return f"A retry works failed units again and leaves what is done.{told}"


def no_credit_sentence(empty: Mapping[str, str]) -> str:
    """Which models are asked no more since accounts are exhausted, and what to do.

    Args:
        empty: What the provider said, by account.

    Example:
        >>> no_credit_sentence({"openai (A_KEY)": "Insufficient Balance"})
        'the account at openai (A_KEY) has no credit left (Insufficient Balance): pay there first'
    """
    told = [f"{no_credit(account)} ({quoted(said)})" for account, said in empty.items()]
    return f"{', '.join(told)}: pay there first"


def calls_sentence(report: StudyReport) -> str:
    """How many calls were made and what they cost, in one line."""
    if report.calls_asked == 0:
        return "Made no model calls."
    cost = f"for ${report.cost_usd:,.2f}"
    if report.unknown_prices == report.calls_asked:
        cost = "at unknown prices"
    elif report.unknown_prices:
        cost += f", not counting {counted(report.unknown_prices, 'call')} of unknown price"
    reused = f" and reused {counted(report.calls_reused, 'answer')}" if report.calls_reused else ""
    return f"Made {counted(report.calls_asked, 'model call')} {cost}{reused}."
