"""Metrics, contrasts and specification curves as a study declares them."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.names import Name
from schemas.study.options import with_options

Incomplete = Literal["exclude", "keep"]


class MetricSpec(Record):
    """A metric and its options; a bare name stands for its defaults."""

    name: str = Field(description="Name of a registered metric.")
    options: dict[str, Any] = Field({}, description="Options of the metric.")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return with_options(value, "name")


class ContrastSpec(Record):
    """A comparison of conditions on one metric."""

    of: str = Field(description="Metric that is compared, one value per episode.")
    between: tuple[str, ...] = Field(min_length=2, description="Conditions, the baseline first.")
    subject: str | None = Field(None, description="Subject of the metric, where it has several.")
    test: str = Field("mann_whitney", description="Name of the test.")
    family: Name = Field("main", description="Family over which p-values are corrected.")
    correction: Literal["holm", "bonferroni", "fdr_bh", "fdr_by", "none"] = Field(
        "holm", description="Correction over the family."
    )
    excess: bool = Field(False, description="Compare the value less its null mean.")
    options: dict[str, Any] = Field({}, description="Options of the test.")


class CurveSpec(Record):
    """A specification curve: one contrast under every combination of defensible choices."""

    contrast: str = Field(description="Name of the contrast that is re-examined.")
    rules: tuple[str, ...] = Field((), description="Adjudication rules to vary over.")
    incomplete: tuple[Incomplete, ...] = Field((), description="Exclusion rules to vary over.")
    variants: tuple[dict[str, Any], ...] = Field((), description="Metric options to vary over.")
    judges: tuple[str, ...] = Field((), description="Single judges to vary over.")


class StopRule(Record):
    """When a stage is stopped because hardly any answer can be used."""

    share: float = Field(
        0.9, gt=0, le=1, description="Share of questions without a usable answer that stops it."
    )
    after: int = Field(20, ge=1, description="Units that must have ended before it is judged.")


class RunSpec(Record):
    """How a study is run; no part of any key."""

    budget_usd: float | None = Field(None, ge=0, description="Dollars that may be spent.")
    budget_calls: int | None = Field(None, ge=0, description="Calls that may be made.")
    concurrency: int = Field(
        64, ge=1, description="Units worked at once, at most; on a cluster, by each worker."
    )
    runner: Literal["local", "dask", "ray"] = Field(
        "local",
        description="What works the units: the process of the run, or the workers of a cluster.",
    )
    address: str | None = Field(
        None,
        min_length=1,
        description="Address of the cluster's scheduler; the environment of the run lists it in "
        "`AGORA_CLUSTERS`. Without one, a cluster is started on this machine for the run.",
    )
    workers: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Workers of a cluster that is started here, one per core unless given; with an "
        "address, shards that are worked there at once.",
    )
    retries: int = Field(
        0,
        ge=0,
        le=100,
        description="How often a run waits at the end of a step and works those units again that "
        "failed for reasons that time mends: rate limits, errors of the server, time-outs, lost "
        "connections, responses that are no answers and workers that died. Other failures wait for "
        "you: an account without credit, a key that is not accepted, a request that is refused, an "
        "answer out of shape.",
    )
    retry_after_s: float = Field(
        600, ge=0, le=86_400, description="Seconds that it waits before each retry."
    )
    stop_if_unusable: StopRule | None = Field(
        StopRule(),
        description="Stops a stage before it is paid to the end when its answers cannot be used; "
        "null to go on whatever comes.",
    )
    incomplete: Incomplete = Field(
        "exclude",
        description="What becomes of an episode that a limit cut short: exclude leaves it out of "
        "the metrics, keep measures it as it is.",
    )

    @model_validator(mode="after")
    def _a_cluster_is_run_by_a_runner(self) -> Self:
        if self.runner == "local" and (self.address or self.workers):
            raise ValueError(
                "address and workers are of a cluster: add runner: dask or runner: ray"
            )
        if self.address and "@" in self.address:
            raise ValueError("an address is kept in the warehouse, so it must hold no password")
        return self
