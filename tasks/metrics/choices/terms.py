"""Choice sets as terms of a conditional logit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.metrics.data import Data
from tasks.metrics.statistics.arrays import Bools
from tasks.metrics.statistics.conditional_logit import ChoiceSets

#: What makes a choice set one: who chose, when, in which episode.
SET = ("episode", "turn", "seat")
#: The task that leaves the choice to the shopper.
FREE = "choose"
_NUMBERS = {
    "ln price": pl.col("price").log(),
    "rating": pl.col("rating"),
    "ln reviews": (pl.col("reviews") + 1).log(),
}
_TAGS = {
    "sponsored": pl.col("sponsored"),
    "overall pick": pl.col("overall_pick"),
    "scarcity": pl.col("stock").is_not_null(),
}


@dataclass(frozen=True)
class Terms:
    """Choice sets with named terms.

    Attributes:
        names: Names of the terms.
        yes_or_no: Which of them are there or not.
        sets: The sets.
        episodes: Episode of every cluster.
        products: Names of the products.
        product: Product of every row, by its place in ``products``.
        dropped: Products that nobody chose, whose listings are left out.
    """

    names: tuple[str, ...]
    yes_or_no: Bools
    sets: ChoiceSets
    episodes: tuple[int, ...]
    products: tuple[str, ...]
    product: np.typing.NDArray[np.int64]
    dropped: tuple[str, ...]


def free_choices(data: Data) -> pl.DataFrame:
    """The choice sets from which something was chosen without a requirement, in order."""
    made = (pl.col("task") == FREE) & pl.col("chosen").is_not_null()
    return data.choice_sets.filter(made).sort(*SET, "position")


def terms_of(choices: pl.DataFrame, of_products: bool) -> Terms | None:
    """Terms of some choices; ``None`` where there are no sets of several, or no terms that vary.

    Places are compared with the last row and the last column, products with the first by name.

    Args:
        choices: Rows of ``free_choices``, one or more whole sets.
        of_products: Whether every product has a term of its own.
    """
    dropped: list[str] = []
    if of_products:
        taken = choices.group_by("product").agg(pl.col("chosen").any())
        dropped = sorted(taken.filter(~pl.col("chosen"))["product"].to_list())
        choices = choices.filter(~pl.col("product").is_in(dropped))
    choices = choices.filter(pl.len().over(SET) > 1)
    if choices.is_empty():
        return None
    products = sorted(choices["product"].unique().to_list())
    columns = {
        **_places(choices, "row", "grid_row"),
        **_places(choices, "column", "grid_column"),
        **_TAGS,
        **(
            {f"product {name}": pl.col("product") == name for name in products[1:]}
            if of_products
            else {}
        ),
    }
    values = choices.select(
        **{name: column.cast(pl.Float64) for name, column in {**_NUMBERS, **columns}.items()}
    )
    first = choices.select(new=pl.struct(SET).ne_missing(pl.struct(SET).shift(1)).fill_null(True))[
        "new"
    ].to_numpy()
    starts = np.flatnonzero(first)
    episode = choices["episode"].to_numpy()
    episodes, clusters = np.unique(episode[starts], return_inverse=True)
    sets = ChoiceSets(values.to_numpy(), choices["chosen"].to_numpy(), starts, clusters)
    varying = np.ptp(sets.within, axis=0) > 1e-9
    if not varying.any():
        return None
    names = [name for name, kept in zip(values.columns, varying, strict=True) if kept]
    return Terms(
        names=tuple(names),
        yes_or_no=np.array([name not in _NUMBERS for name in names]),
        sets=ChoiceSets(sets.terms[:, varying], sets.chosen, starts, clusters),
        episodes=tuple(episodes.tolist()),
        products=tuple(products),
        product=np.searchsorted(np.array(products), choices["product"].to_numpy()),
        dropped=tuple(dropped),
    )


def _places(choices: pl.DataFrame, name: str, column: str) -> dict[str, pl.Expr]:
    places = sorted(choices[column].unique().to_list())
    return {f"{name} {place}": pl.col(column) == place for place in places[:-1]}
