"""What a run that was stopped leaves to do, and what that will take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from flows.planning import StepPlan
from tasks.models.estimate import Estimate, Span, summed


def remaining(
    plans: Iterable[StepPlan], estimates: Sequence[Estimate], kept: Mapping[str, int]
) -> str:
    """The units that are left and the calls and dollars that they will take, in one sentence.

    Args:
        plans: Steps with statuses that are up to date.
        estimates: What their units that are not done will take from their beginning.
        kept: Answers in the journal, by unit; they are not asked for again.

    Example:
        >>> from tasks.stages.registry import steps
        >>> from schemas.unit import Unit
        >>> unit = Unit(stage="metrics", step="measure", key="k", spec=None)
        >>> measure = next(step for step in steps() if step.name == unit.step)
        >>> remaining([StepPlan(measure, (unit,))], [], {})
        '1 of 1 metrics, which need no model calls'
    """
    left = []
    there: Counter[str] = Counter()
    for plan in plans:
        missing = [unit for unit in plan.units if plan.statuses.get(unit.key) != "done"]
        if missing:
            left.append(f"{len(missing)} of {len(plan.units)} {plan.step.title}")
        if plan.step.asks is not None:
            there[plan.step.asks] += sum(kept.get(unit.key, 0) for unit in missing)
    if not left:
        return ""
    units = ", ".join(left)
    if not estimates:
        return f"{units}, which need no model calls"
    asked: dict[str, Span] = {
        purpose: summed(one.calls for one in estimates if one.purpose == purpose)
        for purpose in {one.purpose for one in estimates}
    }
    calls = summed(_less(span, there[purpose]) for purpose, span in asked.items())
    beside = f" beside {there.total():,} answered already" if there.total() else ""
    dollars = _dollars(estimates, asked, there)
    return f"{units}; about {calls} calls{beside}, {dollars}"


def _dollars(
    estimates: Iterable[Estimate], asked: Mapping[str, Span], there: Mapping[str, int]
) -> str:
    """What the calls cost that are not answered yet, each at the mean price of its kind."""
    known, unknown = [], []
    for one in estimates:
        if one.usd is None:
            unknown.append(one.alias)
            continue
        whole = asked[one.purpose]
        rest = _less(whole, there[one.purpose])
        known.append(
            Span(
                one.usd.low * rest.low / whole.low if whole.low else one.usd.low,
                one.usd.high * rest.high / whole.high if whole.high else one.usd.high,
            )
        )
    aliases = ", ".join(dict.fromkeys(unknown))
    if not known:
        return f"at unknown prices ({aliases})"
    total = summed(known)
    more = f" plus calls of unknown price ({aliases})" if unknown else ""
    return f"${total.low:,.2f} to {total.high:,.2f}{more}"


def _less(span: Span, count: int) -> Span:
    return Span(max(0.0, span.low - count), max(0.0, span.high - count))
