"""How simulated agents answer probes: by their declared opinion."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from tasks.models.sim.policies import AgentPolicy


def answer(
    policy: AgentPolicy, probe: Mapping[str, Any], rng: random.Random
) -> Mapping[str, Any] | None:
    """An answer to a probe; ``None`` for one in words or in a form that has no order.

    Args:
        policy: The agent.
        probe: What is asked, as :meth:`tasks.episodes.probes.Probe.as_data` gives it.
        rng: Generator of this call.

    Example:
        >>> agent = AgentPolicy(opinion=0.2, opinion_drift=0.1, opinion_noise=0.0)
        >>> asked = {"instrument": "trust", "item": "trust", "answer": {"scale": [1, 11]}}
        >>> [answer(agent, {**asked, "rounds": n}, random.Random(1))["answer"] for n in (0, 3, 20)]
        [3, 6, 11]
    """
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


def _within(place: float) -> float:
    return min(max(place, 0.0), 1.0)
