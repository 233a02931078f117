"""Imported catalogues: which ones a market needs, and putting them in its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from schemas.errors import Mistake, nearest
from schemas.market import Business, Catalogue, Customer
from tasks.environments.market.params import ImportedCatalogue, MarketParams
from tasks.studies.cells import Design


def imported_names(design: Design) -> tuple[str, ...]:
    """Names of the imported catalogues that a study's conditions refer to, without repeats."""
    names = (
        cell.params.catalogue.imported
        for cell in design.cells
        if isinstance(cell.params, MarketParams)
        and isinstance(cell.params.catalogue, ImportedCatalogue)
    )
    return tuple(dict.fromkeys(names))


def with_catalogues(design: Design, catalogues: Mapping[str, Catalogue]) -> Design:
    """The design with imported catalogues in place of their names; to be done before planning.

    Args:
        design: A study's design.
        catalogues: Imported catalogues by name, at least those of :func:`imported_names`.

    Raises:
        Mistake: A catalogue was not imported.
    """
    cells = []
    for cell in design.cells:
        params = cell.params
        if isinstance(params, MarketParams) and isinstance(params.catalogue, ImportedCatalogue):
            name = params.catalogue.imported
            if name not in catalogues:
                close = nearest(name, catalogues)
                raise Mistake(
                    what="this catalogue was not imported",
                    place=f"study {design.study.name}: {cell.name}: catalogue.imported",
                    found=name,
                    expected=", ".join(sorted(catalogues)) or "an imported catalogue",
                    fix=f"write {close}" if close else "run 'agora import marketplace FOLDER'",
                )
            params = params.model_copy(update={"catalogue": catalogues[name]})
            cell = replace(cell, params=params)  # noqa: PLW2901
        cells.append(cell)
    return replace(design, cells=tuple(cells))


def catalogue_of(
    name: str,
    source: str,
    customers: Iterable[Mapping[str, Any]],
    businesses: Iterable[Mapping[str, Any]],
) -> Catalogue:
    """A catalogue made of rows of ``customers`` and ``businesses``.

    Args:
        name: Its name.
        source: Where it was imported from.
        customers: Rows of one catalogue.
        businesses: Rows of the same catalogue.
    """
    shared = ("name", "menu_features", "amenity_features")
    return Catalogue(
        name=name,
        source=source,
        customers=tuple(
            Customer(
                id=row["customer"], request=row["request"], **{key: row[key] for key in shared}
            )
            for row in sorted(customers, key=lambda row: str(row["customer"]))
        ),
        businesses=tuple(
            Business(
                id=row["business"],
                description=row["description"],
                rating=row["rating"],
                progenitor_customer=row["progenitor_customer"],
                min_price_factor=row["min_price_factor"],
                **{key: row[key] for key in shared},
            )
            for row in sorted(businesses, key=lambda row: str(row["business"]))
        ),
    )
