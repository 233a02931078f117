"""The page of simulated models, ``docs/simulated_models.md``.

``python -m tasks.models.sim.reference`` writes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from schemas.base import Record
from tasks.models.sim.habits import policies
from tasks.models.sim.policies import (
    AgentPolicy,
    EncoderPolicy,
    Faults,
    JudgePolicy,
    RememberingPolicy,
    WriterPolicy,
)
from tasks.models.sim.presets import PRESETS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "simulated_models.md"

_OPENING = """\
# Simulated models

Written by `python -m tasks.models.sim.reference` from the declarations; do not edit.

A model named `sim/...` runs on this machine, without a network, a key or a price. It is a
stochastic policy with declared parameters: it reads the observation that a prompt is made of, as
data, and draws its answer from the key of the call, so the same study gives the same answers. It
never sleeps unless `latency_s` is set. Because its parameters are known, a study on simulated
models has a known answer, and the whole pipeline can be tested on whether it finds it.

```yaml
models:
  eager:  {model: sim/talkative}
  quiet:  {model: sim/reserved, sim: {lead: 0.0, talkativeness: 0.3}}
  judge:  {model: sim/judge, sim: {sensitivity: 0.8, sensitivity_of: {lead: 0.5}}}
```

Parameters written under `sim` take the place of the preset's. An unknown one is a mistake, and so
is a value out of range. In an environment that no policy is written for, an agent answers at
random within the form that is asked of it.

A model that takes a persona's part heeds what its prompt shows of it, and nothing else. Answers to
the items of an instrument follow the trait that the item measures (`loading`, `loading_of`), with
noise, the other way round where the key is -1. Any other number of an agent may depend on the
persona as well:

```yaml
  kind: {model: sim/agent, sim: {agree: 0.2, by_persona: {agree: {agreeableness: 0.1}}}}
```

agrees with probability 0.2 + 0.1 z, where z is the persona's agreeableness in standard deviations.
Terms are traits or `ATTRIBUTE=VALUE`, which counts 1 where the persona has the value.

What the prompt shows moves numbers too: `by_prompt: {confusion: {rounds: 0.03, unnamed: 0.5}}` adds
0.03 with every round that is over, and 0.5 where the system prompt does not name the agent.

How a customer decides is drawn once for an episode, so that its share of hasty decisions is the
declared one; everything else is drawn for each call.

A judge decides by cues in the text that it is shown, never by what an agent meant to say, and
then reports them with its declared sensitivity and specificity. Cues are known for phatic (fewer
than 15 words, and none of the other cues but agree), meta (talk of the discussion, of how to
proceed), lead (`@name, please ...`), tech and arch (two technologies of a list), agree (`I
agree`, `is right`) and comp (`is not responding`, `no word from`, with the levels of `comp_level`),
each with its French. For any other flag a content word of its definition must occur; for levels,
the words of their names.
"""

_OTHERS: tuple[tuple[str, type[Record], str], ...] = (
    (
        "Probes",
        AgentPolicy,
        "Of agents in every environment: what they answer to private questions. The lowest answer "
        "is 0 and the highest 1; options of a choice count in the order in which they are listed. "
        "Questions in words are answered with pleasantries.",
    ),
    (
        "Memory",
        RememberingPolicy,
        "Of agents in every environment whose memory asks them. A summary has the first words of "
        "what happened, line by line, within its length. Questions that an agent asks itself, its "
        "conclusions and its plans name the most frequent words.",
    ),
    ("Judge", JudgePolicy, "Of `sim/judge`."),
    ("Writer", WriterPolicy, "Of `sim/writer`."),
    (
        "Encoder",
        EncoderPolicy,
        "Of `sim/encoder`, for metrics over text vectors and for search in a market. A vector is "
        "made of a text's words and word pairs, so texts are alike that share words.",
    ),
    ("Faults", Faults, "Of every simulated model."),
)


def page() -> str:
    """The page, made from the declarations."""
    lines = [_OPENING, "## Presets", "", "| model | what it is | differs in |", "|---|---|---|"]
    for name, preset in PRESETS.items():
        acting = dict(policies()).values() if issubclass(preset.policy, AgentPolicy) else ()
        own = {
            field: value
            for policy in acting
            for field, value in policy.presets.get(name, {}).items()
        }
        differs = ", ".join(f"{field} {_value(value)}" for field, value in own.items())
        lines.append(f"| `sim/{name}` | {preset.about} | {differs or 'nothing'} |")
    listed: set[str] = set()
    for name, policy in policies():
        about = f"Of agents (`sim/agent` and its presets) in the environment `{name}`."
        if shared := [f"`{field}`" for field in policy.params.model_fields if field in listed]:
            about += f" Those above hold here too: {', '.join(shared)}."
        lines += _section(name.capitalize(), policy.params, about, listed)
        listed |= set(policy.params.model_fields)
    for title, params, about in _OTHERS:
        faults = {*Faults.model_fields, "habits"} if params is not Faults else set()
        if params is AgentPolicy:
            faults |= RememberingPolicy.model_fields.keys()
        lines += _section(title, params, about, faults)
    return "\n".join(lines) + "\n"


def _section(title: str, params: type[Record], about: str, listed: set[str]) -> list[str]:
    """A table of the parameters that no other section lists."""
    lines = ["", f"## {title}", "", about, ""]
    lines += ["| parameter | default | range | what it does |", "|---|---|---|---|"]
    for name, field in params.model_fields.items():
        if name not in listed:
            row = (f"`{name}`", _value(field.default), _range(field), field.description)
            lines.append(f"| {' | '.join(map(str, row))} |")
    return lines


def _value(value: Any) -> str:
    if isinstance(value, str):
        return f"`{value}`"
    return "none" if value == {} else f"{value:g}"


def _range(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{name}`" for name in get_args(field.annotation))
    bounds = {
        name: getattr(constraint, name)
        for constraint in field.metadata
        for name in ("ge", "le")
        if hasattr(constraint, name)
    }
    if not bounds:
        return "0 to 1 each" if field.annotation == dict[str, float] else "numbers"
    return f"{bounds['ge']:g} to {bounds['le']:g}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
