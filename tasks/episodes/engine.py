"""Playing one episode: ask, log, step, until the rules or a limit end it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from schemas.environment import Action, Ask, Game, Step
from schemas.gateway import Answer, Embedder, Gateway, Question
from schemas.keys import generator
from schemas.unit import Failure
from tasks.concurrency import gather_all
from tasks.episodes.asking import Asker, PutAtOnce
from tasks.episodes.comparing import ComparedTexts, Embed
from tasks.episodes.episode import Episode, Played
from tasks.episodes.intervening import Intervener
from tasks.episodes.log import Log
from tasks.episodes.parts import first_arrangement
from tasks.episodes.probing import Prober
from tasks.episodes.remembering import Rememberer
from tasks.episodes.rows import action_row, episode_row, outcome_rows, seat_rows
from tasks.episodes.times import Moment
from tasks.episodes.yoked import Yoking

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

#: Steps after which a game that never ends is taken for a bug.
STEP_LIMIT = 1_000_000


async def play(episode: Episode, gateway: Gateway) -> Played:
    """An episode played to its end, as rows.

    The rows depend on the episode and the answers alone: questions are numbered in the order of
    the seats, the answers to simultaneous ones are all in before any of them counts, and every
    step and observation has its own generator. Asking again with the same answers therefore plays
    it again to the same rows, which is how an episode resumes at the turn it had reached.

    Between two steps, probes that are due are asked first, then interventions happen, then the
    memories of the seats that act are brought up to date.

    Args:
        episode: The episode.
        gateway: Answers questions.

    Raises:
        RuntimeError: The game broke its contract.
    """

    async def put(questions: Sequence[Question]) -> list[Answer]:
        if len(questions) == 1:
            return [await gateway.ask(questions[0])]
        return await gather_all(gateway.ask(question) for question in questions)

    async def embed(alias: str, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return await cast("Embedder", gateway).embed(texts, episode.models[alias], episode.key)

    return await Play(episode, put, embed).played()


class Play:
    """An episode that is being played.

    Args:
        episode: The episode.
        put: Puts questions to models.
        embed: Turns texts that the game compares into vectors.

    Attributes:
        reached: How far it is; ``None`` before the first question.
    """

    def __init__(self, episode: Episode, put: PutAtOnce, embed: Embed) -> None:
        self._episode = episode
        game = episode.environment.game(episode.params, episode.seats)
        roster = episode.roster
        self._log = Log(episode.key, [seat.seat for seat in episode.seats])
        arrangement = first_arrangement(episode.parts, roster, episode.name_order)
        self._names = arrangement.names
        self._asker = Asker(episode, game, put, self._log, arrangement)
        self._prober = Prober(episode, self._asker, roster)
        self._intervener = Intervener(episode, self._asker, self._log, roster)
        self._rememberer = Rememberer(episode, self._asker, self._log)
        self._yoking = Yoking(episode.donor, self._log, self._names) if episode.donor else None
        self._compared = ComparedTexts(embed)
        self._own_state: Any = None
        self._actions: list[dict[str, Any]] = []
        self.reached: Moment | None = None

    @property
    def game(self) -> Game[Any]:
        """Its rules, now."""
        return self._asker.game

    async def played(self) -> Played:
        """Play it to its end."""
        step = self.game.start(generator(self._episode.seed, "reset"))
        self._own_state = step.state
        self._log.add(step, 0, {})
        self._intervener.begin(step.state)
        turn = 0
        while step.status == "running":
            round_ = self.game.round_of(step.state)
            asks = self.game.asks(step.state)
            if not asks:
                step = dataclasses.replace(step, events=(), status="terminated")
                break
            if turn >= STEP_LIMIT:
                name = self._episode.environment.name
                raise RuntimeError(f"{name}: no end after {STEP_LIMIT} steps")
            game = self.game
            state, failure = await self._between(step.state, Moment(round_, turn), asks)
            if game is not self.game:
                step = dataclasses.replace(step, state=state, events=())
                asks = self.game.asks(state)
            failure = failure or await self._rememberer.bring_up_to_date(
                step.state, asks, round_, turn
            )
            if failure is not None:
                return Played(failure=failure)
            replies = await self._asker.replies(step.state, asks, turn)
            for seat, reply in replies.items():
                if reply.failure is not None:
                    return Played(failure=reply.failure)
                self._actions.append(
                    action_row(self._episode, turn, round_, seat, asks[seat], reply)
                )
            actions = {
                seat: dataclasses.replace(reply.action, turn=turn)
                for seat, reply in replies.items()
                if reply.action is not None
            }
            after = await self._stepped(step.state, asks, actions, turn)
            if isinstance(after, Failure):
                return Played(failure=after)
            step = after
            turn += 1
        completed = step.round + 1 if turn else 0
        _, failure = await self._between(step.state, Moment(completed, turn, ended=True), ())
        return Played(failure=failure) if failure else Played(self._rows(step, completed))

    async def _stepped(
        self, state: Any, asks: Mapping[str, Ask], actions: Mapping[str, Action], turn: int
    ) -> Step[Any] | Failure:
        """What actions lead to, logged; a yoked episode goes on from what the donor's led to."""
        step = await self._led_to(state, actions, turn)
        if isinstance(step, Failure):
            return step
        self._own_state = step.state
        if self._yoking is not None:
            theirs = await self._led_to(state, self._yoking.donor.did(asks, turn), turn)
            if isinstance(theirs, Failure):
                return theirs
            step = self._yoking.joined(step, theirs, turn)
        self._log.add(step, turn, {seat: one.call_key for seat, one in actions.items()})
        return step

    async def _led_to(
        self, state: Any, actions: Mapping[str, Action], turn: int
    ) -> Step[Any] | Failure:
        """What actions lead to by the rules; or why texts to compare have no vectors."""
        failure = await self._compared.bring_up_to_date(self.game, state, actions)
        if failure is not None:
            return failure
        rng = generator(self._episode.seed, "step", turn)
        return self._compared.step(self.game, state, actions, rng)

    async def _between(
        self, state: Any, now: Moment, asked: Collection[str]
    ) -> tuple[Any, Failure | None]:
        """Ask the probes and let the interventions happen that are due; the state after them."""
        failure = await self._prober.ask_due(state, now, self.reached)
        if failure is None:
            state, failure = await self._intervener.happen_due(state, now, self.reached, asked)
        self.reached = now
        return state, failure

    def _rows(self, step: Step[Any], completed: int) -> Mapping[str, list[dict[str, Any]]]:
        episode = self._episode
        planned = self.game.planned_rounds
        return {
            "episodes": [episode_row(episode, step.status, planned, completed)],
            "seats": seat_rows(episode, self._names),
            "actions": self._actions,
            "events": self._log.events,
            "audiences": self._log.audiences,
            "exposures": self._asker.exposed(),
            "responses": self._prober.responses,
            "outcomes": outcome_rows(episode, self.game.outcome(self._own_state)),
        }
