"""An excerpt of one episode per condition, with what coders and rules made of each message."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

from tasks.report.data import ReportData, Row
from tasks.report.formatting import number

PRESENT, ABSENT, UNUSABLE, NOT_CODED = "●", "○", "?", "·"


@dataclass(frozen=True)
class Judged:
    """One flag of one message.

    Attributes:
        flag: The flag.
        signs: A sign per source, in the order of the excerpt's sources.
        split: Whether coders disagree.
        evidence: Words that a coder points at.
    """

    flag: str
    signs: tuple[str, ...]
    split: bool
    evidence: str = ""


@dataclass(frozen=True)
class Message:
    """One message."""

    round: int
    kind: str
    speaker: str
    model: str
    text: str
    cut: int
    fallback: bool
    judged: tuple[Judged, ...]
    coded: bool
    silent: int


@dataclass(frozen=True)
class Excerpt:
    """An excerpt of an episode.

    Attributes:
        condition: Its condition.
        episode: Name of the episode.
        status: Its status.
        n_messages: Messages of the whole episode.
        sources: Coders, then rules.
        messages: The messages.
    """

    condition: str
    episode: str
    status: str
    n_messages: int
    sources: tuple[str, ...]
    messages: tuple[Message, ...]


@dataclass
class _Codes:
    by_message: dict[tuple[str, int], dict[str, dict[str, Row]]] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)


def excerpts(data: ReportData) -> tuple[Excerpt, ...]:
    """One excerpt per condition, conditions in the order declared."""
    codes = _codes(data)
    order = {one.name: place for place, one in enumerate(data.conditions)}
    rows = sorted(
        data.rows("messages"), key=lambda row: (order.get(row["condition"], 0), row["seq"])
    )
    found = []
    for condition, group in groupby(rows, key=lambda row: str(row["condition"])):
        mine = list(group)
        first = mine[0]
        found.append(
            Excerpt(
                condition,
                first["label"],
                first["status"],
                first["n_messages"],
                tuple(codes.sources),
                tuple(_message(row, codes) for row in mine),
            )
        )
    return tuple(found)


def _codes(data: ReportData) -> _Codes:
    codes = _Codes()
    gold = data.gold
    for row in sorted(
        data.rows("message_codes"), key=lambda row: (row["source"] != gold, row["source"])
    ):
        _add(codes, row)
    rules = {rule: place for place, rule in enumerate(data.rules)}
    for row in sorted(data.rows("message_labels"), key=lambda row: rules.get(row["source"], 99)):
        if row["source"] == data.used_rule or not row["source"].startswith("judge("):
            _add(codes, {**row, "source": f"→ {row['source']}"})
    return codes


def _add(codes: _Codes, row: Row) -> None:
    codes.sources.setdefault(row["source"])
    flags = codes.by_message.setdefault((row["episode_key"], row["seq"]), {})
    flags.setdefault(row["flag"], {})[row["source"]] = row


def _message(row: Row, codes: _Codes) -> Message:
    flags = codes.by_message.get((row["episode_key"], row["seq"]), {})
    judged = []
    silent = 0
    for flag, by_source in flags.items():
        values = {one["value"] for name, one in by_source.items() if not name.startswith("→")}
        if values <= {0.0}:
            silent += 1
            continue
        evidence = next((one["evidence"] for one in by_source.values() if one.get("evidence")), "")
        signs = tuple(_sign(by_source.get(source)) for source in codes.sources)
        judged.append(Judged(flag, signs, len(values) > 1, evidence or ""))
    return Message(
        row["round"],
        row["kind"],
        row["name"] or row["seat"],
        row["model"] or "",
        row["text"] or "",
        max(row["characters"] - len(row["text"] or ""), 0),
        bool(row["fallback"]),
        tuple(judged),
        bool(flags),
        silent,
    )


def _sign(row: Row | None) -> str:
    if row is None:
        return NOT_CODED
    value = row["value"]
    if value is None:
        return UNUSABLE
    return {0.0: ABSENT, 1.0: PRESENT}.get(value, number(value, 0))
