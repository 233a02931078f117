"""Markets of the Magentic Marketplace: folders ``customers`` and ``businesses`` of YAML files.

Everything is read and checked before anything is given back, so a damaged file leaves nothing
half-read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from schemas.errors import Mistake, Mistakes
from schemas.keys import digest
from schemas.market import Business, Catalogue, Customer
from schemas.unit import Result, Unit

_Side = TypeVar("_Side", Customer, Business)


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
    customers = _side(root / "customers", Customer, mistakes)
    businesses = _side(root / "businesses", Business, mistakes)
    if mistakes:
        raise Mistakes(mistakes=mistakes)
    return Catalogue(
        name=name or root.resolve().name,
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
        spec={"name": catalogue.name, "source": catalogue.source},
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


def _side(folder: Path, model: type[_Side], mistakes: list[Mistake]) -> list[_Side]:
    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    if not files:
        mistakes.append(
            Mistake(
                what="no YAML files here",
                place=str(folder),
                expected=f"a file for each {model.__name__.lower()}",
                fix="name the folder that holds customers/ and businesses/",
            )
        )
    found: dict[str, tuple[_Side, Path]] = {}
    for file in files:
        try:
            one = _one(file, model)
        except Mistake as mistake:
            mistakes.append(mistake)
            continue
        if one.id in found:
            mistakes.append(
                Mistake(
                    what="this identifier is used twice",
                    place=f"{file}: id",
                    found=one.id,
                    expected=f"another one than in {found[one.id][1].name}",
                )
            )
        found[one.id] = (one, file)
    return [one for one, _ in found.values()]


def _one(file: Path, model: type[_Side]) -> _Side:
    try:
        text = file.read_text(encoding="utf-8")
        value = yaml.load(text, Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(what=f"this file cannot be read: {error}", place=str(file)) from error
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Mistake(
            what=f"this file is damaged: {error.problem or 'no valid YAML'}", place=f"{file}{line}"
        ) from error
    except yaml.YAMLError as error:
        raise Mistake(what=f"this file is damaged: {error}", place=str(file)) from error
    if not isinstance(value, dict):
        raise Mistake(
            what="this file is damaged: it holds no fields",
            place=str(file),
            found=type(value).__name__,
            expected=f"the fields of a {model.__name__.lower()}: {', '.join(model.model_fields)}",
        )
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _field_mistake(file, text, error, model) from error


def _field_mistake(
    file: Path, text: str, error: ValidationError, model: type[BaseModel]
) -> Mistake:
    first: Any = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    line = _line_of(text, path)
    where = f"{file}{f':{line}' if line else ''}: {'.'.join(path)}"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    missing = first["type"] == "missing"
    misnamed = missing or first["type"] == "extra_forbidden"
    return Mistake(
        what=f"this file is damaged: {first['msg']}{more}",
        place=where,
        found="" if missing else repr(first["input"])[:80],
        expected=f"one of the fields {', '.join(model.model_fields)}" if misnamed else "",
        fix="mend the file, or leave it out of the folder; nothing was imported",
    )


def _line_of(text: str, path: list[str]) -> int | None:
    """The line, from 1, where the last part of a path that is there is written."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    line: int | None = None
    for part in path:
        children = (
            {key.value: (key, value) for key, value in node.value}
            if isinstance(node, yaml.MappingNode)
            else {}
        )
        if part not in children:
            break
        key, node = children[part]
        line = int(key.start_mark.line) + 1
    return line
