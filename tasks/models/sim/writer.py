"""Texts that a simulated writer makes of a persona's attributes and traits."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.models.sim.policies import WriterPolicy
from tasks.personas.contradictions import RULES

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
#: What contradicts a persona, by the rule that finds it: the first sentence that is untrue of it.
_LIES = {
    "age": ("They are 23 years old.", "They are 71 years old."),
    "sex": ("He is a man of few words.", "She is a woman of few words."),
    "occupation": ("They work as a glassblower.", "They work as a tram driver."),
}


def prose(policy: WriterPolicy, seen: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """Texts about a persona, with an echo of what it is, as the answer to a question.

    Args:
        policy: How long they are, and how often they contradict the persona.
        seen: The observation: ``attributes``, trait ``levels``, and ``texts`` with what each says.
        rng: Generator of this call.
    """
    facts = {**seen["attributes"], **seen["levels"]}
    echo = dict(facts)
    texts = {name: _text(policy, seen, rng) for name in seen["texts"]}
    if facts and rng.random() < policy.contradiction:
        sentence = rng.choice([*_contradicting(facts), ""])
        if sentence:
            name = rng.choice(list(texts))
            texts[name] = f"{sentence} {texts[name]}"
        else:
            echo[rng.choice(list(echo))] = "something else"
    return {"echo": echo, "texts": texts}


def _text(policy: WriterPolicy, seen: Mapping[str, Any], rng: random.Random) -> str:
    facts = [
        rng.choice(bank).format(name=_words(name), value=_words(value), level=_words(value))
        for bank, values in ((_ATTRIBUTE, seen["attributes"]), (_TRAIT, seen["levels"]))
        for name, value in values.items()
    ]
    rng.shuffle(facts)
    return " ".join([*facts[: policy.sentences - 1], rng.choice(_CLOSING)])


def _contradicting(facts: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each structured field that a text can contradict."""
    for rule in RULES:
        for value in rule.looks_at(facts).values():
            for sentence in _LIES[rule.name]:
                if any(rule.find(value, sentence)):
                    yield sentence
                    break


def _words(name: str) -> str:
    return name.replace("_", " ")
