"""Reading the file that names a lake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from schemas.errors import Mistake, Mistakes, nearest
from schemas.lake import LakeFile

EXAMPLE = "warehouse: ducklake, catalogue: postgres, dbname: ..., data: ... (see docs/lake.md)"
#: Bytes that the file may have, at most.
MOST_BYTES = 65_536


def lake_file(path: Path) -> LakeFile:
    """What a file says of a lake.

    Raises:
        Mistake: It is missing, unreadable, or says something else.
        Mistakes: Several of its fields are wrong.
    """
    given = _mapping(path)
    if given.get("warehouse") != "ducklake":
        raise Mistake(
            what="this file does not name a lake",
            place=str(path),
            expected=EXAMPLE,
            fix="name a lake's file or a DuckDB file with --warehouse",
        )
    try:
        return LakeFile.model_validate(given)
    except ValidationError as error:
        mistakes = [_mistake(path, problem) for problem in error.errors(include_url=False)]
        raise mistakes[0] if len(mistakes) == 1 else Mistakes(mistakes=mistakes) from None


def _mapping(path: Path) -> dict[str, Any]:
    place = str(path)
    if not path.exists():
        raise Mistake(
            what="there is no file here that names a lake",
            place=place,
            expected=EXAMPLE,
            fix="write it, or name another warehouse with --warehouse",
        )
    if not path.is_file():
        raise Mistake(
            what="a lake is named by a regular file",
            place=place,
            fix="name another with --warehouse",
        )
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES).decode("utf-8-sig")
        given = YAML(typ="safe").load(text)
    except OSError as error:
        raise Mistake(
            what="the lake's file cannot be read", place=place, found=error.strerror or str(error)
        ) from None
    except (UnicodeDecodeError, YAMLError) as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        raise Mistake(
            what="the lake's file is no YAML",
            place=f"{place}:{mark.line + 1}" if mark else place,
            found=str(getattr(error, "problem", None) or error).splitlines()[0],
            expected=EXAMPLE,
        ) from None
    return given if isinstance(given, dict) else {}


def _mistake(path: Path, problem: Any) -> Mistake:
    field = ".".join(map(str, problem["loc"]))
    place = f"{path}: {field}"
    if problem["type"] == "missing":
        about = LakeFile.model_fields[field].description or ""
        return Mistake(what="a field is missing", place=place, expected=about)
    if problem["type"] != "extra_forbidden":
        return Mistake(what=problem["msg"], place=place, found=str(problem["input"]))
    if "pass" in field:
        return Mistake(
            what="a lake's file holds no password",
            place=place,
            fix="take it out; put it into ~/.pgpass or the variable PGPASSWORD",
        )
    close = nearest(field, LakeFile.model_fields)
    return Mistake(
        what="unknown field",
        place=place,
        expected=f"one of {', '.join(LakeFile.model_fields)}",
        fix=f"write {close}" if close else "take it out",
    )
