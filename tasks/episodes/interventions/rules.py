"""Interventions on the rules: parameters of the environment that change while it is played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from schemas.base import Record
from schemas.files import LoadContext, looks_like_path, named_file
from tasks.episodes.interventions.arrangement import Arrangement, Roster
from tasks.episodes.interventions.base import Change, Intervention, Notice, words_of
from tasks.episodes.params import keyed_params
from tasks.episodes.times import Moment


class ChangeRules(Intervention):
    """Parameters of the environment have other values from now on, and the episode goes on."""

    do: Literal["change"]
    to: Mapping[str, Any] = Field(
        min_length=1,
        description="The new values, by parameter, of those that may change: in a discussion brief "
        "(another topic), visibility (another network) and max_words; in a commons collapse_below, "
        "public, shortage and universalization.",
    )
    notice: Notice = Field(
        False, description="Whether all are told, or the words in which they are."
    )

    @field_validator("to", mode="before")
    @classmethod
    def _files_are_read(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, Mapping) or not isinstance(info.context, LoadContext):
            return value
        return {name: _read(one, info.context) for name, one in value.items()}

    def change(self, arrangement: Arrangement, roster: Roster, now: Moment) -> Change:
        """The parameters have the new values.

        Raises:
            ValueError: One may not change, or has a value that it cannot have.
        """
        before = arrangement.params or roster.params
        params = _with(before, self.to, roster.changeable)
        usual = "The rules have changed."
        if "brief" in self.to:
            usual = f"There is another task: {keyed_params(getattr(params, 'brief', '')).strip()}"
        values = {name: keyed_params(getattr(params, name)) for name in self.to}
        event = self.event(words_of(self.notice, usual), data={"params": values})
        return Change(arrangement.with_params(params), (event,))


def _read(value: Any, context: LoadContext) -> Any:
    path = named_file(value)
    if path is None and isinstance(value, str) and looks_like_path(value):
        path = value
    return value if path is None else {"text": context.read(path), "path": path}


def _with(params: Record, new: Mapping[str, Any], changeable: frozenset[str]) -> Record:
    """Parameters with other values for some."""
    for name in new:
        if name not in changeable:
            there = ", ".join(sorted(changeable)) or "none of them"
            raise ValueError(f"{name} cannot change in an episode; what can: {there}")
    held = {name: getattr(params, name) for name in type(params).model_fields}
    try:
        return type(params).model_validate({**held, **new})
    except ValidationError as error:
        found = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ValueError("; ".join(found)) from error
