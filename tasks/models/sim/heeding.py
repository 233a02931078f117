"""How the parameters of a simulated agent depend on the persona that it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from schemas.base import Record
from tasks.models.sim.policies import AgentPolicy
from tasks.models.sim.probed import weighted

R = TypeVar("R", bound=Record)


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


def heeding(policy: AgentPolicy, heeded: Mapping[str, float]) -> AgentPolicy:
    """An agent whose parameters are moved by what it is shown of its persona.

    Args:
        policy: The agent as declared.
        heeded: What is shown of its persona, as numbers.

    Example:
        >>> agent = AgentPolicy(opinion=0.5, by_persona={"opinion": {"openness": 0.2}})
        >>> heeding(agent, {"openness": 1.0}).opinion, heeding(agent, {"openness": 9.0}).opinion
        (0.7, 1.0)
    """
    if not policy.by_persona or not heeded:
        return policy
    habits = MovedHabits(policy, heeded)
    return _moved(policy, policy, heeded).model_copy(update={"habits": habits})


class MovedHabits(Mapping[str, Any]):
    """The habits of an agent by environment, each moved when it is asked for.

    Args:
        policy: The agent as declared.
        heeded: What is shown of its persona, as numbers.
    """

    def __init__(self, policy: AgentPolicy, heeded: Mapping[str, float]) -> None:
        self._policy, self._heeded = policy, heeded

    def __getitem__(self, environment: str) -> Any:
        return _moved(self._policy.habits[environment], self._policy, self._heeded)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policy.habits)

    def __len__(self) -> int:
        return len(self._policy.habits)


def _moved(owner: R, policy: AgentPolicy, heeded: Mapping[str, float]) -> R:
    """The parameters of an owner, each cut at the ends of its range."""
    moved = {}
    for name, terms in policy.by_persona.items():
        ends = number_range(type(owner), name) if name in type(owner).model_fields else None
        if ends is not None:
            value = getattr(owner, name) + weighted(terms, heeded)
            moved[name] = min(max(value, float(ends[0])), float(ends[1]))
    return owner.model_copy(update=moved)
