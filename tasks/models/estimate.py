"""What planned questions will take: calls, tokens and dollars as ranges, with the assumptions.

Planned questions and what earlier calls of the same kind took go in, ranges come out.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from schemas.gateway import Purpose
from schemas.study.models import ModelSpec
from tasks.models.prices import Prices, prices

#: At most so many texts go into one request for vectors.
TEXTS_PER_CALL = 96
#: Why there may be fewer requests for vectors than foreseen.
HELD = "texts whose vectors are held are not sent again"
#: Without measurements: tokens of a prompt and of an answer, lowest and highest.
_PROMPT_GUESS = (300.0, 4000.0)
_ANSWER_GUESS = (30.0, 600.0)
_REASK_GUESS = 1.1
#: And tokens of the texts in one request for vectors.
_TEXTS_GUESS = (30.0, 30_000.0)
_FEW_CALLS = 20


@dataclass(frozen=True, slots=True)
class Span:
    """A range, both ends included."""

    low: float
    high: float

    def __str__(self) -> str:
        """The range in whole numbers.

        Example:
            >>> print(Span(1200, 1200), Span(0.4, 3000.2), sep=", ")
            1,200, 0 to 3,001
        """
        # Products of fractions are a little off.
        low, high = math.floor(self.low + 1e-6), math.ceil(self.high - 1e-6)
        return f"{low:,}" if low == high else f"{low:,} to {high:,}"

    def times(self, other: Span) -> Span:
        """The range of the product of two amounts that are not negative.

        Example:
            >>> Span(1, 2).times(Span(10, 20))
            Span(low=10, high=40)
        """
        return Span(self.low * other.low, self.high * other.high)

    def plus(self, other: Span) -> Span:
        """The range of the sum."""
        return Span(self.low + other.low, self.high + other.high)


@dataclass(frozen=True)
class Planned:
    """Questions of one kind that are planned to one model.

    Attributes:
        alias: The model's name in the study.
        spec: The model.
        purpose: Who asks.
        questions: How many questions, at least and at most.
        why: What the number of questions assumes, in words.
    """

    alias: str
    spec: ModelSpec
    purpose: Purpose
    questions: Span
    why: str = ""

    @property
    def prices(self) -> Prices:
        """What its tokens cost; vectors have no tokens of answers."""
        found = prices(self.spec)
        if self.purpose == "embedding":
            return Prices(found.input_usd, found.output_usd or 0.0)
        return found


def gathered(planned: Iterable[Planned]) -> list[Planned]:
    """The planned questions with those of one kind to one model taken together.

    Example:
        >>> spec = ModelSpec(model="sim/agent")
        >>> one = Planned("a", spec, "agent", Span(1, 2))
        >>> [both.questions for both in gathered([one, replace(one, questions=Span(3, 3))])]
        [Span(low=4, high=5)]
    """
    groups: dict[tuple[str, Purpose], list[Planned]] = {}
    for one in planned:
        groups.setdefault((one.alias, one.purpose), []).append(one)
    return [
        replace(
            group[0],
            questions=summed(one.questions for one in group),
            why="; ".join(dict.fromkeys(one.why for one in group)),
        )
        for group in groups.values()
    ]


def summed(spans: Iterable[Span]) -> Span:
    """The range of the sum of some amounts."""
    return functools.reduce(Span.plus, spans, Span(0, 0))


@dataclass(frozen=True)
class Measured:
    """What earlier calls of one kind took.

    Attributes:
        model: Model as asked for.
        purpose: Who asked.
        n_calls: Calls, re-asks included.
        n_questions: Questions, that is calls without their re-asks.
        prompt_tokens: Tenth and ninetieth percentile of the tokens of a prompt.
        completion_tokens: The same of an answer.
    """

    model: str
    purpose: str
    n_calls: int
    n_questions: int
    prompt_tokens: Span
    completion_tokens: Span


@dataclass(frozen=True)
class Estimate:
    """What the questions of one kind to one model will take.

    Attributes:
        alias: The model's name in the study.
        model: The model.
        purpose: Who asks.
        calls: Calls, re-asks included.
        prompt_tokens: Tokens of all prompts.
        completion_tokens: Tokens of all answers.
        usd: Dollars; nothing where the price is not known.
        assumptions: What it rests on, in words.
    """

    alias: str
    model: str
    purpose: Purpose
    calls: Span
    prompt_tokens: Span
    completion_tokens: Span
    usd: Span | None
    assumptions: tuple[str, ...] = field(default=())


def estimates(planned: Iterable[Planned], measured: Iterable[Measured]) -> tuple[Estimate, ...]:
    """What planned questions will take, one estimate per kind of question and model.

    Args:
        planned: The questions.
        measured: What earlier calls took, by model and purpose.

    Example:
        >>> spec = ModelSpec(model="sim/agent", usd_per_million_output_tokens=500_000)
        >>> plan = Planned("a", spec, "agent", Span(10, 20))
        >>> past = Measured("sim/agent", "agent", 40, 40, Span(100, 200), Span(5, 10))
        >>> one, = estimates([plan], [past])
        >>> one.calls, one.usd
        (Span(low=10.0, high=20.0), Span(low=25.0, high=100.0))
    """
    past = {(one.model, one.purpose): one for one in measured}
    return tuple(_estimate(one, past.get((one.spec.model, one.purpose))) for one in planned)


def _estimate(plan: Planned, past: Measured | None) -> Estimate:
    notes = [plan.why] if plan.why else []
    if past is not None and past.n_questions:
        again = Span(past.n_calls / past.n_questions, past.n_calls / past.n_questions)
        answer = past.completion_tokens
        few = "; few, so treat it with care" if past.n_calls < _FEW_CALLS else ""
        notes.append(
            f"answers and re-asks as in {past.n_calls} earlier calls of {past.model} "
            f"({past.purpose}): {again.low:.2f} calls per question, "
            f"{answer.low:.0f} to {answer.high:.0f} tokens per answer{few}"
        )
    elif plan.purpose == "embedding":
        again, answer = Span(1.0, 1.0), Span(0.0, 0.0)
    else:
        again = Span(1.0, _REASK_GUESS)
        answer = Span(_ANSWER_GUESS[0], float(plan.spec.max_tokens or _ANSWER_GUESS[1]))
        answer = Span(min(answer.low, answer.high), answer.high)
        notes.append(
            f"no earlier calls of {plan.spec.model} ({plan.purpose}): up to {_REASK_GUESS} calls "
            f"per question, {answer.low:.0f} to {answer.high:.0f} tokens per answer"
        )
    prompt, note = _prompt(plan, past)
    notes.append(note)
    calls = plan.questions.times(again)
    prompts, answers = calls.times(prompt), calls.times(answer)
    usd, note = _usd(prompts, answers, plan.prices)
    notes.append(note)
    return Estimate(
        plan.alias,
        plan.spec.model,
        plan.purpose,
        calls,
        prompts,
        answers,
        usd,
        tuple(notes),
    )


def _prompt(plan: Planned, past: Measured | None) -> tuple[Span, str]:
    if past is not None:
        span = past.prompt_tokens
        return span, f"prompts of {span.low:.0f} to {span.high:.0f} tokens, as in earlier calls"
    span = Span(*(_TEXTS_GUESS if plan.purpose == "embedding" else _PROMPT_GUESS))
    return span, f"prompts of {span.low:.0f} to {span.high:.0f} tokens, a guess"


def _usd(prompts: Span, answers: Span, price: Prices) -> tuple[Span | None, str]:
    if price.input_usd is None or price.output_usd is None:
        return None, "the price is not known: declare usd_per_million_input_tokens and _output_"
    usd = Span(
        prompts.low * price.input_usd + answers.low * price.output_usd,
        prompts.high * price.input_usd + answers.high * price.output_usd,
    )
    return usd, (
        f"${price.input_usd * 1e6:g} and ${price.output_usd * 1e6:g} per million tokens in and out"
    )
