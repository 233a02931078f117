"""What is asked of a model and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel

from schemas.study.models import ModelSpec
from schemas.unit import Failure

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Role = Literal["system", "user", "assistant"]
#: Who asks: a game, a seat's memory, a probe, an intervention, a writer of personas, an instrument
#: put to personas, a judge, or a metric that needs vectors.
Purpose = Literal[
    "agent", "memory", "probe", "intervention", "persona", "instrument", "judge", "embedding"
]
#: Purposes whose questions do not wait for each other's answers, so that batches can hold many.
INDEPENDENT: frozenset[Purpose] = frozenset({"persona", "instrument", "judge"})

#: Characters of a token, near enough where none are counted.
CHARACTERS_PER_TOKEN = 4

Fault = Literal["nobody", "provider", "network", "model", "study", "account", "budget"]


@dataclass(frozen=True, slots=True)
class AttemptKind:
    """A way in which an attempt at a call can end, and what follows from it.

    Attributes:
        name: The word that stands in tables and messages.
        meaning: What happened.
        fault: Whose fault it is. ``model`` means that the model answered, but with nothing usable,
            ``account`` that the provider wants money first.
        retried: Whether the same call is tried again after a while.
        asked_again: Whether the question is asked again with the bad answer and its problem quoted.
        paid: Whether the provider charges for it.
    """

    name: str
    meaning: str
    fault: Fault
    retried: bool = False
    asked_again: bool = False
    paid: bool = False

    @property
    def mended_by_time(self) -> bool:
        """Whether the same question may be answered later, though nobody changes anything."""
        return self.fault in {"provider", "network"}


#: Kind of an attempt that the provider refuses until somebody pays.
NO_CREDIT = "no_credit"
#: All ways in which an attempt can end, by name. Retries, re-asks, prices, fallbacks and the
#: documentation derive from this list. ``ok`` is the only one that yields an answer.
ATTEMPT_KINDS = {
    kind.name: kind
    for kind in (
        AttemptKind("ok", "an answer came", "nobody", paid=True),
        AttemptKind("rate_limit", "the provider limits requests", "provider", retried=True),
        AttemptKind("server_error", "the server failed", "provider", retried=True),
        AttemptKind("timeout", "no answer came in time", "network", retried=True),
        AttemptKind("connection", "the connection was lost", "network", retried=True),
        AttemptKind("bad_body", "the response is not a completion", "provider", retried=True),
        AttemptKind("no_schema", "the server takes no JSON schema", "provider", retried=True),
        AttemptKind("empty", "the answer is empty", "model", retried=True, paid=True),
        AttemptKind("bad_shape", "the answer is refused", "model", asked_again=True, paid=True),
        AttemptKind("truncated", "the answer was cut off", "model", asked_again=True, paid=True),
        AttemptKind("refused", "the provider filtered the content", "model", paid=True),
        AttemptKind("bad_request", "the provider rejects the request", "study"),
        AttemptKind("authentication", "the key is missing or not accepted", "study"),
        AttemptKind(NO_CREDIT, "the account at the provider has no credit left", "account"),
        AttemptKind("budget", "the budget of the run does not allow it", "budget"),
    )
}

RETRIED = frozenset(kind.name for kind in ATTEMPT_KINDS.values() if kind.retried)
ASKED_AGAIN = frozenset(kind.name for kind in ATTEMPT_KINDS.values() if kind.asked_again)
#: Kind of the failure of units whose workers died, each time that they were sent to one.
WORKER_LOST = "worker_lost"
MENDED_BY_TIME = frozenset(
    (WORKER_LOST, *(kind.name for kind in ATTEMPT_KINDS.values() if kind.mended_by_time))
)
PAID = frozenset(kind.name for kind in ATTEMPT_KINDS.values() if kind.paid)
#: The model did answer, but with nothing usable; after other failures nobody knows what it would
#: have said.
UNUSABLE = frozenset(kind.name for kind in ATTEMPT_KINDS.values() if kind.fault == "model")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Role
    text: str


@dataclass(frozen=True)
class Question:
    """One question to a model.

    Attributes:
        model: The model and its parameters.
        messages: The prompt.
        unit_key: The unit on whose behalf it is asked.
        ordinal: Its number within the unit. Unit and ordinal make draws independent.
        purpose: Who asks.
        subject: The seat, coder or persona it is asked of; for people.
        answer: Shape of a structured answer; nothing for free text.
        observation: What the prompt says, as data. Only simulated models are handed it.
        check: Says what is wrong with a well-shaped answer (a parsed model, or text), or nothing.
        reasks: How often a bad answer may be asked again with the problem quoted.
    """

    model: ModelSpec
    messages: tuple[Message, ...]
    unit_key: str
    ordinal: int
    purpose: Purpose
    subject: str = ""
    answer: type[BaseModel] | None = None
    observation: Mapping[str, Any] | None = None
    check: Callable[[Any], str | None] | None = None
    reasks: int = 2


@dataclass(frozen=True)
class Answer:
    """What came of a question.

    Attributes:
        call_key: Key of the call that gave the answer, or of the last one tried.
        text: The raw text; empty where there was none.
        value: The parsed answer, or the text where no type was asked; nothing on failure.
        attempts: How often it was asked in all, re-asks included.
        failure: Why there is no value.
        call_keys: Keys of all calls made for it, in order.
    """

    call_key: str
    text: str
    value: Any
    attempts: int
    failure: Failure | None = None
    call_keys: tuple[str, ...] = field(default=())


class Gateway(Protocol):
    """The one way to ask a model."""

    async def ask(self, question: Question) -> Answer:
        """The answer to a question; failures are data, never exceptions.

        Raises:
            BudgetSpent: The next call could pass the study's budget.
        """
        ...

    def rows(self, unit_key: str) -> dict[str, list[dict[str, Any]]]:
        """Rows of ``calls``, ``attempts`` and ``prompt_messages`` made for a unit; forgets them."""
        ...


class EmbeddingFailed(Exception):
    """A provider gave no vectors for some texts.

    Args:
        failure: Why; its kind is one of :data:`ATTEMPT_KINDS`.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.kind}: {failure.message}")
        self.failure = failure


class Embedder(Protocol):
    """The one way to turn texts into vectors by an embedding model."""

    async def embed(
        self, texts: Sequence[str], model: ModelSpec, unit_key: str
    ) -> npt.NDArray[np.float32]:
        """One row per text, as the provider gave it; the same text always has the same vector.

        Args:
            texts: The texts; a blank one has a row of zeros.
            model: The embedding model, by its name in litellm, or sim/encoder.
            unit_key: The unit on whose behalf it is asked; its ``rows`` hold the calls made.

        Raises:
            EmbeddingFailed: No vectors came for some texts; those that came are kept.
            BudgetSpent: The next call could pass the study's budget.
        """
        ...
