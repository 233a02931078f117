"""Parameters of the flows: what the command line and deployments hand over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Record
from schemas.checks import Checked
from schemas.failures import FailureGroup
from schemas.source import Source
from schemas.unit import Stage

#: A global concurrency limit on the Prefect server in use.
Limit = Annotated[
    str | None,
    Field(
        description="Prefect concurrency limit that is held meanwhile; the server must have it.",
    ),
]


class RunRequest(Record):
    """Run a study."""

    study: Path = Field(description="The study file.")
    allow_paths: tuple[Path, ...] = Field(
        (), description="Folders outside the study's own whose files it may name."
    )
    warehouse: Path = Field(Path("agora.duckdb"), description="The warehouse.")
    stages: tuple[Stage, ...] = Field((), description="Stages to run; all if none is named.")
    version: str | None = Field(
        None,
        description="A version on record. What failed or is missing of it is worked, whatever the "
        "file says now, and nothing that is done.",
    )
    conditions: tuple[str, ...] = Field(
        (),
        description="With a version: work units of these conditions and of the whole study only.",
    )
    budget_usd: float | None = Field(None, ge=0, description="Instead of the study's own budget.")
    budget_calls: int | None = Field(None, ge=0, description="Instead of the study's own budget.")
    concurrency: int | None = Field(None, ge=1, description="Instead of the study's own.")
    limit: Limit = None


class StageRequest(Record):
    """Run one stage of a version of a study within a run that is going on."""

    study: str = Field(description="Name of the study.")
    version: str = Field(description="Its version.")
    stage: Stage = Field(description="The stage.")


class ImportRequest(Record):
    """Bring in data that was made elsewhere."""

    kind: Literal["transcripts", "codes", "marketplace"] = Field(description="What it is.")
    path: Path = Field(description="File or folder.")
    warehouse: Path = Field(Path("agora.duckdb"), description="The warehouse.")
    format: str | None = Field(None, description="Format, where a kind has several.")
    collection: str | None = Field(None, description="Name of the collection that it belongs to.")
    codebook: Path | None = Field(None, description="Codebook of imported codes.")
    coder: str | None = Field(
        None, description="Name of the coder, instead of the annotator that the sheet names."
    )
    declared: Source = Field(Source(), description="Whose work it is.")


class ReportRequest(Record):
    """Write the report of a study that was run."""

    study: str = Field(description="A study file, a name, or the start of a version.")
    allow_paths: tuple[Path, ...] = Field(
        (), description="Folders outside the study's own whose files it may name."
    )
    warehouse: Path = Field(Path("agora.duckdb"), description="The warehouse.")
    output: Path | None = Field(None, description="File to write, instead of NAME-report.html.")


class SampleRequest(Record):
    """Draw the sample that people code, and write its coding sheets."""

    study: str = Field(description="A study file, a name, or the start of a version.")
    allow_paths: tuple[Path, ...] = Field(
        (), description="Folders outside the study's own whose files it may name."
    )
    warehouse: Path = Field(Path("agora.duckdb"), description="The warehouse.")
    folder: Path = Field(Path("sheets"), description="Where the coding sheets are written.")


class MaintenanceRequest(Record):
    """Look after a warehouse."""

    warehouse: Path = Field(Path("agora.duckdb"), description="The warehouse.")
    compact: bool = Field(
        True, description="Write the file anew, without the room that deleted rows leave."
    )
    studies: tuple[str, ...] = Field(
        (), description="Studies that are exported too, by name: NAME, or NAME@VERSION."
    )
    archives: Path = Field(
        Path("archives"), description="Folder of the exports; each is named for study and time."
    )
    wait_s: float = Field(
        3600, ge=0, description="How long to wait for a run that has the warehouse open."
    )
    limit: Limit = None


class StepReport(Record):
    """What became of the units of one step."""

    step: str
    units: int
    held: int
    done: int
    failed: int
    blocked: int
    left: int
    outdated: int = 0
    failures: tuple[FailureGroup, ...] = ()


class StudyReport(Record):
    """What a run of one study did."""

    study: str
    version: str
    steps: tuple[StepReport, ...]
    calls_asked: int
    calls_reused: int
    cost_usd: float
    unknown_prices: int
    elapsed_s: float
    stopped: str | None = None
    left: str = ""
    lost: tuple[str, ...] = ()
    checked: tuple[Checked, ...] = ()

    @property
    def critical(self) -> tuple[Checked, ...]:
        """Critical expectations that do not hold."""
        return tuple(one for one in self.checked if not one.passed and one.severity == "critical")

    @property
    def complete(self) -> bool:
        """Whether every planned unit is in the warehouse, and the data are as they must be."""
        return (
            self.stopped is None
            and not self.critical
            and all(step.failed == step.blocked == step.left == 0 for step in self.steps)
        )
