"""Digests of prompt messages, and requests stored as what is new in them.

A message that fifty prompts repeat is hashed once and stored once: hashing and storage grow with
what is new, not with the square of a conversation's length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from schemas.gateway import Message
from schemas.keys import KEY_LENGTH


@lru_cache(maxsize=16_384)
def message_digest(role: str, text: str) -> str:
    """The digest of one message: 32 hexadecimal digits.

    Example:
        >>> message_digest("user", "Hello") == message_digest("system", "Hello")
        False
    """
    return hashlib.sha256(f"{role}\n{text}".encode()).hexdigest()[:KEY_LENGTH]


def message_digests(messages: Sequence[Message]) -> tuple[str, ...]:
    """The digests of the messages of a prompt, in order."""
    return tuple([message_digest(message.role, message.text) for message in messages])


@dataclass(frozen=True, slots=True)
class Continuation:
    """A request as a continuation of an earlier one.

    Attributes:
        base: Call whose request it continues, if any.
        shared: Messages taken over from the start of that request.
        added: Digests of the messages that follow.
    """

    base: str | None
    shared: int
    added: tuple[str, ...]


class Conversations:
    """Conversations of one unit, one per subject, each request linked to the one before."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, tuple[str, ...]]] = {}

    def continued(self, subject: str, call_key: str, digests: tuple[str, ...]) -> Continuation:
        """The request of a call, as a continuation of the subject's last request.

        Example:
            >>> conversations = Conversations()
            >>> conversations.continued("s1", "k1", ("a", "b"))
            Continuation(base=None, shared=0, added=('a', 'b'))
            >>> conversations.continued("s1", "k2", ("a", "b", "c"))
            Continuation(base='k1', shared=2, added=('c',))
        """
        base, earlier = self._last.get(subject, (None, ()))
        self._last[subject] = (call_key, digests)
        shared = shared_prefix(earlier, digests)
        return Continuation(base if shared else None, shared, digests[shared:])


def shared_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items two sequences have in common at their start.

    Example:
        >>> shared_prefix(("a", "b"), ("a", "c"))
        1
    """
    count = min(len(one), len(other))
    if one[:count] == other[:count]:
        return count
    return next(place for place in range(count) if one[place] != other[place])
