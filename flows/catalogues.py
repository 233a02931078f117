"""What was imported, as studies name it: collections of episodes, and markets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import Mistake, nearest
from schemas.study import Study
from warehouse.queries.episodes import ImportedCollections
from warehouse.queries.market import MarketOfName, catalogue_of
from warehouse.reader import Reader, reader_or_empty

if TYPE_CHECKING:
    from warehouse.writer import Writer


def refuse_missing_imports(study: Study, warehouse: Path, place: str) -> None:
    """Refuse a study of episodes or markets that were not imported; makes no warehouse.

    Args:
        study: A study as it was read.
        warehouse: The warehouse; it need not be there.
        place: Where the study was read from, for messages.

    Raises:
        Mistake: The warehouse has no collection, series or market of such a name.
    """
    if study.imported is None and not names_market(study):
        return
    with reader_or_empty(warehouse) as reading:
        with_catalogues(study, reading, place)
        if study.imported is None:
            return
        found: dict[str, set[str]] = {}
        for row in reading.rows(ImportedCollections()):
            found.setdefault(row.collection, set()).add(row.series or "")
    wanted = study.imported
    if wanted.collection not in found:
        raise _missing(f"{place}: imported.collection", "collection", wanted.collection, found)
    for number, series in enumerate(wanted.series):
        if series not in found[wanted.collection]:
            at = f"{place}: imported.series[{number}]"
            raise _missing(at, "series", series, found[wanted.collection])


def _missing(place: str, kind: str, name: str, known: Iterable[str]) -> Mistake:
    close = nearest(name, known)
    return Mistake(
        what=f"no {kind} of that name was imported",
        place=place,
        found=name,
        expected=f"one of {', '.join(sorted(known))}" if known else "an imported collection",
        fix=f"did you mean {close}?" if close else "agora import transcripts FOLDER --format ...",
    )


def markets_named(study: Study) -> frozenset[str]:
    """The names of imported markets in a study."""
    raw = [study.episode.params, *study.changes.values()] if study.episode else []
    markets = (params.get("catalogue") for params in raw)
    return frozenset(
        str(market["imported"])
        for market in markets
        if isinstance(market, Mapping) and "imported" in market
    )


def names_market(study: Study) -> bool:
    """Whether a study names an imported market."""
    return bool(markets_named(study))


def record_markets(warehouse: Writer, version: str, study: Study) -> None:
    """Put the markets that a study names on record as what its version was made from."""
    from warehouse.inputs import record_inputs

    if names := markets_named(study):
        found = (row for name in sorted(names) for row in warehouse.rows(MarketOfName(name)))
        record_inputs(warehouse, version, "study", [row.unit_key for row in found])


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
