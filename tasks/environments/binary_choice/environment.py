"""The rules of a binary choice without payoff, after arXiv 2501.16356."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Annotated, Any, Literal, Self

from pydantic import Field, create_model, model_validator

from schemas.base import Record
from schemas.environment import Action, Ask, Event, Logged, Observation, Outcomes, Step
from schemas.seats import Seat
from tasks.environments.binary_choice.policy import ChoosingPolicy
from tasks.environments.binary_choice.sequences import scores
from tasks.environments.bounds import outcome_bounds
from tasks.environments.seating import SeatedEnvironment, SeatedParams

OptionName = Annotated[str, Field(min_length=1, max_length=100)]


class BinaryChoiceParams(SeatedParams):
    """Seats choose one of two options, many times; nothing depends on it."""

    question: str = Field(
        "Choose one of the two at random.", min_length=1, description="What is asked."
    )
    options: tuple[OptionName, OptionName] = Field(
        ("yes", "no"), description="The two options; numbers are about the first."
    )
    rounds: int = Field(50, ge=1, le=100_000, description="Questions to every seat.")
    answers: int = Field(
        1, ge=1, le=1000, description="Answers to a question: one, or many in one call."
    )
    order: Literal["fixed", "shuffled"] = Field(
        "fixed", description="The order in which options are named: as listed, or drawn each time."
    )
    history: bool = Field(
        False,
        description="Whether a seat is shown its earlier answers, as its memory holds them; else "
        "every question is put as if it were the first.",
    )

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.options[0] == self.options[1]:
            raise ValueError("options: they are the same")
        return self


@dataclass(frozen=True, slots=True)
class State:
    """The order of the options for each seat, and the answers so far: whether each is the first.

    Answers stand by sequence: those of a call, or all where every call has one. ``shown_first``
    has, of each answer, whether it was the option that was named first.
    """

    round: int
    swapped: Mapping[str, bool]
    answers: Mapping[str, tuple[tuple[bool, ...], ...]]
    shown_first: Mapping[str, tuple[bool, ...]]


class BinaryChoiceGame:
    """Binary choices of some seats, each on its own."""

    def __init__(self, params: BinaryChoiceParams, seats: Sequence[Seat]) -> None:
        self._params = params
        self._seats = [seat.seat for seat in seats]
        self._told = params.model_dump(mode="json", exclude={"seats", "options", "history"})
        self.planned_rounds: int | None = params.rounds
        option: Any = Literal[params.options]
        n = params.answers
        several = Annotated[tuple[option, ...], Field(min_length=n, max_length=n)]
        kind: Any = option if n == 1 else several
        words = (
            "The option that you choose." if n == 1 else "The options that you choose, in order."
        )
        schema = create_model("Choice", __base__=Record, answer=(kind, Field(description=words)))
        self._ask = Ask("choice", schema, no_answer="absent")

    def start(self, rng: Random) -> Step[State]:
        """Nothing has been chosen."""
        swapped = self._swapped(rng)
        return Step(
            State(0, swapped, dict.fromkeys(self._seats, ()), dict.fromkeys(self._seats, ()))
        )

    def round_of(self, state: State) -> int:
        """The number of the question."""
        return state.round

    def asks(self, state: State) -> Mapping[str, Ask]:
        """All seats at once."""
        return dict.fromkeys(self._seats, self._ask)

    def observe(
        self, state: State, seat: str, history: Sequence[Logged], rng: Random
    ) -> Observation:
        """The options in the order in which they are named."""
        shown = self._shown(state, seat)
        data = {
            **self._told,
            "round": state.round,
            "options": shown,
            "first": self._params.options[0],
        }
        own = self._params.history
        kept = [one for one in history if own or one.event.kind not in ("offer", "choose")]
        return Observation(data, kept, ())

    def check(self, state: State, seat: str, value: Any) -> str | None:
        """The form of the answer has all there is to check."""
        return None

    def step(self, state: State, actions: Mapping[str, Action], rng: Random) -> Step[State]:
        """The answers are noted, and the options are put in order for the next question."""
        answers, shown_first = dict(state.answers), dict(state.shown_first)
        events: list[Event] = []
        for seat, action in actions.items():
            given = action.value.answer
            some = (given,) if isinstance(given, str) else tuple(given)
            shown = self._shown(state, seat)
            now = tuple(one == self._params.options[0] for one in some)
            before = answers[seat]
            single = self._params.answers == 1 and before
            answers[seat] = ((*before[0], *now),) if single else (*before, now)
            shown_first[seat] += tuple(one == shown[0] for one in some)
            data = {"shown": shown, "n": len(some)}
            events += [
                Event("choose", seat, None, one, place, data=data, audience=seat)
                for place, one in enumerate(some, start=1)
            ]
        after = State(state.round + 1, self._swapped(rng), answers, shown_first)
        over = after.round == self._params.rounds
        return Step(after, tuple(events), state.round, "terminated" if over else "running")

    def outcome(self, state: State) -> Outcomes:
        """Shares, switches, dependence and runs: of every seat, and the means over seats.

        ``sequence`` of a seat spells its answers: 1 for the first option, a space between calls
        of several answers.
        """
        by_seat = {
            seat: scores(state.answers[seat], state.shown_first[seat]) for seat in self._seats
        }
        whole: dict[str, float | None] = {}
        for metric in next(iter(by_seat.values())):
            known = [one[metric] for one in by_seat.values() if one[metric] is not None]
            whole[metric] = sum(known) / len(known) if known else None  # type: ignore[arg-type]
        spelled = {
            seat: " ".join("".join("01"[one] for one in call) for call in calls)
            for seat, calls in state.answers.items()
        }
        return {
            ("episode", ""): whole,
            **{("seat", seat): {**one, "sequence": spelled[seat]} for seat, one in by_seat.items()},
        }

    def _swapped(self, rng: Random) -> dict[str, bool]:
        drawn = self._params.order == "shuffled"
        return {seat: drawn and rng.random() < 0.5 for seat in self._seats}

    def _shown(self, state: State, seat: str) -> list[str]:
        first, second = self._params.options
        return [second, first] if state.swapped[seat] else [first, second]


class BinaryChoice(SeatedEnvironment):
    """Choices between two options, without payoff."""

    name = "binary_choice"
    version = 2
    params = BinaryChoiceParams
    templates = ("system", "opening", "event", "choice")
    bounds = outcome_bounds(
        shares=(
            "share",
            "shown_first",
            "switches",
            "switch_after_3",
        ),
        from_zero=(
            "answers",
            "longest_run",
        ),
        others={"dependence": (-1.0, 1.0)},
    )
    policy = ChoosingPolicy()

    def game(self, params: BinaryChoiceParams, seats: Sequence[Seat]) -> BinaryChoiceGame:
        """The rules for these seats."""
        return BinaryChoiceGame(params, seats)


ENVIRONMENT = BinaryChoice()
