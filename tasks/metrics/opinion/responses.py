"""What seats answer to probes: how it stands, and how it changes while an episode lasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl
from pydantic import Field, field_validator

from tasks.metrics import rows
from tasks.metrics.data import Data
from tasks.metrics.metric import Metric, Options, Quantity, Unusable
from tasks.metrics.rows import ByEpisode
from tasks.metrics.statistics.arrays import Floats


class ResponseOptions(Options):
    """Options of ``responses``."""

    names: tuple[str, ...] = Field(
        (),
        description="Probes to take, or items as probe.item; none: all but those of instruments.",
    )
    scales: dict[str, tuple[float, float]] = Field(
        {},
        description="Lowest and highest answer by probe, as {trust: [1, 7]}: intervals then lean "
        "away from the ends and stay within them.",
    )

    @field_validator("scales")
    @classmethod
    def _from_low_to_high(
        cls, scales: dict[str, tuple[float, float]]
    ) -> dict[str, tuple[float, float]]:
        for name, (low, high) in scales.items():
            if low >= high:
                raise ValueError(f"{name}: {low:g} is not below {high:g}")
        return scales


def named_responses(responses: pl.DataFrame, names: tuple[str, ...] = ()) -> pl.DataFrame:
    """Responses with ``name``: that of the probe, with the item's where it has several.

    Args:
        responses: ``episode, after_rounds, after_turns, seat, instrument, item, value, text``.
        names: Which probes or items are kept; all of them if none is named.
    """
    single = pl.col("item") == pl.col("instrument")
    named = responses.with_columns(
        pl.when(single)
        .then(pl.col("instrument"))
        .otherwise(pl.col("instrument") + "." + pl.col("item"))
        .alias("name")
    )
    if names:
        wanted = list(names)
        named = named.filter(pl.col("name").is_in(wanted) | pl.col("instrument").is_in(wanted))
    return named.sort("name", "episode", "after_turns", "seat")


def changes(one: pl.DataFrame) -> pl.DataFrame:
    """First and last answers to one question, by episode.

    Args:
        one: Responses to one question: ``episode, after_turns, seat, value``.

    Returns:
        ``episode``; ``first`` and ``last``, means over the seats that answered at the first and at
        the last time of the episode; and, where those are two times and over the seats that
        answered both, ``change`` and ``spread_change``, last less first of the mean and of the
        standard deviation among seats.
    """
    turns, episode = pl.col("after_turns"), pl.col("episode")
    ends = one.with_columns(
        turns.min().over(episode).alias("begin"), turns.max().over(episode).alias("end")
    )
    first = ends.filter(turns == pl.col("begin")).select("episode", "seat", first="value")
    last = ends.filter(turns == pl.col("end")).select(
        "episode", "seat", "begin", "end", last="value"
    )
    both = first.join(last, on=["episode", "seat"], how="full", coalesce=True)
    moved = (
        both.filter(pl.col("begin") < pl.col("end"))
        .drop_nulls(["first", "last"])
        .group_by("episode")
        .agg(
            (pl.col("last") - pl.col("first")).mean().alias("change"),
            (pl.col("last").std() - pl.col("first").std()).alias("spread_change"),
        )
    )
    means = both.group_by("episode").agg(pl.col("first", "last").mean())
    return means.join(moved, on="episode", how="left").sort("episode")


def _bounds(quantity: str, scale: tuple[float, float]) -> tuple[float, float]:
    """Smallest and largest value of a quantity of answers on a scale."""
    low, high = scale
    if quantity in ("mean", "first", "last"):
        return scale
    # Two seats at the ends have the largest standard deviation that there is.
    width = high - low if quantity == "change" else (high - low) / float(np.sqrt(2))
    return -width, width


def _limits(
    quantity: str, subjects: Iterable[str], scales: Mapping[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """Bounds of a quantity by subject, of questions whose scale is known."""
    asked = {subject: scales.get(subject.partition(" after ")[0]) for subject in subjects}
    known = {subject: scale for subject, scale in asked.items() if scale is not None}
    if quantity == "answered":
        return {}
    return {subject: _bounds(quantity, scale) for subject, scale in known.items()}


def _refuse_beyond(name: str, numbers: pl.DataFrame, scale: tuple[float, float] | None) -> None:
    """Make sure that answers lie on the scale that they are said to have.

    Raises:
        Unusable: Some do not.
    """
    beyond = numbers.filter(~pl.col("value").is_between(*scale)) if scale else numbers.head(0)
    if scale and not beyond.is_empty():
        raise Unusable(
            f"{beyond.height} of {numbers.height} answers to {name} lie beyond its declared scale "
            f"of {scale[0]:g} to {scale[1]:g}, such as {beyond['value'][0]:g}"
        )


def compute(data: Data, options: ResponseOptions, rng: np.random.Generator) -> pl.DataFrame:
    """Rows of ``responses``."""
    asked = data.responses
    if "trait" in asked.columns and not options.names:  # items of instruments have trait_drift
        asked = asked.filter(pl.col("trait").is_null())
    found = named_responses(asked, options.names)
    given = pl.any_horizontal(pl.col("value", "text").is_not_null())
    by_quantity: dict[str, dict[str, Floats]] = {name: {} for name in METRIC.quantities}
    scales: dict[str, tuple[float, float]] = {}
    for (name,), one in found.group_by(["name"], maintain_order=True):
        answered = one.group_by("episode").agg(given.mean().alias("share"))
        by_quantity["answered"][str(name)] = data.by_episode(answered, "share")
        numbers = one.filter(pl.col("value").is_not_null())
        if numbers.is_empty():
            continue
        scale = options.scales.get(str(name), options.scales.get(one["instrument"][0]))
        _refuse_beyond(str(name), numbers, scale)
        if scale is not None:
            scales[str(name)] = scale
        ends = changes(one)
        for quantity in ("first", "last", "change", "spread_change"):
            by_quantity[quantity][str(name)] = data.by_episode(ends, quantity)
        for (rounds,), then in numbers.group_by(["after_rounds"], maintain_order=True):
            means = then.group_by("episode").agg(pl.col("value").mean())
            by_quantity["mean"][f"{name} after {rounds}"] = data.by_episode(means, "value")
    return rows.of_episodes(
        data,
        options,
        {
            quantity: ByEpisode(
                values, _METHODS[quantity], bounds=_limits(quantity, values, scales)
            )
            for quantity, values in by_quantity.items()
        },
    )


_METHODS = {
    "mean": "mean over the seats that answered after so many rounds",
    "first": "mean over the seats that answered the first time",
    "last": "mean over the seats that answered the last time",
    "change": "last less first answer, mean over the seats that gave both",
    "spread_change": "standard deviation among seats that gave both, last less first",
    "answered": "usable answers over questions put to seats",
}

METRIC = Metric(
    name="responses",
    title="What seats answer to probes, and how their answers change while an episode lasts",
    quantities={
        "mean": Quantity(
            "mean answer at a time; the subject is the probe and the rounds before",
            "mean over seats of x_t",
            "as the probe's answers",
        ),
        "first": Quantity("mean of the first answers", "mean of x_1", "as the probe's answers"),
        "last": Quantity("mean of the last answers", "mean of x_T", "as the probe's answers"),
        "change": Quantity("change from first to last answer", "mean of x_T - x_1", "any"),
        "spread_change": Quantity(
            "change of the differences among seats", "sd(x_T) - sd(x_1)", "any"
        ),
        "answered": Quantity("share of questions with a usable answer", "usable / all", "[0, 1]"),
    },
    source="Own.",
    avoid="A change has no null of its own: its interval holds 0 where nothing moved, but asking "
    "twice may move answers by itself, and answers at one end of a scale can move one way only. "
    "Hold it against a condition without what is to have moved them. Answers out of a list have no "
    "number and count in answered alone. The range of the answers is not on record: name it under "
    "scales, or intervals near an end reach beyond it.",
    needs=("responses",),
    options=ResponseOptions,
    version=2,
    compute=compute,
)
