"""The prompt templates of environments: files in the folder of the environment's module."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol

import jinja2
import orjson

from schemas.keys import digest


class HasTemplates(Protocol):
    """What has prompt templates of its own: an environment, or a kind of memory."""

    @property
    def templates(self) -> tuple[str, ...]:
        """Their names; the files are ``prompts/NAME.md`` beside the module of its class."""
        ...


def prompt_texts(owner: HasTemplates) -> dict[str, str]:
    """The text of every prompt template of an owner, by name, as it is on disk now."""
    folder = _folder(type(owner))
    return {name: _text(folder / f"{name}.md") for name in owner.templates}


@cache
def _folder(kind: type) -> Path:
    return Path(str(sys.modules[kind.__module__].__file__)).parent / "prompts"


def _text(path: Path) -> str:
    """The text of a file; every episode asks for it, so it is read again only when it changed."""
    found = path.stat()
    return _text_then(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=1024)
def _text_then(path: Path, mtime_ns: int, size: int) -> str:
    return path.read_text(encoding="utf-8")


def template_digests(owner: HasTemplates) -> dict[str, str]:
    """The digest of every prompt template of an owner, by name; part of episodes' keys."""
    return {name: digest(text) for name, text in prompt_texts(owner).items()}


class Templates:
    """The compiled templates of an environment or a memory."""

    def __init__(self, owner: HasTemplates) -> None:
        self._compiled = _compiled(tuple(sorted(prompt_texts(owner).items())))

    def __contains__(self, name: str) -> bool:
        return name in self._compiled

    def text(self, name: str, values: Mapping[str, Any]) -> str:
        """A template rendered with some values, without white space at its ends.

        Raises:
            jinja2.UndefinedError: The template names a value that is not there.
        """
        return self._compiled[name].render(values).strip()


@lru_cache(maxsize=64)
def _compiled(texts: tuple[tuple[str, str], ...]) -> dict[str, jinja2.Template]:
    engine = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    engine.filters["json"] = lambda value: orjson.dumps(value).decode()
    found = {name: engine.from_string(text) for name, text in texts}
    for template in found.values():
        # Rendering copies them each time, which takes longer out of what jinja makes of them.
        template.globals = dict(template.globals)
    return found
