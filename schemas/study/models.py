"""Models as a study declares them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from schemas.base import Record

#: Fields that decide what a model answers; they are part of every call's key.
IDENTITY_FIELDS = (
    "model",
    "api_base",
    "temperature",
    "top_p",
    "seed",
    "max_tokens",
    "reasoning_effort",
    "stop",
    "extra",
    "sim",
)

#: Parameters of requests that are not a study's to set: what carries keys, and what the gateway
#: decides itself.
NOT_EXTRA = frozenset(
    (
        *("api_base", "api_key", "base_url", "custom_llm_provider", "model", "organization"),
        *("default_headers", "extra_headers", "headers"),
        *("messages", "mock_response", "n", "response_format", "stream"),
        *("cache", "caching", "client", "max_retries", "num_retries", "timeout"),
    )
)
_KEYS = ("api_key", "_token", "_secret", "_password", "authorization")


def _names(value: Any) -> Iterator[str]:
    """The names of fields, however deep."""
    if isinstance(value, dict):
        yield from value
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, dict | list | tuple):
            yield from _names(part)


class ModelSpec(Record):
    """A model, its parameters and its limits."""

    model: str = Field(
        min_length=1,
        description="Name as litellm knows it (openai/gpt-5, ollama/llama3), or sim/NAME.",
    )
    api_base: str | None = Field(None, description="Base URL of an OpenAI-compatible server.")
    api_key_env: str | None = Field(
        None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Environment variable that holds the key; else the provider's usual one.",
    )
    api_key_block: str | None = Field(None, description="Prefect Secret block that holds the key.")

    temperature: float | None = Field(None, ge=0, le=2, description="Sampling temperature.")
    top_p: float | None = Field(None, gt=0, le=1, description="Nucleus sampling.")
    seed: int | None = Field(None, description="Seed sent to the provider.")
    max_tokens: int | None = Field(None, ge=1, description="Limit on an answer, in tokens.")
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = Field(
        None, description="How much a reasoning model may think."
    )
    stop: tuple[str, ...] = Field((), description="Texts that end an answer.")
    extra: dict[str, Any] = Field({}, description="Further parameters, passed on as they are.")
    sim: dict[str, Any] = Field({}, description="Parameters of a simulated model.")

    max_in_flight: int = Field(64, ge=1, description="Calls in flight at once, at most.")
    requests_per_minute: float | None = Field(None, gt=0, description="Limit on requests.")
    tokens_per_minute: float | None = Field(None, gt=0, description="Limit on tokens.")
    attempt_timeout_s: float = Field(120, gt=0, description="Time allowed for one attempt.")
    max_attempts: int = Field(8, ge=1, le=50, description="Attempts at one call, at most.")
    usd_per_million_input_tokens: float | None = Field(None, ge=0, description="Price of prompts.")
    usd_per_million_output_tokens: float | None = Field(None, ge=0, description="Price of answers.")
    transport: Literal["auto", "litellm"] = Field(
        "auto",
        description="How it is asked: straight where its server is compatible with OpenAI's and "
        "else through litellm, or through litellm always.",
    )
    batch: bool = Field(False, description="Use the provider's batch interface where it helps.")

    @field_validator("extra")
    @classmethod
    def _no_key_and_nothing_of_the_gateways(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in _names(value):
            if name in NOT_EXTRA & value.keys() or name.lower().endswith(_KEYS):
                raise ValueError(
                    f"{name} cannot be passed on: a key is named by api_key_env or api_key_block, "
                    "and the rest of a request is the gateway's"
                )
        return value

    @field_validator("api_base")
    @classmethod
    def _of_a_server_and_without_key(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            served = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:  # no port, or half an address of IPv6
            served = False
        if not served or not value.isprintable() or " " in value:
            raise ValueError(
                "the address of a server begins with http:// or https:// and names a host, such as "
                "http://localhost:8000/v1"
            )
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(
                "an address is kept in the warehouse, so it must hold no user, password or query; "
                "name the key by api_key_env or api_key_block"
            )
        return value

    @property
    def simulated(self) -> bool:
        """Whether it runs on this machine without a network."""
        return self.model.startswith("sim/")

    def identity(self) -> dict[str, Any]:
        """What of it decides its answers, as plain data; limits and prices do not.

        Example:
            >>> ModelSpec(model="sim/agent", max_in_flight=3).identity()
            {'model': 'sim/agent'}
        """
        return self.model_dump(mode="json", include=set(IDENTITY_FIELDS), exclude_defaults=True)
