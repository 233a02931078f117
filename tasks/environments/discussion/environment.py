"""The rules of a discussion.

A discussion factors into floor (who speaks), barrier (when messages become visible), visibility
(to whom), memory (how history is shown) and stop. Here: the floor goes round, messages are
published at once, to everybody, with the whole history, until the planned rounds are over. What
does not change in an episode stands in ``state["setup"]``, which all its states share.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.base import Record
from schemas.environment import (
    Action,
    Ask,
    Event,
    JsonValue,
    Logged,
    Observation,
    Outcomes,
    Seat,
    Step,
)
from tasks.environments.discussion.names import model_names, neutral_names
from tasks.environments.discussion.params import DiscussionParams

#: Talk is free text; who gives no usable answer is silent.
TURN = Ask("turn", schema=None, fallback={"text": ""})


class Discussion:
    """Round-robin discussion with full visibility."""

    name = "discussion"
    version = 1
    params_model: type[Record] = DiscussionParams
    templates: tuple[str, ...] = ("system", "opening", "event", "nudge")
    persona_roles: tuple[str, ...] = ("participant",)

    def aliases(self, params: DiscussionParams) -> Mapping[tuple[str | int, ...], str]:
        """The model of every seat."""
        return {("seats", place): alias for place, alias in enumerate(params.seats)}

    def seats(
        self, params: DiscussionParams, models: Mapping[str, str], rng: random.Random
    ) -> tuple[Seat, ...]:
        """One seat for each model listed, named as the parameters say."""
        if params.names == "neutral":
            names = neutral_names(len(params.seats))
        elif params.names == "model":
            names = model_names([models[alias] for alias in params.seats])
        else:
            names = tuple(params.names)
        return tuple(
            Seat(seat=f"s{position}", position=position, name=name, model=alias)
            for position, (name, alias) in enumerate(zip(names, params.seats, strict=True), start=1)
        )

    def planned_rounds(self, params: DiscussionParams) -> int | None:
        """The rounds that were declared."""
        return params.rounds

    def questions(self, params: DiscussionParams) -> Mapping[str, tuple[int, int]]:
        """One for every seat and round."""
        count = Counter(params.seats)
        return {alias: (n * params.rounds, n * params.rounds) for alias, n in count.items()}

    def reset(self, params: DiscussionParams, seats: Sequence[Seat], rng: random.Random) -> Step:
        """Nobody has spoken; the floor of the first round is settled."""
        setup = {
            "brief": params.brief.text,
            "rounds": params.rounds,
            "floor": params.floor,
            "max_words": params.max_words,
            "seats": [seat.seat for seat in seats],
            "names": {seat.seat: seat.name for seat in seats},
            "personas": {seat.seat: seat.persona for seat in seats},
        }
        return Step({"setup": setup, "round": 0, "turn": 0, "order": _floor(setup, rng)})

    def asks(self, state: JsonValue) -> Mapping[str, Ask]:
        """The seat that has the floor."""
        return {state["order"][state["turn"]]: TURN}

    def observe(self, state: JsonValue, seat: str, history: Sequence[Logged]) -> Observation:
        """The brief, who is there, and everything that was said."""
        setup = state["setup"]
        data = {
            "you": setup["names"][seat],
            "others": [name for other, name in setup["names"].items() if other != seat],
            "names": setup["names"],
            "brief": setup["brief"],
            "persona": setup["personas"][seat],
            "max_words": setup["max_words"],
            "round": state["round"],
            "rounds": setup["rounds"],
        }
        return Observation(data, history)

    def check(self, state: JsonValue, seat: str, action: Mapping[str, Any]) -> str | None:
        """Anything may be said but nothing at all."""
        return None if action.get("text") else "the message is empty"

    def step(self, state: JsonValue, actions: Mapping[str, Action], rng: random.Random) -> Step:
        """What was said is published and the floor goes on; silence leaves nothing to read."""
        ((seat, action),) = actions.items()
        text = action.value["text"]
        events = (Event("say", seat, text=text),) if text else ()
        setup, round_, turn = state["setup"], state["round"], state["turn"] + 1
        order = state["order"]
        over = turn == len(order)
        if over and round_ + 1 == setup["rounds"]:
            return Step({**state, "turn": turn}, events, round_, "terminated")
        following = {
            "setup": setup,
            "round": round_ + 1 if over else round_,
            "turn": 0 if over else turn,
            "order": _floor(setup, rng) if over else order,
        }
        return Step(following, events, round_)

    def outcome(self, state: JsonValue) -> Outcomes:
        """None: what a discussion comes to is a matter of coding and metrics."""
        return {}


def _floor(setup: Mapping[str, Any], rng: random.Random) -> list[str]:
    order = list(setup["seats"])
    if setup["floor"] == "shuffled":
        rng.shuffle(order)
    return order
