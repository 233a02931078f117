"""The shape of a judge's answer, made from a codebook, and what can be wrong with one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from schemas.codebook import Codebook, Flag
from tasks.coding.items import Item


class _Answered(BaseModel):
    model_config = ConfigDict(populate_by_name=True, extra="forbid")


def answer_shape(codebook: Codebook, flags: Sequence[str]) -> type[BaseModel]:
    """The shape of an answer: for every item its number and a judgement for each flag.

    The set of flags is closed and each level is a literal, so that providers with native JSON
    schemas can hold a model to it.

    Example:
        >>> book = Codebook(name="b", flags={"meta": Flag(definition="about the talk")})
        >>> shape = answer_shape(book, ["meta"])
        >>> answer = shape.model_validate(
        ...     {"items": [{"id": 1, "codes": {"meta": {"value": True, "evidence": "we talk"}}}]})
        >>> judged_of(answer, book, ["meta"])
        {1: {'meta': (1.0, 'we talk')}}
    """
    return _shape(codebook.digest, tuple(flags), _Book(codebook))


class _Book:
    """A codebook that counts as equal to any other, so that its digest alone is the cache's key."""

    def __init__(self, codebook: Codebook) -> None:
        self.codebook = codebook

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Book)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=256)
def _shape(codebook_digest: str, flags: tuple[str, ...], book: _Book) -> type[BaseModel]:
    codebook = book.codebook
    judgements: dict[str, Any] = {
        _field(number): (
            _judgement(name, codebook.flags[name]),
            Field(alias=name, description=codebook.flags[name].definition),
        )
        for number, name in enumerate(flags)
    }
    codes = create_model("Codes", __base__=_Answered, **judgements)
    item = create_model(
        "CodedItem",
        __base__=_Answered,
        id=(int, Field(description="Number of the item.")),
        codes=(codes, Field(description="One judgement for each flag.")),
    )
    return create_model(
        "CodedItems",
        __base__=_Answered,
        items=(list[item], Field(description="Every item, each once.")),
    )


def judged_of(
    answer: BaseModel, codebook: Codebook, flags: Sequence[str]
) -> dict[int, dict[str, tuple[float | None, str]]]:
    """The judgements in an answer: value and evidence by item and flag.

    A value is nothing where the flag does not apply to the item.
    """
    judged: dict[int, dict[str, tuple[float | None, str]]] = {}
    for item in answer.items:  # type: ignore[attr-defined]
        of_item = judged[item.id] = {}
        for number, name in enumerate(flags):
            judgement = getattr(item.codes, _field(number))
            value = judgement.value
            number_of = None if value is None else codebook.flags[name].number(value)
            of_item[name] = (number_of, judgement.evidence)
    return judged


def problem_with(
    answer: BaseModel, *, items: Sequence[Item], codebook: Codebook, flags: Sequence[str]
) -> str | None:
    """What is wrong with a well-shaped answer, in words that the judge can act on; or nothing."""
    expected, found = (
        sorted(item.id for item in items),
        sorted(
            item.id
            for item in answer.items  # type: ignore[attr-defined]
        ),
    )
    if expected != found:
        return f"items must hold exactly the numbers {expected}, each once; found {found}"
    texts = {item.id: item.text for item in items}
    problems = [
        f"item {number}, {name}: {problem}"
        for number, judged in judged_of(answer, codebook, flags).items()
        for name in flags
        if (problem := _problem(judged, name, codebook.flags[name], texts[number]))
    ]
    return "; ".join(problems) or None


def occurs_in(evidence: str, text: str) -> bool:
    """Whether some words occur in a text; spacing, case, markup and quotation marks apart.

    Example:
        >>> occurs_in("the  *scope* first", "Let us settle the scope first.")
        True
        >>> occurs_in("the budget", "Let us settle the scope first.")
        False
    """
    bare = _bare(evidence)
    return bare in _bare(text) if bare else evidence.strip() in text


_MARKUP = re.compile(r"[*_`#>“”„«»\"'’‘‚]+")


def _bare(text: str) -> str:
    plain = _MARKUP.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return " ".join(plain.replace("…", " ").replace("...", " ").split())


def _problem(
    judged: Mapping[str, tuple[float | None, str]], name: str, flag: Flag, text: str
) -> str | None:
    value, evidence = judged[name]
    applies = flag.when is None or flag.when not in judged or bool(judged[flag.when][0])
    if not applies:
        return None
    if value is None:
        return f"value is missing although {flag.when} is present"
    if not evidence.strip():
        present = not flag.levels and value == 1
        return "evidence is missing; quote the words that show it" if present else None
    if not occurs_in(evidence, text):
        return f"the evidence {evidence!r} does not occur in the item; quote it word for word"
    return None


def _judgement(name: str, flag: Flag) -> type[BaseModel]:
    value: Any
    if flag.levels:
        levels = flag.levels
        value = Annotated[Literal[levels], BeforeValidator(partial(_level, levels))]
        about = "One of the levels."
    else:
        value, about = bool, "Whether it is present."
    if flag.when is not None:
        value, about = value | None, f"{about} Null where {flag.when} is absent."
    return create_model(
        f"Judgement_{name}",
        __base__=_Answered,
        value=(value, Field(description=about)),
        evidence=(str, Field("", description="Words of the item that show it, copied exactly.")),
    )


def _level(levels: tuple[str, ...], value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(levels):
        return levels[value]
    return value


def _field(number: int) -> str:
    return f"flag_{number}"
