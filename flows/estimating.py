"""How many questions a plan leaves to ask, and what they will take.

How many there are, each step says of its own units. What a question takes comes from earlier calls
of the same kind in the warehouse, where there are any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from flows.planning import StepPlan, frames_of
from schemas.study import Study
from schemas.unit import STAGES, Stage
from tasks.models.budget import unpriced
from tasks.models.estimate import Estimate, Measured, Planned, Span, estimates, gathered
from tasks.models.prices import prices
from tasks.models.secrets import is_without_key, refuse_without_key
from tasks.stages.base import Upstream
from tasks.studies.design import Design
from warehouse.queries.calls import CallSizes
from warehouse.reader import Reader


def estimated(design: Design, plans: Iterable[StepPlan], warehouse: Reader) -> tuple[Estimate, ...]:
    """What the units that are left to do will take, one estimate per model and kind of question.

    Args:
        design: The study.
        plans: Its steps as planned.
        warehouse: The warehouse, for what earlier calls took.
    """
    planned = questions(design, plans, warehouse)
    if not planned:
        return ()
    measured = [
        Measured(
            row.model,
            row.purpose,
            row.n_calls,
            row.n_questions,
            Span(*row.prompt),
            Span(*row.completion),
        )
        for row in warehouse.rows(CallSizes())
    ]
    return estimates(planned, measured)


def questions(
    design: Design,
    plans: Iterable[StepPlan],
    warehouse: Reader,
    stages: Collection[Stage] = STAGES,
) -> list[Planned]:
    """The questions that the units left to do will ask, without re-asks.

    Args:
        design: The study.
        plans: All of its steps as planned.
        warehouse: The warehouse.
        stages: The stages that are to be run.
    """
    plans = list(plans)
    upstream = Upstream({type(plan.step): plan.units for plan in plans})
    found: list[Planned] = []
    for plan in plans:
        step = plan.step
        left = [unit for unit in plan.units if plan.statuses.get(unit.key) != "done"]
        if left and step.asks is not None and step.stage in stages:
            frames = frames_of(warehouse, step.question_reads(design, left))
            found += step.questions(design, left, replace(upstream, frames=frames))
    return [one for one in gathered(found) if one.questions.high > 0]


def refuse_unpriced(
    study: Study, asked: Callable[[], Sequence[Planned]], budget_usd: float | None
) -> None:
    """Refuses to ask a model whose price is not known where dollars are limited.

    Args:
        study: The study.
        asked: Gives the questions that there will be; called only where a price is not known.
        budget_usd: Dollars that may be spent; ``None`` for no limit.

    Raises:
        Mistake: The price of a model that will be asked is not known.
    """
    if budget_usd is None or all(prices(spec).known for spec in study.models.values()):
        return
    for one in asked():
        if not one.prices.known:
            raise unpriced(one.spec.model, budget_usd)


def refuse_keyless(design: Design, asked: Callable[[], Sequence[Planned]]) -> None:
    """Refuses to ask any model while one that will be asked later has no key.

    Args:
        design: The study.
        asked: Gives the questions that there will be; called only where a key is missing.

    Raises:
        Mistake: The variable that a model declares for its key is not set.
    """
    if any(map(is_without_key, design.study.models.values())):
        for one in asked():
            refuse_without_key(one.spec)
