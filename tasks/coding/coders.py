"""Who codes what in a study, and in which units their codes are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from schemas.errors import Mistake, nearest
from schemas.study.coding import CodingSpec, RuleSpec
from schemas.unit import Read
from tasks.coding.detectors import CODER, ruled_flags

if TYPE_CHECKING:
    from schemas.unit import Unit
    from tasks.coding.adjudication import Rule
    from tasks.stages.base import Upstream
    from tasks.stages.codes import CodeInput


@dataclass(frozen=True)
class Coders:
    """The units that hold the codes of a study, by episode and coder."""

    by_episode: Mapping[str, Mapping[str, tuple[str, ...]]]

    def units(self, episode_key: str, coders: Collection[str]) -> tuple[str, ...]:
        """Units with the codes of some coders on an episode."""
        found = self.by_episode.get(episode_key, {})
        return tuple(key for coder in coders for key in found.get(coder, ()))

    def repeated(self, episode_key: str, coders: Collection[str]) -> bool:
        """Whether one of the coders has several units on an episode, so that codes may repeat."""
        found = self.by_episode.get(episode_key, {})
        return any(len(found.get(coder, ())) > 1 for coder in coders)


@dataclass(frozen=True)
class Expected:
    """The coders that a rule takes.

    Attributes:
        coders: All of them.
        flags: By flag: ``coders`` that should have coded it, and its ``levels`` and ``scale``.
    """

    coders: tuple[str, ...]
    flags: Mapping[str, Mapping[str, Any]]


def imported_reads(coding: CodingSpec | None) -> tuple[Read, ...]:
    """What a plan reads of codes that were brought in, and of the samples that people coded."""
    if coding is None or not coding.imported:
        return ()
    columns = ("unit_key", "episode_key", "coder", "coder_kind", "codebook_digest")
    sampled = ("sample_key", "unit_key", "codebook_digest", "episode_key")
    return (
        Read("codes", "coder", coding.imported, columns, distinct=True),
        Read("units", "stage", ("import",), ("unit_key",)),
        Read("samples", "codebook_digest", (coding.codebook.digest,), sampled, distinct=True),
    )


def imported_codes(upstream: Upstream) -> pl.DataFrame | None:
    """Codes that were brought in, by unit, episode and coder; ``None`` where a plan reads none."""
    codes, units = upstream.frames.get("codes"), upstream.frames.get("units")
    if codes is None or units is None:
        return codes
    return codes.join(units, on="unit_key", how="semi")


def coders_of(
    coding: CodingSpec,
    own: Iterable[Unit[CodeInput]],
    imported: pl.DataFrame | None,
    episodes: Collection[str],
) -> Coders:
    """The units with the codes of a study.

    Args:
        coding: How the study codes.
        own: Units of its own judges and rules.
        imported: Codes that were brought in, as :func:`imported_codes` gives them.
        episodes: Keys of the episodes that are coded.

    Raises:
        Mistake: An imported coder has no codes here, or only codes made by another version of the
            codebook.
    """
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for unit in own:
        found[unit.spec.episode_key][unit.spec.coder].append(unit.key)
    if coding.imported:
        for coder, episode, key in _imported(coding, imported, episodes):
            found[episode][coder].append(key)
    return Coders(
        {
            episode: {coder: tuple(sorted(keys)) for coder, keys in of_episode.items()}
            for episode, of_episode in found.items()
        }
    )


def people_of(coding: CodingSpec, upstream: Upstream) -> frozenset[str]:
    """The imported coders that are people."""
    frame = imported_codes(upstream)
    if frame is None or "coder_kind" not in frame.columns:
        return frozenset()
    humans = frame.filter(pl.col("coder_kind") == "human")["coder"]
    return frozenset(humans) & frozenset(coding.imported)


def expected_coders(
    coding: CodingSpec,
    rule: Rule,
    params: Any,
    declared: RuleSpec,
    people: Collection[str] = frozenset(),
) -> Expected:
    """The coders that a rule takes, flag by flag.

    A rule that names nobody takes all coders but gold and ``people``: people code a sample, and
    votes of theirs would make labels inside it by another rule than outside. Where there are only
    people, they are taken.

    A flag that the codebook codes by rule is not put to the model judges; the coder ``rule``
    takes their place.

    Raises:
        Mistake: The rule names a coder that the study does not have, or is left with none.
    """
    known = tuple(dict.fromkeys((*coding.judges, *coding.imported, *_gold(coding))))
    base, extra = rule.named(params), rule.extra(params)
    own = base is None
    if base is None:
        others = tuple(coder for coder in known if coder != coding.gold) or known
        base = tuple(coder for coder in others if coder not in people) or others
    named = tuple(dict.fromkeys((*base, *extra)))
    for coder in named:
        if coder not in (*known, CODER):
            close = nearest(coder, known)
            raise Mistake(
                what=f"rule {declared.title} names a coder that the study does not have",
                place="coding.adjudication",
                found=coder,
                expected="one of " + (", ".join(known) or "no coder: the study declares none"),
                fix=f"write {close}" if close else "add it to coding.judges or coding.imported",
            )
    ruled = set(ruled_flags(coding.codebook)) if coding.rules else set()
    by_rule = _with_rule(extra if own else named, coding.judges, own)
    flags: dict[str, dict[str, Any]] = {
        name: {
            "coders": by_rule if name in ruled else list(named),
            "levels": len(flag.levels),
            "scale": flag.scale,
        }
        for name, flag in coding.codebook.flags.items()
        if named or name in ruled
    }
    taken = dict.fromkeys(coder for flag in flags.values() for coder in flag["coders"])
    if not taken:
        raise Mistake(
            what=f"rule {declared.title} has no coder to take",
            place="coding",
            found="neither judges nor imported coders",
            fix="declare coding.judges or coding.imported",
        )
    return Expected(tuple(taken), flags)


def _gold(coding: CodingSpec) -> tuple[str, ...]:
    return (coding.gold,) if coding.gold is not None else ()


def _with_rule(named: Sequence[str], judges: Sequence[str], always: bool) -> list[str]:
    """The coders of a flag that is coded by rule: ``rule`` in the place of the model judges."""
    others = [coder for coder in named if coder not in judges and coder != CODER]
    return [CODER, *others] if always or len(others) < len(named) else others


def _imported(
    coding: CodingSpec, frame: pl.DataFrame | None, episodes: Collection[str]
) -> list[tuple[str, str, str]]:
    version = coding.codebook.digest
    rows: list[tuple[str, str, str]] = []
    for coder in coding.imported:
        of_coder = (
            []
            if frame is None or frame.is_empty()
            else [
                row
                for row in frame.filter(pl.col("coder") == coder)
                .select("coder", "episode_key", "unit_key", "codebook_digest")
                .iter_rows()
                if row[1] in episodes
            ]
        )
        same = [row[:3] for row in of_coder if row[3] == version]
        if not same:
            others = sorted({row[3][:8] for row in of_coder})
            raise Mistake(
                what=(
                    f"the codes of {coder} were made with another version of the codebook"
                    if others
                    else f"no codes of {coder} on these episodes were imported"
                ),
                place="coding.imported",
                found=f"version {', '.join(others)}" if others else "none",
                expected=f"version {version[:8]} of codebook {coding.codebook.name}",
                fix=(
                    "take the codebook that they were made by, or code again"
                    if others
                    else "run `agora import codes` first"
                ),
            )
        rows += same
    return rows
