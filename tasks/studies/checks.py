"""What can be wrong with a study whose every field is valid by itself: names that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from schemas.errors import Mistake
from schemas.study import CodingSpec, RuleSpec, Study
from schemas.study.conditions import changes_by_condition
from tasks.personas.methods.registry import aliases_of_method
from tasks.studies.analysis_checks import analysis_problems
from tasks.studies.controls import control_problems
from tasks.studies.design import Design, aliases_of, encoders_of
from tasks.studies.instruments import instrument_problems
from tasks.studies.messages import shown, unknown_name
from tasks.studies.positions import Positions, episode_path, placed, value_at
from tasks.studies.yamltext import FieldPath

DECLARE = "declare it under models"


def problems(design: Design, positions: Positions) -> Iterator[Mistake]:
    """Everything that is wrong with a study's references, in the order of its sections."""
    study = design.study
    yield from _models(study, positions)
    yield from _population(study, positions)
    yield from instrument_problems(study, positions)
    yield from _episode_models(design, positions)
    yield from _parts(design, positions)
    if study.without_episodes:
        yield from _of_episodes(study, positions)
    yield from _conditions(design, positions)
    yield from _coding(study, positions)
    yield from analysis_problems(design, positions)


def _models(study: Study, positions: Positions) -> Iterator[Mistake]:
    """Simulated models that are not there, or whose parameters are not theirs."""
    if not any(spec.simulated or spec.sim for spec in study.models.values()):
        return
    from tasks.models.sim import check_spec

    for alias, spec in study.models.items():
        try:
            check_spec(spec, "", study.episode.environment if study.episode else "")
        except Mistake as mistake:
            field = str(mistake.details["place"]).split(".")[1:]
            place = positions.place(("models", alias, *field))
            yield Mistake(**{**mistake.details, "place": place})


def _population(study: Study, positions: Positions) -> Iterator[Mistake]:
    for name, population in study.populations.items():
        prose = population.prose if population else None
        if prose is not None and prose.model not in study.models:
            field = ("population", "prose", "model")
            place = positions.place(positions.of_change(name, field) or field)
            yield unknown_name(place, "model", prose.model, list(study.models), DECLARE)
            return
        for alias in aliases_of_method(population) if population else ():
            if alias not in study.models:
                field = ("population", "method", "model")
                place = positions.place(positions.of_change(name, field) or field)
                yield unknown_name(place, "model", alias, list(study.models), DECLARE)
                return


def _episode_models(design: Design, positions: Positions) -> Iterator[Mistake]:
    """Models that the study does not declare, or that cannot do what they are for; each once."""
    study = design.study
    reported: set[str] = set()
    for condition in design.conditions:
        encoders = encoders_of(design, condition)
        for field, alias in aliases_of(design, condition).items():
            spec = study.models.get(alias)
            if spec is not None and not (spec.simulated and field in encoders):
                continue
            place = _alias_place(study, condition.name, field, alias, positions)
            if place in reported:
                continue
            reported.add(place)
            if spec is None:
                yield unknown_name(place, "model", alias, list(study.models), DECLARE)
            else:
                from tasks.models.sim import encoder_of

                yield from placed(place, encoder_of, spec)


def _parts(design: Design, positions: Positions) -> Iterator[Mistake]:
    """Names, interventions and probes that do not fit who takes part; each place once."""
    from tasks.studies.episode_parts import unfit_parts

    study = design.study
    reported: set[str] = set()
    for condition in design.conditions:
        if not study.models.keys() >= set(aliases_of(design, condition).values()):
            continue
        try:
            found = [*unfit_parts(study, condition), *control_problems(design, condition)]
        except LookupError:  # who takes part is not known before the warehouse is asked
            continue
        for field, problem in found:
            place = positions.place(positions.of_condition(condition.name, field))
            if place not in reported:
                reported.add(place)
                yield Mistake(what=problem, place=place)


def _alias_place(
    study: Study, condition: str, field: FieldPath, alias: str, positions: Positions
) -> str:
    """Where an alias was written; a parameter may have been written in a shorter form."""
    written = positions.study.value
    exact = positions.of_condition(condition, field)
    if value_at(written, exact) == alias:
        return positions.place(exact)
    above = exact[: len(exact) - len(field) + 1] if field else exact
    sections = ("conditions", condition), ("factors",), episode_path(written.get("episode"))
    near = positions.found(alias, (above, *sections))
    return positions.place(near if near else exact)


