"""The simulated models that a study can name, and the check of their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson
from pydantic import ValidationError

from schemas.errors import Mistake, nearest
from schemas.study.models import ModelSpec
from tasks.models.sim.policies import AgentPolicy, Faults, JudgePolicy, WriterPolicy


@dataclass(frozen=True)
class Preset:
    """A named simulated model.

    Attributes:
        policy: The parameters that it has.
        about: What it is, in one sentence.
        values: Parameters that differ from the policy's defaults.
    """

    policy: type[Faults]
    about: str
    values: Mapping[str, Any] = field(default_factory=dict)


PRESETS: Mapping[str, Preset] = {
    "agent": Preset(AgentPolicy, "An agent with middling habits."),
    "talkative": Preset(
        AgentPolicy,
        "An agent that talks much, about the process too, agrees and hands out tasks; as a "
        "customer it takes the first offer, as a business it adds to its prices.",
        {
            "phatic": 0.05,
            "meta": 0.35,
            "lead": 0.45,
            "tech": 0.10,
            "agree": 0.45,
            "talkativeness": 0.80,
            "first_offer_bias": 0.90,
            "patience": 1,
            "consideration": 5,
            "markup": 0.15,
            "honesty": 0.60,
        },
    ),
    "reserved": Preset(
        AgentPolicy,
        "An agent that says little, and what it says is technical or polite; as a customer it "
        "compares offers, as a business it keeps to its prices.",
        {
            "phatic": 0.35,
            "meta": 0.04,
            "lead": 0.03,
            "tech": 0.45,
            "agree": 0.08,
            "talkativeness": 0.10,
            "first_offer_bias": 0.10,
            "patience": 3,
            "fit_checking": 1.0,
            "price_sensitivity": 1.0,
        },
    ),
    "judge": Preset(JudgePolicy, "A judge that codes transcripts."),
    "writer": Preset(WriterPolicy, "A writer of biographies for personas."),
}


def policy_of(spec: ModelSpec, place: str = "models") -> Faults:
    """The parameters of a simulated model: its preset's, overridden by the study's.

    Args:
        spec: A model named ``sim/NAME``.
        place: Where it stands in the study, for messages.

    Raises:
        Mistake: There is no such simulated model, or it has no such parameter or value.

    Example:
        >>> policy_of(ModelSpec(model="sim/judge", sim={"sensitivity": 0.6})).sensitivity
        0.6
    """
    return _policy(spec.model, orjson.dumps(spec.sim), place)


def check_spec(spec: ModelSpec, place: str = "models") -> None:
    """Nothing if a model's simulation is declared well; models of providers have none.

    Raises:
        Mistake: The simulated model, or one of its parameters, does not exist or is out of range.
    """
    if spec.simulated:
        policy_of(spec, place)
    elif spec.sim:
        raise Mistake(
            what="parameters of a simulated model on one that is not simulated",
            place=f"{place}.sim",
            found=spec.model,
            expected=f"one of {', '.join(f'sim/{name}' for name in PRESETS)}",
            fix="take the sim section away, or name a simulated model",
        )


@lru_cache(maxsize=1024)
def _policy(model: str, sim: bytes, place: str) -> Faults:
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
    preset = PRESETS[name]
    own: dict[str, Any] = orjson.loads(sim)
    known = preset.policy.model_fields
    for parameter in own:
        if parameter not in known:
            close = nearest(parameter, known)
            raise Mistake(
                what=f"unknown parameter of {model}",
                place=f"{place}.sim.{parameter}",
                found=parameter,
                expected=f"one of {', '.join(sorted(known))}",
                fix=f"write {close}" if close else "see docs/simulated_models.md",
            )
    try:
        return preset.policy.model_validate({**preset.values, **own})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(["sim", *(str(part) for part in first["loc"])])
        raise Mistake(
            what=f"bad parameter of {model}: {first['msg']}",
            place=f"{place}.{where}",
            found=str(first["input"]) if first["loc"] else "",
            fix="see docs/simulated_models.md for what each parameter may be",
        ) from error
