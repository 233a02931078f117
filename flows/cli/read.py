"""``agora read``: an episode of a study as people read it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from flows.cli.table import table, terminal_width
from flows.cli.terminal import say
from flows.cli.transcript import Transcript, transcript_lines
from flows.study_references import Named, named
from schemas.errors import Mistake, nearest
from warehouse.queries.transcript import (
    EpisodeOfVersion,
    EpisodesOfVersion,
    MarkedFlags,
    ProbeAnswers,
    SeatOfEpisode,
    SeatsOfEpisode,
    TranscriptEvents,
    UnusableActions,
)
from warehouse.reader import reader


def print_episode(
    reference: str,
    warehouse: Path,
    condition: str | None = None,
    replicate: int | None = None,
    *,
    seen: bool = False,
    allowed: Sequence[Path] = (),
) -> None:
    """Print what was said and done in an episode.

    Args:
        reference: A study file, a study's name, or the start of a version.
        warehouse: The warehouse.
        condition: Condition, or series of an imported collection; the first one if left out.
        replicate: Number of the episode within it, from 1; the first one there is if left out.
        seen: Whether to say which events each speaker's prompt had shown.
        allowed: Folders outside its own whose files a study may name.

    Raises:
        Mistake: There is no such episode.
    """
    found = named(reference, warehouse, allowed)
    with reader(warehouse) as reading:
        episodes = reading.rows(EpisodesOfVersion(found.version))
        episode = _chosen(found, episodes, condition, replicate)
        key = episode.episode_key
        rules = found.study.coding.adjudication.rules if found.study.coding else ()
        flags = reading.rows(MarkedFlags(found.version, key)) if rules else []
        transcript = Transcript(
            seats=reading.rows(SeatsOfEpisode(key)),
            events=reading.rows(TranscriptEvents(key)),
            unusable=reading.rows(UnusableActions(key)),
            answers=reading.rows(ProbeAnswers(key)),
            flags=[one for one in flags if one.rule == rules[0].title],
        )
    width = terminal_width()
    say(_heading(found, episode, episodes))
    if episode.brief:
        for line in episode.brief.strip().split("\n"):
            say(textwrap.fill(line, width - 2, initial_indent="  ", subsequent_indent="  "))
        say()
    say(_seats(transcript.seats))
    for line in transcript_lines(transcript, width, seen=seen):
        say(line)
    say()
    say(f"{episode.status}: {episode.end_reason}" if episode.end_reason else episode.status)
    if transcript.flags:
        say(f"Flags behind = are those of {rules[0].title}.")


def _chosen(
    found: Named,
    episodes: Sequence[EpisodeOfVersion],
    condition: str | None,
    replicate: int | None,
) -> EpisodeOfVersion:
    if not episodes:
        raise Mistake(
            what="the warehouse holds no episode of this study",
            place=found.title,
            expected="a study whose episodes were run or imported",
            fix=f"agora run {found.path}",
        )
    there = list(dict.fromkeys(one.condition for one in episodes))
    declared = [name for name in found.study.changes if name in there]
    wanted = (declared or there)[0] if condition is None else condition
    of_condition = [one for one in episodes if one.condition == wanted]
    if not of_condition:
        close = nearest(wanted, there)
        raise Mistake(
            what="no episode of such a condition",
            place="--condition",
            found=wanted,
            expected=", ".join(declared or there),
            fix=f"did you mean {close}?" if close else "name one of these",
        )
    chosen = [one for one in of_condition if replicate in {None, one.replicate}]
    if not chosen:
        numbers = [one.replicate for one in of_condition]
        raise Mistake(
            what="no episode of such a number",
            place=f"--replicate of {wanted or found.title}",
            found=str(replicate),
            expected=f"one of the {len(numbers)} from {min(numbers)} to {max(numbers)}",
            fix="name one that is there; agora show says what failed",
        )
    return chosen[0]


def _heading(found: Named, episode: EpisodeOfVersion, episodes: Sequence[EpisodeOfVersion]) -> str:
    n = sum(one.condition == episode.condition for one in episodes)
    parts = [f"{found.study.name}", episode.environment]
    if episode.condition:
        parts.append(episode.condition)
    parts.append(f"episode {episode.replicate} ({n} in all)")
    if episode.exclusion:
        parts.append(f"excluded: {episode.exclusion}")
    return "  ".join(parts)


def _seats(seats: Sequence[SeatOfEpisode]) -> str:
    head = ["name", "seat", "role", "model", "model id", "persona"]
    rows = [
        (one.name, one.seat, one.role, one.model, one.model_id, one.persona or "") for one in seats
    ]
    shown = [
        place
        for place, name in enumerate(head)
        if not (
            (name == "persona" and not any(row[place] for row in rows))
            or (name == "role" and len({row[place] for row in rows}) == 1)
        )
    ]
    columns = [head[place] for place in shown]
    lines = [[row[place] for place in shown] for row in rows]
    text = table(columns, lines, terminal_width() - 2, wrapped_lines=3)
    return "\n".join(f"  {line}" for line in text.rstrip("\n").split("\n"))
