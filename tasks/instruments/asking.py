"""The questions of an instrument, and what their answers say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import jinja2
from pydantic import BaseModel, Field, create_model

from schemas.base import Record
from schemas.instrument import AnswerScale, Instrument, Item
from schemas.keys import digest, generator

_FOLDER = Path(__file__).parent / "prompts"
TEMPLATES = ("items", "persona")


@dataclass(frozen=True, slots=True)
class Page:
    """Items of an instrument that one question holds.

    Attributes:
        first: Place of its first item in the order asked, from 1.
        items: The items.
    """

    first: int
    items: tuple[Item, ...]


def pages(
    instrument: Instrument, items_per_question: int, shuffled_by: Sequence[Any] | None
) -> tuple[Page, ...]:
    """The items in the order in which they are asked, question by question.

    Args:
        instrument: The instrument.
        items_per_question: Items that a question holds, at most.
        shuffled_by: What the order is drawn from; ``None`` for that of the instrument.
    """
    items = list(instrument.items)
    if shuffled_by is not None:
        generator("order of items", *shuffled_by).shuffle(items)
    return tuple(
        Page(start + 1, tuple(items[start : start + items_per_question]))
        for start in range(0, len(items), items_per_question)
    )


def items_prompt(instrument: Instrument, page: Page) -> str:
    """The question that a page puts.

    Example:
        >>> tidy = Item(item="1", text="I am tidy.", trait="order", key=1)
        >>> scale = AnswerScale(low=1, high=2, labels=("no", "yes"))
        >>> one = Instrument(name="tidy", scale=scale, items=(tidy,), instruction="Is this true?")
        >>> print(items_prompt(one, Page(1, (tidy,))))
        Is this true?
        <BLANKLINE>
        I am tidy.
        <BLANKLINE>
        Answer with a whole number from 1 to 2:
        1 = no
        2 = yes
    """
    scale = instrument.scale
    return _rendered(
        "items",
        instruction=instrument.instruction,
        items=[item.text for item in page.items],
        low=scale.low,
        high=scale.high,
        labels=scale.labels,
    )


def persona_prompt(persona: str) -> str:
    """What stands before the questions to a persona; empty where nothing of it is shown."""
    return _rendered("persona", persona=persona) if persona else ""


@lru_cache(maxsize=256)
def answer_shape(scale: AnswerScale, n_items: int) -> type[BaseModel]:
    """The shape of the answer to a page with so many items."""
    number = Annotated[int, Field(ge=scale.low, le=scale.high)]
    if n_items == 1:
        return create_model("ItemAnswer", __base__=Record, answer=(number, Field()))
    numbers = Annotated[list[number], Field(min_length=n_items, max_length=n_items)]
    return create_model(
        "ItemAnswers",
        __base__=Record,
        answers=(numbers, Field(description="One for each statement, in their order.")),
    )


def answers_of(value: Any) -> list[int]:
    """The numbers in an instance of :func:`answer_shape`."""
    return list(value.answers) if hasattr(value, "answers") else [value.answer]


def page_data(alias: str, instrument: Instrument, page: Page, rounds: int = 0) -> dict[str, Any]:
    """A question as data, which simulated models are handed.

    Args:
        alias: Name of the instrument in the study.
        instrument: The instrument.
        page: What is asked.
        rounds: Rounds of an episode that are over.
    """
    scale = instrument.scale
    return {
        "instrument": alias,
        "scale": [scale.low, scale.high],
        "rounds": rounds,
        "items": [item.model_dump(mode="json") for item in page.items],
    }


def response_rows(
    alias: str, instrument: Instrument, page: Page, answers: Sequence[int] | None
) -> Iterator[dict[str, Any]]:
    """Rows of ``responses`` for the items of a page, but who answered and when.

    Args:
        alias: Name of the instrument in the study.
        instrument: The instrument.
        page: What was asked.
        answers: The numbers; ``None`` where no answer was usable.
    """
    turned = instrument.scale.low + instrument.scale.high
    for place, item in enumerate(page.items):
        value = None if answers is None else float(answers[place])
        scored = value if value is None or item.key == 1 else turned - value
        yield {
            "instrument": alias,
            "item": item.item,
            "position": page.first + place,
            "trait": item.trait,
            "facet": item.facet,
            "key": item.key,
            "value": value,
            "scored": scored,
            "text": None,
        }


def template_digest() -> str:
    """Digest of the prompts' templates as they are on disk now."""
    return digest(_texts())


def _texts() -> dict[str, str]:
    return {name: (_FOLDER / f"{name}.md").read_text(encoding="utf-8") for name in TEMPLATES}


def _rendered(name: str, **values: Any) -> str:
    return _compiled()[name].render(values).strip()


@lru_cache(maxsize=1)
def _compiled() -> Mapping[str, jinja2.Template]:
    engine = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    return {name: engine.from_string(text) for name, text in _texts().items()}
