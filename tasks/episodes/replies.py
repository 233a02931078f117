"""What came of asking a seat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from schemas.environment import Action, Ask
from schemas.gateway import UNUSABLE, Answer
from schemas.unit import Failure

#: Failures that time does not mend: what follows is the ask's to say. After any other kind nobody
#: knows what the model would have said, and the episode fails until it can be asked again.
PERMANENT = UNUSABLE | {"bad_request"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of asking a seat.

    Attributes:
        action: What it did; ``None`` where it was absent or the episode cannot go on.
        failure: Why the episode cannot go on.
        attempts: How often the model was asked.
        call_keys: Calls that were made for it.
    """

    action: Action | None
    failure: Failure | None = None
    attempts: int = 0
    call_keys: tuple[str, ...] = ()


def usable(value: Any) -> Any:
    """An answer as a game sees it: an instance of the ask's schema, or a text without white space.

    Example:
        >>> usable(" Good morning. ")
        'Good morning.'
    """
    return value if isinstance(value, BaseModel) else str(value).strip()


def reply_of(ask: Ask, seat: str, answer: Answer) -> Reply:
    """What a seat did, judged by the answer that came.

    A usable answer is the action. After an unusable one, or where the provider refuses for good,
    the ask says what follows. After any other failure the episode fails with the failure's kind.
    """
    keys = answer.call_keys or (answer.call_key,)
    if answer.failure is None:
        action = Action(usable(answer.value), call_key=answer.call_key)
        return Reply(action, None, answer.attempts, keys)
    if answer.failure.kind not in PERMANENT or ask.no_answer == "fail":
        why = f"{seat}, {ask.name}: {answer.failure.message}"
        return Reply(None, Failure(answer.failure.kind, why), answer.attempts, keys)
    if ask.no_answer == "absent":
        return Reply(None, None, answer.attempts, keys)
    if ask.fallback is None:
        raise RuntimeError(f"ask {ask.name}: no fallback to take")
    action = Action(ask.fallback, valid=False, call_key=answer.call_key)
    return Reply(action, None, answer.attempts, keys)
