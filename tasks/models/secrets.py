"""Keys of providers: where they come from, and how they are kept out of what comes back.

What a provider sends enters through :meth:`Keyring.without_keys` and in no other way: answers,
their identifiers, and failures in words. So nothing behind it, be it a table, a journal, a log, a
report or a traceback, can hold a key.
"""

from __future__ import annotations

import logging
import os
import re
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from schemas.errors import Mistake
from schemas.study.models import ModelSpec
from tasks.models.replies import AttemptFailed
from tasks.models.strike import HIDDEN, SHORTEST, Strike

SecretOf = Callable[[str], str]
T = TypeVar("T")

#: Texts that look like keys even if they are not ours, such as a key that a server echoes.
_LIKELY_KEY = re.compile(
    r"(?i)\b(?:sk|pk|rk|gsk|xai|key|hf|r8)[-_][A-Za-z0-9_\-*.]{8,}|\bAIza[\w-]{20,}"
    r"|(?<=bearer )[\w\-.~+/=]{8,}"
)
#: A failure in words is cut here, after keys were struck from the whole of it.
_LONGEST = 600

log = logging.getLogger(__name__)


def no_secret_blocks(name: str) -> str:
    """Refuses: stands where nothing can read Prefect Secret blocks.

    Raises:
        Mistake: Always.
    """
    raise Mistake(
        what=f"the key of a model is in the Secret block {name}, which cannot be read here",
        place="models: api_key_block",
        fix="put the key into an environment variable and name it as api_key_env",
    )


def is_without_key(spec: ModelSpec) -> bool:
    """Whether a model declares an environment variable for its key that is not set."""
    if spec.simulated or spec.api_key_env is None:
        return False
    return not os.environ.get(spec.api_key_env)


def refuse_without_key(spec: ModelSpec) -> None:
    """Refuse a model whose declared variable is not set.

    Raises:
        Mistake: It is not.
    """
    if is_without_key(spec):
        raise Mistake(
            what=f"model {spec.model} has no key",
            place="models: api_key_env",
            found=f"the environment variable {spec.api_key_env} is not set",
            fix=f"export {spec.api_key_env}=... before the run",
        )


class Keyring:
    """Keys of models, looked up once, and known so that they can be struck from what comes back.

    Args:
        secret_of: Gives the value of a Prefect Secret block by its name.
    """

    def __init__(self, secret_of: SecretOf = no_secret_blocks) -> None:
        self._secret_of = secret_of
        self._values: set[str] = set()
        self._strike = Strike(_environment_keys())
        self._told = False

    def key(self, spec: ModelSpec) -> str | None:
        """The key of a model; ``None`` where the provider's usual variable is to be read.

        Raises:
            Mistake: The declared variable is not set, the block cannot be read, or no request can
                carry the key.
        """
        if spec.api_key_block:
            value = self._secret_of(spec.api_key_block)
        elif spec.api_key_env:
            refuse_without_key(spec)
            value = os.environ[spec.api_key_env]
        else:
            value = ""
        if any(not "!" <= character <= "~" for character in value):
            raise Mistake(
                what=f"the key of model {spec.model} cannot be sent",
                place=spec.api_key_env or f"Secret block {spec.api_key_block}",
                found="a space, a line break or a character outside ASCII in it",
                fix="set it again, without what was copied along with it",
            )
        self._values.add(value)
        self._strike = Strike({*self._values, *_environment_keys()})
        return value or None

    async def without_keys(self, given: Awaitable[T]) -> T:
        """What a provider gives, without any key in it.

        Args:
            given: Comes to texts and numbers, in whatever mappings, sequences and data classes.

        Raises:
            AttemptFailed: It came to that; its message holds no key and is cut.
        """
        try:
            came = await given
        except AttemptFailed as error:
            failed: Exception = AttemptFailed(
                error.kind,
                " ".join(self._scrubbed(str(error)).split())[:_LONGEST],
                status_code=error.status_code,
                told_s=error.told_s,
            )
        except Exception as error:  # a bug of ours or of a library, which may quote what was sent
            shown = "".join(traceback.format_exception(error))
            if self._strike.struck(shown) == shown:
                raise
            failed = RuntimeError(f"keys are struck from this error:\n{self._scrubbed(shown)}")
        else:
            return self._struck(came)  # type: ignore[no-any-return]
        raise failed  # outside of the handler, so that no traceback shows what the server wrote

    def _scrubbed(self, text: str) -> str:
        """A text without any key: ours, those of the environment, and what looks like one."""
        return _LIKELY_KEY.sub(HIDDEN, self._strike.struck(text))

    def _struck(self, value: Any) -> Any:
        """Data without known keys; answers may well hold what only looks like one."""
        if isinstance(value, str):
            return self._struck_text(value)
        if isinstance(value, Mapping):
            return {self._struck(name): self._struck(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._struck(part) for part in value)
        if is_dataclass(value) and not isinstance(value, type):
            parts = {one.name: getattr(value, one.name) for one in fields(value)}
            return replace(value, **{name: self._struck(part) for name, part in parts.items()})
        return value

    def _struck_text(self, text: str) -> str:
        struck = self._strike.struck(text)
        if struck is not text and not self._told:
            self._told = True
            log.warning("a provider sent a key back; %s is kept where it stood", HIDDEN)
        return struck


def _environment_keys() -> Iterable[str]:
    """Values of variables that are named like keys; a plain word in one is no secret."""
    for name, value in os.environ.items():
        named = name.endswith(("_API_KEY", "_TOKEN", "_SECRET", "_KEY"))
        if named and len(value) >= SHORTEST and not value.isalpha():
            yield value
