"""Rows of ``codes`` and ``codebooks``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from schemas.codebook import Codebook
from schemas.keys import digest
from schemas.unit import Result, Unit

CoderKind = Literal["model", "human", "rule"]


@dataclass(frozen=True, slots=True)
class Code:
    """A judgement, before it belongs to a unit.

    Attributes:
        seq: The event; nothing for a whole episode.
        flag: What was coded.
        value: 0 or 1, or the number of the level; nothing if no usable judgement came.
        evidence: Words of the item that the coder points at.
        problem: Why there is no value.
        call_key: Call that it came from.
        other_seq: The event that comes first in a pair.
    """

    seq: int | None
    flag: str
    value: float | None
    evidence: str | None = None
    problem: str | None = None
    call_key: str | None = None
    other_seq: int | None = None


def codebook_row(codebook: Codebook) -> dict[str, Any]:
    """The row of ``codebooks`` that a codebook is."""
    return {
        "codebook_digest": codebook.digest,
        "name": codebook.name,
        "spec": codebook.model_dump(mode="json"),
    }


def code_rows(
    codes: Iterable[Code],
    *,
    unit_key: str,
    episode_key: str,
    codebook_digest: str,
    coder: str,
    coder_kind: CoderKind,
) -> list[dict[str, Any]]:
    """Rows of ``codes`` of one coder on one episode."""
    return [
        {
            "unit_key": unit_key,
            "episode_key": episode_key,
            "seq": code.seq,
            "other_seq": code.other_seq,
            "codebook_digest": codebook_digest,
            "flag": code.flag,
            "coder": coder,
            "coder_kind": coder_kind,
            "value": code.value,
            "evidence": code.evidence,
            "problem": code.problem,
            "call_key": code.call_key,
        }
        for code in codes
    ]


def imported_results(
    codes: Mapping[tuple[str, str], Sequence[Code]],
    kinds: Mapping[str, CoderKind],
    codebook: Codebook,
    labels: Mapping[str, str],
) -> list[Result]:
    """Codes made elsewhere as units, one per episode and coder, keyed by their content.

    Args:
        codes: Judgements by episode and coder.
        kinds: Kind of every coder.
        codebook: Codebook that they were made by.
        labels: Names of episodes, for people.
    """
    version, spec = codebook.digest, codebook_row(codebook)
    results = []
    for (episode, coder), judged in sorted(codes.items()):
        ordered = sorted(judged, key=lambda code: (code.seq or 0, code.other_seq or 0, code.flag))
        content = [
            [code.seq, code.other_seq, code.flag, code.value, code.evidence] for code in ordered
        ]
        key = digest("import", "codes", episode, coder, kinds[coder], version, content)
        unit = Unit(
            stage="import",
            step="codes",
            key=key,
            spec=None,
            label=f"{coder} on {labels.get(episode, episode[:8])}",
            upstream=(episode,),
        )
        rows = code_rows(
            ordered,
            unit_key=key,
            episode_key=episode,
            codebook_digest=version,
            coder=coder,
            coder_kind=kinds[coder],
        )
        results.append(Result(unit, {"codebooks": [spec], "codes": rows}))
    return results
