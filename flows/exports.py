"""Writing out what the warehouse holds for other programs: personas, so far."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from flows.files import make_folder, write_out
from flows.planning import frames_of
from flows.study_references import Named, named
from schemas.errors import Mistake, nearest
from schemas.inventories import INTENSITY_FACTORS
from schemas.unit import AnyUnit
from tasks.personas.formats import tinytroupe
from tasks.personas.formats.files import AGENT, format_of
from tasks.personas.listed import ListedPersona
from tasks.personas.scores import score_of_quantile
from tasks.stages.base import AnyStep, Upstream
from tasks.stages.personas import PersonaStep
from tasks.stages.populations import PartStep, PopulationStep
from tasks.stages.seated import HeldPersonas, MadePersonas, People, seated_reads
from warehouse.connection import Missing
from warehouse.reader import reader

if TYPE_CHECKING:
    from schemas.seats import Persona


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes:
        n_personas: Number of personas.
        n_without_prose: Those of them that a model was to write about, and have no text.
        target: The file, or the folder.
    """

    n_personas: int
    n_without_prose: int
    target: Path


def export_personas(
    study: str,
    target: Path,
    warehouse: Path,
    condition: str | None = None,
    allowed: Sequence[Path] = (),
) -> Exported:
    """Write the personas of a study to a file, or to a folder of TinyTroupe's agents.

    Args:
        study: A study file, a study's name, or the start of a version.
        target: The file, whose suffix names the format; without one, a folder.
        warehouse: The warehouse.
        condition: The condition whose population is meant, where they differ in it.
        allowed: Folders outside its own whose files a study may name.

    Raises:
        Mistake: There is no such study, population or format, or a file cannot be written.
        Mistakes: The study file has mistakes in it.
    """
    form = format_of(target, str(target)) if target.suffix else None
    found = named(study, warehouse, allowed)
    people = _people(found, condition)
    seated = [people.seated(key) for key in people.positions]
    try:
        with reader(warehouse) as reading:
            rows = frames_of(reading, seated_reads(seated))
    except Missing:
        raise _not_drawn(found) from None
    held = HeldPersonas.out_of(rows)
    traits = _traits(rows)
    personas = []
    for one in seated:
        persona = held.persona(one)
        if persona is None:
            raise _not_drawn(found)
        personas.append(_listed(persona, *traits.get(persona.key, ({}, {}))))
    if form is None:
        make_folder(target)
        for number, listed in enumerate(personas, start=1):
            name = f"{number:05d}_{re.sub(r'[^a-z0-9]+', '_', (listed.name or '').lower())}{AGENT}"
            write_out(tinytroupe.written_one(listed), target / name)
    else:
        write_out(form.written(personas), target)
    without = sum(
        bool(one.biography) and not listed.texts
        for one, listed in zip(seated, personas, strict=True)
    )
    return Exported(len(personas), without, target)


def _people(found: Named, condition: str | None) -> People:
    design = found.design()
    populations = PopulationStep().plan(design, Upstream())
    parts = PartStep().plan(design, Upstream({PopulationStep: populations}))
    held: dict[type[AnyStep], tuple[AnyUnit, ...]]
    held = {PopulationStep: populations, PartStep: parts}
    held[PersonaStep] = PersonaStep().plan(design, Upstream(held))
    made = MadePersonas.of(Upstream(held))
    people = {one.name: made.people(found.study, one) for one in design.conditions}
    if condition is not None and condition not in people:
        close = nearest(condition, people)
        raise Mistake(
            what="the study has no condition of this name",
            place="--condition",
            found=condition,
            expected=", ".join(people),
            fix=f"write {close}" if close else "",
        )
    wanted = [people[condition]] if condition is not None else list(people.values())
    keys = {one.planned.population.digest for one in wanted if one.planned is not None}
    if not keys:
        raise Mistake(
            what="there is no population whose personas could be exported",
            place=found.title,
            fix="name a study, or a condition, with a population",
        )
    if len(keys) > 1 or len({tuple(one.writers.items()) for one in wanted}) > 1:
        raise Mistake(
            what="conditions of the study differ in their population",
            place=found.title,
            expected="one of " + ", ".join(people),
            fix="name one: --condition " + next(iter(people)),
        )
    return next(one for one in wanted if one.planned is not None)


def _not_drawn(found: Named) -> Mistake:
    return Mistake(
        what="the personas of this version of the study are not in the warehouse",
        place=found.title,
        fix=f"agora run {found.path} --stage personas",
    )


def _traits(
    rows: Mapping[str, pl.DataFrame],
) -> dict[str, tuple[dict[str, float], dict[str, dict[str, int]]]]:
    """Standardised scores and intensities by persona."""
    found: dict[str, tuple[dict[str, float], dict[str, dict[str, int]]]] = {}
    if "persona_traits" not in rows:
        return found
    frame = rows["persona_traits"].sort("inventory", "trait")
    frame = frame.with_columns(z=pl.Series(score_of_quantile(frame["score"].to_numpy())))
    for row in frame.iter_rows(named=True):
        scores, intensity = found.setdefault(row["persona_key"], ({}, {}))
        scores[row["trait"]] = row["z"]
        factors: dict[str, int] = {
            one: row[one] for one in INTENSITY_FACTORS if row[one] is not None
        }
        if factors:
            intensity[row["trait"]] = factors
    return found


def _listed(
    persona: Persona, scores: Mapping[str, float], intensity: Mapping[str, Any]
) -> ListedPersona:
    return ListedPersona(
        name=persona.name,
        attributes={name: value for name, value in persona.attributes.items() if value},
        traits=dict(scores),
        intensity=dict(intensity),
        texts=dict(persona.texts),
    )