def _of_episodes(study: Study, positions: Positions) -> Iterator[Mistake]:
    """Sections that are about episodes, in a study that has none."""
    without = "the study has no episodes"
    for field, wanted in (("coding", study.coding), ("replicates", study.replicates > 1)):
        if wanted:
            yield Mistake(
                what=f"{without}, so {field} has nothing to be about",
                place=positions.place((field,)),
                fix=f"remove {field}, or add an episode section",
            )
    reported: set[str] = set()
    for name, changes in study.changes.items():
        for part in changes.keys() - {"personas"}:
            place = positions.place(positions.of_change(name, (part,)))
            if place not in reported:
                reported.add(place)
                yield Mistake(
                    what=f"{without}, so a condition changes personas, or what is shown of them",
                    place=place,
                    found=part,
                    expected="population, a field of it such as population.size, or personas",
                    fix="remove it, or add an episode section",
                )


def _conditions(design: Design, positions: Positions) -> Iterator[Mistake]:
    """Conditions that resolve to the same parameters, or have no episode to differ from."""
    declared = {**design.study.factors, **design.study.conditions}
    if design.study.imported is not None and declared:
        section = "factors" if design.study.factors else "conditions"
        yield Mistake(
            what="imported episodes have no conditions to set",
            place=positions.place((section,)),
            found=", ".join(declared),
            expected="the series of the collection, which are its conditions",
            fix=f"remove {section}, and name series under imported if not all are wanted",
        )
    names: dict[str, str] = {}
    written = changes_by_condition(design.study.factors, design.study.conditions)
    for condition in design.conditions:
        same = repr((condition.params, condition.parts, condition.population))
        first = names.setdefault(same, condition.name)
        if first != condition.name:
            listed = condition.name in design.study.conditions
            yield Mistake(
                what=f"this condition is the same as {first}",
                place=positions.place(("conditions", condition.name) if listed else ("factors",)),
                found=shown(written[condition.name]),
                expected="a value that differs from the one in the episode section"
                if design.study.episode
                else "a change of the population",
                fix="change a parameter, or raise replicates for more episodes of a condition"
                if design.study.episode
                else "change a field of the population, or remove the condition",
            )


def _coding(study: Study, positions: Positions) -> Iterator[Mistake]:
    if study.coding is None:
        return
    coding = study.coding
    for number, judge in enumerate(coding.judges):
        place = positions.place(("coding", "judges", number))
        if judge not in study.models:
            yield unknown_name(place, "model", judge, list(study.models), DECLARE)
        elif judge in coding.judges[:number]:
            yield Mistake(what="a judge is named twice", place=place, found=judge)
    coders = coder_kinds(study)
    if not coders:
        yield Mistake(
            what="the study has no coders",
            place=positions.place(("coding",)),
            expected="judges, imported coders, or a codebook with flags that have a rule",
            fix="add judges: [ALIAS, ...]",
        )
    if coding.gold is not None and coding.gold not in coders:
        place = positions.place(("coding", "gold"))
        yield unknown_name(place, "coder", coding.gold, list(coders), "add it under imported")
    if coders:
        yield from _rules(coding, positions)


def _rules(coding: CodingSpec, positions: Positions) -> Iterator[Mistake]:
    """Adjudication rules that are not there, or name coders that are not."""
    from tasks.coding.adjudication import rule_named
    from tasks.coding.coders import expected_coders

    def check(spec: RuleSpec, place: str) -> None:
        rule, params = rule_named(spec, place)
        expected_coders(coding, rule, params, spec)

    declared: list[tuple[FieldPath, RuleSpec]] = [(("use",), coding.adjudication.use)]
    declared += [(("also", number), one) for number, one in enumerate(coding.adjudication.also)]
    for path, spec in declared:
        place = positions.place(("coding", "adjudication", *path))
        yield from placed(place, check, spec, place)


def coder_kinds(study: Study) -> Mapping[str, str]:
    """Kind of coder (``model``, ``imported`` or ``rule``) by the name of everybody who codes."""
    if study.coding is None:
        return {}
    coders = dict.fromkeys(study.coding.imported, "imported")
    coders |= dict.fromkeys(study.coding.judges, "model")
    if study.coding.rules and any(flag.rule for flag in study.coding.codebook.flags.values()):
        coders["rule"] = "rule"
    return coders
