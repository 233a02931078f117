"""How the parameters of a simulated agent depend on its persona and on what its prompt shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeVar

from schemas.base import Record
from tasks.models.sim.policies import AgentPolicy
from tasks.models.sim.probed import weighted

R = TypeVar("R", bound=Record)

NOTHING: Mapping[str, float] = MappingProxyType({})

#: Names that say nothing of who has them.
NEUTRAL = re.compile(r"Agent-[A-Z]+")

#: What parameters may depend on in a prompt, besides ``says=WORD``.
PROMPT_TERMS = ("unnamed", "unlisted", "blank", "real_names", "alone", "rounds")


@lru_cache(maxsize=4096)
def number_range(model: type[Record], name: str) -> tuple[float, float] | None:
    """The ends of a numeric parameter; ``None`` for one that is no number with two ends.

    Example:
        >>> number_range(AgentPolicy, "opinion"), number_range(AgentPolicy, "opinion_of")
        ((0, 1), None)
    """
    field = model.model_fields[name]
    ends = {
        end: getattr(one, end)
        for one in field.metadata
        for end in ("ge", "le")
        if hasattr(one, end)
    }
    return (ends["ge"], ends["le"]) if len(ends) == 2 and field.annotation is float else None


def heeding(
    policy: AgentPolicy, heeded: Mapping[str, float], shown: Mapping[str, float] = NOTHING
) -> AgentPolicy:
    """An agent whose parameters are moved by what it is shown of its persona, and by its prompt.

    Args:
        policy: The agent as declared.
        heeded: What is shown of its persona, as numbers.
        shown: What its prompt shows besides, as :func:`prompt_terms` gives it.

    Example:
        >>> agent = AgentPolicy(opinion=0.5, by_persona={"opinion": {"openness": 0.2}})
        >>> heeding(agent, {"openness": 1.0}).opinion, heeding(agent, {"openness": 9.0}).opinion
        (0.7, 1.0)
    """
    by_persona = policy.by_persona if heeded else {}
    by_prompt = policy.by_prompt if shown else {}
    if not by_persona and not by_prompt:
        return policy
    added = {
        name: weighted(by_persona.get(name, {}), heeded) + weighted(by_prompt.get(name, {}), shown)
        for name in {**by_persona, **by_prompt}
    }
    return _moved(policy, added).model_copy(update={"habits": MovedHabits(policy, added)})


class MovedHabits(Mapping[str, Any]):
    """The habits of an agent by environment, each moved when it is asked for.

    Args:
        policy: The agent as declared.
        added: What comes to its parameters, by name.
    """

    def __init__(self, policy: AgentPolicy, added: Mapping[str, float]) -> None:
        self._policy, self._added = policy, added

    def __getitem__(self, environment: str) -> Any:
        return _moved(self._policy.habits[environment], self._added)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policy.habits)

    def __len__(self) -> int:
        return len(self._policy.habits)


def prompt_terms(policy: AgentPolicy, seen: Mapping[str, Any]) -> dict[str, float]:
    """What a prompt shows that the parameters of an agent depend on, as numbers.

    Args:
        policy: The agent as declared.
        seen: The observation, with ``system``, the system prompt as it is shown.

    Example:
        >>> agent = AgentPolicy(by_prompt={"opinion": {"unnamed": 0.1, "says=trams": 0.1}})
        >>> seen = {"you": "Agent-A", "seat": "s1", "names": {"s1": "Agent-A", "s2": "Agent-B"},
        ...         "system": "Other participants: Agent-B.", "brief": "On trams.", "history": []}
        >>> prompt_terms(agent, seen)
        {'says=trams': 1.0, 'unnamed': 1.0}
    """
    terms = sorted({term for terms in policy.by_prompt.values() for term in terms})
    return {term: value for term in terms if (value := _shown(term, seen))}


def _shown(term: str, seen: Mapping[str, Any]) -> float:
    names, seat, system = seen.get("names", {}), seen.get("seat"), str(seen.get("system", ""))
    others = [name for other, name in names.items() if other != seat]
    match term:
        case "unnamed":
            shown = not _named(names.get(seat, ""), system)
        case "unlisted":
            shown = not any(_named(name, system) for name in others)
        case "blank":
            shown = not system.strip()
        case "real_names":
            shown = NEUTRAL.fullmatch(names.get(seat, "")) is None
        case "alone":
            heard = (one["kind"] == "say" and one["actor"] != seat for one in seen["history"])
            shown = not any(heard)
        case "rounds":
            return float(seen.get("round", 0))
        case _:
            shown = _named(term.removeprefix("says="), f"{seen.get('brief', '')}\n{system}")
    return float(shown)


def _named(name: str, text: str) -> bool:
    """Whether a text has a name or a word, in any case."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE) is not None


def _moved(owner: R, added: Mapping[str, float]) -> R:
    """The parameters of an owner, each cut at the ends of its range."""
    moved = {}
    for name, more in added.items():
        ends = number_range(type(owner), name) if name in type(owner).model_fields else None
        if ends is not None:
            value = getattr(owner, name) + more
            moved[name] = min(max(value, float(ends[0])), float(ends[1]))
    return owner.model_copy(update=moved)
