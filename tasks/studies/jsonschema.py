"""The JSON Schema of a study, for editors that complete and check as one writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from schemas.environment import Environment
from schemas.study import Study
from schemas.study.conditions import OF_THE_STUDY
from schemas.study.expectations import OWN_FIELDS
from tasks.episodes.parts import EpisodeParts
from tasks.expectations.arguments import json_schema

Schema = dict[str, Any]

#: Models that a text may stand for: a file's path, or a bare name.
_TEXT_STANDS_FOR = {
    "TextFile": "The text itself, or the path of a file that holds it.",
    "Catalogue": "Path of a YAML file with the catalogue.",
    "Codebook": "Path of a YAML file with the codebook.",
    "MethodSpec": "Name of the way of making personas; its options have their defaults.",
    "MetricSpec": "Name of the metric; its options have their defaults.",
    "PopulationSpec": "Path of a YAML file with the population.",
    "RuleSpec": "Name of the rule.",
    "Taxonomy": "Path of a YAML file with the taxonomy.",
    "TraitSpec": "Name of the inventory; the rest has its defaults.",
}
_NUMBER_OR_TEXT = {"type": ["string", "number"]}
_LIST: Schema = {"type": "array", "items": _NUMBER_OR_TEXT}
_NUMBERS: Schema = {"type": "object", "additionalProperties": {"type": "number"}}
#: Models that have shorter forms which are no texts.
_SHORT_FORMS: dict[str, list[Schema]] = {
    "Node": [_LIST, _NUMBERS, {"type": "null"}],
    "Target": [{"type": "object"}],
    "ValueTest": [_NUMBER_OR_TEXT, _LIST],
}
_FILE: Schema = {
    "type": "object",
    "properties": {"file": {"type": "string", "description": "Path of a file with the text."}},
    "required": ["file"],
    "additionalProperties": False,
}
#: Models whose content a file can hold, and the field with the content.
_FROM_FILE = {"InstrumentSpec": "instrument", "RowsFile": "columns"}
#: Models that take their options as further fields.
_OPTIONS_BESIDE_NAME = {"MethodSpec": "options", "MetricSpec": "options", "RuleSpec": "params"}


def study_schema(environments: Iterable[Environment[Any]] | None = None) -> Schema:
    """The JSON Schema of a study.

    Args:
        environments: Environments whose parameters an episode section may have; all of them if
            left out.

    Example:
        >>> study_schema(())["title"]
        'Study'
    """
    if environments is None:
        from tasks.environments.registry import ENVIRONMENTS

        environments = ENVIRONMENTS.values()
    known = tuple(environments)
    models: list[type[BaseModel]] = [Study, EpisodeParts, *(one.params for one in known)]
    references, definitions = models_json_schema([(model, "validation") for model in models])
    parts: dict[str, Schema] = definitions["$defs"]
    params = {one.name: _name(references[one.params, "validation"]) for one in known}
    common = parts.pop(_name(references[EpisodeParts, "validation"]))["properties"]
    for title in params.values():
        parts[title]["properties"] |= common
    own = parts["EpisodeSpec"]["properties"]
    if known:
        parts["EpisodeSpec"] = {
            "description": parts["EpisodeSpec"]["description"].partition("\n")[0],
            "anyOf": [_episode(name, parts[title], own) for name, title in params.items()],
        }
        of_study = {name: parts["Study"]["properties"][name] for name in sorted(OF_THE_STUDY)}
        differences = [
            {
                **{key: part for key, part in parts[title].items() if key != "required"},
                "properties": {**parts[title]["properties"], **of_study},
                "patternProperties": {r"\.": {"description": "One part of a part."}},
            }
            for title in params.values()
        ]
        parts["Study"]["properties"]["conditions"]["additionalProperties"] = {
            "anyOf": [*differences, {"type": "null"}]
        }
    written = parts["DataExpectation"]
    parts["DataExpectation"] = json_schema(
        written["description"].partition("\n")[0],
        {name: written["properties"][name] for name in sorted(OWN_FIELDS)},
    )
    traits = parts["PopulationSpec"]["properties"]["traits"]
    parts["PopulationSpec"]["properties"]["traits"] = {"anyOf": [traits, traits["items"]]}
    for title in _TEXT_STANDS_FOR.keys() & parts.keys():
        parts[title] = _or_text(title, parts[title])
    for title in _FROM_FILE.keys() & parts.keys():
        parts[title] = _or_file(_FROM_FILE[title], parts[title])
    for title in _SHORT_FORMS.keys() & parts.keys():
        parts[title] = {"anyOf": [*_SHORT_FORMS[title], parts[title]]}
    if "TextFile" in parts:
        parts["TextFile"]["anyOf"].append(_FILE)
    study = parts.pop("Study")
    levels = study["properties"]["factors"]["additionalProperties"]
    study["properties"]["factors"]["additionalProperties"] = {
        "anyOf": [{"type": "array", "minItems": 2}, {**levels, "minProperties": 2}]
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **study, "$defs": parts}


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _episode(name: str, params: Schema, own: Schema) -> Schema:
    return {
        "title": name,
        "type": "object",
        "description": params.get("description", ""),
        "properties": {
            "environment": {"const": name, "description": own["environment"]["description"]},
            "reasks": own["reasks"],
            **params["properties"],
        },
        "required": ["environment"],
        "additionalProperties": False,
    }


def _or_file(content: str, schema: Schema) -> Schema:
    """A model that names a file beside its other fields, or instead of what the file holds."""
    fields = {**schema["properties"], **_FILE["properties"]}
    by_file = {
        **schema,
        "properties": {**fields, content: {}},
        "required": ["file", *(one for one in schema.get("required", []) if one != content)],
    }
    return {"anyOf": [by_file, schema]}


def _or_text(title: str, schema: Schema) -> Schema:
    as_object = dict(schema)
    if title in _OPTIONS_BESIDE_NAME:
        as_object["additionalProperties"] = True
    as_text = {"type": "string", "description": _TEXT_STANDS_FOR[title]}
    return {"description": schema.get("description", ""), "anyOf": [as_text, as_object]}
