"""Which measurements a study asks for, and of which runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from schemas.codebook import Codebook
from schemas.errors import Mistake, nearest
from schemas.keys import Shared, canonical_json
from schemas.study import CurveSpec, MetricSpec, RuleSpec, Study
from schemas.study.analysis import Incomplete
from schemas.study.models import ModelSpec
from schemas.tables.episodes import INCOMPLETE
from schemas.unit import Unit
from tasks.coding.episodes import standing
from tasks.metrics.catalogue import METRICS
from tasks.metrics.data import Flags, MeasuredEpisode
from tasks.metrics.metric import Metric
from tasks.metrics.stored import Measured
from tasks.metrics.text.vectors import HASHED
from tasks.stages.base import Upstream
from tasks.stages.episodes import EpisodeStep
from tasks.studies.design import Design

Rule = Literal["exclude", "keep"]
#: What speaks against an episode of which there are no rows at all.
FAILED = "failed"


@dataclass(frozen=True)
class StudyEpisode:
    """An episode as metrics see it.

    Attributes:
        episode_key: The episode.
        condition: Its condition, or series.
        replicate: Its number within the condition, from 1.
        against: What speaks against its use, in words; empty where nothing does.
    """

    episode_key: str
    condition: str
    replicate: int
    against: str = ""

    def included(self, incomplete: Rule) -> bool:
        """Whether it is analysed under a rule for incomplete episodes."""
        return not self.against or (incomplete == "keep" and self.against != FAILED)


def excluded_episodes(
    episodes: Iterable[StudyEpisode], incomplete: Rule
) -> dict[str, dict[str, int]]:
    """Number of episodes that are not analysed, by condition and by what speaks against them."""
    found: dict[str, dict[str, int]] = {}
    for episode in episodes:
        reasons = found.setdefault(episode.condition, {})
        if not episode.included(incomplete):
            reasons[episode.against] = reasons.get(episode.against, 0) + 1
    return found


def _against(status: str, exclusion: str | None) -> str:
    """What speaks against the use of an episode; one that its rules ended early is complete.

    Example:
        >>> _against("terminated", None), _against("truncated", None)
        ('', 'incomplete')
    """
    if status in INCOMPLETE:
        return "incomplete"
    return "excluded by flag" if exclusion is not None else ""


@dataclass(frozen=True)
class Measurement:
    """A metric with everything that was chosen about it.

    Attributes:
        metric: The metric.
        options: Its options, defaults filled in.
        rule: The adjudication rule behind it; nothing for metrics that are not made of labels.
        judge: The coder whose codes serve as labels, where the rule is no declared one.
        incomplete: What becomes of incomplete episodes.
    """

    metric: Metric
    options: Mapping[str, Any]
    rule: str | None = None
    judge: str | None = None
    incomplete: Rule = "exclude"

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes it the same as another."""
        every = self.metric.every_episode or self.metric.scope == "persona"
        kept = "keep" if every else self.incomplete
        return (self.metric.name, canonical_json(self.options), self.rule, kept)


@dataclass(frozen=True, slots=True)
class MeasureInput:
    """What measuring takes.

    Attributes:
        metric: Name of the metric.
        version: Version of its code.
        options: Its options, defaults filled in.
        rule: The adjudication rule behind it; ``None`` for metrics that are not made of labels.
        judge: The coder whose codes serve as labels, where the rule is no declared one.
        rules: Every declared rule, for metrics of codes.
        gold: The coder that is taken for the truth, for metrics of codes.
        flags: What there is to know of the codebook.
        incomplete: What becomes of incomplete episodes.
        episodes: The episodes.
        excluded: Episodes left out, by condition and reason.
        labels: Units with their labels, sorted.
        codes: Units with their codes, sorted.
        samples: Samples drawn from them, for metrics of samples.
        encoder: The embedding model, where the metric asks one.
    """

    metric: str
    version: int
    options: Mapping[str, Any]
    rule: str | None
    judge: str | None
    rules: tuple[str, ...]
    gold: str | None
    flags: Flags
    incomplete: Rule
    episodes: Shared[tuple[MeasuredEpisode, ...]]
    excluded: Mapping[str, Mapping[str, int]]
    labels: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    encoder: Shared[ModelSpec] | None = None

    @property
    def replicates(self) -> dict[str, int]:
        """Number of the replicate by episode."""
        return {episode.episode_key: episode.replicate for episode in self.episodes.value}


