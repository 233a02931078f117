"""The episodes that a study codes, whether they were run or imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from schemas.unit import Read
from tasks.stages.episodes import EpisodeStep

if TYPE_CHECKING:
    from tasks.stages.base import Upstream
    from tasks.studies.design import Design


#: What plans need to know of an episode.
COLUMNS = (
    *("episode_key", "unit_key", "status", "exclusion", "collection", "series", "label"),
    *("planned_rounds", "completed_rounds", "recorded_at"),
)


def episode_reads(design: Design, upstream: Upstream) -> tuple[Read, ...]:
    """What a plan reads of the study's episodes: imported ones, or those that were played."""
    if design.study.imported is not None:
        collection = design.study.imported.collection
        return (Read("episodes", "collection", (collection,), COLUMNS),)
    keys = tuple(unit.key for unit in upstream.of(EpisodeStep))
    return (Read("episodes", "episode_key", keys, COLUMNS),)


@dataclass(frozen=True, slots=True)
class Coded:
    """An episode with its place in the study.

    Attributes:
        key: Its key.
        condition: Its condition; the series of an imported one.
        replicate: Number of the replicate, from 1.
        label: Name for people.
        placeholder: Whether nothing is known of it but codes made elsewhere.
    """

    key: str
    condition: str
    replicate: int
    label: str
    placeholder: bool = False


def coded_episodes(design: Design, upstream: Upstream) -> tuple[Coded, ...]:
    """The episodes of a study, those that failed left out, in the study's order.

    A placeholder is left out where the run that it stands for has been imported since.
    """
    imported = design.study.imported
    if imported is None:
        return tuple(
            Coded(unit.key, unit.condition, unit.replicate, unit.label or unit.key[:8])
            for unit in upstream.usable(EpisodeStep)
        )
    frame = upstream.frames.get("episodes")
    if frame is None or frame.is_empty():
        return ()
    if imported.series:
        frame = frame.filter(pl.col("series").is_in(imported.series))
    columns = (
        standing(frame)
        .sort("series", "label", "episode_key")
        .select("episode_key", "series", "label", "status")
    )
    episodes: list[Coded] = []
    count: dict[str, int] = {}
    for key, series, label, status in columns.iter_rows():
        condition = series or ""
        count[condition] = count.get(condition, 0) + 1
        episodes.append(Coded(key, condition, count[condition], label, status == "placeholder"))
    return tuple(episodes)


def standing(episodes: pl.DataFrame) -> pl.DataFrame:
    """Imported episodes without the placeholders of runs that have been imported since.

    A run is known again by its name or, as runs may be named by their date, by the minute in which
    nothing else of its series took place.

    Args:
        episodes: Rows of ``episodes`` with ``series``, ``label``, ``status`` and ``recorded_at``.
    """
    known_by_codes = pl.col("status") == "placeholder"
    minute = pl.col("recorded_at").cast(pl.Datetime("us")).dt.truncate("1m").alias("minute")
    dated = episodes.with_columns(minute)
    real = dated.filter(~known_by_codes)
    alone = real.filter(pl.len().over("series", "minute") == 1)
    rest = (
        dated.filter(known_by_codes)
        .join(real, on=["series", "label"], how="anti", nulls_equal=True)
        .join(alone, on=["series", "minute"], how="anti")
    )
    return pl.concat([real, rest]).drop("minute")
