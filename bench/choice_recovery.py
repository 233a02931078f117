"""Whether a conditional logit gives planted coefficients back: bias, coverage and time.

Run with ``python bench/choice_recovery.py [STUDIES]``; 4,000 choices each, by default 300 studies.
Choice sets and utilities are those of ``product_choice`` and its simulated shoppers, intervals
those of the metric ``choice_logit``.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tasks.environments.product_choice.environment import ProductChoice
from tasks.environments.product_choice.params import ProductChoiceParams
from tasks.environments.product_choice.policy import ShoppingHabits, utility
from tasks.environments.product_choice.sets import choice_set, products_of
from tasks.metrics.choices.logit import METRIC
from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Floats
from tasks.metrics.worlds.frames import episodes_frame

#: Episodes of a study, and choices of an episode.
EPISODES, CHOICES = 80, 50
#: Studies after which other sets are drawn.
REDRAWN = 30
PARAMS = ProductChoiceParams.model_validate(
    {"seats": ["m"], "products": 8, "listings": 6, "columns": 3, "rounds": CHOICES}
)
OWN = ShoppingHabits(price_weight=-1.8, top_row_weight=0.6, left_column_weight=0.3)
#: Declared weight of each term of the metric; products have none of their own.
TRUE = {
    "ln price": OWN.price_weight,
    "rating": OWN.rating_weight,
    "ln reviews": OWN.reviews_weight,
    "sponsored": OWN.sponsored_weight,
    "overall pick": OWN.overall_pick_weight,
    "scarcity": OWN.scarcity_weight,
    "row 1": OWN.top_row_weight,
    "column 1": OWN.left_column_weight,
    "column 2": 0.0,
}


def shown_sets(seed: int) -> tuple[pl.DataFrame, Floats]:
    """The choice sets of a study, and the utility of every listing."""
    rng = Random(seed)
    products = products_of(PARAMS, rng)
    game = ProductChoice().game(PARAMS, ())
    rows: list[dict[str, Any]] = []
    for episode in range(EPISODES):
        for turn in range(CHOICES):
            about = {"episode": episode, "turn": turn, "seat": "s1", "model": "m", "task": "choose"}
            shown = choice_set(PARAMS, products, "choose", rng).listings
            rows += [{**one, **about} for one in game.listings(shown)]
    names = {"row": "grid_row", "column": "grid_column"}
    frame = pl.DataFrame(rows, infer_schema_length=None).rename(names)
    return frame, np.array([utility(OWN, row) for row in rows])


def chosen_from(frame: pl.DataFrame, utilities: Floats, rng: np.random.Generator) -> Data:
    """A study in which the highest utility is chosen, Gumbel noise included."""
    noisy = (utilities + rng.gumbel(size=len(utilities))).reshape(-1, PARAMS.listings)
    chosen = np.arange(PARAMS.listings) == noisy.argmax(axis=1)[:, None]
    choices = frame.with_columns(chosen=chosen.ravel())
    return Data(episodes=episodes_frame({"a": EPISODES}), choice_sets=choices)


def main() -> None:
    """Print a line per term."""
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    options = METRIC.options(**{"by": "nothing", "products": True})
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in TRUE}
    spent = 0.0
    for seed in range(studies):
        if seed % REDRAWN == 0:
            frame, utilities = shown_sets(seed)
        data = chosen_from(frame, utilities, np.random.default_rng(seed))
        began = time.process_time()
        rows = METRIC.compute(data, options, np.random.default_rng(seed))
        spent += time.process_time() - began
        mine = rows.filter(quantity="coefficient", scope="condition")
        for name, *numbers in mine.select("subject", "value", "ci_low", "ci_high").iter_rows():
            if name in found:
                found[name].append(tuple(numbers))
    n = EPISODES * CHOICES
    print(f"{studies} studies of {n:,} choices; {1000 * spent / studies:.0f} ms of CPU a study")
    print("term          true   mean   bias/error  coverage %  within two errors %")
    for name, values in found.items():
        value, low, high = np.array(values).T
        error = value.std(ddof=1) / np.sqrt(len(value))
        half = (high - low) / 2 / 1.9905  # Student's t with 79 degrees of freedom
        held = 100 * np.mean((low <= TRUE[name]) & (TRUE[name] <= high))
        near = 100 * np.mean(np.abs(value - TRUE[name]) <= 2 * half)
        bias = (value.mean() - TRUE[name]) / error
        numbers = f"{value.mean():6.3f} {bias:12.2f} {held:11.1f} {near:12.1f}"
        print(f"{name:12} {TRUE[name]:6.2f} {numbers}")


if __name__ == "__main__":
    main()
