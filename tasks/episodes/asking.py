"""Asking the seats of an episode: from what they remember to what they do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from schemas.environment import Ask, Game, Logged, NamedQuestion
from schemas.gateway import Answer, Question
from schemas.keys import generator
from schemas.study.models import ModelSpec
from tasks.episodes.episode import Episode
from tasks.episodes.interventions import Arrangement
from tasks.episodes.interventions.arrangement import Lines
from tasks.episodes.log import Log
from tasks.episodes.memory import MemoryQuestion, SeatView
from tasks.episodes.names import listed_others, other_names
from tasks.episodes.presenting import EventTexts, Presenter, Prompt
from tasks.episodes.prompts import Templates
from tasks.episodes.replies import Reply, reply_of, scripted_reply, usable
from tasks.episodes.single_agent import Conversation, PlayedSeat, led_to

#: Puts questions to models at once and gives the answers, in their order.
PutAtOnce = Callable[[Sequence[Question]], Awaitable[list[Answer]]]


@dataclass(frozen=True, slots=True)
class _Told:
    """What the engine tells of a seat, under one arrangement.

    Attributes:
        texts: Events under the names that are shown.
        arrangement: The arrangement.
        values: Values for the templates.
        heeded: What is shown of its persona, as numbers for simulated models.
        others: Gives all other seats as its prompts name them; listed when they are first wanted.
    """

    texts: EventTexts
    arrangement: Arrangement
    values: Mapping[str, Any]
    heeded: Mapping[str, float]
    others: Callable[[], list[str]]


class Asker:
    """Asks the seats of one episode, and records what their prompts showed.

    Args:
        episode: The episode.
        game: Its rules.
        put: Puts questions to models.
        log: What has happened.
        arrangement: Names and models before any intervention.

    Attributes:
        arrangement: Names, models and who is out, now.
        game: The rules, now.
        exposures: Rows of ``exposures``.
        n_asked: How many questions were put.
    """

    def __init__(
        self,
        episode: Episode,
        game: Game[Any],
        put: PutAtOnce,
        log: Log,
        arrangement: Arrangement,
    ) -> None:
        self._episode = episode
        self.game = game
        self._put = put
        self._log = log
        self._templates = Templates(episode.environment)
        memory, present = episode.parts.memory, episode.parts.present
        self._seats = {seat.seat: seat for seat in episode.seats}
        self._roles = {seat.seat: seat.role for seat in episode.seats}
        notes = Templates(memory) if memory.templates else None
        self._conversation = Conversation(log) if episode.parts.single_agent else None
        makes: Callable[..., Presenter] = Presenter
        if self._conversation is not None:
            makes = partial(PlayedSeat, self._conversation)
        self._presenters = {
            name: makes(name, self._templates, present, notes) for name in self._seats
        }
        self._texts = self._event_texts_of(arrangement)
        self._shown_as = (arrangement.names, arrangement.others)
        self._shown: dict[str, dict[int, int]] = {name: {} for name in self._seats}
        self._turn = 0
        self._said: dict[str, tuple[Lines, int]] = {}
        self._told: dict[str, _Told] = {}
        self._events: dict[int, dict[str, Any]] = {}
        self._limited: dict[tuple[str, int], ModelSpec] = {}
        self.n_asked = 0
        self.arrangement = arrangement
        self.exposures: list[dict[str, Any]] = []
        self._late: list[tuple[dict[str, Any], frozenset[tuple[int, str]]]] = []

    async def replies(self, state: Any, asks: Mapping[str, Ask], turn: int) -> dict[str, Reply]:
        """What came of asking these seats at once, in the order of the seats.

        Args:
            state: State of the game.
            asks: The questions by seat; a seat that is out is not asked, and is absent.
            turn: Number of the turn.
        """
        order = sorted(asks, key=lambda name: self._seats[name].position)
        present = self.present(asks)
        found = self._scripted(state, present, asks, turn)
        present = [name for name in present if name not in found]
        # A single agent answers one question after another, those that are put at once as well.
        for group in [[name] for name in present] if self._conversation else [present]:
            answered = frozenset(self._conversation.answered) if self._conversation else frozenset()
            first = len(self.exposures)
            questions = [self._asked(state, name, asks[name], turn) for name in group]
            answers = await self.answers(questions)
            self._turn = turn
            for name, (_, prompt), answer in zip(group, questions, answers, strict=True):
                if self._episode.parts.memory.heeds_showing:
                    self._shown[name].update(dict.fromkeys(prompt.seqs, turn))
                found[name] = reply = reply_of(asks[name], name, answer)
                if reply.action is not None:
                    self._presenters[name].answered(turn, reply.action.value)
            if any(found[name].failure for name in group):
                break
            self._late += [(row, answered) for row in self.exposures[first:] if answered]
        return {name: found.get(name, Reply(None)) for name in order}

    def _scripted(
        self, state: Any, names: Iterable[str], asks: Mapping[str, Ask], turn: int
    ) -> dict[str, Reply]:
        """What scripts answer for some of these seats."""
        found = {}
        for name in names:
            script = self.arrangement.scripts.get(name)
            if script is None:
                continue
            held, said = self._said.get(name, (script, 0))
            n_said = said if held is script else 0
            check = partial(self.game.check, state, name)
            reply = scripted_reply(asks[name], name, script, n_said, check)
            if reply is None:
                continue
            found[name] = reply
            self._said[name] = (script, n_said + (asks[name].schema is None))
            if reply.action is not None and self._conversation is None:
                self._presenters[name].answered(turn, reply.action.value)
        return found

    def exposed(self) -> list[dict[str, Any]]:
        """Rows of ``exposures``, once the episode is over.

        What a single agent had answered may have become events only after it was asked again.
        """
        for row, answered in self._late:
            seqs = {seq for span in row["seqs"] for seq in range(span["first"], span["last"] + 1)}
            seqs.update(led_to(self._log, answered))
            row["seqs"] = spans(sorted(seqs))
        return self.exposures

    def present(self, asks: Iterable[str]) -> list[str]:
        """Those of some seats that are not out, in order."""
        order = sorted(asks, key=lambda name: self._seats[name].position)
        return [name for name in order if name not in self.arrangement.out]

    async def answers(self, questions: Sequence[tuple[Question, Prompt]]) -> list[Answer]:
        """The answers to questions that are put at once; what they showed is recorded."""
        answers = await self._put([question for question, _ in questions])
        for (question, prompt), answer in zip(questions, answers, strict=True):
            seqs = spans(prompt.seqs)
            self.exposures.extend(
                {
                    "call_key": key,
                    "unit_key": self._episode.key,
                    "episode_key": self._episode.key,
                    "seat": question.subject,
                    "seqs": seqs,
                }
                for key in answer.call_keys or (answer.call_key,)
            )
        return answers

    def question(
        self,
        state: Any,
        name: str,
        ask: Ask,
        rng_key: Sequence[Any],
        words: str | NamedQuestion | None = None,
        check: Callable[[Any], str | None] | None = None,
        probe: Mapping[str, Any] | None = None,
        memory: MemoryQuestion | None = None,
    ) -> tuple[Question, Prompt]:
        """A question to a seat, and the prompt that puts it.

        Args:
            state: State of the game.
            name: The seat.
            ask: What is asked.
            rng_key: What the generator of the observation is derived from, besides seed and seat.
            words: The question in words, where no template has it.
            check: Says what is illegal about an answer.
            probe: What a probe asks, as data; ``None`` where no probe asks.
            memory: What the seat's memory asks; ``None`` where no memory asks.
        """
        texts = self._event_texts()
        if callable(words):
            words = words(texts.names_read_by(name))
        declared = self._episode.parts.memory
        if memory is None:
            recalled = declared.recalled(self.view(state, name, words or ""))
        else:
            recalled = memory.recalled
        rng = generator(self._episode.seed, "observe", *rng_key, name)
        observation = self.game.observe(state, name, recalled.events, rng)
        told = self._told_of(name, texts)
        data = {**observation.data, **told.values}
        if observation.knows is None:
            data["others"] = told.others()
        else:
            data["others"] = self._others(texts, observation.knows)
        prompt = self._presenters[name].prompt(
            texts,
            data,
            observation.history,
            ask.name,
            words,
            self.arrangement,
            recalled.notes,
        )
        seen = {**data, "system": prompt.first("system"), "heeded": told.heeded}
        if self.arrangement.others == "anonymous":
            seen["others"] = []  # the prompt says how many they are, and nobody can be named
        if name in self.arrangement.stances:
            seen["stance"] = self.arrangement.stances[name]
        if probe is not None:
            seen["probe"] = probe
        if recalled.notes:
            seen["notes"] = _as_notes(recalled.notes)
        if memory is not None:
            seen["memory"] = self._as_asked(name, texts, memory)
            seqs = {*prompt.seqs, *(one.seq for one in memory.listed)}
            prompt = Prompt(prompt.messages, sorted(seqs))
        acting = self.arrangement.models[name]
        model = self._model((memory and declared.asked) or acting, ask)
        question = Question(
            model=model,
            messages=prompt.messages,
            unit_key=self._episode.key,
            ordinal=self.n_asked,
            purpose="memory" if memory else "agent" if probe is None else "probe",
            subject=name,
            answer=ask.schema,
            observation=self._as_data(name, ask, seen, observation.history)
            if model.simulated
            else None,
            check=check,
            reasks=self._episode.reasks,
        )
        self.n_asked += 1
        return question, prompt

    def view(self, state: Any, name: str, question: str = "") -> SeatView:
        """What the memory of a seat works on.

        Args:
            state: State of the game.
            name: The seat.
            question: What it is about to be asked, in words.
        """
        words = partial(self._presenters[name].words, self._event_texts())
        seen, shown = self._log.seen_by(name), self._shown[name].get
        return SeatView(seen, self.game.round_of(state), self._turn, question, words, shown)

    def _asked(self, state: Any, name: str, ask: Ask, turn: int) -> tuple[Question, Prompt]:
        def check(value: Any) -> str | None:
            return self.game.check(state, name, usable(value))

        return self.question(state, name, ask, (turn,), ask.question, check)

    def _event_texts(self) -> EventTexts:
        """Events under the names that are shown now."""
        now = (self.arrangement.names, self.arrangement.others)
        if self._shown_as[0] is not now[0] or self._shown_as[1] != now[1]:
            self._texts, self._shown_as = self._event_texts_of(self.arrangement), now
        return self._texts

    def _event_texts_of(self, arrangement: Arrangement) -> EventTexts:
        names = arrangement.names
        others = other_names(arrangement.others, names, self._roles)
        return EventTexts(self._templates, names, others)

    def _told_of(self, name: str, texts: EventTexts) -> _Told:
        """What the engine tells the templates of a seat."""
        held = self._told.get(name)
        if held is None or held.texts is not texts or held.arrangement is not self.arrangement:
            persona = self.arrangement.personas.get(name)
            shown = self._episode.parts.personas
            values = {
                "seat": name,
                "role": self._seats[name].role,
                "persona": shown.text(persona) if persona else "",
                "you": texts.names[name],
                "names": texts.names_read_by(name),
            }
            heeded = shown.heeded(persona) if persona else {}

            @cache
            def others() -> list[str]:
                return self._others(texts, [seat for seat in texts.others if seat != name])

            held = self._told[name] = _Told(texts, self.arrangement, values, heeded, others)
        return held

    def _others(self, texts: EventTexts, seats: Iterable[str]) -> list[str]:
        """Other seats as a prompt names them, without those that it does not know to be there."""
        gone = self.arrangement.gone
        known = [texts.others[seat] for seat in seats if seat not in gone]
        return listed_others(self.arrangement.others, known)

    def _as_data(
        self, name: str, ask: Ask, data: Mapping[str, Any], history: Iterable[Logged]
    ) -> dict[str, Any]:
        """What a prompt says, as data for simulated models."""
        known = self._events
        return {
            "environment": self._episode.environment.name,
            "ask": ask.name,
            **data,
            "history": [known.get(logged.seq) or self._event(logged) for logged in history],
        }

    def _as_asked(self, name: str, texts: EventTexts, memory: MemoryQuestion) -> dict[str, Any]:
        """What a memory asks, as data for simulated models."""
        words = partial(self._presenters[name].words, texts)
        return {
            "question": memory.name,
            "lines": [words(logged) for logged in memory.listed],
            "events": [words(logged) for logged in memory.recalled.events],
            **memory.values,
        }

    def _event(self, logged: Logged) -> dict[str, Any]:
        event = logged.event
        data = self._events[logged.seq] = {
            "round": logged.round,
            "kind": event.kind,
            "actor": event.actor,
            "target": event.target,
            "item": event.item,
            "value": event.value,
            "text": event.text,
            "data": event.data,
        }
        return data

    def _model(self, alias: str, ask: Ask) -> ModelSpec:
        """A model, with the limit on answers that an ask brings where it has none itself."""
        model = self._episode.models[alias]
        if ask.max_tokens is None or model.max_tokens is not None:
            return model
        limited = self._limited.get((alias, ask.max_tokens))
        if limited is None:
            limited = model.model_copy(update={"max_tokens": ask.max_tokens})
            self._limited[alias, ask.max_tokens] = limited
        return limited


def _as_notes(notes: Sequence[Logged]) -> list[dict[str, Any]]:
    return [{"item": note.event.item, "text": note.event.text} for note in notes]


def spans(seqs: Sequence[int]) -> list[dict[str, int]]:
    """Ascending event numbers as runs of consecutive ones, both ends included.

    Example:
        >>> spans([0, 1, 2, 5])
        [{'first': 0, 'last': 2}, {'first': 5, 'last': 5}]
    """
    if seqs and seqs[-1] - seqs[0] + 1 == len(seqs):
        return [{"first": seqs[0], "last": seqs[-1]}]
    runs: list[dict[str, int]] = []
    first = last = -2
    for seq in seqs:
        if seq != last + 1:
            if last >= 0:
                runs.append({"first": first, "last": last})
            first = seq
        last = seq
    if last >= 0:
        runs.append({"first": first, "last": last})
    return runs
