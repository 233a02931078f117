"""How simulated agents answer probes: by their declared opinion, and items by their persona."""

from __future__ import annotations

import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tasks.models.sim.policies import AgentPolicy

#: Units of an item's answer that span the scale of its instrument.
SPAN = 4.0


def answer(
    policy: AgentPolicy,
    probe: Mapping[str, Any],
    rng: random.Random,
    heeded: Mapping[str, float] = MappingProxyType({}),
) -> Mapping[str, Any] | None:
    """An answer to a probe; ``None`` for one in words or in a form that has no order.

    Args:
        policy: The agent.
        probe: What is asked, as :meth:`tasks.episodes.probes.Probe.as_data` or, of an instrument,
            :func:`tasks.instruments.asking.page_data` gives it.
        rng: Generator of this call.
        heeded: What is shown of the persona, as numbers.

    Example:
        >>> agent = AgentPolicy(opinion=0.2, opinion_drift=0.1, opinion_noise=0.0)
        >>> asked = {"instrument": "trust", "item": "trust", "answer": {"scale": [1, 11]}}
        >>> [answer(agent, {**asked, "rounds": n}, random.Random(1))["answer"] for n in (0, 3, 20)]
        [3, 6, 11]
    """
    if "items" in probe:
        return _items_answered(policy, probe, heeded, rng)
    form = probe["answer"]
    if not isinstance(form, Mapping):
        return None
    instrument, own = probe["instrument"], policy.opinion_of
    start = own.get(f"{instrument}.{probe['item']}", own.get(instrument, policy.opinion))
    mean = _within(start + policy.opinion_drift * probe["rounds"])
    place = _within(rng.gauss(mean, policy.opinion_noise))
    match form:
        case {"scale": [low, high]}:
            return {"answer": round(low + place * (high - low))}
        case {"number": [low, high]}:
            return {"answer": low + place * (high - low)}
        case {"choice": [*options]}:
            return {"answer": options[min(int(place * len(options)), len(options) - 1)]}
        case _:
            return None


def _items_answered(
    policy: AgentPolicy,
    asked: Mapping[str, Any],
    heeded: Mapping[str, float],
    rng: random.Random,
) -> dict[str, Any]:
    """Answers to the items of a page, each with noise of its own."""
    low, high = asked["scale"]
    numbers = []
    for item in asked["items"]:
        scale = f"{asked['instrument']}.{item['trait']}"
        plain = policy.loading_of.get(scale, {item["trait"]: policy.loading})
        terms = policy.loading_of.get(f"{scale}.{item['facet']}", plain)
        shown = weighted(terms, heeded)
        own = policy.opinion_of.get(scale, policy.opinion)
        drifted = (own - 0.5 + policy.opinion_drift * asked["rounds"]) * SPAN
        answer = item["key"] * (shown + drifted) + policy.acquiescence
        place = _within(0.5 + (answer + rng.gauss(0, policy.item_noise)) / SPAN)
        numbers.append(round(low + place * (high - low)))
    return {"answer": numbers[0]} if len(numbers) == 1 else {"answers": numbers}


def weighted(terms: Mapping[str, float], heeded: Mapping[str, float]) -> float:
    """The sum of what is shown of a persona, weighted; what is not shown counts nothing.

    Example:
        >>> weighted({"openness": 0.5, "town=coast": 0.2}, {"openness": -1.0, "town=coast": 1.0})
        -0.3
    """
    return sum(weight * heeded.get(term, 0.0) for term, weight in terms.items())


def _within(place: float) -> float:
    return min(max(place, 0.0), 1.0)
