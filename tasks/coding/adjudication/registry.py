"""The registry of adjudication rules, and what each is told of the judgements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
from pydantic import Field, ValidationError

from schemas.base import Record
from schemas.errors import Mistake, nearest
from schemas.study.coding import RuleSpec


class Coders(Record):
    """Parameters of a rule over several coders."""

    coders: tuple[str, ...] | None = Field(
        None, description="Coders that it takes; all but gold and people if none are named."
    )


@dataclass(frozen=True)
class Rule:
    """A way to make one label of several judgements.

    Attributes:
        name: Its name in a study.
        version: Raised by hand when its meaning changes; part of every key.
        about: What it does, in a few sentences.
        params: Its parameters.
        over: Whether it looks at one item at a time, or learns from the whole study.
        labels: The labels; see :data:`Labels`.
        named: Coders that its parameters name; nothing: those that the study declares, the gold
            one left out.
        extra: Coders that it takes besides.
    """

    name: str
    version: int
    about: str
    params: type[Record]
    over: Literal["item", "study"]
    labels: Labels
    named: Callable[[Any], tuple[str, ...] | None]
    extra: Callable[[Any], tuple[str, ...]]


#: From judgements to labels. Judgements have the columns ``item`` (a number that stands for one
#: flag of one item), ``flag``, ``coder`` and ``value`` (null: unusable), one row per item and
#: coder. Facts have, per ``flag``, the ``coders`` that should have coded it, how many those are
#: (``expected``), the number of its highest level (``top``), and whether it is present or absent
#: (``binary``) or has levels without an order (``nominal``). Labels have the columns ``item,
#: value, probability, n_codes``.
Labels = Callable[[pl.DataFrame, pl.DataFrame, Any], pl.DataFrame]

RULES: dict[str, Rule] = {}


def registered(
    *,
    params: type[Record] = Coders,
    version: int = 1,
    over: Literal["item", "study"] = "item",
    named: Callable[[Any], tuple[str, ...] | None] = lambda params: params.coders,
    extra: Callable[[Any], tuple[str, ...]] = lambda params: (),
) -> Callable[[Labels], Labels]:
    """Makes a function an adjudication rule; its name and docstring are the rule's."""

    def register(function: Labels) -> Labels:
        name = function.__name__
        about = " ".join((function.__doc__ or "").split())
        RULES[name] = Rule(name, version, about, params, over, function, named, extra)
        return function

    return register


def rule_named(spec: RuleSpec, place: str = "coding.adjudication") -> tuple[Rule, Any]:
    """The rule that a study declares, and its validated parameters.

    Args:
        spec: The rule as declared.
        place: Where it was declared, for messages.

    Raises:
        Mistake: There is no such rule, or its parameters are wrong.
    """
    rule = RULES.get(spec.rule)
    if rule is None:
        close = nearest(spec.rule, RULES)
        raise Mistake(
            what="there is no such adjudication rule",
            place=place,
            found=spec.rule,
            expected="one of " + ", ".join(sorted(RULES)),
            fix=f"write {close}" if close else "choose one of them",
        )
    try:
        return rule, rule.params.model_validate(spec.params)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise Mistake(
            what=f"the parameters of rule {rule.name} are wrong",
            place=f"{place}: {rule.name}.{field}",
            found="nothing" if first["type"] == "missing" else repr(first["input"]),
            expected=first["msg"],
            fix=_usage(rule),
        ) from None


def _usage(rule: Rule) -> str:
    fields: Mapping[str, Any] = rule.params.model_fields
    parts = [
        f"{name}: …" if field.is_required() else f"[{name}: …]" for name, field in fields.items()
    ]
    return f"write {{rule: {rule.name}, {', '.join(parts)}}}" if parts else f"write {rule.name}"


def rule_reference() -> str:
    """The reference of the rules, in Markdown; derived from their declarations."""
    blocks = []
    for rule in sorted(RULES.values(), key=lambda rule: rule.name):
        lines = [f"### {rule.name}", "", rule.about, ""]
        for name, field in rule.params.model_fields.items():
            need = "needed" if field.is_required() else f"default {field.default!r}"
            lines.append(f"- `{name}` ({need}): {field.description}")
        lines += [
            "",
            "Looks at each item alone." if rule.over == "item" else "Learns from the whole study.",
        ]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"
