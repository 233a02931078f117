"""Every option that a study offers is read by code, and every word that it allows is told apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from schemas.base import Record
from schemas.study import Study
from tasks.environments.registry import ENVIRONMENTS
from tasks.episodes.parts import EpisodeParts
from tasks.studies.fields import models_of

ROOT = Path(__file__).resolve().parents[3]


#: Fields whose word says which member of a union a mapping is.
TAGS = {"kind", "do", "network"}
#: Words that are handed to a library or a provider as they are.
PASSED_ON = {
    "contrasts.correction": "statsmodels",
    "models.reasoning_effort": "the provider",
    "population.traits.intensity": "the columns of persona_traits",
}


@dataclass(frozen=True)
class Option:
    """A field of a study.

    Its path for people, its name, the words that it allows, its default, and whether it allows
    anything beside the words.
    """

    path: str
    name: str
    words: tuple[str, ...]
    default: Any
    or_else: bool


@dataclass(frozen=True)
class Source:
    """What a module reads: names of attributes and keys, and texts that it tells apart."""

    names: frozenset[str]
    texts: frozenset[str]


def options(model: type[BaseModel], path: str = "") -> Iterator[Option]:
    for name, info in model.model_fields.items():
        here = f"{path}.{name}".lstrip(".")
        words = tuple(dict.fromkeys(_words(info.annotation)))
        yield Option(here, name, words, info.default, get_origin(info.annotation) is not Literal)
        for below in _models(info.annotation):
            if below is not model:
                yield from options(below, here)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation) if get_origin(annotation) is not Literal else ():
        yield from _parts(part)


def _words(annotation: Any) -> Iterator[str]:
    for part in _parts(annotation):
        if get_origin(part) is Literal:
            yield from (word for word in get_args(part) if isinstance(word, str))


def _models(annotation: Any) -> dict[type[BaseModel], None]:
    return dict.fromkeys(model for part in _parts(annotation) for model in models_of(part))


def _undeclared(tree: ast.Module) -> Iterator[ast.AST]:
    """Nodes of a module, less what only declares: ``Literal[...]``, ``Field(...)``, docstrings."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        declares = (
            isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("Literal")
        ) or (isinstance(node, ast.Call) and ast.unparse(node.func) == "Field")
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not declares and not text:
            yield node
            stack.extend(ast.iter_child_nodes(node))


def source(text: str) -> Source:
    names, texts = set(), set()
    for node in _undeclared(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
    return Source(frozenset(names | texts), frozenset(texts))


@cache
def sources() -> tuple[Source, ...]:
    paths = [
        path for room in ("tasks", "flows", "schemas") for path in ROOT.glob(f"{room}/**/*.py")
    ]
    pages = [path for path in ROOT.glob("tasks/**/*") if path.suffix in {".md", ".html"}]
    prompts = frozenset(" ".join(map(Path.read_text, pages)).replace(".", " ").split())
    return (
        *(source(path.read_text(encoding="utf-8")) for path in paths),
        Source(prompts, frozenset()),
    )


def unread(option: Option, among: tuple[Source, ...]) -> str:
    """What is wrong with an option: that nothing reads it, or tells its words apart."""
    if not any(option.name in one.names for one in among):
        return "nothing reads it"
    if len(option.words) == 1 and not option.or_else and option.name not in TAGS:
        return "it allows one word only, so it is no option"
    if option.path in PASSED_ON or option.name in TAGS:
        return ""
    known = {word for one in among for word in one.texts}
    unknown = [word for word in option.words if word not in known]
    if len(option.words) == 2 and len(unknown) == 1:  # whatever is not the one is the other
        return ""
    vain = [word for word in unknown if word != option.default]
    return f"nothing acts on {', '.join(vain)}" if vain else ""


@cache
def all_options() -> Mapping[str, Option]:
    found = {option.path: option for option in (*options(Study), *options(EpisodeParts, "episode"))}
    for name, environment in ENVIRONMENTS.items():
        found |= {one.path: one for one in options(environment.params, f"episode({name})")}
    return found


@pytest.mark.parametrize("path", sorted(all_options()))
def test_an_option_is_read_and_its_words_are_told_apart(path: str) -> None:
    assert unread(all_options()[path], sources()) == ""


class Offered(Record):
    """Options that are offered in vain."""

    never_read: int = 1
    speed: Literal["slow", "fast", "faster"] = "slow"
    colour: Literal["red"] = "red"


def test_an_option_in_vain_is_found() -> None:
    among = (source("def f(o):\n    return o.speed == 'slow' or o.colour == 'red'\n"),)
    found = {option.name: unread(option, among) for option in options(Offered)}
    assert found == {
        "never_read": "nothing reads it",
        "speed": "nothing acts on fast, faster",
        "colour": "it allows one word only, so it is no option",
    }
