"""Every adjudication rule, by name. A new one is a function with ``@adjudication_rule``."""

from __future__ import annotations

from typing import Any

from schemas.study.coding import RuleSpec
from tasks.coding.adjudication import dawid_skene, rules
from tasks.coding.adjudication.rule import Rule
from tasks.registry import Registry, validated_options

GUIDE = "docs/codebooks.md"
RULES: Registry[Rule] = Registry(
    "adjudication rule",
    (
        dawid_skene.dawid_skene,
        rules.human_override,
        rules.intersection,
        rules.judge,
        rules.majority,
        rules.tie_break,
        rules.union,
        rules.weighted,
    ),
    GUIDE,
)


def rule_named(spec: RuleSpec, place: str = "coding.adjudication") -> tuple[Rule, Any]:
    """The rule that a study declares, and its validated parameters.

    Args:
        spec: The rule as declared.
        place: Where it was declared, for messages.

    Raises:
        Mistake: There is no such rule, or its parameters are wrong.
    """
    rule = RULES.named(spec.rule, place)
    owner = f"adjudication rule {rule.name}"
    return rule, validated_options(owner, rule.params, spec.params, place, GUIDE)


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
