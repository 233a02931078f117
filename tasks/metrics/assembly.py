"""Frames of the warehouse put together for metrics, each piece once however many metrics use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import polars as pl

from tasks.metrics.data import Data, episode_frame, messages_of, numbered
from tasks.metrics.metric import Metric
from tasks.metrics.text.vectors import Encoder
from tasks.metrics.units import MeasureInput

T = TypeVar("T")

#: View of what seats are shown as from an event on.
SEAT_CHANGES = "v_seats_over_time"
#: View of what the prompts of messages had shown.
SHOWN_BEFORE = "v_message_exposures"
#: View of the alternatives that were shown to who chose.
CHOICE_SETS = "v_choice_sets"
#: View of what the calls of each seat took.
TOKENS = "v_episode_tokens"
#: Table of who can see what has an audience of its own.
AUDIENCES = "audiences"
#: Whose judgement a row is. A study has few flags, coders and rules and millions of judgements, so
#: these are kept as categories, and numbers within an episode in 32 bits.
_SOURCE = {"codes": "coder", "labels": "rule"}


class MetricInputs:
    """Hands out the data of each unit; pieces that units share are made once.

    Args:
        rows: Rows of the warehouse by table, those of several units together.
    """

    def __init__(self, rows: Mapping[str, pl.DataFrame]) -> None:
        self._rows = rows
        self._made: dict[tuple[Any, ...], Any] = {}

    def data(
        self,
        spec: MeasureInput,
        metric: Metric,
        encoders: Mapping[str, Encoder] | None = None,
    ) -> Data:
        """What a metric is computed from.

        Args:
            spec: The spec of a unit of the step ``measure``.
            metric: The metric.
            encoders: Text encoders by name, besides the hashed one.
        """
        episodes_key = tuple(episode.episode_key for episode in spec.episodes.value)
        episodes = self._once(("episodes", episodes_key), lambda: self._episodes(spec))
        needs = metric.needs
        empty = pl.DataFrame()
        codes = all_labels = labels = empty
        if spec.codes:
            codes = self._coded("codes", episodes_key, episodes)
        if "labels" in needs:
            all_labels = self._coded("labels", episodes_key, episodes)
            labels = self._labels(spec, all_labels, codes)
        return Data(
            episodes=episodes,
            excluded={name: sum(one.values()) for name, one in spec.excluded.items()},
            seats=self._numbered("seats", episodes_key, episodes) if "seats" in needs else empty,
            seat_changes=self._numbered(SEAT_CHANGES, episodes_key, episodes)
            if "seats" in needs and SEAT_CHANGES in self._rows
            else empty,
            events=self._numbered("events", episodes_key, episodes) if "events" in needs else empty,
            actions=self._numbered("actions", episodes_key, episodes)
            if "actions" in needs
            else empty,
            messages=self._messages(episodes_key, episodes) if "messages" in needs else empty,
            labels=labels,
            all_labels=all_labels,
            codes=codes,
            samples=self._samples(spec, episodes_key, episodes) if spec.samples else empty,
            outcomes=self._numbered("outcomes", episodes_key, episodes)
            if "outcomes" in needs
            else empty,
            exposures=self._numbered(SHOWN_BEFORE, episodes_key, episodes)
            if "exposures" in needs
            else empty,
            responses=self._numbered("responses", episodes_key, episodes)
            if "responses" in needs
            else empty,
            choice_sets=self._numbered(CHOICE_SETS, episodes_key, episodes)
            if "choice_sets" in needs
            else empty,
            tokens=self._numbered(TOKENS, episodes_key, episodes) if "tokens" in needs else empty,
            flags=spec.flags,
            rule=spec.rule,
            rules=spec.rules,
            gold=spec.gold,
            encoders=dict(encoders or {}),
            shared=self._once(("shared", episodes_key), lambda: {}),
        )

    def _once(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        if key not in self._made:
            self._made[key] = make()
        return cast("T", self._made[key])

    def _episodes(self, spec: MeasureInput) -> pl.DataFrame:
        return episode_frame(spec.episodes.value, self._rows["episodes"])

    def _numbered(
        self, table: str, episodes_key: tuple[str, ...], episodes: pl.DataFrame
    ) -> pl.DataFrame:
        return self._once(
            (table, episodes_key),
            lambda: numbered(self._rows[table].drop("unit_key", strict=False), episodes),
        )

    def _messages(self, episodes_key: tuple[str, ...], episodes: pl.DataFrame) -> pl.DataFrame:
        return self._once(
            ("messages", episodes_key),
            lambda: messages_of(
                numbered(self._rows["events"], episodes),
                numbered(self._rows[AUDIENCES], episodes)
                if AUDIENCES in self._rows
                else pl.DataFrame(),
            ),
        )

    def _coded(
        self, table: str, episodes_key: tuple[str, ...], episodes: pl.DataFrame
    ) -> pl.DataFrame:
        """Codes or labels of the episodes; of each rule and episode only those of this study."""
        schema: dict[str, Any] = {
            "seq": pl.Int32,
            "other_seq": pl.Int32,
            "flag": pl.Categorical,
            _SOURCE[table]: pl.Categorical,
            "value": pl.Float64,
        }
        frame = self._rows.get(table, pl.DataFrame(schema={"episode_key": pl.String, **schema}))
        columns = [pl.col(name).cast(kind) for name, kind in schema.items()]
        return self._once((table, episodes_key), lambda: numbered(frame, episodes, columns))

    def _samples(
        self, spec: MeasureInput, episodes_key: tuple[str, ...], episodes: pl.DataFrame
    ) -> pl.DataFrame:
        mine = pl.col("sample_key").is_in(list(spec.samples))
        return self._numbered("samples", episodes_key, episodes).filter(mine)

    def _labels(
        self, spec: MeasureInput, all_labels: pl.DataFrame, codes: pl.DataFrame
    ) -> pl.DataFrame:
        """Labels of the unit's rule, or the codes of the judge that stands in for one."""
        if spec.rule is None:
            return all_labels
        of_rule = pl.col("rule") == spec.rule
        # A frame of millions of rows is not copied where it has one rule.
        every = all_labels.select(of_rule.all()).item()
        mine = all_labels if every else all_labels.filter(of_rule)
        if mine.is_empty() and spec.judge is not None:
            mine = codes.filter(pl.col("coder") == spec.judge)
        return mine.select("episode", "seq", "other_seq", "flag", "value")
