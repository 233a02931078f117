"""Whether what a call came to answers its question."""

from __future__ import annotations

from typing import Any

from schemas.gateway import Message, Question
from schemas.unit import Failure
from tasks.models.accounts import failure_of
from tasks.models.prompt_messages import message_digests
from tasks.models.replies import Outcome, Reply
from tasks.models.structured import instructed, reading

_UNREADABLE = {
    "empty": "the answer is empty",
    "refused": "the provider refused to answer (content filter)",
}


def answer_or_failure(question: Question, outcome: Outcome) -> tuple[Any, Failure | None]:
    """The parsed answer, or nothing and why there is none."""
    reply = outcome.reply
    if reply is None:
        return None, failure_of(question.model, outcome.attempts[-1])
    if reply.kind in _UNREADABLE:
        return None, Failure(reply.kind, _UNREADABLE[reply.kind])
    return _read(question, reply)


def _read(question: Question, reply: Reply) -> tuple[Any, Failure | None]:
    """A complete object is taken even from an answer that was cut off after it."""
    if question.answer is None and reply.raw.get("no_text"):
        return None, Failure("bad_shape", "it calls a tool; answer in words")
    read = reading(reply.text, question.answer, question.check)
    if reply.kind == "truncated" and (question.answer is None or read.problem):
        return None, Failure("truncated", "it was cut off at the limit on its length; be brief")
    if read.problem is not None:
        return None, Failure("bad_shape", read.problem)
    return read.value, None


def sent_messages(
    question: Question,
    messages: tuple[Message, ...],
    digests: tuple[str, ...],
    outcome: Outcome,
) -> tuple[tuple[Message, ...], tuple[str, ...]]:
    """The messages as they went out, with their digests."""
    if question.answer is None or outcome.reply is None or not outcome.reply.raw.get("instructed"):
        return messages, digests
    sent = instructed(messages, question.answer)
    return sent, message_digests(sent)
