"""The steps of every stage, in the order in which they are worked."""

from __future__ import annotations

from schemas.unit import Stage
from tasks.stages.base import AnyStep


def steps() -> tuple[AnyStep, ...]:
    """Every step, in order."""
    from tasks.stages.codes import CodeStep
    from tasks.stages.completeness import CompletenessStep
    from tasks.stages.contrasts import ContrastStep
    from tasks.stages.episodes import EpisodeStep
    from tasks.stages.labels import LabelStep
    from tasks.stages.measures import MeasureStep
    from tasks.stages.persona_measures import PersonaMeasureStep
    from tasks.stages.personas import PersonaStep
    from tasks.stages.populations import PartStep, PopulationStep
    from tasks.stages.profiles import ProfileStep
    from tasks.stages.questionnaires import QuestionnaireStep
    from tasks.stages.searches import SearchStep

    return (
        ProfileStep(),
        SearchStep(),
        PopulationStep(),
        PartStep(),
        PersonaStep(),
        QuestionnaireStep(),
        EpisodeStep(),
        CompletenessStep(),
        CodeStep(),
        LabelStep(),
        MeasureStep(),
        PersonaMeasureStep(),
        ContrastStep(),
    )


def steps_of(stage: Stage) -> tuple[AnyStep, ...]:
    """The steps of one stage, in order."""
    return tuple(step for step in steps() if step.stage == stage)
