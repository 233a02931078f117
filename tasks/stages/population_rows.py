"""Rows of a population that was drawn: what is to be known of it whole, and its personas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl

from schemas.inventories import INTENSITY_FACTORS, LEVELS
from schemas.study import PopulationSpec
from schemas.study.taxonomy import STRATA
from tasks.personas.draw import Population
from tasks.personas.fit import population_fit
from tasks.personas.structure import Whole
from tasks.personas.taxonomy import MEASURE, Chosen

if TYPE_CHECKING:
    from schemas.unit import TableRows

#: Columns that rows of one unit share: the population and the unit.
Own = Mapping[str, str]


class Keys(Protocol):
    """Gives keys of personas by their numbers within the population, from 1."""

    def persona_keys(self, positions: Iterable[int]) -> list[str]:
        """Keys of personas."""
        ...

    def profile_keys(self, positions: Iterable[int]) -> list[str]:
        """Digests of what decides personas."""
        ...


def population_rows(spec: PopulationSpec, drawn: Population, own: Own) -> dict[str, TableRows]:
    """Rows of a population as a whole: what it is, how it meets its targets, keeps its rules."""
    return {
        "populations": [
            {
                **own,
                "method": spec.method.use,
                "size": spec.size,
                "seed": spec.seed,
                "spec": spec.model_dump(mode="json", exclude={"prose"}, exclude_defaults=True),
                "figures": dict(drawn.figures),
            }
        ],
        "population_rules": [
            {
                **own,
                "rule": name,
                "severity": spec.rules[name].severity,
                "about": kept.about,
                "broken": len(kept.broken),
                "pass_rate": kept.pass_rate,
                "least_pass_rate": spec.rules[name].pass_rate,
            }
            for name, kept in drawn.rules.items()
        ],
        **_fit_rows(spec, drawn, own),
    }


def _fit_rows(spec: PopulationSpec, drawn: Population, own: Own) -> dict[str, TableRows]:
    fits = population_fit(spec, drawn.attributes)
    return {
        "population_targets": [
            {
                **own,
                "dimension": fit.dimension,
                "category": category,
                "target_share": float(target),
                "realised_share": float(realised),
            }
            for fit in fits
            for category, target, realised in zip(
                fit.categories, fit.target, fit.realised, strict=True
            )
        ],
        "population_fits": [
            {
                **own,
                "dimension": fit.dimension,
                "cells": len(fit.categories),
                "total_variation": fit.total_variation,
                "tolerance": fit.tolerance,
                "chi_square": fit.chi_square,
                "p": fit.p,
                "jensen_shannon": fit.jensen_shannon,
                "standardised_error": fit.standardised_error,
                "source": spec.targets[fit.dimension].source,
                "vintage": spec.targets[fit.dimension].vintage,
                "licence": spec.targets[fit.dimension].licence,
            }
            for fit in fits
        ],
    }


def persona_rows(keys: Keys, drawn: Population, own: Own, part: range) -> dict[str, TableRows]:
    """Rows of some personas as frames, since they are thousands.

    Args:
        keys: Gives the personas' keys.
        drawn: The population.
        own: What all rows share.
        part: Numbers of the personas, from 0. A relation stands with the later one of the two.
    """
    places = slice(part.start, part.stop)
    positions = range(part.start + 1, part.stop + 1)
    persona_keys = pl.Series("persona_key", keys.persona_keys(positions))
    profiles = pl.Series("profile_key", keys.profile_keys(positions))
    owner = pl.lit(own["unit_key"]).alias("unit_key")
    personas = pl.DataFrame([persona_keys, profiles]).with_columns(
        owner,
        pl.lit(own["population_key"]).alias("population_key"),
        pl.Series("position", positions, dtype=pl.Int64),
        pl.Series("name", drawn.names[places]),
    )
    parts = {
        "persona_texts": _texts(profiles, drawn, places),
        "persona_traits": _traits(persona_keys, drawn, places),
        "persona_attributes": [
            *_attributes(persona_keys, drawn, places),
            *(_chosen(persona_keys, one, part) for one in drawn.chosen),
        ],
        "persona_relations": _relations(keys, drawn, part),
        "persona_checks": _checks(keys, drawn, part),
    }
    return {
        "personas": personas,
        **{
            name: pl.concat(frames, how="diagonal").with_columns(owner)
            for name, part in parts.items()
            if (frames := list(part))
        },
    }


def _texts(profiles: pl.Series, drawn: Population, places: slice) -> Iterator[pl.DataFrame]:
    for kind, column in drawn.texts.items():
        frame = pl.DataFrame([profiles, pl.Series("text", column[places])])
        yield frame.filter(pl.col("text") != "").with_columns(kind=pl.lit(kind))


def _traits(keys: pl.Series, drawn: Population, places: slice) -> Iterator[pl.DataFrame]:
    levels = pl.Series(LEVELS)
    for name, trait in drawn.traits.items():
        yield pl.DataFrame(
            [
                keys,
                pl.Series("score", trait.scores[places]),
                levels.gather(trait.levels[places]).alias("level"),
                *(
                    pl.Series(factor, trait.intensity[factor][places], pl.Int64)
                    if factor in trait.intensity
                    else pl.Series(factor, [None] * len(keys), pl.Int64)
                    for factor in INTENSITY_FACTORS
                ),
            ]
        ).with_columns(
            inventory=pl.lit(trait.inventory), trait=pl.lit(name), assigned=pl.lit(value=True)
        )


def _attributes(keys: pl.Series, drawn: Population, places: slice) -> Iterator[pl.DataFrame]:
    for name, column in drawn.attributes.items():
        codes = column.codes[places]
        had = codes >= 0
        values = pl.Series(column.categories, dtype=pl.String).gather(codes[had]).alias("value")
        yield pl.DataFrame([keys.filter(pl.Series(had)), values]).with_columns(
            attribute=pl.lit(name), provenance=pl.lit(drawn.provenance[name])
        )


def _chosen(keys: pl.Series, one: Chosen, part: range) -> pl.DataFrame:
    """An attribute out of a taxonomy; without a value where it is left to prose."""
    rows = _rows(one.personas, part)
    values = (
        pl.Series("value", [None] * (rows.stop - rows.start), pl.String)
        if one.values is None
        else pl.Series(one.values.categories).gather(one.values.codes[rows]).alias("value")
    )
    return pl.DataFrame(
        [
            keys.gather(one.personas[rows] - part.start),
            values,
            pl.Series(STRATA).gather(one.strata[rows]).alias("stratum"),
            pl.Series("similarity", one.similarities[rows]),
            pl.Series("ordinal", one.ordinals[rows], pl.Int64),
        ]
    ).with_columns(
        attribute=pl.lit(one.leaf.path),
        provenance=pl.lit("prose" if one.values is None else "sampled"),
        depth=pl.lit(one.leaf.depth, pl.Int64),
        category=pl.lit(one.leaf.category),
        similarity_measure=pl.lit(MEASURE),
    )


def _relations(keys: Keys, drawn: Population, part: range) -> Iterator[pl.DataFrame]:
    for name, pairs in drawn.relations.items():
        later = np.maximum(pairs.persona, pairs.other)
        rows = np.flatnonzero((later >= part.start) & (later < part.stop))
        if len(rows):
            yield pl.DataFrame(
                [
                    _keys("persona_key", keys, pairs.persona[rows]),
                    _keys("other_key", keys, pairs.other[rows]),
                    pl.Series("strength", pairs.strength[rows]),
                ]
            ).with_columns(relation=pl.lit(name), symmetric=pl.lit(pairs.symmetric))


def _checks(keys: Keys, drawn: Population, part: range) -> Iterator[pl.DataFrame]:
    for name, kept in drawn.rules.items():
        details = {place: detail for place, detail in kept.broken.items() if place in part}
        if details:
            places: Whole = np.array(list(details), dtype=np.int64)
            yield pl.DataFrame(
                [
                    _keys("persona_key", keys, places),
                    pl.Series("detail", list(details.values())),
                ]
            ).with_columns(rule=pl.lit(name))


def _rows(personas: Whole, part: range) -> slice:
    """Where some personas stand among rising numbers of personas."""
    first, last = np.searchsorted(personas, (part.start, part.stop))
    return slice(int(first), int(last))


def _keys(name: str, keys: Keys, places: Whole) -> pl.Series:
    """Keys of personas by their numbers from 0, each made once."""
    known, codes = np.unique(places, return_inverse=True)
    return pl.Series(name, keys.persona_keys((known + 1).tolist())).gather(codes)
