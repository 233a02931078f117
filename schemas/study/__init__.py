"""What a researcher writes: the study and its parts."""

from schemas.files import LoadContext, TextFile
from schemas.study.analysis import ContrastSpec, CurveSpec, MetricSpec, RunSpec
from schemas.study.coding import AdjudicationSpec, CodingSpec, HumanSpec, RuleSpec
from schemas.study.episode import EpisodeSpec, ImportedSpec
from schemas.study.models import ModelSpec
from schemas.study.population import PopulationSpec
from schemas.study.study import Study

__all__ = [
    "AdjudicationSpec",
    "CodingSpec",
    "ContrastSpec",
    "CurveSpec",
    "EpisodeSpec",
    "HumanSpec",
    "ImportedSpec",
    "LoadContext",
    "MetricSpec",
    "ModelSpec",
    "PopulationSpec",
    "RuleSpec",
    "RunSpec",
    "Study",
    "TextFile",
]
