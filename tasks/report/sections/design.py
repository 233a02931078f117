"""The design: conditions as differences from a baseline, seats, models, factors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.counts import counted
from tasks.report.data import Listing, ReportData
from tasks.report.formatting import LONG, brief, number, plain
from tasks.report.sections.places import confounding, doses
from tasks.report.tables import Cell, Column, Table, computed, count, table, text


@dataclass(frozen=True)
class DesignSection:
    """What the template of the design shows."""

    facts: tuple[tuple[str, str], ...]
    long_texts: tuple[tuple[str, str], ...]
    conditions: Table | None
    models: Table | None
    seats: Table | None
    confounding: Table | None
    doses: Table | None
    coding: tuple[tuple[str, str], ...]
    contrasts: Table | None


def design_section(data: ReportData) -> DesignSection:
    """The design of a study."""
    spec = data.listings["version"]
    return DesignSection(
        facts=tuple(_facts(data)),
        long_texts=tuple(_long_texts(data)),
        conditions=_conditions(data, spec) if data.study.imported is None else None,
        models=_models(data, spec) if data.study.models else None,
        seats=_seats(data) if data.rows("seats") else None,
        confounding=confounding(data),
        doses=doses(data),
        coding=tuple(_coding(data)),
        contrasts=_contrasts(data, spec) if data.study.contrasts else None,
    )


def _facts(data: ReportData) -> list[tuple[str, str]]:
    study = data.study
    facts = []
    if study.episode is not None:
        facts.append(("Environment", study.episode.environment))
        facts.append(("Episodes per condition", _span(study.replicates_of.values())))
        facts += [
            (name.replace("_", " ").capitalize(), brief(value))
            for name, value in study.episode.params.items()
        ]
    if study.imported is not None:
        facts.append(("Imported collection", study.imported.collection))
        facts.append(("Series, each a condition", ", ".join(one.name for one in data.conditions)))
    if study.population is not None:
        facts.append(("Population", counted(study.population.size, "persona")))
    facts += [(f"Instrument {alias}", one.summary) for alias, one in study.instruments.items()]
    facts.append(("Seed", str(study.seed)))
    if not study.without_episodes:
        facts.append(("Incomplete episodes", study.run.incomplete))
    return facts


def _long_texts(data: ReportData) -> list[tuple[str, str]]:
    params = data.study.episode.params if data.study.episode else {}
    return [
        (name.replace("_", " ").capitalize(), value["text"])
        for name, value in params.items()
        if isinstance(value, dict) and len(str(value.get("text", ""))) > LONG
    ]


def _conditions(data: ReportData, spec: Listing) -> Table:
    planned = set(data.study.replicates_of.values())
    rows = [
        {
            "name": one.name,
            "number": number,
            "factors": one.differences,
            "episodes": data.study.replicates_of[one.name],
        }
        for number, one in enumerate(data.conditions)
    ]
    return table(
        "Conditions, each as its differences from the first. A comparison of conditions that "
        "differ in more than one factor cannot say which of them did it.",
        [
            text("Condition", "name"),
            Column("Differs from the baseline in", _differences),
            Column("Factors", lambda row: str(len(row["factors"])), numeric=True),
            *([count("Episodes", "episodes")] if len(planned) > 1 else []),
        ],
        rows,
        spec,
        strong=lambda row: row["number"] == 0,
    )


def _span(numbers: Collection[int]) -> str:
    """The numbers, or the least and the greatest where they differ."""
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}, {sum(numbers):,} in all"


def _differences(row: Mapping[str, Any]) -> str | Cell:
    if not row["factors"]:
        return "nothing: the baseline" if row["number"] == 0 else "nothing"
    return Cell("; ".join(f"{name}: {old} → {new}" for name, old, new in row["factors"]))


def _models(data: ReportData, spec: Listing) -> Table:
    rows = []
    for alias, model in data.study.models.items():
        identity = model.identity()
        rows.append({"alias": alias, "model": identity.pop("model"), "params": plain(identity)})
    return table(
        "Models by the alias that seats and judges use.",
        [text("Alias", "alias"), text("Model", "model"), text("Parameters", "params")],
        rows,
        spec,
    )


def _seats(data: ReportData) -> Table:
    episodes: dict[str, int] = {}
    for row in data.rows("episodes"):
        episodes[row["condition"]] = episodes.get(row["condition"], 0) + row["episodes"]
    seats: dict[tuple[str, str], dict[str, int]] = {}
    ids: dict[str, dict[str, None]] = {}
    for row in data.rows("seats"):
        of = seats.setdefault((row["role"], row["model"]), {})
        of[row["condition"]] = of.get(row["condition"], 0) + row["seats"]
        ids.setdefault(row["model"], {})[row["model_id"]] = None
    roles = list(dict.fromkeys(role for role, _ in seats))
    ordered = sorted(seats, key=lambda key: roles.index(key[0]))
    columns = [one.name for one in data.conditions if any(one.name in of for of in seats.values())]
    return table(
        "Who sat where: seats per episode by role and model, mean over a condition's episodes.",
        [
            text("Role", "role"),
            Column("Model", lambda row: _named(row["model"], ids[row["model"]])),
            *(_seats_column(name, episodes[name]) for name in columns),
        ],
        [{"role": role, "model": model, "seats": seats[role, model]} for role, model in ordered],
        data.listings["seats"],
        quiet=1,
    )


def _named(model: str, ids: Iterable[str]) -> Cell:
    return Cell(model, ", ".join(one for one in ids if one != model))


def _seats_column(name: str, episodes: int) -> Column:
    return computed(name, lambda row: _per_episode(row["seats"].get(name), episodes))


def _per_episode(seats: int | None, episodes: int) -> str:
    if not seats:
        return "·"
    return number(seats // episodes) if seats % episodes == 0 else number(seats / episodes, 2)


def _coding(data: ReportData) -> list[tuple[str, str]]:
    coding = data.study.coding
    if coding is None:
        return []
    facts = [
        ("Codebook", f"{coding.codebook.name} ({', '.join(coding.codebook.flags)})"),
        ("Level of coding", coding.codebook.level),
    ]
    if coding.judges:
        facts.append(("Model judges", ", ".join(coding.judges)))
    if coding.imported:
        facts.append(("Imported coders", ", ".join(coding.imported)))
    facts.append(("Gold", coding.gold or "none declared"))
    facts.append(("Labels used by the metrics", data.used_rule or ""))
    others = ", ".join(data.rules[1:])
    if others:
        facts.append(("Rules kept beside it", others))
    return facts


def _contrasts(data: ReportData, spec: Listing) -> Table:
    rows = [
        {
            "name": name,
            "of": one.of,
            "between": " against ".join(reversed(one.between)),
            "test": one.test,
            "family": one.family,
            "correction": one.correction,
        }
        for name, one in data.study.contrasts.items()
    ]
    return table(
        "Contrasts as the study declares them.",
        [
            text("Contrast", "name"),
            text("Of", "of"),
            text("Between", "between"),
            text("Test", "test"),
            text("Family", "family"),
            text("Correction", "correction"),
        ],
        rows,
        spec,
    )
