"""Playing one episode: ask, log, step, until the rules or a limit end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.base import Record
from schemas.environment import Ask, Environment, Event, JsonValue, Seat, Step
from schemas.gateway import Gateway, Question
from schemas.keys import generator
from schemas.study.models import ModelSpec
from schemas.unit import Failure
from tasks.concurrency import gather_all
from tasks.episodes.asking import Taken, question_of, taken
from tasks.episodes.history import History, spans
from tasks.episodes.params import shown_params
from tasks.episodes.render import Renderer

#: Steps after which an environment that never ends is taken for a bug.
STEP_LIMIT = 1_000_000


@dataclass(frozen=True)
class Played:
    """What playing an episode gave.

    Attributes:
        rows: Rows of ``episodes``, ``seats``, ``events``, ``exposures`` and ``outcomes``; none if
            it failed.
        failure: Why the episode could not be played to its end.
    """

    rows: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    failure: Failure | None = None


async def play(
    environment: Environment,
    params: Record,
    seats: Sequence[Seat],
    models: Mapping[str, ModelSpec],
    seed: int,
    unit_key: str,
    gateway: Gateway,
    reasks: int,
) -> Played:
    """An episode played to its end, as rows.

    The rows depend on the arguments and the answers alone: questions are numbered in the order of
    the seats, the answers to simultaneous ones are all in before any of them counts, and every
    step has its own generator. Asking again with the same answers therefore plays it again to the
    same rows, which is how an episode resumes at the turn it had reached.

    Args:
        environment: The rules.
        params: Their parameters.
        seats: Who takes part.
        models: Models by alias.
        seed: Seed of everything random in the episode.
        unit_key: Key of the unit, which is the episode's key.
        gateway: Answers questions.
        reasks: How often an unusable answer may be asked again.

    Raises:
        RuntimeError: The environment broke its contract.
    """
    seating = _Seating(environment, seats, models, unit_key, gateway, reasks)
    step = environment.reset(params, seats, generator(seed, "reset"))
    seating.history.log(step.events, step.round, 0, {})
    n_steps = 0
    while step.status == "running":
        asks = environment.asks(step.state)
        if not asks:
            step = Step(step.state, (), step.round, "terminated")
            break
        if n_steps >= STEP_LIMIT:
            raise RuntimeError(f"{environment.name}: no end after {STEP_LIMIT} steps")
        answers = await seating.answers(step.state, asks)
        failure = next((one.failure for one in answers.values() if one.failure), None)
        if failure is not None:
            return Played(failure=failure)
        actions = {seat: one.action for seat, one in answers.items() if one.action is not None}
        step = environment.step(step.state, actions, generator(seed, "step", n_steps))
        acted = {event.actor for event in step.events}
        unseen = (
            Event("ask", seat, item=asks[seat].name, visible_to=())
            for seat in actions
            if seat not in acted
        )
        seating.history.log((*step.events, *unseen), step.round, n_steps, actions)
        for seat, one in answers.items():
            seating.renderer.answered(seat, n_steps, one.text)
        n_steps += 1
    planned = environment.planned_rounds(params)
    rows = {
        "episodes": [_episode_row(environment, params, seed, unit_key, step, n_steps, planned)],
        "seats": [_seat_row(seat, models, unit_key) for seat in seats],
        "events": seating.history.rows,
        "exposures": seating.exposures,
        "outcomes": _outcome_rows(environment, step.state, unit_key),
    }
    return Played(rows)


class _Seating:
    """The seats of an episode that is being played, and what they are asked and shown."""

    def __init__(
        self,
        environment: Environment,
        seats: Sequence[Seat],
        models: Mapping[str, ModelSpec],
        unit_key: str,
        gateway: Gateway,
        reasks: int,
    ) -> None:
        self._environment = environment
        self._seats = {seat.seat: seat for seat in seats}
        self._order = {seat.seat: seat.position for seat in seats}
        self._models = models
        self._unit_key = unit_key
        self._gateway = gateway
        self._reasks = reasks
        self.renderer = Renderer(environment, seats)
        self._n_asked = 0
        self._limited: dict[tuple[str, int], ModelSpec] = {}
        self.history = History(unit_key, seats)
        self.exposures: list[dict[str, Any]] = []

    async def answers(self, state: JsonValue, asks: Mapping[str, Ask]) -> dict[str, Taken]:
        """What came of asking these seats at once, in the order of the seats."""
        order = sorted(asks, key=self._order.__getitem__)
        questions = [self._question(state, name, asks[name]) for name in order]
        if len(questions) == 1:
            answers = [await self._gateway.ask(questions[0][0])]
        else:
            answers = await gather_all(self._gateway.ask(question) for question, _ in questions)
        result = {}
        for name, (_, seqs), answer in zip(order, questions, answers, strict=True):
            came = taken(asks[name], name, answer)
            self.exposures.extend(self._exposure(name, key, seqs) for key in came.call_keys)
            result[name] = came
        return result

    def _question(
        self, state: JsonValue, name: str, ask: Ask
    ) -> tuple[Question, list[dict[str, int]]]:
        """The question to a seat, and the events that its prompt shows."""
        visible = self.history.seen_by(name)
        observation = self._environment.observe(state, name, visible)
        seat = self._seats[name]
        question = question_of(
            self._environment,
            state,
            seat,
            ask,
            observation,
            self.renderer.messages(ask, name, observation),
            self._model(seat.model, ask),
            self._unit_key,
            self._n_asked,
            self._reasks,
        )
        self._n_asked += 1
        return question, spans([logged.seq for logged in observation.history])

    def _model(self, alias: str, ask: Ask) -> ModelSpec:
        """A model, with the limit on answers that a question brings where it has none itself."""
        model = self._models[alias]
        if ask.max_tokens is None or model.max_tokens is not None:
            return model
        limited = self._limited.get((alias, ask.max_tokens))
        if limited is None:
            limited = model.model_copy(update={"max_tokens": ask.max_tokens})
            self._limited[alias, ask.max_tokens] = limited
        return limited

    def _exposure(self, seat: str, call_key: str, seqs: list[dict[str, int]]) -> dict[str, Any]:
        return {
            "call_key": call_key,
            "unit_key": self._unit_key,
            "episode_key": self._unit_key,
            "seat": seat,
            "seqs": seqs,
        }


def _episode_row(
    environment: Environment,
    params: Record,
    seed: int,
    unit_key: str,
    step: Step,
    n_steps: int,
    planned: int | None,
) -> dict[str, Any]:
    completed = step.round + 1 if n_steps else 0
    short = planned is not None and completed < planned
    ended = "incomplete" if short else "complete"
    brief = getattr(params, "brief", None)
    return {
        "episode_key": unit_key,
        "unit_key": unit_key,
        "source": "run",
        "environment": environment.name,
        "collection": None,
        "series": None,
        "label": f"{environment.name} {unit_key[:8]}",
        "brief": getattr(brief, "text", brief),
        "params": shown_params(params),
        "seed": seed,
        "status": "truncated" if step.status == "truncated" else ended,
        "end_reason": "limit" if step.status == "truncated" else "rules",
        "planned_rounds": planned,
        "completed_rounds": completed,
        "exclusion": None,
        "recorded_at": None,
    }


def _seat_row(seat: Seat, models: Mapping[str, ModelSpec], unit_key: str) -> dict[str, Any]:
    return {
        "episode_key": unit_key,
        "unit_key": unit_key,
        "seat": seat.seat,
        "position": seat.position,
        "role": seat.role,
        "name": seat.name,
        "model": seat.model,
        "model_id": models[seat.model].model,
        "persona_key": seat.persona_key,
    }


def _outcome_rows(
    environment: Environment, state: JsonValue, unit_key: str
) -> list[dict[str, Any]]:
    rows = []
    for (scope, subject), values in environment.outcome(state).items():
        for metric, value in values.items():
            word = isinstance(value, str)
            rows.append(
                {
                    "episode_key": unit_key,
                    "unit_key": unit_key,
                    "scope": scope,
                    "subject": subject,
                    "other": None,
                    "round": None,
                    "metric": metric,
                    "value": None if word or value is None else float(value),
                    "label": value if word else None,
                }
            )
    return rows
