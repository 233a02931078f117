"""``agora show``: what a study consists of, and what of it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.cli.table import cell, table, terminal_width
from flows.cli.terminal import say
from flows.study_references import Named, named
from schemas.errors import Mistake, Mistakes
from schemas.study import Study
from schemas.unit import STAGES
from tasks.report.formatting import plain
from tasks.studies.design import Condition
from warehouse.queries.episodes import EpisodesByStatus, StatusCount
from warehouse.queries.sources import SourceInVersion, SourcesOfVersion
from warehouse.queries.units import ConditionCount, UnitsByCondition
from warehouse.reader import reader


def print_study(reference: str, warehouse: Path, allowed: Sequence[Path] = ()) -> None:
    """Print what a study consists of.

    Args:
        reference: A study file, a study's name, or the start of a version.
        warehouse: The warehouse.
        allowed: Folders outside its own whose files a study may name.

    Raises:
        Mistake: There is no such study, or the warehouse cannot be read.
        Mistakes: The study file has mistakes in it.
    """
    found = named(reference, warehouse, allowed)
    for title, text in _sections(found, warehouse):
        say(f"{title}\n{text}" if title else text)


def _sections(found: Named, warehouse: Path) -> Iterator[tuple[str, str]]:
    study = found.study
    when = f"first run {found.created:%Y-%m-%d %H:%M}" if found.recorded else "not run yet"
    yield "", f"{study.name}  version {found.version}  {when}  from {found.path}"
    if study.description:
        yield "", study.description.strip()
    if study.models:
        yield "\nmodels", _models(study)
    if study.instruments:
        lines = (f"  {alias}: {one.summary}" for alias, one in study.instruments.items())
        yield "\ninstruments", "\n".join(lines)
    yield "\nconditions", _conditions(found)
    if study.coding:
        yield "\ncoding", _coding(study)
    if study.metrics:
        yield "\nmetrics", "\n".join(f"  {_metric(one.name, one.options)}" for one in study.metrics)
    if study.contrasts:
        yield "\ncontrasts", _contrasts(study)
    if study.curves:
        lines = (f"  {name} of {curve.contrast}" for name, curve in study.curves.items())
        yield "\nspecification curves", "\n".join(lines)
    if found.recorded:
        with reader(warehouse) as reading:
            units = reading.rows(UnitsByCondition(found.version))
            episodes = reading.rows(EpisodesByStatus(found.version))
            sources = reading.rows(SourcesOfVersion(found.version))
        if sources:
            yield "\ndata from outside", _sources(sources)
        yield "\nunits", _units(units, list(study.changes))
        if episodes:
            yield "\nepisodes", _episodes(episodes, study)


def _models(study: Study) -> str:
    lines: list[tuple[str, ...]] = []
    for alias, spec in study.models.items():
        identity = spec.identity()
        lines.append((alias, identity.pop("model"), _options(identity)))
    return _indented(("alias", "model", "parameters"), lines)


def _conditions(found: Named) -> str:
    if found.study.imported is not None:
        series = ", ".join(found.study.imported.series) or "every series"
        return f"  imported from {found.study.imported.collection}: {series}"
    try:
        conditions = found.design().conditions
    except (Mistake, Mistakes) as mistake:
        if not found.recorded:
            raise
        return f"  {', '.join(found.study.changes)}\n  not valid any more: {mistake.message()}"
    if found.study.without_episodes:
        people = [(one.name, _personas(one), _factors(one.factors)) for one in conditions]
        return _indented(("condition", "personas", "differs in"), people)
    lines = [
        (
            one.name,
            found.study.replicates_of[one.name],
            _seats(found.study, one),
            _factors(one.factors),
        )
        for one in conditions
    ]
    return _indented(("condition", "replicates", "models of the seats", "differs in"), lines)


def _personas(condition: Condition) -> str:
    return f"{condition.population.size:,}" if condition.population else "none"


def _seats(study: Study, condition: Condition) -> str:
    from tasks.environments.registry import environment_named

    assert study.episode is not None
    aliases = environment_named(study.episode.environment).aliases(condition.params)
    return ", ".join(f"{alias} x {n}" for alias, n in Counter(aliases.values()).items())


def _factors(factors: Mapping[str, tuple[Any, Any]]) -> str:
    moved = (f"{name}: {plain(a)} → {plain(b)}" for name, (a, b) in factors.items())
    return "; ".join(moved) or "nothing: the baseline"


def _coding(study: Study) -> str:
    assert study.coding is not None
    coding = study.coding
    lines = [f"  codebook {coding.codebook.name}: {', '.join(coding.codebook.flags)}"]
    if coding.judges:
        lines.append(f"  judges: {', '.join(coding.judges)}")
    if coding.imported:
        lines.append(f"  imported coders: {', '.join(coding.imported)}")
    if coding.gold:
        lines.append(f"  gold: {coding.gold}")
    rules = coding.adjudication.rules
    kept = f"; kept as well: {', '.join(rule.title for rule in rules[1:])}" if rules[1:] else ""
    lines.append(f"  labels by {rules[0].title}{kept}")
    return "\n".join(lines)


def _contrasts(study: Study) -> str:
    lines = [
        (name, one.of, " against ".join(one.between[::-1]), one.test, one.family, one.correction)
        for name, one in study.contrasts.items()
    ]
    return _indented(("contrast", "of", "between", "test", "family", "correction"), lines)


def _units(units: Sequence[ConditionCount], conditions: Sequence[str]) -> str:
    head = ["stage", "step", "condition", "units", "done", "failed", "a reason"]
    from tasks.stages.registry import steps

    order = [step.name for step in steps()]
    places = {condition: place for place, condition in enumerate(conditions)}
    lines = [
        row._replace(condition=row.condition or "(whole study)", failure=row.failure or "-")
        for row in sorted(
            units,
            key=lambda row: (
                STAGES.index(row.stage),
                order.index(row.step) if row.step in order else len(order),
                places.get(row.condition, -1),
            ),
        )
    ]
    shown = len(head) if any(row.failed for row in units) else 5
    return _indented(head[:shown], [line[:shown] for line in lines])


def _sources(sources: Sequence[SourceInVersion]) -> str:
    said = [(*row[:3], *(text or "not declared" for text in row[3:])) for row in sources]
    return _indented(SourceInVersion._fields, said)


def _episodes(episodes: Sequence[StatusCount], study: Study) -> str:
    places = {condition: place for place, condition in enumerate(study.changes)}
    lines = [
        (row.condition, row.status, row.episodes, row.exclusion or "-")
        for row in sorted(episodes, key=lambda row: places.get(row.condition, -1))
    ]
    text = _indented(("condition", "status", "episodes", "excluded because"), lines)
    done = {"exclude": "left out of the metrics", "keep": "kept"}[study.run.incomplete]
    return f"{text}\n  (incomplete episodes are {done})"


def _metric(name: str, options: Mapping[str, Any]) -> str:
    return f"{name} ({_options(options)})" if options else name


def _options(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={cell(value)}" for name, value in options.items()) or "-"


def _indented(columns: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    text = table(columns, lines, terminal_width() - 2, wrapped_lines=12)
    return "\n".join(f"  {line}" for line in text.rstrip("\n").split("\n"))
