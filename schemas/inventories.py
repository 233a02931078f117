"""Inventories of traits: which traits each has."""

from __future__ import annotations

from typing import Literal, get_args

InventoryName = Literal["big_five", "hexaco", "sixteen_factors", "type_preferences"]

#: Traits by inventory. ``sixteen_factors`` are the factors that Cattell's 16PF measures;
#: ``type_preferences`` are MBTI-style preferences, each named for its second pole.
INVENTORIES: dict[InventoryName, tuple[str, ...]] = {
    "big_five": (
        "openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism",
    ),
    "hexaco": (
        "honesty_humility", "emotionality", "extraversion", "agreeableness", "conscientiousness",
        "openness",
    ),
    "sixteen_factors": (
        "warmth", "reasoning", "emotional_stability", "dominance", "liveliness",
        "rule_consciousness", "social_boldness", "sensitivity", "vigilance", "abstractedness",
        "privateness", "apprehension", "openness_to_change", "self_reliance", "perfectionism",
        "tension",
    ),
    "type_preferences": ("introversion", "intuition", "feeling", "perceiving"),
}  # fmt: skip

#: Letters of the two poles of each trait, of inventories whose traits make a type.
TYPE_LETTERS: dict[InventoryName, tuple[str, ...]] = {"type_preferences": ("EI", "SN", "TF", "JP")}

#: What intensifies a trait, each from 1 to 5 (SAC, arXiv 2506.20993).
IntensityFactor = Literal["frequency", "depth", "threshold", "effort", "willingness"]
INTENSITY_FACTORS: tuple[IntensityFactor, ...] = get_args(IntensityFactor)

Level = Literal["very_low", "low", "average", "high", "very_high"]
LEVELS: tuple[Level, ...] = get_args(Level)
