"""Episodes as a study declares them: run here, or imported."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.names import Name


class EpisodeSpec(Record):
    """An environment and its parameters, written side by side.

    All fields but ``environment`` and ``reasks`` are parameters of the environment; they are
    collected in ``params`` and validated by the environment's own model when a study is loaded.
    """

    environment: str = Field(description="Name of the environment: discussion, market, ...")
    reasks: int = Field(2, ge=0, le=10, description="How often a bad answer is asked again.")
    params: dict[str, Any] = Field({}, description="Parameters of the environment.")

    @model_validator(mode="before")
    @classmethod
    def _collect_params(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        own = {name: value[name] for name in ("environment", "reasks") if name in value}
        rest = {name: part for name, part in value.items() if name not in own}
        if set(rest) == {"params"} and isinstance(rest["params"], dict):
            return {**own, "params": rest["params"]}
        return {**own, "params": rest}


class ImportedSpec(Record):
    """Episodes that were brought in by ``agora import transcripts``."""

    collection: Name = Field(description="Name of the imported collection.")
    series: tuple[Name, ...] = Field(
        (), description="Series to take, each a condition; all of them if none is named."
    )
