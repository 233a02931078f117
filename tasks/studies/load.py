"""Studies read from files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from schemas.base import Record
from schemas.errors import Mistake, Mistakes
from schemas.study import Study
from schemas.study.conditions import changes_by_condition, merged, named_levels, of_episode
from tasks.episodes.parts import EpisodeParts
from tasks.expectations.problems import written_path
from tasks.files import text_of
from tasks.studies.checks import problems
from tasks.studies.design import declared_models, design, shown_parts
from tasks.studies.files import StudyFiles
from tasks.studies.messages import mistakes_of
from tasks.studies.messages import shown as quoted
from tasks.studies.populations import population_mistakes, population_with_rows, with_rows
from tasks.studies.positions import (
    OWN_FIELDS,
    Positions,
    episode_path,
    in_order,
    placed,
    value_at,
)
from tasks.studies.strict import validated
from tasks.studies.yamltext import FieldPath, document


@dataclass(frozen=True)
class LoadedStudy:
    """A study as it was read.

    Attributes:
        study: The study, with the files that it names in it.
        yaml: The study as it was written.
        path: The file that it was read from.
    """

    study: Study
    yaml: str
    path: str


def load_study(path: str | Path, allowed: Sequence[Path] = ()) -> LoadedStudy:
    """The study in a YAML file, checked as far as it can be without a warehouse.

    Args:
        path: The file. Files that the study names are looked for beside it.
        allowed: Folders outside its own whose files it may name.

    Raises:
        Mistake: The file cannot be read, or is no YAML.
        Mistakes: Everything that is wrong with the study, each with its file, line and field.
    """
    shown = str(path)
    text = text_of(Path(path), shown)
    written = document(text, shown)
    if not isinstance(written.value, dict):
        raise Mistake(
            what="a study is a YAML mapping",
            place=f"{shown}:{written.root.start_mark.line + 1}",
            found="a list" if isinstance(written.value, list) else quoted(written.value),
            expected="fields such as 'name: my-study'",
        )
    files = StudyFiles(Path(path).parent, shown, allowed)
    positions = Positions(written, files.documents)
    study, mistakes = _study(written.value, files, positions)
    mistakes.extend(_condition_mistakes(written.value, files, positions))
    if study is not None:
        mistakes.extend(population_mistakes(study, files, positions))
    if study is None or mistakes:
        raise Mistakes(mistakes=in_order(mistakes))
    study = _with_files(study, files)
    mistakes.extend(problems(design(study), positions))
    if mistakes:
        raise Mistakes(mistakes=in_order(mistakes))
    return LoadedStudy(study, text, shown)


def _study(
    value: Mapping[str, Any], files: StudyFiles, positions: Positions
) -> tuple[Study | None, list[Mistake]]:
    try:
        return validated(Study, value, files.context), []
    except ValidationError as error:
        start = partial(written_path, value)
        return None, mistakes_of(error, Study, positions, start)


def _condition_mistakes(
    value: Mapping[str, Any], files: StudyFiles, positions: Positions
) -> list[Mistake]:
    """What is refused of the parameters of each condition, each mistake once."""
    episode = value.get("episode")
    if episode is None and value.get("imported") is None:
        return _refused(
            value, files, positions, lambda changes: [(EpisodeParts, shown_parts(changes))]
        )
    if not isinstance(episode, dict) or not isinstance(episode.get("environment"), str):
        return []
    environment = episode["environment"]
    place = positions.place(("episode", "environment"))
    unknown = list(placed(place, declared_models, environment, {}))
    if unknown:
        return unknown
    at = episode_path(episode)
    params = value_at(value, at)
    if at == ("episode",):
        params = {name: part for name, part in episode.items() if name not in OWN_FIELDS}
    return _refused(
        value,
        files,
        positions,
        lambda changes: declared_models(environment, merged(params, changes)),
    )


def _refused(
    value: Mapping[str, Any],
    files: StudyFiles,
    positions: Positions,
    declared: Callable[[dict[str, Any]], Iterable[tuple[type[Record], dict[str, Any]]]],
) -> list[Mistake]:
    """What models refuse of what conditions declare.

    Args:
        value: The study as written.
        files: Its files.
        positions: Where its values stand.
        declared: The models of a condition, each with its values, by the condition's changes.
    """
    found: dict[str, tuple[Mistake, list[str]]] = {}
    conditions = _changes(value)
    for name, changes in conditions.items():

        def start(path: FieldPath, name: str = name) -> FieldPath:
            return positions.of_condition(name, path)

        for model, values in declared(changes):
            try:
                validated(model, values, files.context)
            except ValidationError as error:
                beside = EpisodeParts.model_fields
                for mistake in mistakes_of(error, model, positions, start, beside):
                    found.setdefault(mistake.message(), (mistake, []))[1].append(name)
    whole = positions.place(episode_path(value.get("episode")))
    return [
        mistake
        if mistake.details["place"] != whole or len(names) == len(conditions)
        else _of_condition(mistake, names[0], value, positions)
        for mistake, names in found.values()
    ]


def _of_condition(
    mistake: Mistake, name: str, value: Mapping[str, Any], positions: Positions
) -> Mistake:
    """What is wrong with the episode of a condition as a whole, at the place of its changes."""
    if name in (value.get("conditions") or {}):
        return Mistake(**{**mistake.details, "place": positions.place(("conditions", name))})
    return Mistake(**{**mistake.details, "what": f"condition {name}: {mistake.details['what']}"})


def _changes(value: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Changes by condition, as far as they can be told of a study that may not be valid."""
    factors, listed = value.get("factors"), value.get("conditions")
    try:
        levels = {name: named_levels(part) for name, part in dict(factors or {}).items()}
        changes = {name: part or {} for name, part in dict(listed or {}).items()}
        found = changes_by_condition(levels, changes)
        return {name: of_episode(part) for name, part in found.items()}
    except (ValueError, TypeError, AttributeError):  # told by the validation of the study itself
        return {}


def _with_files(study: Study, files: StudyFiles) -> Study:
    """The study with every file that was read in place of its path."""
    if study.population is not None:
        population = population_with_rows(study.population, files)
        study = study.model_copy(update={"population": population})
    if study.episode is not None:
        episode = study.episode.model_copy(update={"params": files.inlined(study.episode.params)})
        study = study.model_copy(update={"episode": episode})
    return study.model_copy(
        update={
            "factors": {
                factor: {
                    level: files.inlined(with_rows(factor, value, files))
                    for level, value in levels.items()
                }
                for factor, levels in study.factors.items()
            },
            "conditions": {
                name: {
                    part: files.inlined(with_rows(part, value, files))
                    for part, value in changes.items()
                }
                for name, changes in study.conditions.items()
            },
        }
    )
