"""Keys of providers: where they come from, and how they are kept out of every text."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

from schemas.errors import Mistake
from schemas.study.models import ModelSpec

SecretOf = Callable[[str], str]

#: Texts that look like keys even if they are not ours, such as a key that a server echoes.
_LIKELY_KEY = re.compile(
    r"(?i)\b(?:sk|pk|rk|gsk|xai|key|hf|r8)[-_][A-Za-z0-9_\-*.]{8,}|\bAIza[\w-]{20,}"
    r"|(?<=bearer )[\w\-.~+/=]{8,}"
)
_HIDDEN = "[key]"


def no_secret_blocks(name: str) -> str:
    """Refuses: stands where nothing can read Prefect Secret blocks.

    Raises:
        Mistake: Always.
    """
    raise Mistake(
        what=f"the key of a model is in the Secret block {name}, which cannot be read here",
        fix="put the key into an environment variable and name it as api_key_env",
    )


class Keyring:
    """Keys of models, looked up once, and known so that they can be struck from texts.

    Args:
        secret_of: Gives the value of a Prefect Secret block by its name.
    """

    def __init__(self, secret_of: SecretOf = no_secret_blocks) -> None:
        self._secret_of = secret_of
        self._values: set[str] = set()

    def key(self, spec: ModelSpec) -> str | None:
        """The key of a model; nothing where the provider's usual variable is to be read.

        Raises:
            Mistake: The declared variable is not set, or the block cannot be read.
        """
        if spec.api_key_block:
            value = self._secret_of(spec.api_key_block)
        elif spec.api_key_env:
            value = os.environ.get(spec.api_key_env, "")
            if not value:
                raise Mistake(
                    what=f"model {spec.model} has no key",
                    found=f"the environment variable {spec.api_key_env} is not set",
                    fix=f"export {spec.api_key_env}=... before the run",
                )
        else:
            return None
        self._values.add(value)
        return value

    def scrubbed(self, text: str) -> str:
        """A text without any key: ours, those of the environment, and what looks like one."""
        for value in self._values | set(_environment_keys()):
            text = text.replace(value, _HIDDEN)
        return _LIKELY_KEY.sub(_HIDDEN, text)


def _environment_keys() -> Iterable[str]:
    for name, value in os.environ.items():
        if name.endswith(("_API_KEY", "_TOKEN", "_SECRET", "_KEY")) and len(value) >= 8:
            yield value