def identity_of(unit: Unit[Measured]) -> tuple[Any, ...]:
    """The identity of the measurement that a unit makes."""
    spec = unit.spec
    return (spec.metric, canonical_json(spec.options), spec.rule, spec.incomplete)


def rule_for(incomplete: Incomplete) -> Rule:
    """What a rule for incomplete episodes means for metrics: what was to be retried is left out."""
    return "keep" if incomplete == "keep" else "exclude"


def episodes_of(design: Design, upstream: Upstream) -> tuple[StudyEpisode, ...]:
    """The episodes of a study, conditions in the order declared.

    Nothing speaks against episodes that were planned and not yet made, so a plan made beforehand
    names the units that there will be if all goes well.
    """
    if design.study.imported is not None:
        return _imported_episodes(design, upstream)
    frame = upstream.frames.get("episodes")
    against: dict[str, str] = {}
    if frame is not None and frame.height:
        for key, status, exclusion in frame.select(
            "episode_key", "status", "exclusion"
        ).iter_rows():
            against[key] = _against(status, exclusion)
    _add_broken(against, upstream)
    expected = {unit.key for unit in upstream.expected(EpisodeStep)}
    order = {cell.name: number for number, cell in enumerate(design.conditions)}
    episodes = [
        StudyEpisode(
            unit.key,
            unit.condition,
            unit.replicate,
            against.get(unit.key, "") if unit.key in expected else FAILED,
        )
        for unit in upstream.of(EpisodeStep)
    ]
    return tuple(sorted(episodes, key=lambda r: (order[r.condition], r.replicate, r.episode_key)))


def _add_broken(against: dict[str, str], upstream: Upstream) -> None:
    """Add the rules of completeness that episodes break, where nothing else speaks against them."""
    frame = upstream.frames.get("exclusions")
    if frame is None:
        return
    rules: dict[str, list[str]] = {}
    for key, rule in frame.sort("episode_key", "rule").select("episode_key", "rule").iter_rows():
        rules.setdefault(key, []).append(rule)
    for key, broken in rules.items():
        against[key] = against.get(key) or f"incomplete by {', '.join(broken)}"


def _imported_episodes(design: Design, upstream: Upstream) -> tuple[StudyEpisode, ...]:
    spec = design.study.imported
    frame = upstream.frames.get("episodes")
    if spec is None or frame is None:
        return ()
    wanted = {name: number for number, name in enumerate(spec.series)}
    rows = [
        row
        for row in standing(frame).sort("series", "label").iter_rows(named=True)
        if not wanted or row["series"] in wanted
    ]
    rows.sort(key=lambda row: wanted.get(row["series"], 0))
    seen: dict[str, int] = {}
    broken: dict[str, str] = {}
    _add_broken(broken, upstream)
    episodes = []
    for row in rows:
        series = row["series"] or ""
        seen[series] = seen.get(series, 0) + 1
        against = _against(row["status"], row["exclusion"]) or broken.get(row["episode_key"], "")
        episodes.append(StudyEpisode(row["episode_key"], series, seen[series], against))
    return tuple(episodes)


def measurements(study: Study) -> tuple[Measurement, ...]:
    """Everything that a study wants measured, once each, what its curves need included.

    Raises:
        Mistake: A metric or an option of one is unknown.
    """
    found: dict[tuple[Any, ...], Measurement] = {}
    incomplete = rule_for(study.run.incomplete)
    for number, spec in enumerate(study.metrics):
        place = f"metrics.{number}"
        metric = METRICS.named(spec.name, place)
        options = metric.read_options(spec.options, place).model_dump(mode="json")
        rules: list[str | None] = [None]
        if metric.per_rule and study.coding:
            rules = [rule.title for rule in study.coding.adjudication.rules]
        for rule in rules:
            one = Measurement(metric, options, rule, None, incomplete)
            found.setdefault(one.identity, one)
    for name, curve in study.curves.items():
        for one, _ in curve_measurements(study, name, curve):
            found.setdefault(one.identity, one)
    return tuple(found.values())


@dataclass(frozen=True)
class DeclaredMetric:
    """A metric as a study lists it.

    Attributes:
        metric: The metric.
        options: Its options, defaults filled in.
        which: Options in which it differs from others of its name, in words; empty for the only
            one.
    """

    metric: Metric
    options: Mapping[str, Any]
    which: str = ""

    def title(self, quantity: str) -> str:
        """Name of a quantity, such as ``drift.societal_pull``, that no other metric shares."""
        return f"{quantity} ({self.which})" if self.which else quantity


