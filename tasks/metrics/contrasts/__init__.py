"""Comparisons of conditions: tests, effect sizes, corrections, specification curves."""
