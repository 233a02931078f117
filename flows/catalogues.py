"""Puts imported markets in the place of their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from schemas.errors import Mistake
from schemas.market import Catalogue
from schemas.study import Study


class Catalogues(Protocol):
    """Whatever holds imported markets by name."""

    def catalogue(self, name: str) -> Catalogue:
        """The market of a name.

        Raises:
            KeyError: There is none.
        """
        ...


def with_catalogues(study: Study, held: Catalogues, place: str) -> Study:
    """The study with every ``catalogue: {imported: NAME}`` replaced by that market.

    The version of a study therefore depends on the content of the market, not on its name.

    Args:
        study: A study as it was read.
        held: The imported markets.
        place: Where the study was read from, for messages.

    Raises:
        Mistake: No market of that name was imported.
    """
    if study.episode is None:
        return study

    def market(name: str) -> Mapping[str, Any]:
        try:
            return held.catalogue(name).model_dump(mode="json")
        except KeyError:
            raise Mistake(
                what="no market of that name was imported",
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
