"""What a run has asked, reused and spent so far."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from schemas.unit import Failure
from tasks.models.replies import Outcome


@dataclass(slots=True)
class Usage:
    """Counts of one run; answers that were there already are counted apart.

    Attributes:
        calls_asked: Calls made.
        calls_reused: Answers taken from a journal or from the warehouse.
        attempts: Attempts at the calls made.
        prompt_tokens: Tokens of their prompts.
        completion_tokens: Tokens of their answers.
        cost_usd: Their price as far as it is known.
        calls_unpriced: Calls made whose price is not known.
        saved_usd: Price of the answers reused, as far as it is known.
        failures: Questions without an answer, by kind.
    """

    calls_asked: int = 0
    calls_reused: int = 0
    attempts: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    calls_unpriced: int = 0
    saved_usd: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)

    def add(self, other: Usage) -> None:
        """Counts what another gateway of the same run counted."""
        for one in fields(self):
            if one.name != "failures":
                setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))
        for kind, count in other.failures.items():
            self.failures[kind] = self.failures.get(kind, 0) + count

    def asked(self, outcome: Outcome) -> None:
        """Counts a call that was made."""
        self.calls_asked += 1
        self.attempts += len(outcome.attempts)
        if outcome.reply is not None:
            self.prompt_tokens += outcome.reply.prompt_tokens or 0
            self.completion_tokens += outcome.reply.completion_tokens or 0
        if outcome.cost_usd is None:
            self.calls_unpriced += 1
        else:
            self.cost_usd += outcome.cost_usd

    def reused(self, outcome: Outcome) -> None:
        """Counts an answer that was there already."""
        self.calls_reused += 1
        self.saved_usd += outcome.cost_usd or 0.0

    def answered(self, failure: Failure | None) -> None:
        """Counts what became of a question."""
        if failure is not None:
            self.failures[failure.kind] = self.failures.get(failure.kind, 0) + 1
