"""What an adjudication rule declares of itself, and what it is told of the judgements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import polars as pl
from pydantic import Field

from schemas.base import Record
from schemas.study.coding import RuleSpec
from tasks.registry import Registry, validated_options

#: What rules are called in messages, and the page to read about them.
KIND, GUIDE = "adjudication rule", "docs/codebooks.md"
#: From judgements to labels. Judgements have the columns ``item`` (a number that stands for one
#: flag of one item), ``flag``, ``coder`` and ``value`` (null: unusable), one row per item and
#: coder. Facts have, per ``flag``, the ``coders`` that should have coded it, how many those are
#: (``expected``), the number of its highest level (``top``), and whether it is present or absent
#: (``binary``) or has levels without an order (``nominal``). Labels have the columns ``item,
#: value, probability, n_codes``.
Labels: TypeAlias = Callable[[pl.DataFrame, pl.DataFrame, Any], pl.DataFrame]


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


def adjudication_rule(
    *,
    params: type[Record] = Coders,
    version: int = 1,
    over: Literal["item", "study"] = "item",
    named: Callable[[Any], tuple[str, ...] | None] = lambda params: params.coders,
    extra: Callable[[Any], tuple[str, ...]] = lambda params: (),
) -> Callable[[Labels], Rule]:
    """Makes an adjudication rule of a function, whose name and docstring become the rule's."""

    def rule(function: Labels) -> Rule:
        about = " ".join((function.__doc__ or "").split())
        return Rule(function.__name__, version, about, params, over, function, named, extra)

    return rule


def rule_and_params(rules: Registry[Rule], spec: RuleSpec, place: str) -> tuple[Rule, Any]:
    """The rule that a study declares, and its validated parameters.

    Args:
        rules: The rules among which it is.
        spec: The rule as declared.
        place: Where it was declared, for messages.

    Raises:
        Mistake: There is no such rule, or its parameters are wrong.
    """
    rule = rules.named(spec.rule, place)
    owner = f"{KIND} {rule.name}"
    return rule, validated_options(owner, rule.params, spec.params, place, GUIDE)
