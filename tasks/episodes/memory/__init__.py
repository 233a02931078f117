"""Memory: what a seat's prompt shows of what the seat could see, whatever the environment.

``base`` says what a memory is; ``windows`` (full, last, tokens, own, none), ``summary`` and
``retrieval`` (with ``relevance``) are kinds. A new kind is a class here and a name in
:data:`AnyMemory`; a study names it in ``memory:``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from tasks.episodes.memory.base import Memory, MemoryQuestion, Note, Recalled, SeatView, Seen
from tasks.episodes.memory.retrieval import RetrievalMemory
from tasks.episodes.memory.summary import SummaryMemory
from tasks.episodes.memory.windows import (
    FullMemory,
    LastMemory,
    NoMemory,
    OwnMemory,
    TokensMemory,
)

#: Every kind of memory; ``kind`` tells them apart.
AnyMemory = (
    FullMemory | LastMemory | TokensMemory | OwnMemory | NoMemory | SummaryMemory | RetrievalMemory
)


#: Kinds whose parameters all have a default, so that their name says all.
Names = Literal["full", "own", "none", "summary", "retrieval"]


def _from_name(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


#: A memory as a study writes it; a bare name stands for a kind without parameters.
MemoryField = Annotated[
    Annotated[AnyMemory, Field(discriminator="kind")],
    BeforeValidator(_from_name, json_schema_input_type=Names | AnyMemory),
]

__all__ = [
    "AnyMemory",
    "FullMemory",
    "Memory",
    "MemoryField",
    "MemoryQuestion",
    "Note",
    "Recalled",
    "SeatView",
    "Seen",
]
