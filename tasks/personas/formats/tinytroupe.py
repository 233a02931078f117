"""Personas as TinyTroupe's agent specifications (https://github.com/microsoft/TinyTroupe).

A specification is ``{"type": "TinyPerson", "persona": {...}}``, where the persona is an object
without a schema. Its fields are attributes and texts here, named by their path: a value that every
persona of a file has in a few words, no sentence, is an attribute, anything else a text, lists with
a line for each member. Levels of traits stand in ``personality.big_five`` as words. Scores and
intensities have no place in a specification.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from schemas.errors import Mistake
from schemas.inventories import INVENTORIES, LEVELS, Level
from schemas.names import Name
from tasks.importers.problems import strict_json
from tasks.personas.formats.reading import persona_of
from tasks.personas.listed import ListedPersona
from tasks.personas.scores import level_of_score

#: Fields that are called otherwise here.
OTHERWISE = {"occupation": "occupation.title"}
_HERE = {theirs: ours for ours, theirs in OTHERWISE.items()}
PERSONALITY, RELATIONSHIPS = "personality", "relationships"
#: TinyTroupe's words for levels; ``medium`` is what it calls the average.
WORDS: Mapping[Level, str] = {
    level: "Medium" if level == "average" else level.replace("_", " ").capitalize()
    for level in LEVELS
}
_LEVELS: Mapping[str, Level] = {
    **{word.lower(): level for level, word in WORDS.items()},
    "average": "average",
    "moderate": "average",
}
_LEVEL = re.compile(
    r"\s*(" + "|".join(sorted(_LEVELS, key=len, reverse=True)) + r")\b", re.IGNORECASE
)
_TRAITS: Mapping[str, tuple[str, ...]] = {str(name): one for name, one in INVENTORIES.items()}
_ITEM = "- "
_NAME: TypeAdapter[str] = TypeAdapter(Name)


def written(personas: Sequence[ListedPersona]) -> bytes:
    """Personas as a JSON list of specifications."""
    return orjson.dumps([specification(one) for one in personas], option=orjson.OPT_INDENT_2)


def written_one(persona: ListedPersona) -> bytes:
    """A persona as a specification by itself."""
    return orjson.dumps(specification(persona), option=orjson.OPT_INDENT_2)


def specification(persona: ListedPersona) -> dict[str, Any]:
    """The specification of a persona.

    Example:
        >>> known = {"age": "28", "occupation": "cook"}
        >>> ann = ListedPersona(name="Ann", attributes=known, traits={"openness": 1.1})
        >>> specification(ann)["persona"]
        {'name': 'Ann', 'age': 28, 'occupation': {'title': 'cook'}, \
'personality': {'big_five': {'openness': 'High.'}}}
    """
    fields: dict[str, Any] = {"name": persona.name} if persona.name else {}
    for name, value in persona.attributes.items():
        fields[OTHERWISE.get(name, name)] = _scalar(value)
    if "sex" in fields:
        fields.setdefault("gender", fields["sex"])
    for trait, score in persona.traits.items():
        level = score if isinstance(score, str) else level_of_score(score)
        fields[_trait_path(trait)] = f"{WORDS[level]}."
    for name, text in persona.prose.items():
        given = _level_in(fields.get(name))
        if given is None or _level_in(text) == given:
            fields[name] = _members(text) or text
    known = [str(one).partition(": ") for one in fields.get(RELATIONSHIPS, ())]
    if known and all(between for _, between, _ in known):
        fields[RELATIONSHIPS] = [{"name": one, "description": rest} for one, _, rest in known]
    return {"type": "TinyPerson", "persona": _nested(fields)}


def read(text: str, place: str) -> Iterator[ListedPersona]:
    """The personas in a text that holds a specification, or a list of them.

    Args:
        text: The text.
        place: Where it comes from, for messages.

    Raises:
        Mistake: It is no JSON, or holds something else than specifications.
    """
    value = strict_json(text, place, "specification")
    several = value if isinstance(value, list) else [value]
    yield from _personas(
        [(f"{place}: persona {number}", one) for number, one in enumerate(several, start=1)]
    )


def read_all(texts: Sequence[tuple[str, str]]) -> Iterator[ListedPersona]:
    """The personas of several texts with a specification each.

    Args:
        texts: Where each comes from, for messages, and the text.

    Raises:
        Mistake: One is no JSON, or holds something else than a specification.
    """
    yield from _personas(
        [(place, strict_json(text, place, "specification")) for place, text in texts]
    )


def _personas(specifications: Sequence[tuple[str, Any]]) -> Iterator[ListedPersona]:
    found = []
    for place, one in specifications:
        persona = one.get("persona") if isinstance(one, Mapping) else None
        if not isinstance(persona, Mapping):
            raise Mistake(
                what="this is no specification of TinyTroupe",
                place=place,
                found="an object without a persona" if isinstance(one, Mapping) else _kind(one),
                expected='{"type": "TinyPerson", "persona": {...}}',
            )
        found.append((place, dict(_flat(persona))))
    short = [{path for path, value in one.items() if _is_short(value)} for _, one in found]
    attributes = set.intersection(*short) if short else set()
    for place, one in found:
        yield persona_of(_persona(one, attributes), place)


def _persona(fields: Mapping[str, str], attributes: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"attributes": {}, "traits": {}, "texts": {}}
    for path, value in fields.items():
        inventory, _, trait = path.removeprefix(f"{PERSONALITY}.").partition(".")
        level = _level_in(value)
        if path == "name":
            found["name"] = value
        elif level is not None and trait in _TRAITS.get(inventory, ()):
            found["traits"][trait] = level
            if value != f"{WORDS[level]}.":
                found["texts"][path] = value
        elif path in attributes:
            found["attributes"][_HERE.get(path, path)] = value
        else:
            found["texts"][path] = value
    if found["attributes"].get("gender") == found["attributes"].get("sex"):
        found["attributes"].pop("gender", None)
    return found


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf with its path; lists of texts as one text, a line for each."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _flat(part, f"{path}.{name}" if path else str(name))
        return
    if isinstance(value, list):
        if path == RELATIONSHIPS and all(_is_relationship(one) for one in value):
            value = [f"{one['name']}: {one['description']}" for one in value]
        if any(isinstance(one, Mapping | list) for one in value):
            yield path, json.dumps(value, ensure_ascii=False)
            return
        value = "\n".join(f"{_ITEM}{' '.join(_words(one).split())}" for one in value)
    if value is not None and value != "":
        yield path, _words(value)


def _is_relationship(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"name", "description"}


def _words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _is_short(value: str) -> bool:
    try:
        _NAME.validate_python(value)
    except ValidationError:
        return False
    return not value.startswith((_ITEM, "[")) and not value.endswith((".", "!", "?"))


def _scalar(value: str) -> Any:
    """A number or truth value where the text is just how JSON writes one."""
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return value
    plain = isinstance(read, int | float) and json.dumps(read) == value
    return read if plain else value


def _members(text: str) -> Any:
    """The list that a text stands for; ``None`` for a plain text."""
    lines = text.split("\n")
    if all(line.startswith(_ITEM) for line in lines):
        return [_scalar(line.removeprefix(_ITEM)) for line in lines]
    if text.startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None
    return None


def _nested(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by path as objects in objects; one whose path leads through another's stays flat."""
    found: dict[str, Any] = {}
    for path, value in fields.items():
        steps = path.split(".")
        if any(".".join(steps[:n]) in fields for n in range(1, len(steps))):
            found[path] = value
            continue
        here = found
        for step in steps[:-1]:
            here = here.setdefault(step, {})
        here[steps[-1]] = value
    return found


def _trait_path(trait: str) -> str:
    inventory = next((one for one, traits in INVENTORIES.items() if trait in traits), "traits")
    return f"{PERSONALITY}.{inventory}.{trait}"


def _level_in(value: Any) -> Level | None:
    found = _LEVEL.match(value) if isinstance(value, str) else None
    return _LEVELS[found.group(1).lower()] if found else None


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
