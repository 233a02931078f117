"""Pydantic's errors as messages for people who write studies."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.errors import Mistake, nearest
from tasks.studies.fields import field_at, fields_at
from tasks.studies.files import FileProblem
from tasks.studies.positions import Positions
from tasks.studies.yamltext import FieldPath

SHOWN_CHARACTERS = 80


#: Stands for what may be a key that was written where the name of its variable belongs.
_NOT_SHOWN = "a text that is not shown, since it may be a key"


def shown(value: Any) -> str:
    """A value as it is quoted in a message: JSON, cut where it is long.

    Example:
        >>> shown({"rounds": 3})
        '{"rounds": 3}'
    """
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def mistakes_of(
    error: ValidationError,
    model: type[BaseModel],
    positions: Positions,
    start: Callable[[FieldPath], FieldPath] = lambda path: path,
    beside: Iterable[str] = (),
) -> list[Mistake]:
    """What a validation found wrong, one mistake per field.

    Args:
        error: What pydantic raised.
        model: The model that was validated.
        positions: Where the values stand.
        start: Gives the path in the study of a path in the validated value.
        beside: Fields that may stand beside those of the model.
    """
    details = _of_nearest_members(error.errors(), positions, start)
    groups: dict[str, list[ErrorDetails]] = {}
    for detail in details:
        place = positions.place(start(detail["loc"]), missing=detail["type"] == "missing")
        groups.setdefault(place, []).append(detail)
    found = {place: _mistake(place, group, model, beside) for place, group in groups.items()}
    misspelt = {
        (*detail["loc"][:-1], nearest(str(detail["loc"][-1]), fields_at(model, detail["loc"][:-1])))
        for detail in details
        if detail["type"] == "extra_forbidden"
    }
    return [
        found[place]
        for place, group in groups.items()
        if not (group[0]["type"] == "missing" and group[0]["loc"] in misspelt)
    ]


def _of_nearest_members(
    details: Sequence[ErrorDetails], positions: Positions, start: Callable[[FieldPath], FieldPath]
) -> list[ErrorDetails]:
    """Errors less those about members of a union that the value is farther from than from others.

    Where a value fits no member of a union, pydantic reports what is wrong with it as each of them.
    """
    unions: dict[FieldPath, dict[Any, list[ErrorDetails]]] = {}
    for detail in details:
        place = positions.member(start(detail["loc"]), missing=detail["type"] == "missing")
        if place is not None:
            at, member = place
            unions.setdefault(at, {}).setdefault(member, []).append(detail)
    dropped: list[ErrorDetails] = []
    for members in unions.values():
        least = min(map(_strangeness, members.values()))
        dropped.extend(
            one for group in members.values() if _strangeness(group) > least for one in group
        )
    dropped.extend(one for one in details if one["type"] == "too_short" and _deeper(one, details))
    return [detail for detail in details if not any(detail is one for one in dropped)]


def _deeper(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Whether something within the value is wrong, which is then why it counts as too short."""
    loc = detail["loc"]
    return any(one["loc"][: len(loc)] == loc and len(one["loc"]) > len(loc) for one in details)


def _strangeness(group: Sequence[ErrorDetails]) -> int:
    """How many fields of a value are not those of a model; endless where a word was expected."""
    if any(one["type"] == "literal_error" and isinstance(one["input"], Mapping) for one in group):
        return sys.maxsize
    strange = {"extra_forbidden", "missing", "model_type", "union_tag_not_found"}
    return sum(detail["type"] in strange for detail in group)


