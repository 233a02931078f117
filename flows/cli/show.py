"""``agora show``: what a study consists of, and what of it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.cli.table import cell, table, terminal_width
from flows.study_references import Named, named, rows
from schemas.errors import Mistake, Mistakes
from schemas.study import Study
from schemas.unit import STAGES
from tasks.studies.design import Condition
from warehouse.sql import literal

_UNITS = """
select stage, step, condition,
       count(distinct unit_key) as units,
       count(distinct unit_key) filter (status = 'done') as done,
       count(distinct unit_key) filter (status = 'failed') as failed,
       any_value(failure) filter (status = 'failed') as failure
from v_units where study_version = {version}
group by all order by all
"""
_EPISODES = """
select u.condition, e.status, coalesce(e.exclusion, '') as exclusion, count(*) as episodes
from study_units u join episodes e on e.episode_key = u.unit_key
where u.study_version = {version}
group by all order by all
"""


def print_study(reference: str, warehouse: Path) -> None:
    """Print what a study consists of.

    Args:
        reference: A study file, a study's name, or the start of a version.
        warehouse: The warehouse.

    Raises:
        Mistake: There is no such study, or the warehouse cannot be read.
        Mistakes: The study file has mistakes in it.
    """
    found = named(reference, warehouse)
    for title, text in _sections(found, warehouse):
        print(f"{title}\n{text}" if title else text)


def _sections(found: Named, warehouse: Path) -> Iterator[tuple[str, str]]:
    study = found.study
    when = f"first run {found.created:%Y-%m-%d %H:%M}" if found.held else "not run yet"
    yield "", f"{study.name}  version {found.version}  {when}  from {found.path}"
    if study.description:
        yield "", study.description.strip()
    if study.models:
        yield "\nmodels", _models(study)
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
    if found.held:
        version = literal(found.version)
        yield (
            "\nunits",
            _units(rows(warehouse, _UNITS.format(version=version)), list(study.changes)),
        )
        episodes = rows(warehouse, _EPISODES.format(version=version))
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
        if not found.held:
            raise
        return f"  {', '.join(found.study.changes)}\n  not valid any more: {mistake.message()}"
    lines = [
        (one.name, found.study.replicates, _seats(found.study, one), _factors(one.factors))
        for one in conditions
    ]
    return _indented(("condition", "replicates", "models of the seats", "differs in"), lines)


def _seats(study: Study, condition: Condition) -> str:
    from tasks.environments.registry import environment_named

    assert study.episode is not None
    aliases = environment_named(study.episode.environment).aliases(condition.params)
    return ", ".join(f"{alias} x{n}" for alias, n in Counter(aliases.values()).items())


def _factors(factors: Mapping[str, tuple[Any, Any]]) -> str:
    moved = (f"{name}: {cell(a)} -> {cell(b)}" for name, (a, b) in factors.items())
    return "; ".join(moved) or "(the baseline)"


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


def _units(units: list[dict[str, Any]], conditions: Sequence[str]) -> str:
    head = ["stage", "step", "condition", "units", "done", "failed", "a reason"]
    names = ["stage", "step", "condition", "units", "done", "failed", "failure"]
    shown = names if any(row["failed"] for row in units) else names[:5]
    words = {"condition": "(whole study)", "failure": "-"}
    order = {cell: place for place, cell in enumerate(conditions)}
    units = sorted(
        units,
        key=lambda row: (STAGES.index(row["stage"]), row["step"], order.get(row["condition"], -1)),
    )
    lines = [[row[name] or words.get(name, row[name]) for name in shown] for row in units]
    return _indented(head[: len(shown)], lines)


def _episodes(episodes: list[dict[str, Any]], study: Study) -> str:
    lines = [
        (row["condition"], row["status"], row["episodes"], row["exclusion"] or "-")
        for row in episodes
    ]
    text = _indented(("condition", "status", "episodes", "excluded because"), lines)
    return f"{text}\n  (incomplete episodes: {study.run.incomplete})"


def _metric(name: str, options: Mapping[str, Any]) -> str:
    return f"{name} ({_options(options)})" if options else name


def _options(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={cell(value)}" for name, value in options.items()) or "-"


def _indented(columns: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    text = table(columns, lines, terminal_width() - 2, wrapped_lines=12)
    return "\n".join(f"  {line}" for line in text.rstrip("\n").split("\n"))
