"""The tables of the warehouse: one model per table, the single source of truth.

DDL, Polars schemas, bounds of columns and the reference page are projections of these models.
"""

from schemas.tables.calls import (
    AttemptRow,
    CallRow,
    EarlierAttemptRow,
    EarlierCallRow,
    PromptMessageRow,
    UncommittedCallRow,
)
from schemas.tables.coding import CodebookRow, CodeRow, LabelRow, SampleRow
from schemas.tables.column import Row, Span, Table
from schemas.tables.episodes import (
    ActionRow,
    AudienceRow,
    EpisodeRow,
    EventRow,
    ExclusionRow,
    ExposureRow,
    OutcomeRow,
    ResponseRow,
    SeatRow,
)
from schemas.tables.market import BusinessRow, CatalogueRow, CustomerRow
from schemas.tables.measures import ContrastRow, MetricRow
from schemas.tables.personas import (
    CandidateRow,
    PersonaAttributeRow,
    PersonaCheckRow,
    PersonaRelationRow,
    PersonaRow,
    PersonaTextRow,
    PersonaTraitRow,
    PopulationFitRow,
    PopulationRow,
    PopulationRuleRow,
    PopulationTargetRow,
    ProfileRow,
)
from schemas.tables.quality import QuarantineRow, ValidationRow
from schemas.tables.studies import (
    CompleteUnitRow,
    EarlierUnitRow,
    RunRow,
    SourceRow,
    StudyInputRow,
    StudyRow,
    StudyUnitRow,
    UnitRow,
)

#: Every table, in an order in which references resolve.
ROWS: tuple[type[Row], ...] = (
    StudyRow,
    StudyUnitRow,
    RunRow,
    UnitRow,
    StudyInputRow,
    CompleteUnitRow,
    SourceRow,
    EarlierUnitRow,
    CodebookRow,
    CatalogueRow,
    CustomerRow,
    BusinessRow,
    CandidateRow,
    ProfileRow,
    PopulationRow,
    PopulationTargetRow,
    PopulationFitRow,
    PopulationRuleRow,
    PersonaRow,
    PersonaTextRow,
    PersonaTraitRow,
    PersonaAttributeRow,
    PersonaRelationRow,
    PersonaCheckRow,
    CallRow,
    AttemptRow,
    EarlierCallRow,
    EarlierAttemptRow,
    UncommittedCallRow,
    PromptMessageRow,
    EpisodeRow,
    ExclusionRow,
    SeatRow,
    ActionRow,
    EventRow,
    AudienceRow,
    ExposureRow,
    ResponseRow,
    OutcomeRow,
    CodeRow,
    LabelRow,
    SampleRow,
    MetricRow,
    ContrastRow,
    ValidationRow,
    QuarantineRow,
)

TABLES: dict[str, type[Row]] = {row.table.name: row for row in ROWS}

__all__ = ["ROWS", "TABLES", "Row", "Span", "Table"]
