"""What a simulated judge reports of the texts that it is shown."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

from tasks.environments.talk.cues import content_words, cue_of, level_of
from tasks.models.sim.policies import JudgePolicy

#: Words of evidence that a judge quotes when it sees something that no cue shows.
QUOTED_WORDS = 6


def judgements(
    policy: JudgePolicy, seen: Mapping[str, Any], rng: random.Random
) -> dict[str, list[dict[str, Any]]]:
    """An answer to a question of coding: for every item a value and evidence for each flag.

    Args:
        policy: The judge's sensitivity and specificity.
        seen: The observation: ``items`` with ``id`` and ``text``, and ``flags`` with definition,
            levels and condition.
        rng: Generator of this call.
    """
    flags: Mapping[str, Mapping[str, Any]] = seen["flags"]
    return {
        "items": [
            {"id": item["id"], "codes": _codes(policy, str(item["text"]), flags, rng)}
            for item in seen["items"]
        ]
    }


def _codes(
    policy: JudgePolicy,
    text: str,
    flags: Mapping[str, Mapping[str, Any]],
    rng: random.Random,
) -> dict[str, dict[str, Any]]:
    codes: dict[str, dict[str, Any]] = {}
    for name in sorted(flags, key=lambda name: flags[name].get("when") is not None):
        flag = flags[name]
        levels = flag.get("levels") or ()
        condition = flag.get("when")
        if levels:
            codes[name] = _level(policy, name, tuple(levels), text, rng)
        else:
            codes[name] = _presence(policy, name, str(flag.get("definition", "")), text, rng)
        if condition in codes and not codes[condition]["value"]:
            codes[name] = {"value": None, "evidence": ""}
    return {name: codes[name] for name in flags}


def _presence(
    policy: JudgePolicy, name: str, definition: str, text: str, rng: random.Random
) -> dict[str, Any]:
    cue = cue_of(name, definition, text)
    sensitivity = policy.sensitivity_of.get(name, policy.sensitivity)
    specificity = policy.specificity_of.get(name, policy.specificity)
    draw = rng.random()
    present = draw < sensitivity if cue else draw >= specificity
    if present and not text.strip():
        present = False
    return {"value": present, "evidence": (cue or _opening_words(text)) if present else ""}


def _level(
    policy: JudgePolicy, name: str, levels: tuple[str, ...], text: str, rng: random.Random
) -> dict[str, Any]:
    """The level that the cues show; missed at a known rate.

    Where no cue is known, it is the level whose words the text holds most of, the lowest if none.
    """
    cue = level_of(name, levels, text)
    low = text.lower()
    counts = [
        sum(word in low for word in (level.lower(), *content_words(level.replace("_", " "))))
        for level in levels
    ]
    shown = max(range(len(levels)), key=lambda place: (counts[place], -place))
    shown = levels.index(cue) if cue is not None else shown
    if rng.random() >= policy.sensitivity_of.get(name, policy.sensitivity):
        shown = rng.choice([place for place in range(len(levels)) if place != shown])
    return {"value": levels[shown], "evidence": _opening_words(text)}


def _opening_words(text: str) -> str:
    found = re.match(rf"\s*(\S+(?:\s+\S+){{0,{QUOTED_WORDS - 1}}})", text)
    return found.group(1) if found else ""
