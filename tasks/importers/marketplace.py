"""Markets of the Magentic Marketplace: folders ``customers`` and ``businesses`` of YAML files.

Everything is read and checked before anything is given back, so a damaged file leaves nothing
half-read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from schemas.errors import Mistake, Mistakes
from schemas.keys import digest
from schemas.market import Business, Catalogue, Customer, catalogue_problems
from schemas.unit import Result, Unit
from tasks.files import text_of
from tasks.importers.problems import name_of
from tasks.studies.messages import mistakes_of
from tasks.studies.positions import Positions
from tasks.studies.strict import validated
from tasks.studies.yamltext import document

_Side = TypeVar("_Side", Customer, Business)

#: Endings of the files that are read.
SUFFIXES = frozenset({".yaml", ".yml"})


def read_marketplace(folder: str | Path, name: str | None = None) -> Catalogue:
    """The market in a folder.

    Args:
        folder: Holds the folders ``customers`` and ``businesses``, a YAML file for each of them.
        name: Name that studies will use; the folder's name by default.

    Raises:
        Mistake: A folder is missing or empty.
        Mistakes: Files are damaged, each by name, line and field; or identifiers repeat.
    """
    root = Path(folder)
    if not root.is_dir():
        raise Mistake(
            what="there is no such folder",
            place=str(root),
            expected="a folder that holds customers/*.yaml and businesses/*.yaml",
        )
    mistakes: list[Mistake] = []
    places: dict[str, Path] = {}
    customers = _side(root / "customers", Customer, places, mistakes)
    businesses = _side(root / "businesses", Business, places, mistakes)
    if not mistakes:
        mistakes = [
            Mistake(
                what=problem.what,
                place=f"{places[problem.id]}: {problem.field}",
                found=problem.found,
                expected=problem.expected,
            )
            for problem in catalogue_problems(customers, businesses)
        ]
    if mistakes:
        raise Mistakes(mistakes=mistakes)
    return Catalogue(
        name=name_of(root.resolve().name if name is None else name, str(root)),
        source=str(root),
        customers=tuple(customers),
        businesses=tuple(businesses),
    )


def marketplace_rows(catalogue: Catalogue) -> Result:
    """A catalogue as rows of ``catalogues``, ``customers`` and ``businesses``.

    The unit's key is a digest of the content and the name, so importing twice changes nothing.
    """
    key = digest("import", "marketplace", catalogue.key)
    unit = Unit(
        stage="import",
        step="marketplace",
        key=key,
        spec=None,
        label=catalogue.name,
    )
    own = {"catalogue_key": catalogue.key, "unit_key": key}
    return Result(
        unit,
        {
            "catalogues": [{"name": catalogue.name, **own, "source": catalogue.source}],
            "customers": [
                {
                    **own,
                    "customer": one.id,
                    "name": one.name,
                    "request": one.request,
                    "menu_features": dict(one.menu_features),
                    "amenity_features": list(one.amenity_features),
                }
                for one in catalogue.customers
            ],
            "businesses": [
                {
                    **own,
                    "business": one.id,
                    "name": one.name,
                    "description": one.description,
                    "rating": one.rating,
                    "progenitor_customer": one.progenitor_customer,
                    "menu_features": dict(one.menu_features),
                    "amenity_features": dict(one.amenity_features),
                    "min_price_factor": one.min_price_factor,
                }
                for one in catalogue.businesses
            ],
        },
    )


def _side(
    folder: Path, model: type[_Side], places: dict[str, Path], mistakes: list[Mistake]
) -> list[_Side]:
    """One side of a market; what is wrong with it is added to the mistakes.

    Args:
        folder: Its folder.
        model: What each file holds.
        places: Files by identifier, of both sides; added to.
        mistakes: Added to.
    """
    files = sorted(file for file in folder.glob("*") if not file.name.startswith("."))
    if not files:
        mistakes.append(
            Mistake(
                what="no YAML files here",
                place=str(folder),
                expected=f"a file for each {model.__name__.lower()}",
                fix="name the folder that holds customers/ and businesses/",
            )
        )
    found: list[_Side] = []
    for file in files:
        try:
            one = _one(file, model)
        except Mistake as mistake:
            mistakes.append(mistake)
            continue
        except Mistakes as several:
            mistakes.extend(several.details["mistakes"])
            continue
        if one.id in places:
            mistakes.append(
                Mistake(
                    what="this identifier is used twice",
                    place=f"{file}: id",
                    found=one.id,
                    expected=f"another one than in {places[one.id]}",
                )
            )
        places[one.id] = file
        found.append(one)
    return found


def _one(file: Path, model: type[_Side]) -> _Side:
    if file.suffix.lower() not in SUFFIXES:
        raise Mistake(
            what="this is no YAML file, so nothing would be read of it",
            place=str(file),
            expected=f"a .yaml or .yml file for each {model.__name__.lower()}",
            fix="take it out of the folder",
        )
    written = document(text_of(file), str(file))
    try:
        return validated(model, written.value)
    except ValidationError as error:
        raise Mistakes(mistakes=mistakes_of(error, model, Positions(written, {}))) from None
