"""Shapes of answers as the ``response_format`` that servers take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import BaseModel

_FORMS: WeakKeyDictionary[type[BaseModel], dict[str, Any]] = WeakKeyDictionary()


def response_format(answer_type: type[BaseModel]) -> dict[str, Any]:
    """A type of answer as ``response_format``, as servers take it: a strict JSON schema."""
    held = _FORMS.get(answer_type)
    if held is None:
        schema = answer_type.model_json_schema()
        strict = _strict(schema, schema)
        form = {"schema": strict, "name": answer_type.__name__, "strict": True}
        held = _FORMS[answer_type] = {"type": "json_schema", "json_schema": form}
    return held


def _strict(schema: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    """A schema in the strict form: every property is required and no other is allowed.

    References beside which something else stands are written out, as the form demands.
    """
    found = dict(schema)
    if "$ref" in found and len(found) > 1:
        target: Any = root
        for step in found.pop("$ref").removeprefix("#/").split("/"):
            target = target[step]
        return _strict({**target, **found}, root)
    for name in ("$defs", "properties"):
        if name in found:
            found[name] = {key: _strict(part, root) for key, part in found[name].items()}
    if isinstance(found.get("items"), Mapping):
        found["items"] = _strict(found["items"], root)
    for name in ("anyOf", "allOf"):
        if name in found:
            found[name] = [_strict(part, root) for part in found[name]]
    if len(found.get("allOf", ())) == 1:
        found |= found.pop("allOf")[0]
    if found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    if "properties" in found:
        found["required"] = list(found["properties"])
    if found.get("default", ...) is None:
        del found["default"]
    return found
