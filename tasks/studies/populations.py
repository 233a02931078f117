"""Populations of a study: whether they can be made, and the files that they name read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.errors import Mistake
from schemas.study import PopulationSpec, Study
from schemas.study.conditions import changes_by_condition
from schemas.study.population import MethodSpec, NameSpec, changed_population
from tasks.personas.methods.method import Params, PersonaMethod
from tasks.personas.methods.registry import method_named
from tasks.personas.names import name_problems
from tasks.personas.problems import problems
from tasks.studies.files import StudyFiles
from tasks.studies.messages import mistakes_of
from tasks.studies.positions import Positions, placed
from tasks.studies.strict import validated, with_tuples
from tasks.studies.yamltext import FieldPath

_FIELD = "population"


def population_mistakes(study: Study, files: StudyFiles, positions: Positions) -> Iterator[Mistake]:
    """What is wrong with the population of a study and those of its conditions, each once."""
    found: dict[str, Mistake] = {}

    def at_study(path: FieldPath) -> FieldPath:
        return (_FIELD, *path)

    def keep(mistakes: Iterator[Mistake]) -> None:
        for mistake in mistakes:
            found.setdefault(mistake.message(), mistake)

    if study.population is not None:
        keep(_unmakeable(study.population, files, positions, at_study))
    for name, changes in changes_by_condition(study.factors, study.conditions).items():
        if _FIELD not in changes:
            continue
        at = partial(_at_change, positions, name)
        change = with_tuples(changes[_FIELD])
        try:
            spec = changed_population(study.population, change, files.context, strict=True)
        except ValidationError as error:
            keep(iter(mistakes_of(error, PopulationSpec, positions, at)))
            continue
        if spec is not None:
            keep(_unmakeable(spec, files, positions, at))
    yield from found.values()


def _at_change(positions: Positions, condition: str, path: FieldPath) -> FieldPath:
    return positions.of_change(condition, (_FIELD, *path)) or (_FIELD, *path)


def _unmakeable(
    spec: PopulationSpec,
    files: StudyFiles,
    positions: Positions,
    at: Callable[[FieldPath], FieldPath],
) -> Iterator[Mistake]:
    """Why a population cannot be made as it is declared."""
    place = positions.place(at(("method",)))
    unknown = list(placed(place, method_named, spec.method.use))
    if unknown:
        yield from unknown
        return
    method: PersonaMethod[Any] = method_named(spec.method.use)
    try:
        params: Params = validated(method.params, dict(spec.method.options), files.context)
    except ValidationError as error:

        def start(path: FieldPath) -> FieldPath:
            return at(("method", *path))

        yield from mistakes_of(error, method.params, positions, start)
        return
    if method.targets == "ignored" and spec.targets:
        yield Mistake(
            what=f"the method {method.name} draws nothing from targets",
            place=positions.place(at(("targets",))),
            fix="remove the targets, or take another method, such as ipf",
        )
    if method.targets == "needed" and not spec.targets:
        yield Mistake(what=f"the method {method.name} needs targets", place=place, fix="give some")
    known = method.attributes(spec, params)
    found = (
        *method.problems(spec, params),
        *problems(spec, known),
        *name_problems(spec, (*known, *spec.added)),
    )
    for path, problem in found:
        yield Mistake(what=problem, place=positions.place(at(path)))
    if not found and not (method.targets == "needed" and not spec.targets):
        try:
            method.check(spec, params)
        except Mistake as mistake:
            _, *field = str(mistake.details["place"]).split(".")
            yield Mistake(**{**mistake.details, "place": positions.place(at(tuple(field)))})


def with_rows(part: str, value: Any, files: StudyFiles) -> Any:
    """A change of a population with the rows that it names by file written out.

    Args:
        part: What is changed: ``population``, or a field of it such as ``population.method``.
        value: What it is changed to.
        files: The files of the study.
    """
    if part == _FIELD and isinstance(value, str):
        value = validated(PopulationSpec, value, files.context).model_dump(mode="json")
    if part == _FIELD and isinstance(value, Mapping):
        return {name: _written(name, one, files) for name, one in value.items()}
    if part.startswith(f"{_FIELD}."):
        return _written(part.removeprefix(f"{_FIELD}."), value, files)
    return value


def population_with_rows(spec: PopulationSpec, files: StudyFiles) -> PopulationSpec:
    """A population with the rows that it names by file in it."""
    method = MethodSpec.model_validate(_method(spec.method, files))
    return spec.model_copy(update={"method": method})


def _written(field: str, value: Any, files: StudyFiles) -> Any:
    if field == "method":
        return _method(MethodSpec.model_validate(value), files)
    if field == "names" and value is not None:
        return _plain(validated(NameSpec, value, files.context))
    return value


def _method(spec: MethodSpec, files: StudyFiles) -> dict[str, Any]:
    params = validated(method_named(spec.use).params, dict(spec.options), files.context)
    return {"use": spec.use, "options": _plain(params)}


def _plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude_defaults=True)
