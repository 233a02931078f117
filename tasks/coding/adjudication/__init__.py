"""Adjudication: named rules that make one label of several coders' judgements."""

from tasks.coding.adjudication import rules  # noqa: F401  (registers the rules)
from tasks.coding.adjudication.registry import RULES, Rule, rule_named

__all__ = ["RULES", "Rule", "rule_named"]
