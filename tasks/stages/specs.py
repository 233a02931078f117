"""What units carry in their ``spec``, made into objects again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from schemas.keys import canonical_json
from schemas.study import ModelSpec


def model_of(spec: Mapping[str, Any]) -> ModelSpec:
    """The model that a unit declares; units share the object, and what is kept for each model.

    Example:
        >>> model_of({"model": "sim/agent"}) is model_of({"model": "sim/agent"})
        True
    """
    return _model(canonical_json(spec))


@lru_cache(maxsize=1024)
def _model(spec: bytes) -> ModelSpec:
    return ModelSpec.model_validate_json(spec)
