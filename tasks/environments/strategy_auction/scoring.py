"""What plans cost and are worth, and which of them leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from schemas.gateway import CHARACTERS_PER_TOKEN
from tasks.environments.strategy_auction.params import StrategyAuctionParams, Task


def tokens_about(text: str) -> int:
    """About how many tokens a text has.

    Example:
        >>> tokens_about("Step 1: read.")
        4
    """
    return -(-len(text) // CHARACTERS_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Round:
    """One task.

    Attributes:
        task: The task.
        plans: The plan of each seat that made one.
        marks: Marks that each plan got, of seats that gave one, the own included.
        leader: Whose plan led before any was refined.
        refined: Refined plans.
        refined_marks: Their marks.
        winner: Who does the task.
        refined_won: Whether it was its refined plan that won it.
        answer: What came of it.
        tokens: What each seat has written.
    """

    task: Task
    plans: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, Sequence[float]] = field(default_factory=dict)
    leader: str | None = None
    refined: Mapping[str, str] = field(default_factory=dict)
    refined_marks: Mapping[str, Sequence[float]] = field(default_factory=dict)
    winner: str | None = None
    refined_won: bool = False
    answer: str | None = None
    tokens: Mapping[str, int] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        """Whether the answer is right."""
        return self.answer == self.task.correct

    def wrote(self, texts: Mapping[str, str]) -> Round:
        """The round after seats wrote something that is paid for."""
        tokens = dict(self.tokens)
        for seat, text in texts.items():
            tokens[seat] = tokens.get(seat, 0) + tokens_about(text)
        return replace(self, tokens=tokens)


def score(params: StrategyAuctionParams, price: float, plan: str, marks: Sequence[float]) -> float:
    """Cost of a plan less its value, in points; the lowest is the best.

    The entropy of a plan's tokens, which the source adds to its value, is left out: few providers
    give log-probabilities. A plan without marks has the value 0.

    Source: arXiv 2602.02751.

    Example:
        >>> task = {"ask": "?", "options": ["a", "b"], "correct": "a"}
        >>> params = StrategyAuctionParams.model_validate(
        ...     {"seats": ["m"], "prices": [0.5], "tasks": [task]}
        ... )
        >>> score(params, 0.5, "x" * 4000, [3, 4])
        21.5
    """
    cost = params.cost_weight * price * tokens_about(plan) / 1000
    return cost - params.mark_weight * (sum(marks) / len(marks) if marks else 0.0)
