"""The prompt templates of environments: files in the folder of the environment's module."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import orjson

from schemas.environment import Environment
from schemas.keys import digest


def prompt_texts(environment: Environment[Any]) -> dict[str, str]:
    """The text of every prompt template of an environment, by name, as it is on disk now."""
    module = sys.modules[type(environment).__module__]
    folder = Path(str(module.__file__)).parent / "prompts"
    return {
        name: (folder / f"{name}.md").read_text(encoding="utf-8") for name in environment.templates
    }


def template_digests(environment: Environment[Any]) -> dict[str, str]:
    """The digest of every prompt template of an environment, by name; part of episodes' keys."""
    return {name: digest(text) for name, text in prompt_texts(environment).items()}


class Templates:
    """The compiled templates of an environment."""

    def __init__(self, environment: Environment[Any]) -> None:
        self._compiled = _compiled(tuple(sorted(prompt_texts(environment).items())))

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
    return {name: engine.from_string(text) for name, text in texts}
