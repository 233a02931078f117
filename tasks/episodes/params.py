"""Parameters of environments as they enter keys and rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from schemas.files import TextFile
from schemas.market import Catalogue


def keyed_params(value: Any) -> Any:
    """Parameters as plain data for a key: texts without their paths, catalogues as their digest.

    Fields at their default are left out, so that an environment that gains a parameter keeps its
    episodes. Whoever changes a default raises the environment's version.

    Example:
        >>> keyed_params(TextFile(text="Plan a festival.", path="briefs/a.md"))
        'Plan a festival.'
    """
    if isinstance(value, TextFile):
        return value.text
    if isinstance(value, Catalogue):
        return value.key
    if isinstance(value, BaseModel):
        return {
            name: keyed_params(getattr(value, name))
            for name, field in type(value).model_fields.items()
            if getattr(value, name) != field.get_default(call_default_factory=False)
        }
    if isinstance(value, Mapping):
        return {name: keyed_params(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [keyed_params(part) for part in value]
    return value


def shown_params(params: BaseModel) -> dict[str, Any]:
    """Parameters as they stand in ``episodes.params``.

    A brief has a column of its own, and of a catalogue only name and digest are kept.
    """
    shown = params.model_dump(mode="json", exclude={"brief", "catalogue"})
    catalogue = getattr(params, "catalogue", None)
    if isinstance(catalogue, Catalogue):
        shown["catalogue"] = {"name": catalogue.name, "catalogue_key": catalogue.key}
    return shown
