"""What can be wrong with the instruments of a study: names that lead nowhere, nobody to answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.errors import Mistake, nearest
from schemas.study import Study
from tasks.studies.messages import unknown_name
from tasks.studies.positions import Positions
from tasks.studies.yamltext import FieldPath


def instrument_problems(study: Study, positions: Positions) -> Iterator[Mistake]:
    """Instruments that nobody can answer, and probes of instruments that are not there."""
    people = any(study.populations.values())
    probed = dict(_probed(study))
    for alias, at in probed.items():
        if alias not in study.instruments:
            known = list(study.instruments)
            fix = "declare it under instruments"
            yield unknown_name(positions.place(at), "instrument", alias, known, fix)
    for alias, spec in study.instruments.items():
        for number, model in enumerate(spec.models):
            if model not in study.models:
                place = positions.place(("instruments", alias, "models", number))
                fix = "declare it under models"
                yield unknown_name(place, "model", model, list(study.models), fix)
        if spec.models and not people:
            yield Mistake(
                what=f"instrument {alias} is put to personas, and the study has none",
                place=positions.place(("instruments", alias, "models")),
                fix="add a population, or remove models and put it to seats by a probe",
            )
        if not spec.models and alias not in probed:
            yield Mistake(
                what=f"instrument {alias} is put to nobody",
                place=positions.place(("instruments", alias)),
                fix="add models: [ALIAS], or a probe in the episode",
            )


def _probed(study: Study) -> Iterator[tuple[str, FieldPath]]:
    """Instruments that probes name, each with its place, conditions included."""
    params = study.episode.params if study.episode else {}
    declared: list[tuple[FieldPath, Any]] = [(("episode", "probes"), params.get("probes"))]
    declared += [
        (("conditions", name, "probes"), changes.get("probes"))
        for name, changes in study.changes.items()
    ]
    for place, probes in declared:
        for number, probe in enumerate(probes if isinstance(probes, list | tuple) else ()):
            if isinstance(probe, Mapping) and isinstance(probe.get("instrument"), str):
                yield probe["instrument"], (*place, number, "instrument")


def answer_problems(study: Study, needs: tuple[str, ...], place: str) -> Iterator[Mistake]:
    """Why a metric of answers to instruments has none, or cannot hold them against traits.

    Args:
        study: The study.
        needs: What the metric needs.
        place: Where the study lists it.
    """
    put = {alias: one.instrument for alias, one in study.instruments.items() if one.models}
    if not put:
        yield Mistake(
            what="the metric is of what personas answer to instruments, and none is put to them",
            place=place,
            fix="add an instrument under instruments, with models",
        )
        return
    if "traits" not in needs:
        return
    known = {
        trait
        for population in study.populations.values()
        if population is not None
        for spec in population.traits
        for trait in spec.traits
    }
    if not known & {trait for one in put.values() for trait in one.traits}:
        yield Mistake(
            what="assigned traits are to be held against measured ones, and no instrument measures "
            "a trait of the population",
            place=place,
            found=", ".join(dict.fromkeys(trait for one in put.values() for trait in one.traits)),
            expected=f"one of {', '.join(sorted(known))}" if known else "a population with traits",
            fix="name the inventory under population.traits, or key the items to its traits",
        )
        return
    for alias, one in put.items():
        strange = [trait for trait in one.traits if trait not in known]
        if strange and known & set(one.traits):
            close = nearest(strange[0], known)
            item = next(item.item for item in one.items if item.trait == strange[0])
            yield Mistake(
                what=f"item {item} of instrument {alias} measures a trait that no inventory of the "
                "population has",
                place=place,
                found=strange[0],
                expected=f"one of {', '.join(sorted(known))}",
                fix=f"write {close}" if close else "correct the item's trait",
            )
