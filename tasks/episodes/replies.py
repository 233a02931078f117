"""What came of asking a seat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.environment import Action, Ask
from schemas.gateway import UNUSABLE, Answer
from schemas.unit import Failure
from tasks.episodes.interventions.arrangement import Lines

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
    call_key = answer.call_key or None
    keys = answer.call_keys or ((call_key,) if call_key else ())
    if answer.failure is None:
        action = Action(usable(answer.value), call_key=call_key)
        return Reply(action, None, answer.attempts, keys)
    if answer.failure.kind not in PERMANENT or ask.no_answer == "fail":
        why = f"{seat}, {ask.name}: {answer.failure.message}"
        return Reply(None, Failure(answer.failure.kind, why), answer.attempts, keys)
    if ask.no_answer == "absent":
        return Reply(None, None, answer.attempts, keys)
    if ask.fallback is None:
        raise RuntimeError(f"ask {ask.name}: no fallback to take")
    action = Action(ask.fallback, valid=False, call_key=call_key)
    return Reply(action, None, answer.attempts, keys)


def scripted_reply(
    ask: Ask, seat: str, script: Lines, n_said: int, check: Callable[[Any], str | None]
) -> Reply | None:
    """What a seat does by a script, without a call; ``None`` where its model is asked.

    An answer that the rules do not allow is treated as an unusable one of the model.

    Args:
        ask: The question.
        seat: The seat.
        script: What answers for it.
        n_said: How many lines it has said.
        check: Says what is illegal about an answer.
    """
    try:
        value = script.answers_to(ask, n_said)
    except ValidationError as error:
        value, problem = None, str(error)
    else:
        if value is None:
            return None
        value = usable(value)
        problem = check(value) or ""
    failure = Failure("bad_shape", f"the script: {problem}") if problem else None
    return reply_of(ask, seat, Answer("", "", value, 0, failure))
