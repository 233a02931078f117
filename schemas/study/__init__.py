"""What a researcher writes: the study and its parts."""

from schemas.files import LoadContext, TextFile
from schemas.study.analysis import ContrastSpec, CurveSpec, MetricSpec, RunSpec
from schemas.study.coding import AdjudicationSpec, CodingSpec, HumanSpec, RuleSpec
from schemas.study.episode import EpisodeSpec, ImportedSpec
from schemas.study.expectations import (
    ContrastExpectation,
    DataExpectation,
    Expectation,
    NumberExpectation,
    Published,
    Reproduces,
    Severity,
)
from schemas.study.instruments import InstrumentSpec
from schemas.study.models import ModelSpec
from schemas.study.population import PopulationSpec
from schemas.study.study import Study

__all__ = [
    "AdjudicationSpec",
    "CodingSpec",
    "ContrastExpectation",
    "ContrastSpec",
    "CurveSpec",
    "DataExpectation",
    "EpisodeSpec",
    "Expectation",
    "HumanSpec",
    "ImportedSpec",
    "InstrumentSpec",
    "LoadContext",
    "MetricSpec",
    "ModelSpec",
    "NumberExpectation",
    "PopulationSpec",
    "Published",
    "Reproduces",
    "RuleSpec",
    "RunSpec",
    "Severity",
    "Study",
    "TextFile",
]
