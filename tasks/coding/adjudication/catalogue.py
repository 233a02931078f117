"""Every adjudication rule, by name. A new one is a function with ``@adjudication_rule``."""

from __future__ import annotations

from typing import Any

from schemas.study.coding import RuleSpec
from tasks.coding.adjudication import dawid_skene
from tasks.coding.adjudication.override import ITEM_RULES
from tasks.coding.adjudication.rule import GUIDE, KIND, Rule, rule_and_params
from tasks.registry import Registry

RULES: Registry[Rule] = Registry(KIND, (dawid_skene.dawid_skene, *ITEM_RULES.values()), GUIDE)


def rule_named(spec: RuleSpec, place: str = "coding.adjudication") -> tuple[Rule, Any]:
    """The rule that a study declares, and its validated parameters.

    Args:
        spec: The rule as declared.
        place: Where it was declared, for messages.

    Raises:
        Mistake: There is no such rule, or its parameters are wrong.
    """
    return rule_and_params(RULES, spec, place)


def rule_reference() -> str:
    """The reference of the rules, in Markdown; derived from their declarations."""
    blocks = []
    for rule in RULES.values():
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
