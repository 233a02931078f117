"""The simulated models that a study can name, and the check of their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Never

import orjson
from pydantic import ValidationError

from schemas.base import Record
from schemas.errors import Mistake, nearest
from schemas.study.models import ModelSpec
from tasks.models.sim.habits import Habits, declared_by, policies
from tasks.models.sim.heeding import PROMPT_TERMS, number_range
from tasks.models.sim.policies import AgentPolicy, EncoderPolicy, Faults, JudgePolicy, WriterPolicy
from tasks.studies.strict import validated


@dataclass(frozen=True)
class Preset:
    """A named simulated model.

    Attributes:
        policy: What it is.
        about: The same in one sentence.
    """

    policy: type[Faults]
    about: str


PRESETS: Mapping[str, Preset] = {
    "agent": Preset(AgentPolicy, "An agent with middling habits."),
    "talkative": Preset(
        AgentPolicy,
        "An agent that talks much, about the process too, agrees and hands out tasks; as a "
        "customer it takes the first offer, as a business it adds to its prices.",
    ),
    "reserved": Preset(
        AgentPolicy,
        "An agent that says little, and what it says is technical or polite; as a customer it "
        "compares offers, as a business it keeps to its prices, and in a commons it takes little.",
    ),
    "judge": Preset(JudgePolicy, "A judge that codes transcripts."),
    "writer": Preset(WriterPolicy, "A writer of biographies for personas."),
    "encoder": Preset(EncoderPolicy, "An embedding model: it turns texts into vectors."),
}


def policy_of(spec: ModelSpec, place: str = "models", environment: str = "") -> Faults:
    """The parameters of a simulated model: its preset's, overridden by the study's.

    Args:
        spec: A model named ``sim/NAME``.
        place: Where it stands in the study, for messages.
        environment: What it acts in; others are only imported to look parameters up that are not
            of this one.

    Raises:
        Mistake: There is no such simulated model, or it has no such parameter or value.

    Example:
        >>> policy_of(ModelSpec(model="sim/judge", sim={"sensitivity": 0.6})).sensitivity
        0.6
    """
    return _policy(spec.model, orjson.dumps(spec.sim), place, environment)


def check_spec(spec: ModelSpec, place: str = "models", environment: str = "") -> None:
    """Nothing if a model's simulation is declared well; models of providers have none.

    Raises:
        Mistake: The simulated model, or one of its parameters, does not exist or is out of range.
    """
    if spec.simulated:
        policy_of(spec, place, environment)
    elif spec.sim:
        raise Mistake(
            what="parameters of a simulated model on one that is not simulated",
            place=f"{place}.sim",
            found=spec.model,
            expected=f"one of {', '.join(f'sim/{name}' for name in PRESETS)}",
            fix="take the sim section away, or name a simulated model",
        )


def encoder_of(spec: ModelSpec, place: str = "models") -> EncoderPolicy:
    """The parameters of a simulated embedding model.

    Args:
        spec: A model named ``sim/NAME``.
        place: Where it is asked for vectors, for messages.

    Raises:
        Mistake: It is no embedding model.
    """
    policy = policy_of(spec)
    if not isinstance(policy, EncoderPolicy):
        raise Mistake(
            what="this simulated model makes no vectors of texts",
            place=place,
            found=spec.model,
            expected="sim/encoder, or an embedding model of litellm",
            fix="name a model that is one",
        )
    return policy


@lru_cache(maxsize=1024)
def _policy(model: str, sim: bytes, place: str, environment: str) -> Faults:
    name = model.removeprefix("sim/")
    if name not in PRESETS:
        close = nearest(name, PRESETS)
        raise Mistake(
            what="unknown simulated model",
            place=f"{place}.model",
            found=model,
            expected=f"one of {', '.join(f'sim/{known}' for known in PRESETS)}",
            fix=f"write sim/{close}" if close else "see docs/simulated_models.md",
        )
    policy = PRESETS[name].policy
    own: dict[str, Any] = orjson.loads(sim)
    faults = [field for field in policy.model_fields if field != "habits"]
    others = [parameter for parameter in own if parameter not in faults]
    acts = issubclass(policy, AgentPolicy)
    owners = declared_by(others, environment) if acts else dict.fromkeys(others)
    for parameter, owner in owners.items():
        if owner is None:
            _refuse_unknown(model, parameter, policy, place)
    for by in ("by_persona", "by_prompt"):
        _refuse_unmoved(model, by, own.get(by), policy, place, environment)
    _refuse_unknown_terms(model, own.get("by_prompt"), f"{place}.sim.by_prompt")
    try:
        known = validated(policy, {name: own[name] for name in faults if name in own})
        if not acts:
            return known
        habits = Habits(name, own)
        for owner in dict.fromkeys(filter(None, owners.values())):
            _ = habits[owner]  # a value out of range is refused now, not when it is needed
        return known.model_copy(update={"habits": habits})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(["sim", *(str(part) for part in first["loc"])])
        raise Mistake(
            what=f"bad parameter of {model}: {first['msg']}",
            place=f"{place}.{where}",
            found=str(first["input"]) if first["loc"] else "",
            fix="see docs/simulated_models.md for what each parameter may be",
        ) from error


def _refuse_unknown(model: str, parameter: str, policy: type[Faults], place: str) -> Never:
    known = {field for owner in _owners(policy) for field in owner.model_fields} - {"habits"}
    close = nearest(parameter, sorted(known))
    raise Mistake(
        what=f"unknown parameter of {model}",
        place=f"{place}.sim.{parameter}",
        found=parameter,
        expected=f"one of {', '.join(sorted(known))}",
        fix=f"write {close}" if close else "see docs/simulated_models.md",
    )


def _refuse_unmoved(
    model: str, by: str, declared: Any, policy: type[Faults], place: str, environment: str
) -> None:
    """Make sure that what is to depend on a persona or a prompt are numbers of the model.

    Raises:
        Mistake: One is not.
    """

    def numbers(owner: type[Record]) -> Iterator[str]:
        for name in owner.model_fields.keys() - Faults.model_fields.keys():
            if number_range(owner, name) is not None:
                yield name

    for name in declared if isinstance(declared, Mapping) else ():
        if not any(name in numbers(owner) for owner in _owners(policy, environment)):
            known = sorted({one for owner in _owners(policy) for one in numbers(owner)})
            close = nearest(name, known)
            raise Mistake(
                what=f"{model} has no such number that can depend on a {by.removeprefix('by_')}",
                place=f"{place}.sim.{by}.{name}",
                found=name,
                expected=f"one of {', '.join(known)}",
                fix=f"write {close}" if close else "see docs/simulated_models.md",
            )


def _owners(policy: type[Faults], environment: str = "") -> Iterator[type[Record]]:
    """What declares the parameters of a simulated model, its environments' habits included."""
    yield policy
    if issubclass(policy, AgentPolicy):
        yield from (one.params for _, one in policies(environment))


def _refuse_unknown_terms(model: str, declared: Any, place: str) -> None:
    """Make sure that parameters depend on what can be told of a prompt.

    Raises:
        Mistake: One depends on something else.
    """
    if not isinstance(declared, Mapping):
        return
    for name, terms in declared.items():
        for term in terms if isinstance(terms, Mapping) else ():
            if term not in PROMPT_TERMS and not str(term).startswith("says="):
                close = nearest(str(term), PROMPT_TERMS)
                raise Mistake(
                    what=f"nothing of a prompt that {model} can depend on",
                    place=f"{place}.{name}.{term}",
                    found=str(term),
                    expected=f"one of {', '.join(PROMPT_TERMS)}, or says=WORD",
                    fix=f"write {close}" if close else "see docs/simulated_models.md",
                )
