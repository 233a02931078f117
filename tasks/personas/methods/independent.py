"""Every attribute drawn on its own, persona by persona."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from schemas.study.population import PopulationSpec
from schemas.study.targets import attributes_of
from tasks.personas.methods.method import Params, PersonaMethod
from tasks.personas.structure import Column, Draws, Structure


class Independent(PersonaMethod[Params]):
    """Draws each table on its own: attributes of different tables are independent."""

    name = "independent"
    about = "Draws every table on its own, so attributes of different tables are independent."
    params = Params
    extends = True

    def problems(
        self, spec: PopulationSpec, params: Params
    ) -> Iterator[tuple[tuple[str, ...], str]]:
        """Attributes that two tables give."""
        counts = Counter(one for dimension in spec.targets for one in attributes_of(dimension))
        for attribute, count in counts.items():
            if count > 1:
                yield (
                    ("targets",),
                    f"{count} tables have {attribute}; only the method ipf meets tables together",
                )

    def structure(self, spec: PopulationSpec, params: Params, draws: Draws) -> Structure:
        """One draw for each persona and table."""
        attributes: dict[str, Column] = {}
        for dimension, target in spec.targets.items():
            cells = target.cells()
            edges = np.cumsum(list(cells.values()))
            points = draws.of("attribute", dimension).random(spec.size) * edges[-1]
            drawn = np.searchsorted(edges, points, side="right")
            for place, attribute in enumerate(attributes_of(dimension)):
                categories = spec.categories[attribute]
                number = {category: i for i, category in enumerate(categories)}
                of_cell = np.array([number[cell[place]] for cell in cells], dtype=np.int64)
                attributes[attribute] = Column(categories, of_cell[drawn])
        return Structure(attributes)
