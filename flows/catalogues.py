"""Puts imported markets in the place of their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schemas.errors import Mistake
from schemas.study import Study
from warehouse.queries.market import catalogue_of
from warehouse.reader import Reader


def with_catalogues(study: Study, warehouse: Reader, place: str) -> Study:
    """The study with every ``catalogue: {imported: NAME}`` replaced by that market.

    The version of a study therefore depends on the content of the market, not on its name.

    Args:
        study: A study as it was read.
        warehouse: Where markets were imported to.
        place: Where the study was read from, for messages.

    Raises:
        Mistake: No market of that name was imported.
    """
    if study.episode is None:
        return study

    def market(name: str) -> Mapping[str, Any]:
        try:
            return catalogue_of(warehouse, name).model_dump(mode="json")
        except KeyError:
            raise Mistake(
                what="no market with this name has been imported",
                place=f"{place}: episode.catalogue",
                found=name,
                expected="a name that agora import marketplace printed",
                fix=f"agora import marketplace FOLDER --collection {name}",
            ) from None

    episode = study.episode.model_copy(update={"params": _replaced(study.episode.params, market)})
    conditions = {name: _replaced(diff, market) for name, diff in study.conditions.items()}
    factors = {
        name: {level: _replaced({name: value}, market)[name] for level, value in levels.items()}
        for name, levels in study.factors.items()
    }
    return study.model_copy(
        update={"episode": episode, "factors": factors, "conditions": conditions}
    )


def _replaced(
    params: Mapping[str, Any], market: Callable[[str], Mapping[str, Any]]
) -> dict[str, Any]:
    value = params.get("catalogue")
    if isinstance(value, Mapping) and isinstance(value.get("imported"), str):
        return {**params, "catalogue": market(value["imported"])}
    return dict(params)
