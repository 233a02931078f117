"""Keys of calls: which answer belongs to which place.

A call's key names the model, its parameters and base URL, the messages, the shape of the answer,
the unit, the ordinal within it, and which re-ask it is. Nothing else is in it: not limits, prices
or time-outs, and not how a shape is asked for, so that an answer paid for is found again without
importing a provider library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from schemas.keys import digest
from schemas.study.models import ModelSpec

#: Raised when the meaning of a call changes, such as the wording of a re-ask.
RECIPE = 1

_MOST_KNOWN = 1024

_SHAPES: WeakKeyDictionary[type[BaseModel], str] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Identity:
    """What the gateway knows of a declared model.

    Attributes:
        spec: The first declaration equal to it, so that caches by declaration hold one entry.
        key: Digest of what decides its answers.
        params: Parameters that decide its answers, for ``calls.params``.
    """

    spec: ModelSpec
    key: str
    params: dict[str, Any]


class Identities:
    """Identities of models, worked out once however often a declaration is read again."""

    def __init__(self) -> None:
        self._by_id: dict[int, tuple[ModelSpec, Identity]] = {}
        self._by_text: dict[str, Identity] = {}

    def of(self, spec: ModelSpec) -> Identity:
        """The identity of a model."""
        held = self._by_id.get(id(spec))
        if held is not None and held[0] is spec:
            return held[1]
        text = spec.model_dump_json()
        known = self._by_text.get(text)
        if known is None:
            identity = spec.identity()
            params = {k: v for k, v in identity.items() if k not in {"model", "api_base"}}
            known = self._by_text[text] = Identity(spec, digest("model", identity), params)
        if len(self._by_id) > _MOST_KNOWN:
            self._by_id.clear()
        self._by_id[id(spec)] = (spec, known)
        return known


def shape_digest(shape: type[BaseModel] | None) -> str | None:
    """The digest of an answer's JSON schema; nothing for free text."""
    if shape is None:
        return None
    held = _SHAPES.get(shape)
    if held is None:
        held = _SHAPES[shape] = digest("shape", shape.model_json_schema())
    return held


def call_key(
    model: str,
    messages: Sequence[str],
    shape: str | None,
    unit_key: str,
    *,
    ordinal: int,
    reask: int = 0,
) -> str:
    """The key of a call.

    Args:
        model: Digest of the model's identity.
        messages: Digests of the messages.
        shape: Digest of the answer's schema, if it has one.
        unit_key: The unit on whose behalf it is asked.
        ordinal: Number of the question within the unit.
        reask: Number of the re-ask; 0 for the question itself.

    Example:
        >>> call_key("m", ("a",), None, "u", ordinal=0) == call_key(
        ...     "m", ("a",), None, "u", ordinal=1
        ... )
        False
    """
    return digest("call", RECIPE, model, messages, shape, unit_key, ordinal, reask)
