"""Asking models through litellm, which is imported when the first call needs it."""

from __future__ import annotations

import gc
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, cast

from pydantic import BaseModel

from schemas.gateway import Message
from schemas.study.models import ModelSpec
from tasks.models.completions import Vectors, reply_of, vectors_of
from tasks.models.faults import failed_attempt
from tasks.models.openai_request import NO_KEY
from tasks.models.replies import AttemptFailed, Reply
from tasks.models.response_format import response_format

_ACCESS = (
    "api_base",
    "api_key",
    "timeout",
    "max_retries",
    "num_retries",
    "custom_llm_provider",
)
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")
_BATCHING = frozenset({"openai", "azure", "hosted_vllm", "mistral", "xai", "litellm_proxy"})


@cache
def imported_litellm() -> Any:
    """The litellm module: no network at import, no telemetry, no callbacks, no advice printed."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    # Its types raise dozens of these about themselves, at import and at the first call.
    warnings.filterwarnings("ignore", message="Items? .* using the `ReadOnly` qualifier")
    import litellm
    import openai.resources.chat.completions  # noqa: F401 - else within the first call's time-out

    # What it logs and warns of quotes requests and answers, keys included, and what matters of it
    # is returned or raised anyway.
    warnings.filterwarnings("ignore", message="Pydantic serializer warnings")
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.DEFAULT_MAX_RETRIES = 0  # taken for embeddings where none are asked for
    gc.collect()
    gc.freeze()  # litellm stays as long as the process: the collector need not walk it each time
    return litellm


@cache
def _unlogged_mark() -> ContextVar[bool] | None:
    """The mark under which litellm builds no log record of a call; our own rows are the record.

    Building one takes a tenth of a call's CPU even where nobody reads it. A litellm without the
    mark works as well, only slower.
    """
    try:
        from litellm._internal_context import is_internal_call
    except ImportError:
        return None
    return cast("ContextVar[bool]", is_internal_call)


@contextmanager
def _unlogged() -> Iterator[None]:
    """Makes a call under that mark, where there is one."""
    mark = _unlogged_mark()
    if mark is None:
        yield
        return
    token = mark.set(True)
    try:
        yield
    finally:
        mark.reset(token)


class LitellmModel:
    """One model, asked through litellm.

    Args:
        spec: The model.
        key: The key that is declared for it; ``None`` where the provider's usual variable holds it.
    """

    def __init__(self, spec: ModelSpec, key: str | None) -> None:
        self._spec = spec
        self._arguments, self.native = _bound(spec, key)

    async def reply(
        self, messages: Sequence[Message], answer_type: type[BaseModel] | None
    ) -> Reply:
        """The model's answer to one attempt; see :class:`tasks.models.binding.Transport`."""
        arguments = self._arguments
        if answer_type is not None:
            arguments = {**arguments, "response_format": response_format(answer_type)}
        prompt = [{"role": message.role, "content": message.text} for message in messages]
        return reply_of(await self._given("acompletion", messages=prompt, **arguments))

    async def vectors(self, texts: Sequence[str]) -> tuple[Reply, list[Vectors]]:
        """Vectors of texts from one attempt; see :class:`tasks.models.binding.Transport`."""
        access = {name: self._arguments[name] for name in _ACCESS if name in self._arguments}
        given = await self._given(
            "aembedding",
            model=self._spec.model,
            input=list(texts),
            encoding_format="float",
            allowed_openai_params=list(self._spec.extra),
            **access,
            **self._spec.extra,
        )
        return vectors_of(given, len(texts))

    async def _given(self, name: str, **arguments: Any) -> Any:
        try:
            with _unlogged():
                response = await getattr(imported_litellm(), name)(**arguments)
            return response.model_dump(warnings=False)
        except Exception as error:
            raise _failed(error, self._spec) from error

    @property
    def batches(self) -> bool:
        """Whether litellm can submit batches to the model's provider."""
        return self.batch_terms()[1]["custom_llm_provider"] in _BATCHING

    def batch_terms(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What every request of a batch says besides messages, and how the provider is reached.

        The second part holds the key.
        """
        litellm = imported_litellm()
        arguments = dict(self._arguments)
        access: dict[str, Any] = {
            name: arguments.pop(name)
            for name in ("api_base", "api_key", "timeout", "max_retries", "custom_llm_provider")
            if name in arguments
        }
        name, provider, _, _ = litellm.get_llm_provider(
            model=arguments.pop("model"),
            custom_llm_provider=access.get("custom_llm_provider"),
            api_base=access.get("api_base"),
        )
        arguments.pop("num_retries")
        body = litellm.utils.get_optional_params(
            model=name, custom_llm_provider=provider, **arguments
        )
        extra = body.pop("extra_body", None) or {}
        return {"model": name, **body, **extra}, {**access, "custom_llm_provider": provider}


def _failed(error: Exception, spec: ModelSpec) -> AttemptFailed:
    """What an exception of litellm amounts to; a lost connection says to which server."""
    failed = failed_attempt(error)
    if failed.kind != "connection" or spec.api_base is None:
        return failed
    return AttemptFailed("connection", f"{failed} (server {spec.api_base})")


def _bound(spec: ModelSpec, key: str | None) -> tuple[dict[str, Any], bool]:
    """The arguments of every call, and whether the model takes a JSON schema for its answer."""
    litellm = imported_litellm()
    prefix = spec.model.partition("/")[0] if "/" in spec.model else ""
    known = prefix in {str(getattr(one, "value", one)) for one in litellm.provider_list}
    arguments: dict[str, Any] = {
        "model": spec.model,
        "temperature": spec.temperature,
        "top_p": spec.top_p,
        "seed": spec.seed,
        "max_tokens": spec.max_tokens,
        "reasoning_effort": spec.reasoning_effort,
        "stop": list(spec.stop) or None,
    }
    arguments = {name: value for name, value in arguments.items() if value is not None}
    arguments |= spec.extra
    arguments |= {"num_retries": 0, "max_retries": 0, "timeout": spec.attempt_timeout_s + 5}
    own_server = spec.api_base is not None and (prefix == "openai" or not known)
    if spec.api_base is not None:
        arguments["api_base"] = spec.api_base
        if not known:
            arguments["custom_llm_provider"] = "openai"
        if own_server:
            key = key or NO_KEY
    if key is not None:
        arguments["api_key"] = key
    return arguments, own_server or bool(litellm.supports_response_schema(model=spec.model))