def declared_metrics(study: Study) -> tuple[DeclaredMetric, ...]:
    """The metrics that a study lists, each once; unknown names are left out.

    Raises:
        Mistake: An option is wrong.
    """
    listed: dict[tuple[str, bytes], DeclaredMetric] = {}
    for number, spec in enumerate(study.metrics):
        metric = METRICS.get(spec.name)
        if metric is not None:
            options = metric.read_options(spec.options, f"metrics.{number}").model_dump(mode="json")
            key = (spec.name, canonical_json(options))
            listed.setdefault(key, DeclaredMetric(metric, options))
    found = []
    for one in listed.values():
        others = [other for other in listed.values() if other.metric is one.metric]
        differing = [
            f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
            for name, value in one.options.items()
            if any(other.options[name] != value for other in others)
        ]
        found.append(DeclaredMetric(one.metric, one.options, ", ".join(differing)))
    return tuple(found)


def declared_measurement(study: Study, of: str) -> Measurement | None:
    """The measurement that a contrast of ``metric`` or ``metric.quantity`` is about."""
    name = of.partition(".")[0]
    spec: MetricSpec | None = next((m for m in study.metrics if m.name == name), None)
    if spec is None:
        return None
    metric = METRICS.named(spec.name, "contrasts")
    options = metric.read_options(spec.options, "metrics").model_dump(mode="json")
    rule = study.coding.adjudication.use.title if metric.per_rule and study.coding else None
    return Measurement(metric, options, rule, None, rule_for(study.run.incomplete))


def curve_measurements(
    study: Study, name: str, curve: CurveSpec
) -> Iterator[tuple[Measurement, str]]:
    """Every combination of a curve's choices, with what sets it apart from the declared one."""
    contrast = study.contrasts.get(curve.contrast)
    base = declared_measurement(study, contrast.of) if contrast else None
    if base is None:
        return
    rules: list[tuple[str | None, str | None]] = [(rule, None) for rule in curve.rules]
    rules += [(_judge_rule(judge), judge) for judge in curve.judges]
    if rules and not base.metric.per_rule:
        raise Mistake(
            what=f"metric {base.metric.name} is not made of one rule's labels, so there are no "
            "rules or judges to vary over",
            place=f"curves.{name}",
            found=", ".join(str(rule) for rule, _ in rules),
            fix="leave rules and judges out",
        )
    for rule, judge in rules or [(base.rule, None)]:
        for incomplete in curve.incomplete or (study.run.incomplete,):
            for number, variant in enumerate(curve.variants or ({},)):
                place = f"curves.{name}.variants.{number}"
                merged = {**base.options, **variant}
                options = base.metric.read_options(merged, place).model_dump(mode="json")
                kept = rule_for(incomplete)
                words = [
                    f"rule={rule}" if rules else "",
                    f"incomplete={incomplete}" if curve.incomplete else "",
                    *(f"{key}={value}" for key, value in variant.items()),
                ]
                text = "; ".join(word for word in words if word)
                yield Measurement(base.metric, options, rule, judge, kept), text or "as declared"


def encoder_model(study: Study, options: Mapping[str, Any], place: str) -> ModelSpec | None:
    """The embedding model that a metric's option ``encoder`` names; nothing for the hashed one.

    Raises:
        Mistake: The study has no model of that alias, or a simulated one that makes no vectors.
    """
    alias = options.get("encoder", HASHED)
    if alias == HASHED:
        return None
    if alias not in study.models:
        close = nearest(alias, (HASHED, *study.models))
        raise Mistake(
            what="the encoder is no model of the study",
            place=place,
            found=alias,
            expected="one of " + ", ".join((HASHED, *sorted(study.models))),
            fix=f"write {close}" if close else f"add under models: {alias}: {{model: {alias}}}",
        )
    spec = study.models[alias]
    if spec.simulated:
        from tasks.models.sim import encoder_of  # with all environments

        encoder_of(spec, place)
    return spec


def _judge_rule(judge: str) -> str:
    return RuleSpec(rule="judge", params={"coder": judge}).title


def flags_of(codebook: Codebook | None) -> Flags:
    """What metrics need to know of a codebook."""
    if codebook is None:
        return Flags()
    return Flags(
        traits=tuple(codebook.traits),
        levels={name: tuple(flag.levels) for name, flag in codebook.flags.items()},
        scales={name: flag.scale for name, flag in codebook.flags.items()},
        conditional={name: flag.when for name, flag in codebook.flags.items() if flag.when},
    )
