"""Biographies that a simulated writer makes of a persona's attributes and traits."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from tasks.models.sim.policies import WriterPolicy

_ATTRIBUTE = (
    "In their life, {name} is best described as {value}.",
    "When it comes to {name}, the word is {value}.",
    "Their {name} ({value}) has shaped how they see things.",
)
_TRAIT = (
    "Friends would call their {name} {level}.",
    "Colleagues describe their {name} as {level}.",
    "Much of what they do shows that their {name} is {level}.",
)
_CLOSING = (
    "Most evenings they are at home with a book or a game.",
    "They like plans that leave some room for chance.",
    "They listen first and make up their mind afterwards.",
    "They would rather try a thing than talk about it.",
)


def biography(policy: WriterPolicy, seen: Mapping[str, Any], rng: random.Random) -> dict[str, str]:
    """A biography as the answer to a question about a persona.

    Args:
        policy: How long it is.
        seen: The observation: ``attributes`` and trait ``levels``.
        rng: Generator of this call.
    """
    facts = [
        rng.choice(bank).format(name=_words(name), value=_words(value), level=_words(value))
        for bank, values in ((_ATTRIBUTE, seen["attributes"]), (_TRAIT, seen["levels"]))
        for name, value in values.items()
    ]
    rng.shuffle(facts)
    return {"biography": " ".join([*facts[: policy.sentences - 1], rng.choice(_CLOSING)])}


def _words(name: str) -> str:
    return name.replace("_", " ")