def _mistake(
    place: str, group: Sequence[ErrorDetails], model: type[BaseModel], beside: Iterable[str]
) -> Mistake:
    detail = group[0]
    context = detail.get("ctx", {})
    problem = context.get("error")
    loc = detail["loc"]
    if isinstance(problem, FileProblem):
        return _about_file(place, problem.mistake)
    if detail["type"] == "extra_forbidden":
        known = [*fields_at(model, loc[:-1]), *(beside if len(loc) == 1 else ())]
        return unknown_field(place, str(loc[-1]), known)
    if detail["type"] == "missing":
        info = field_at(model, loc)
        return Mistake(
            what="this field is missing",
            place=place,
            expected=(info.description or "") if info else "",
            fix=f"add {loc[-1]}",
        )
    if detail["type"] == "value_error":
        return Mistake(what=detail["msg"].removeprefix("Value error, "), place=place)
    expected = list(dict.fromkeys(filter(None, (_expected(one) for one in group))))
    return Mistake(
        what=_headline(detail["type"]),
        place=place,
        found=_NOT_SHOWN if detail["loc"][-1:] == ("api_key_env",) else shown(detail["input"]),
        expected=", or ".join(expected),
        fix=_fix(group),
    )


def _about_file(place: str, mistake: Mistake) -> Mistake:
    details = mistake.details
    return Mistake(
        what=f"{details['what']}: {details['place']}",
        place=place,
        found=details["found"],
        expected=details["expected"],
        fix=details["fix"],
    )


def unknown_field(place: str, name: str, known: Mapping[str, Any] | Sequence[str]) -> Mistake:
    """The mistake of a field that nobody knows."""
    near = nearest(name, known)
    return Mistake(
        what="unknown field",
        place=place,
        found=name,
        expected=f"one of {', '.join(known)}" if known else "",
        fix=f"did you mean {near}?" if near else "remove it, or correct its name",
    )


def unknown_name(place: str, kind: str, name: str, known: Sequence[str], fix: str = "") -> Mistake:
    """The mistake of a reference to something that is not there.

    Args:
        place: Where it stands.
        kind: What it should name: ``model``, ``condition``, ...
        name: The name that was found.
        known: The names that there are.
        fix: What to do where no known name is close.
    """
    near = nearest(name, known)
    return Mistake(
        what=f"no {kind} has this name",
        place=place,
        found=name,
        expected=f"one of {', '.join(known)}" if known else f"the study has no {kind} at all",
        fix=f"did you mean {near}?" if near else fix,
    )


def _headline(kind: str) -> str:
    if kind.endswith(("_type", "_parsing", "_from_float")):
        return "the wrong type of value"
    if kind in {"literal_error", "enum", "union_tag_invalid"}:
        return "not one of the allowed values"
    if kind.startswith(("greater", "less", "too_", "string_too", "finite")):
        return "out of range"
    return "not an allowed value"


def _expected(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    if detail["type"] in {"literal_error", "enum"}:
        return f"one of {_plain(str(context['expected']))}"
    if detail["type"] == "union_tag_invalid":
        return f"{context['discriminator']}: one of {_plain(str(context['expected_tags']))}"
    if detail["type"] == "union_tag_not_found":
        return f"a field {context['discriminator']}"
    if detail["type"] == "string_pattern_mismatch":
        return f"text of the form {context['pattern']}"
    message = re.sub(r"^Input should( be)? ", "", detail["msg"]).partition(", unable to")[0]
    given = r"^a valid dictionary or (instance of \w+|object to extract fields from)"
    message = re.sub(given, "a mapping", message)
    message = re.sub(r"^a valid (dictionary|mapping)", "a mapping", message)
    message = re.sub(r"^a valid (list|tuple)", "a list", message)
    return (
        message.replace("a valid string", "text")
        .replace("a valid ", "a ")
        .replace("a integer", "an integer")
    )


def _plain(words: str) -> str:
    return words.replace("'", "").replace(" or ", ", ")


def _fix(group: Sequence[ErrorDetails]) -> str:
    for detail in group:
        words = detail.get("ctx", {})
        options = str(words.get("expected", "") or words.get("expected_tags", ""))
        found = detail["input"]
        if detail["type"] == "union_tag_invalid":
            found = words.get("tag")
        near = nearest(str(found), re.findall(r"'([^']*)'", options)) if options else None
        if near:
            return f"did you mean {near}?"
        if detail["type"] == "string_type" and isinstance(found, int | float):
            return f'put it in quotation marks: "{found}"'
    return ""
