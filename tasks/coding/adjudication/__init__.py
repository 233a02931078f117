"""Adjudication: named rules that make one label of several coders' judgements."""

from tasks.coding.adjudication.catalogue import RULES, rule_named
from tasks.coding.adjudication.rule import Rule

__all__ = ["RULES", "Rule", "rule_named"]
