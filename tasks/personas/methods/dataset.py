"""Personas out of a data set: rows of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from schemas.counts import counted
from schemas.names import Name
from schemas.study.population import PopulationSpec
from schemas.study.rows import RowsFile
from tasks.personas.methods.ipf import weights_of
from tasks.personas.methods.method import Params, PersonaMethod
from tasks.personas.raking import effective_size, systematic_rows
from tasks.personas.structure import Draws, Structure, coded

#: Columns that hold something else than an attribute.
NAME = "name"


class DatasetParams(Params):
    """Parameters of a population out of a data set."""

    rows: RowsFile = Field(
        description="The file, and its columns by attribute; `name` is the name."
    )
    draw: Literal["first", "random", "systematic"] = Field(
        "random",
        description="first (rows in order), random (without replacement), or systematic (by "
        "weight, so a row can come twice).",
    )
    weight: Name | None = Field(None, description="Column with weights, for a systematic draw.")


class Dataset(PersonaMethod[DatasetParams]):
    """Takes rows of a CSV or Parquet file."""

    name = "dataset"
    about = "Takes rows of a CSV or Parquet file, mapped to attributes."
    params = DatasetParams

    def problems(
        self, spec: PopulationSpec, params: DatasetParams
    ) -> Iterator[tuple[tuple[str, ...], str]]:
        """Too few rows, and weights that nothing uses."""
        if params.draw != "systematic" and spec.size > params.rows.n_rows:
            yield (
                ("size",),
                f"the file has {counted(params.rows.n_rows, 'row')}: expected no more personas",
            )
        if (params.weight is not None) != (params.draw == "systematic"):
            yield ("method", "weight"), "weights go with draw: systematic, and it needs them"
        elif params.weight is not None and params.weight not in params.rows.columns:
            yield ("method", "weight"), f"the rows have no column {params.weight}"
        for attribute in spec.categories:
            if attribute not in params.rows.columns:
                yield ("targets",), f"the rows have no column {attribute}"

    def attributes(self, spec: PopulationSpec, params: DatasetParams) -> tuple[str, ...]:
        """The columns of the rows, names and weights apart."""
        return tuple(name for name in params.rows.columns if name not in {NAME, params.weight})

    def structure(self, spec: PopulationSpec, params: DatasetParams, draws: Draws) -> Structure:
        """The drawn rows."""
        table = params.rows.columns
        n = params.rows.n_rows
        figures = {"seed_rows": float(n)}
        if params.draw == "first":
            drawn = np.arange(spec.size)
        elif params.draw == "random":
            drawn = draws.of("rows").permutation(n)[: spec.size]
        else:
            weights = weights_of(table[params.weight or ""], params.weight or "")
            drawn = systematic_rows(weights / weights.sum(), spec.size, draws.of("rows"))
            draws.of("order").shuffle(drawn)
            size = effective_size(weights)
            figures |= {"effective_size": size, "design_effect": n / size}
        columns = {
            name: [values[row] for row in drawn]
            for name, values in table.items()
            if name != params.weight
        }
        names = tuple(columns.pop(NAME, ()))
        attributes = {}
        for name, values in columns.items():
            declared = spec.categories.get(name, ())
            more = tuple(sorted(set(values) - set(declared)))
            attributes[name] = coded(values, (*declared, *more))
        return Structure(attributes, names=names, figures=figures, provenance="imported")
