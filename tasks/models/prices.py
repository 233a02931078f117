"""What a call costs, from declared prices or litellm's local price list; nothing if unknown."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from schemas.study.models import ModelSpec


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars per token of a model; nothing where a price is not known."""

    input_usd: float | None
    output_usd: float | None

    @property
    def known(self) -> bool:
        """Whether both prices are known."""
        return self.input_usd is not None and self.output_usd is not None

    def cost_usd(self, prompt_tokens: int | None, completion_tokens: int | None) -> float | None:
        """The price of a call; nothing where a price or a count is not known.

        Example:
            >>> Prices(2e-6, 8e-6).cost_usd(1000, 500)
            0.006
            >>> Prices(None, 8e-6).cost_usd(1000, 500) is None
            True
        """
        if self.input_usd is None or self.output_usd is None:
            return None
        if prompt_tokens is None or completion_tokens is None:
            return None
        return prompt_tokens * self.input_usd + completion_tokens * self.output_usd


def declared_prices(spec: ModelSpec) -> Prices:
    """The prices that a study declares; a simulated model is free unless it declares some."""
    free = 0.0 if spec.simulated else None

    def per_token(per_million: float | None) -> float | None:
        return free if per_million is None else per_million / 1e6

    return Prices(
        per_token(spec.usd_per_million_input_tokens), per_token(spec.usd_per_million_output_tokens)
    )


@cache
def listed(model: str) -> Mapping[str, Any] | None:
    """A model's entry in the price list that litellm brings, which is read without litellm."""
    package = importlib.util.find_spec("litellm")
    if package is None or package.origin is None:
        raise RuntimeError("litellm is not installed, and with it the price list is missing")
    path = Path(package.origin).parent / "model_prices_and_context_window_backup.json"
    entries: dict[str, dict[str, Any]] = orjson.loads(path.read_bytes())
    return entries.get(model) or entries.get(model.partition("/")[2])


def prices(spec: ModelSpec, batch: bool = False) -> Prices:
    """The prices of a model: declared ones first, then those of litellm's price list.

    A model behind ``api_base`` is nobody's but the server's, so its list price does not count.

    Args:
        spec: The model.
        batch: Whether the provider's price for batches applies where there is one.
    """
    declared = declared_prices(spec)
    if declared.known or spec.api_base:
        return declared
    entry = listed(spec.model) or {}

    def per_token(side: str, known: float | None) -> float | None:
        if known is not None:
            return known
        value = entry.get(f"{side}_cost_per_token_batches") if batch else None
        value = entry.get(f"{side}_cost_per_token") if value is None else value
        return None if value is None else float(value)

    return Prices(per_token("input", declared.input_usd), per_token("output", declared.output_usd))
