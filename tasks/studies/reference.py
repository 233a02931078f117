"""Writes ``docs/study.md``: every section of a study, from the models that read it.

Run ``python -m tasks.studies.reference`` after changing a field; a test fails until then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from schemas.files import TextFile
from schemas.market import Catalogue
from schemas.seats import SeatSpec
from schemas.study import Study
from tasks.environments.registry import ENVIRONMENTS
from tasks.episodes.parts import EpisodeParts
from tasks.studies.examples import EXAMPLES, INTRODUCTION, NOTES
from tasks.studies.fields import models_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "study.md"

_PLAIN = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    type(None): "none",
    TextFile: "text or path",
}
_BOUNDS = {
    "ge": "at least {}",
    "gt": "above {}",
    "le": "at most {}",
    "lt": "below {}",
    "min_length": "length at least {}",
    "max_length": "length at most {}",
}


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION.strip() + "\n", _top()]
    for section, info in Study.model_fields.items():
        if section in EXAMPLES:
            parts.append(_section(section, info))
    return "\n".join(parts)


def _top() -> str:
    rows = ["| section | what it holds |", "|---|---|"]
    for section, info in Study.model_fields.items():
        name = f"[`{section}`](#{section})" if section in EXAMPLES else f"`{section}`"
        extra = "" if section in EXAMPLES else f" {_details(info)}"
        rows.append(f"| {name} | {info.description}{extra} |")
    return "## Sections\n\n" + "\n".join(rows) + "\n"


def _section(section: str, info: FieldInfo) -> str:
    lines = [f"## {section}", "", str(info.description), ""]
    if section in NOTES:
        lines += [NOTES[section].strip(), ""]
    lines += ["```yaml", EXAMPLES[section].strip(), "```", ""]
    for model in _models_below(info.annotation):
        if model.__module__.startswith("schemas.study"):
            lines += _table(model)
    if section == "episode":
        lines += _episode()
    return "\n".join(lines)


def _episode() -> Iterator[str]:
    """The parameters of every environment, and the parts that each of them has."""
    shown: set[type[BaseModel]] = set()
    yield from _group("Seats", SeatSpec, shown)
    for name, environment in ENVIRONMENTS.items():
        yield from _group(f"Parameters of `{name}`", environment.params, shown)
    yield from _group("Parts of every episode", EpisodeParts, shown)


def _group(title: str, model: type[BaseModel], shown: set[type[BaseModel]]) -> Iterator[str]:
    """A model and the models in it, but for those shown before and those of files."""
    yield from (f"### {title}", "")
    for one in (model, *_models_below_fields(model)):
        if one not in shown and one is not TextFile and one.__module__ != Catalogue.__module__:
            shown.add(one)
            yield from _table(one)


def _models_below_fields(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for info in model.model_fields.values():
        yield from _models_below(info.annotation)


def _models_below(
    annotation: Any, above: tuple[type[BaseModel], ...] = ()
) -> Iterator[type[BaseModel]]:
    """The models that an annotation holds, however deep in lists and mappings, each once.

    Args:
        annotation: The annotation.
        above: Models that it stands in, which are left out: a tree holds itself.
    """
    found = dict.fromkeys(one for one in _direct(annotation) if one not in above)
    for model in list(found):
        for info in model.model_fields.values():
            found.update(dict.fromkeys(_models_below(info.annotation, (*above, model))))
    yield from found


def _direct(annotation: Any) -> Iterator[type[BaseModel]]:
    yield from models_of(annotation)
    for part in get_args(annotation):
        yield from _direct(part)


def _table(model: type[BaseModel]) -> list[str]:
    about = (model.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")
    rows = [
        f"| `{info.alias or name}` | {allowed(info)} | {_default(info)} | {_meaning(info)} |"
        for name, info in model.model_fields.items()
    ]
    return [
        " ".join(about.split()),
        "",
        "| field | allowed | default | meaning |",
        "|---|---|---|---|",
        *rows,
        "",
    ]


def _meaning(info: FieldInfo) -> str:
    return info.description or ""


def _details(info: FieldInfo) -> str:
    return f"({allowed(info)}; default: {_default(info)})".replace(
        "; default: required", "; required"
    )


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    if value is PydanticUndefined or isinstance(value, BaseModel):
        return "see below"
    if value in (None, "", (), {}):
        return "–"
    plain = list(value) if isinstance(value, tuple) else value
    return (
        f"`{json.dumps(plain, ensure_ascii=False)}`" if not isinstance(plain, str) else f"`{plain}`"
    )


def allowed(info: FieldInfo) -> str:
    """What may stand in a field, in words.

    Example:
        >>> allowed(Study.model_fields["replicates"])
        'whole number, at least 1, at most 100,000'
    """
    words = _words(info.annotation)
    return ", ".join([words, *_bounds(info.metadata)]).replace("|", "\\|")


def _bounds(metadata: list[Any]) -> Iterator[str]:
    for one in metadata:
        for name, text in _BOUNDS.items():
            value = getattr(one, name, None)
            if value is not None:
                yield text.format(f"{value:,}")
        pattern = getattr(one, "pattern", None)
        if pattern:
            yield f"of the form `{pattern}`"


def _words(annotation: Any) -> str:
    """A type in words."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is None:
        model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        return "mapping" if model else "anything"
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in args)
    if origin in {Union, UnionType}:
        return " or ".join(dict.fromkeys(_words(part) for part in args if part is not type(None)))
    if issubclass(origin, Mapping):
        return f"mapping of {_words(args[1])}"
    return f"list of {_words(args[0])}" if issubclass(origin, tuple | list) else _words(args[0])


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
