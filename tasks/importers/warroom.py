"""Transcripts of the founding study (WarRoom) as episodes.

The platform wrote provider errors into the conversation, where every agent read them. Here they
are events of kind ``chance``, never messages. Which messages an agent had seen when it spoke was
not recorded, so no exposures are written.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.environment import EVERYONE, NOBODY
from schemas.errors import Mistake
from schemas.keys import digest
from schemas.unit import Result, Unit
from tasks.importers.events import action_row, event_row
from tasks.importers.problems import name_of, parsed_json, raised_together
from tasks.importers.warroom_format import Agent, Marker, Spoken, Transcript, Typed, round_of

COLLECTION = "warroom"
RECIPE = 1

#: What an error line says -> kind of the error; the first that is found decides.
ERROR_KINDS = (
    (re.compile(r"^⚠ The model `[^`]*` has been decommissioned"), "crash_notice"),
    (re.compile(r"^⚠ Rate limit reached"), "rate_limit"),
    (re.compile(r"^⚠ \S+ is currently over capacity"), "over_capacity"),
    (re.compile(r"^⚠ Timeout"), "timeout"),
    (re.compile(r"^⚠ Internal Server Error"), "server_error"),
)

#: An error line that no pattern knows: the platform flagged every text that begins with ⚠, so
#: these are replies of agents that begin with it.
FLAGGED_REPLY = "flagged_reply"


def read_transcripts(folder: Path, collection: str = COLLECTION) -> list[Result]:
    """The runs in a folder, one result each: rows of ``episodes``, ``seats`` and ``events``.

    Keys come from the content of the files, so the same files always give the same units.

    Args:
        folder: Folder with ``SERIES/*.json``; a folder of one series will do.
        collection: Name under which studies find the episodes.

    Raises:
        Mistake: There is no such folder, it holds no transcripts, or one of them is damaged; then
            nothing of the folder is given.
        Mistakes: Several are damaged.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".json")
    if not paths:
        raise Mistake(
            what="there are no transcripts here",
            place=str(folder),
            found="a folder without .json files" if folder.is_dir() else "no such folder",
            expected="SERIES/*.json",
            fix="name the folder that holds the series",
        )
    results: list[Result] = []
    problems: list[Mistake] = []
    labels: dict[tuple[str, str], Path] = {}
    for path in paths:
        try:
            result, place = _result(path, collection)
            if place in labels:
                raise Mistake(
                    what=f"run {place[1]} of series {place[0]} is here twice",
                    place=str(path),
                    found=f"also in {labels[place]}",
                    fix="keep one of the two files",
                )
            labels[place] = path
            results.append(result)
        except Mistake as problem:
            problems.append(problem)
    if problems:
        raise raised_together(problems)
    return results


def error_kind(text: str) -> str:
    """What kind of error a line that the platform flagged is.

    Example:
        >>> error_kind("⚠ Rate limit reached for model `m`")
        'rate_limit'
        >>> error_kind("⚠ **Agent-E** Copy that")
        'flagged_reply'
    """
    return next((kind for pattern, kind in ERROR_KINDS if pattern.search(text)), FLAGGED_REPLY)


def _result(path: Path, collection: str) -> tuple[Result, tuple[str, str]]:
    transcript = parsed_json(path, Transcript, "transcript")
    stem = unicodedata.normalize("NFC", path.stem)  # some file systems take letters apart
    label = name_of(stem.removeprefix("warroom-"), str(path))
    series = transcript.condition.series
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    key = digest("import", "transcripts", COLLECTION, RECIPE, collection, series, label, content)
    unit = Unit(
        stage="import",
        step="transcripts",
        key=key,
        spec=None,
        condition=series,
        label=label,
    )
    rows = {
        "episodes": [_episode(transcript, key, collection, label)],
        "seats": _seats(path, transcript, key),
        "actions": _actions(transcript, key),
        "events": list(_events(transcript, key)),
    }
    return Result(unit, rows), (series, label)


def _episode(transcript: Transcript, key: str, collection: str, label: str) -> dict[str, Any]:
    condition, environment = transcript.condition, transcript.environment
    planned, completed = transcript.planned_rounds, transcript.completed_rounds
    stops = [
        line.system
        for line in transcript.conversation.messages
        if isinstance(line, Marker) and line.system.startswith("⏹")
    ]
    return {
        "episode_key": key,
        "unit_key": key,
        "source": "import",
        "environment": "discussion",
        "collection": collection,
        "series": condition.series,
        "label": label,
        "brief": transcript.conversation.userPrompt,
        "params": {
            **condition.model_dump(mode="json", exclude={"series"}),
            **environment.model_dump(
                mode="json", include={"id", "staggerMs", "maxRounds", "systemPromptTemplate"}
            ),
        },
        "seed": None,
        "status": "terminated" if completed >= planned else "incomplete",
        "end_reason": stops[-1] if stops else "rounds",
        "planned_rounds": planned,
        "completed_rounds": completed,
        "exclusion": None,
        "recorded_at": environment.timestamp,
    }


def _seats(path: Path, transcript: Transcript, key: str) -> list[dict[str, Any]]:
    agents = {agent.position: agent for agent in transcript.environment.agentRanking}
    for number, line in enumerate(transcript.conversation.messages):
        if not isinstance(line, Spoken):
            continue
        agent = agents.get(line.position)
        if agent is None or agent.nickname != line.agent_nickname:
            raise Mistake(
                what="somebody speaks who does not take part",
                place=f"{path}: conversation.messages[{number}]",
                found=f"{line.agent_nickname} at position {line.position}",
                expected=f"{agent.nickname} there" if agent else "a position of agentRanking",
                fix="export it again, or take the file out of the folder",
            )
    return [
        {
            "episode_key": key,
            "unit_key": key,
            "seat": f"s{agent.position}",
            "position": agent.position,
            "role": "participant",
            "name": agent.nickname,
            "model": _model_name(transcript, agent),
            "model_id": agent.model,
            "persona_key": None,
        }
        for agent in sorted(agents.values(), key=lambda agent: agent.position)
    ]


def _model_name(transcript: Transcript, agent: Agent) -> str:
    condition = transcript.condition
    return condition.cloneModelName or agent.name if condition.cloneMode else agent.name


def _events(transcript: Transcript, key: str) -> Iterator[dict[str, Any]]:
    round_number = turn = 0
    lines = transcript.conversation.messages
    opening = next((place for place, line in enumerate(lines) if isinstance(line, Typed)), None)
    seq = 0
    for place, line in enumerate(lines):
        if place == opening:
            continue
        number = round_of(line)
        round_number = round_number if number is None else number
        if isinstance(line, Spoken):
            what = _spoken(line, transcript.condition.isolatedMode)
        elif isinstance(line, Typed):
            what = {"kind": "intervene", "actor": "env", "item": "typed", "text": line.text}
        else:
            what = {
                "kind": "end" if line.system.startswith("⏹") else "state",
                "actor": "env",
                "item": "marker",
                "text": line.system,
                "audience": NOBODY,
            }
        yield event_row(key, seq, round_number, turn, {"data": {"time": line.time}, **what})
        seq += 1
        turn += isinstance(line, Spoken)


def _spoken(line: Spoken, isolated: bool) -> dict[str, Any]:
    actor = f"s{line.position}"
    what = {
        "actor": actor,
        "text": line.text,
        "audience": actor if isolated else EVERYONE,
        "data": {
            "time": line.time,
            "language": line.language_detected,
            "mentions": [str(mention.get("nickname", "")) for mention in line.mentions],
        },
    }
    if line.isError:
        return {**what, "kind": "chance", "item": error_kind(line.text)}
    if not line.text.strip():
        return {**what, "kind": "ask", "item": "empty_completion"}
    return {**what, "kind": "say"}


def _actions(transcript: Transcript, key: str) -> list[dict[str, Any]]:
    """One row for each line that an agent was asked for, those that came out empty included."""
    spoken = [line for line in transcript.conversation.messages if isinstance(line, Spoken)]
    return [
        action_row(
            key,
            line.round,
            turn,
            f"s{line.position}",
            "turn",
            line.text if line.text.strip() and not line.isError else None,
        )
        for turn, line in enumerate(spoken)
    ]
