"""What an OpenAI-compatible server is sent: litellm's very request, worked out once for a model.

There is a template where the request is plain: where litellm would pass parameters on as they are,
or rename one. Where it would refuse, reroute or rewrite a request, there is none, and litellm asks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from schemas.gateway import Message, Role
from schemas.study.models import ModelSpec

#: Sent to a server named by ``api_base`` for which no key is declared: the key of a well-known
#: provider must never reach a server that merely speaks its protocol.
NO_KEY = "none"

#: Further parameters that litellm passes on untouched.
PASSED_ON = frozenset(
    (
        *("frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs"),
        *("service_tier", "store", "extra_body"),
        *("top_k", "min_p", "typical_p", "repetition_penalty", "length_penalty", "min_tokens"),
        *("stop_token_ids", "bad_words", "ignore_eos", "skip_special_tokens"),
        *("guided_json", "guided_regex", "guided_choice", "guided_grammar"),
        *("chat_template", "chat_template_kwargs", "add_generation_prompt"),
    )
)
#: Settings of litellm's own client that change how it connects.
_CLIENT_SETTINGS = ("SSL_VERIFY", "SSL_CERTIFICATE", "EXPERIMENTAL_OPENAI_BASE_LLM_HTTP_HANDLER")


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """All of a model's requests but what is asked.

    Attributes:
        base: Base URL, without a slash at its end.
        headers: Headers; one holds the key.
        body: Parameters of a chat completion, the model among them.
        extra: Further parameters, for requests that take no others.
        native: Whether the model takes a JSON schema for its answer.
        system: Role under which system messages are sent.
        proxy: Proxy that the environment names for the server.
    """

    base: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    extra: Mapping[str, Any]
    native: bool
    system: Role = "system"
    proxy: str | None = None

    def completion(
        self, messages: Sequence[Message], response_format: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The body of a request for a completion."""
        said = [
            {"role": self.system if one.role == "system" else one.role, "content": one.text}
            for one in messages
        ]
        body = {**self.body, "messages": said}
        return body if response_format is None else {**body, "response_format": response_format}

    def embeddings(self, texts: Sequence[str]) -> dict[str, Any]:
        """The body of a request for vectors."""
        model = self.body["model"]
        return {"model": model, "input": list(texts), "encoding_format": "float", **self.extra}


def request_template(
    spec: ModelSpec, key: str | None, listed: Mapping[str, Any] | None
) -> RequestTemplate | None:
    """The template of a model's requests, or ``None`` where litellm must make them.

    Args:
        spec: The model.
        key: The key that is declared for it, if one is.
        listed: The model's entry in litellm's price list, which says what it can do.
    """
    provider, slash, name = spec.model.partition("/")
    if not slash:
        provider, name = "openai", spec.model
    access = _access(spec, provider, key) if slash or spec.api_base else None
    body = _body(spec, name, listed or {}) if provider == "openai" else _plain_body(spec)
    unknown = spec.extra.keys() - PASSED_ON
    if access is None or body is None or unknown or any(map(os.environ.get, _CLIENT_SETTINGS)):
        return None
    base, key = access
    extra = {given: value for given, value in spec.extra.items() if given != "extra_body"}
    extra |= spec.extra.get("extra_body") or {}
    entry = listed or {}
    own_server = spec.api_base is not None and provider == "openai"
    reasoning_first = _is_o_series(name, entry) and provider == "openai"
    return RequestTemplate(
        base,
        _headers(key, provider),
        {"model": name, **body, **extra},
        extra,
        native=own_server or bool(entry.get("supports_response_schema")),
        system="user"
        if reasoning_first and not entry.get("supports_system_messages")
        else "system",
        proxy=_proxy(base),
    )


def _access(spec: ModelSpec, provider: str, key: str | None) -> tuple[str, str] | None:
    """Base URL and key, from the study or from litellm's environment variables."""
    if provider == "openai":
        base = spec.api_base or os.environ.get("OPENAI_BASE_URL")
        base = base or os.environ.get("OPENAI_API_BASE") or "https://api.openai.com/v1"
        key = key or (NO_KEY if spec.api_base else os.environ.get("OPENAI_API_KEY"))
    elif provider == "hosted_vllm":
        base = spec.api_base or os.environ.get("HOSTED_VLLM_API_BASE")
        key = key or os.environ.get("HOSTED_VLLM_API_KEY") or "fake-api-key"
    else:
        return None
    return (base.rstrip("/"), key) if base and key else None


def _plain_body(spec: ModelSpec) -> dict[str, Any]:
    """The parameters under their own names."""
    named = {
        "temperature": spec.temperature,
        "top_p": spec.top_p,
        "seed": spec.seed,
        "max_tokens": spec.max_tokens,
        "reasoning_effort": spec.reasoning_effort,
        "stop": list(spec.stop) or None,
    }
    return {name: value for name, value in named.items() if value is not None}


def _body(spec: ModelSpec, name: str, listed: Mapping[str, Any]) -> dict[str, Any] | None:
    """The parameters for a model of OpenAI, or for one that another server calls as it likes."""
    body = _plain_body(spec)
    mode = listed.get("mode", "chat")
    if _reasons(name, listed):
        return _reasoning_body(spec, name, listed) if mode == "chat" else None
    unusual = name.startswith(("responses/", "ft:")) or "audio" in name
    refused = listed and spec.reasoning_effort is not None
    return None if unusual or refused or mode not in ("chat", "embedding") else body


def _reasoning_body(spec: ModelSpec, name: str, listed: Mapping[str, Any]) -> dict[str, Any] | None:
    """The parameters for a reasoning model, which takes few and calls one by another name."""
    effort = spec.reasoning_effort
    takes_effort = (
        effort != "none" and listed.get(f"supports_{effort}_reasoning_effort") is not False
    )
    plain = spec.temperature in (None, 1) and spec.top_p is None and not spec.extra
    stops = spec.stop and _is_gpt_reasoning(name)
    if not plain or not takes_effort or stops or "search" in name:
        return None
    body = _plain_body(spec)
    if "max_tokens" in body:
        body["max_completion_tokens"] = body.pop("max_tokens")
    return body


def _reasons(name: str, listed: Mapping[str, Any]) -> bool:
    return _is_gpt_reasoning(name) or _is_o_series(name, listed)


def _is_gpt_reasoning(name: str) -> bool:
    return ("gpt-5" in name or "gpt-6" in name) and "gpt-5-chat" not in name


def _is_o_series(name: str, listed: Mapping[str, Any]) -> bool:
    return bool(listed) and name[:1] == "o" and name[1:2].isdigit()


def _headers(key: str, provider: str) -> dict[str, str]:
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "agora",
    }
    if provider == "openai":
        organization = os.environ.get("OPENAI_ORGANIZATION") or os.environ.get("OPENAI_ORG_ID")
        named = {"OpenAI-Organization": organization}
        named["OpenAI-Project"] = os.environ.get("OPENAI_PROJECT_ID")
        headers |= {name: value for name, value in named.items() if value}
    return headers


def _proxy(base: str) -> str | None:
    address = urlsplit(base)
    if proxy_bypass(address.netloc):
        return None
    proxies = getproxies()
    return proxies.get(address.scheme) or proxies.get("all")
