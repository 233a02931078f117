"""How many questions a plan leaves to ask, and what they will take.

Counts come from what is planned: episodes played without models, items and batches of judges. What
a question takes comes from earlier calls of the same kind in the warehouse, where there are any.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from flows.planning import StepPlan
from schemas.keys import digest
from schemas.unit import AnyUnit
from tasks.environments.registry import environment_named
from tasks.episodes import Episode
from tasks.episodes.counting import question_counts
from tasks.episodes.episode import seats_of
from tasks.models.budget import unpriced
from tasks.models.embedding import TEXTS_PER_CALL
from tasks.models.estimate import Estimate, Measured, Planned, Span, estimates
from tasks.models.prices import prices
from tasks.studies.design import Condition, Design, aliases_of
from warehouse.queries.calls import CallSizes
from warehouse.queries.episodes import MessageCounts
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


def questions(design: Design, plans: Iterable[StepPlan], warehouse: Reader) -> list[Planned]:
    """The questions that the units left to do will ask, without re-asks."""
    todo = {
        plan.step.name: [unit for unit in plan.units if plan.statuses.get(unit.key) != "done"]
        for plan in plans
        if plan.step.asks is not None
    }
    units = [unit for left in todo.values() for unit in left]
    episodes = {condition.name: _per_episode(design, condition) for condition in design.conditions}
    found = [
        *_persona_questions(design, [unit for unit in units if unit.stage == "personas"]),
        *_agent_questions(design, [unit for unit in units if unit.step == "episodes"], episodes),
        *_judge_questions(
            design, [unit for unit in units if unit.stage == "codes"], episodes, warehouse
        ),
        *_embedding_questions(
            design, [unit for unit in units if unit.step == "measure"], episodes, warehouse
        ),
    ]
    return [one for one in found if one.questions.high > 0]


def refuse_unpriced(
    design: Design, plans: Iterable[StepPlan], warehouse: Reader, budget_usd: float | None
) -> None:
    """Refuses to ask a model whose price is not known where dollars are limited.

    Args:
        design: The study.
        plans: The steps that are to be run, as planned.
        warehouse: The warehouse.
        budget_usd: Dollars that may be spent; ``None`` for no limit.

    Raises:
        Mistake: The price of a model that will be asked is not known.
    """
    if budget_usd is None or all(prices(spec).known for spec in design.study.models.values()):
        return
    for one in questions(design, plans, warehouse):
        if not one.prices.known:
            raise unpriced(one.spec.model, budget_usd)


def _per_episode(design: Design, condition: Condition) -> dict[str, Span]:
    """Questions to each alias in an episode of a condition, found by playing it without models."""
    study = design.study
    if study.episode is None:
        raise ValueError(f"study {study.name} plays no episodes")
    environment = environment_named(study.episode.environment)
    models = {alias: study.models[alias] for alias in aliases_of(design, condition).values()}
    episode = Episode(
        key=digest("count", condition.name),
        environment=environment,
        params=condition.params,
        seats=seats_of(environment, condition.params, models, seed=0),
        models=models,
        seed=0,
        parts=condition.parts,
    )
    return {alias: Span(*span) for alias, span in question_counts(episode).items()}


#: Questions by alias in an episode, by condition.
_Episodes = Mapping[str, Mapping[str, Span]]


def _persona_questions(design: Design, units: Sequence[AnyUnit]) -> list[Planned]:
    models = design.study.models
    writers = Counter(
        next(alias for alias, spec in models.items() if spec == unit.spec.writer.value)
        for unit in units
        if unit.step == "personas" and unit.spec.writer is not None
    )
    return [
        Planned(alias, models[alias], "persona", Span(n, n), None, f"one for each of {n} personas")
        for alias, n in writers.items()
    ]


def _agent_questions(
    design: Design, units: Sequence[AnyUnit], episodes: _Episodes
) -> list[Planned]:
    spans: dict[str, Span] = defaultdict(lambda: Span(0, 0))
    reasons: dict[str, None] = {}
    for name, count in Counter(unit.condition for unit in units).items():
        each = _total(episodes[name])
        reasons[f"{_span(each)} questions in an episode"] = None
        for alias, span in episodes[name].items():
            spans[alias] = spans[alias].plus(Span(count * span.low, count * span.high))
    return [
        Planned(alias, design.study.models[alias], "agent", span, None, "; ".join(reasons))
        for alias, span in spans.items()
    ]


def _total(spans: Mapping[str, Span]) -> Span:
    return Span(sum(one.low for one in spans.values()), sum(one.high for one in spans.values()))


def _span(span: Span) -> str:
    """A number of questions in words."""
    low, high = f"{span.low:,.0f}", f"{span.high:,.0f}"
    return low if low == high else f"{low} to {high}"


def _judge_questions(
    design: Design, units: Sequence[AnyUnit], episodes: _Episodes, warehouse: Reader
) -> list[Planned]:
    coding = design.study.coding
    asked = [unit for unit in units if unit.spec.model is not None]
    if coding is None or not asked:
        return []
    conditions = {unit.spec.episode_key: unit.condition for unit in asked}
    said = _messages(conditions, episodes, warehouse)
    spans: dict[str, Span] = defaultdict(lambda: Span(0, 0))
    for unit in asked:
        spans[unit.spec.coder] = spans[unit.spec.coder].plus(
            _batches(said[unit.spec.episode_key], coding.codebook.unit, coding.codebook.batch)
        )
    what = f"{coding.codebook.unit}s in batches of {coding.codebook.batch}"
    why = f"{what}, a message for each question where an episode is not played yet"
    return [
        Planned(alias, design.study.models[alias], "judge", span, None, why)
        for alias, span in spans.items()
    ]


def _embedding_questions(
    design: Design, units: Sequence[AnyUnit], episodes: _Episodes, warehouse: Reader
) -> list[Planned]:
    """Requests for vectors: each text once for each embedding model, many texts in a request."""
    conditions: dict[str, dict[str, str]] = defaultdict(dict)
    for unit in units:
        if unit.spec.encoder is not None:
            alias = unit.spec.options["encoder"]
            conditions[alias] |= {run.episode_key: run.condition for run in unit.spec.runs.value}
    found = []
    for alias, of_alias in conditions.items():
        texts = sum(span.high for span in _messages(of_alias, episodes, warehouse).values())
        why = (
            f"at most {texts:,.0f} texts, {TEXTS_PER_CALL} in a request; "
            "texts whose vectors are held are not sent again"
        )
        requests = Span(0, math.ceil(texts / TEXTS_PER_CALL))
        found.append(Planned(alias, design.study.models[alias], "embedding", requests, None, why))
    return found


def _messages(
    conditions: Mapping[str, str], episodes: _Episodes, warehouse: Reader
) -> dict[str, Span]:
    """How many messages episodes have, or can have where they are not played yet.

    Args:
        conditions: Condition by episode key.
        episodes: Questions in an episode, by condition; a message for each question.
        warehouse: The warehouse, which knows those that were played.
    """
    keys = tuple(sorted(conditions))
    said = {row.episode_key: row.messages for row in warehouse.rows(MessageCounts(keys))}
    found = {}
    for key, condition in conditions.items():
        asked = _total(episodes.get(condition, {}))
        exact = asked.low == asked.high
        expected = asked if exact else Span(0, asked.high)
        found[key] = Span(said[key], said[key]) if key in said else expected
    return found


def _batches(messages: Span, unit: str, batch: int) -> Span:
    """Questions to a judge about an episode of so many messages."""
    if unit == "episode":
        return Span(1, 1)
    low = 0 if unit in {"turn", "pair"} else messages.low
    return Span(math.ceil(low / batch), math.ceil(messages.high / batch))
