"""Asking real providers through litellm, imported when the first call needs it."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, cast
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from schemas.gateway import Message
from schemas.study.models import ModelSpec
from tasks.models.faults import failed_attempt, reply_of
from tasks.models.replies import AttemptFailed, Reply

#: Sent to a server named by ``api_base`` for which no key is declared: the key of a well-known
#: provider must never reach a server that merely speaks its protocol.
NO_KEY = "none"

_ACCESS = (
    "api_base",
    "api_key",
    "timeout",
    "max_retries",
    "num_retries",
    "custom_llm_provider",
)
_BATCHING = frozenset({"openai", "azure", "hosted_vllm", "mistral", "xai", "litellm_proxy"})


@cache
def imported_litellm() -> Any:
    """The litellm module: no network at import, no telemetry, no callbacks, no advice printed."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    # Its types raise dozens of these about themselves, at import and at the first call.
    warnings.filterwarnings("ignore", message="Items? .* using the `ReadOnly` qualifier")
    import litellm
    import openai.resources.chat.completions  # noqa: F401 - else within the first call's time-out

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


def _failed(error: Exception, spec: ModelSpec) -> AttemptFailed:
    """What an exception of litellm amounts to; a lost connection says to which server."""
    failed = failed_attempt(error)
    if failed.kind != "connection" or spec.api_base is None:
        return failed
    return AttemptFailed("connection", f"{failed} (server {spec.api_base})")


class Provider:
    """Asks models through litellm.

    Args:
        key_of: Gives the key of a model, or nothing for the provider's usual variable.
    """

    def __init__(self, key_of: Callable[[ModelSpec], str | None]) -> None:
        self._key_of = key_of
        self._known: dict[int, tuple[ModelSpec, dict[str, Any], bool]] = {}
        self._batchable: dict[tuple[str, str | None], bool] = {}
        self._forms: WeakKeyDictionary[type[BaseModel], dict[str, Any]] = WeakKeyDictionary()

    def native(self, spec: ModelSpec) -> bool:
        """Whether a model takes a JSON schema for its answer, as far as litellm knows."""
        return self._of(spec)[1]

    def listed(self, spec: ModelSpec) -> dict[str, Any] | None:
        """The model's entry in litellm's local price list, if it has one."""
        costs = imported_litellm().model_cost
        name = spec.model
        found = costs.get(name) or costs.get(name.partition("/")[2])
        return dict(found) if found else None

    async def reply(
        self, spec: ModelSpec, messages: Sequence[Message], shape: type[BaseModel] | None
    ) -> Reply:
        """The model's answer to one attempt.

        Args:
            spec: The model.
            messages: The prompt.
            shape: Shape to ask for natively; nothing where it is asked for in words or not at all.

        Raises:
            AttemptFailed: No answer came.
        """
        litellm = imported_litellm()
        arguments = self._of(spec)[0]
        prompt = [{"role": message.role, "content": message.text} for message in messages]
        if shape is not None:
            arguments = {**arguments, "response_format": self.form(shape)}
        try:
            with _unlogged():
                response = await litellm.acompletion(messages=prompt, **arguments)
        except Exception as error:
            raise _failed(error, spec) from error
        return reply_of(response)

    async def vectors(
        self, spec: ModelSpec, texts: Sequence[str]
    ) -> tuple[Reply, list[npt.NDArray[np.float32]]]:
        """Vectors of texts, in their order, and what it took, from one attempt.

        Raises:
            AttemptFailed: No vectors came, or not one per text, or not of one length.
        """
        litellm = imported_litellm()
        held = self._of(spec)[0]
        arguments = {name: held[name] for name in _ACCESS if name in held} | spec.extra
        try:
            with _unlogged():
                response = await litellm.aembedding(
                    model=spec.model,
                    input=list(texts),
                    encoding_format="float",
                    allowed_openai_params=list(spec.extra),
                    **arguments,
                )
            data = sorted(response.data, key=lambda one: one["index"])
            vectors = [np.asarray(one["embedding"], dtype=np.float32) for one in data]
        except Exception as error:
            raise _failed(error, spec) from error
        if len(vectors) != len(texts) or len({vector.shape for vector in vectors}) != 1:
            problem = f"the provider's answer holds {len(vectors)} vectors for {len(texts)} texts"
            raise AttemptFailed("bad_body", problem, status_code=200)
        usage = getattr(response, "usage", None)
        reply = Reply(
            "",
            model=getattr(response, "model", None),
            prompt_tokens=getattr(usage, "prompt_tokens", None),
            completion_tokens=0,
            raw={"texts": len(texts), "dimensions": vectors[0].size},
        )
        return reply, vectors

    def form(self, shape: type[BaseModel]) -> dict[str, Any]:
        """A shape as the ``response_format`` that providers take."""
        held = self._forms.get(shape)
        if held is None:
            imported_litellm()
            from litellm.llms.base_llm.base_utils import type_to_response_format_param

            held = self._forms[shape] = type_to_response_format_param(shape) or {}
        return held

    def batchable(self, spec: ModelSpec) -> bool:
        """Whether a model is declared for batches and litellm can submit them to its provider."""
        if not spec.batch or spec.simulated:
            return False
        place = (spec.model, spec.api_base)
        known = self._batchable.get(place)
        if known is None:
            provider = self.batch_terms(spec)[1]["custom_llm_provider"]
            known = self._batchable[place] = provider in _BATCHING
        return known

    def batch_terms(self, spec: ModelSpec) -> tuple[dict[str, Any], dict[str, Any]]:
        """What every request of a batch says besides messages, and how the provider is reached.

        The second part holds the key.
        """
        litellm = imported_litellm()
        arguments = dict(self._of(spec)[0])
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

    def _of(self, spec: ModelSpec) -> tuple[dict[str, Any], bool]:
        held = self._known.get(id(spec))
        if held is not None and held[0] is spec:
            return held[1], held[2]
        arguments, native = self._worked_out(spec)
        if len(self._known) > 1024:
            self._known.clear()
        self._known[id(spec)] = (spec, arguments, native)
        return arguments, native

    def _worked_out(self, spec: ModelSpec) -> tuple[dict[str, Any], bool]:
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
        key = self._key_of(spec)
        if spec.api_base is not None:
            arguments["api_base"] = spec.api_base
            if not known:
                arguments["custom_llm_provider"] = "openai"
            if prefix == "openai" or not known:
                key = key or NO_KEY
        if key is not None:
            arguments["api_key"] = key
        if spec.api_base is not None and (prefix == "openai" or not known):
            return arguments, True
        return arguments, bool(litellm.supports_response_schema(model=spec.model))
