"""Damaged JSON: transcripts, and exports of Label Studio."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .samples import line, transcript

#: In place of a value: the field is not there.
MISSING = object()

Path = tuple[str | int, ...]


def with_values(data: Any, values: Mapping[Path, tuple[Any, ...]]) -> Iterator[tuple[str, Any]]:
    """Copies of data, each with one value in the place of another, under what was done."""
    for path, found in values.items():
        for value in found:
            made = copy.deepcopy(data)
            inner = made
            for part in path[:-1]:
                inner = inner[part]
            if value is MISSING:
                del inner[path[-1]]
            else:
                inner[path[-1]] = value
            said = "missing" if value is MISSING else ascii(value)[:40]
            yield f"{'.'.join(map(str, path))}: {said}", made


# -- JSON of a transcript ---------------------------------------------------------------------

SOUND = json.dumps(transcript())

#: Texts that are no sound JSON, whatever they should hold.
NO_JSON = {
    "empty": b"",
    "blank": b" \n",
    "no json": b"hello",
    "cut short": SOUND[:-40].encode(),
    "two documents": (SOUND + SOUND).encode(),
    "trailing comma": SOUND[:-1].encode() + b",}",
    "comment": b"// run 1\n" + SOUND.encode(),
    "single quotes": SOUND.replace('"', "'").encode(),
    "byte order mark of UTF-16": SOUND.encode("utf-16"),
    "UTF-16 without a mark": SOUND.encode("utf-16-le"),
    "latin-1": SOUND.replace("stage", "sc\xe8ne").encode("latin-1"),
    "NUL": SOUND.replace("stage", "st\0ge").encode(),
    "NUL bytes after it": SOUND.encode() + b"\0" * 100,
    "random bytes": bytes(range(256)) * 10,
    "nested lists": b"[" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "nested and closed": b"[" * 100_000 + b"]" * 100_000,
    "a list": f"[{SOUND}]".encode(),
    "a number": b"1",
    "null": b"null",
    "a text": b'"text"',
    "an empty object": b"{}",
    "an image": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "a gzip": b"\x1f\x8b\x08\x00" + bytes(100),
    "control character in a text": SOUND.replace("stage", "st\x1bage").encode(),
    "line end in a text": SOUND.replace("stage", "st\nage").encode(),
}

#: Edits of the text of a sound transcript.
EDITED = {
    "NaN": ('"temperature": 0.8', '"temperature": NaN'),
    "infinite": ('"temperature": 0.8', '"temperature": Infinity'),
    "minus infinite": ('"temperature": 0.8', '"temperature": -Infinity'),
    "too large": ('"temperature": 0.8', '"temperature": 1e999'),
    "thousands of digits": ('"maxRounds": 1', '"maxRounds": ' + "9" * 5000),
    "more than 64 bits": ('"maxRounds": 1', '"maxRounds": 99999999999999999999'),
    "lone high surrogate": ("Then food", "\\ud800"),
    "lone low surrogate": ("Then food", "\\udc00 then"),
    "escaped NUL": ("Then food", "a\\u0000b"),
    "key twice": ('"mode": "multi"', '"mode": "multi", "mode": "single"'),
    "key twice, far down": ('"text": "Agreed."', '"text": "Agreed.", "text": "No."'),
    "NaN in a field that is not read": ('"mode": "multi"', '"mode": "multi", "other": NaN'),
    "deep in a field that is not read": (
        '"mode": "multi"',
        '"mode": "multi", "other": ' + "[" * 100_000 + "]" * 100_000,
    ),
    "true for a number": ('"maxRounds": 1', '"maxRounds": true'),
    "text for a number": ('"maxRounds": 1', '"maxRounds": "1"'),
    "fraction for a number": ('"maxRounds": 1', '"maxRounds": 1.5'),
    "number for a text": ('"mode": "multi"', '"mode": 1'),
    "no time": ("2026-01-02T03:04:05Z", "yesterday"),
    "a date that is none": ("2026-01-02T03:04:05Z", "2026-02-30T03:04:05Z"),
    "a year that no calendar has": ("2026-01-02T03:04:05Z", "99999-01-02T03:04:05Z"),
    "a negative limit": ('"maxRounds": 1', '"maxRounds": -1'),
    "a limit above all bounds": ('"maxRounds": 1', '"maxRounds": 9223372036854775807'),
}


def _changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    made = transcript()
    change(made)
    return json.dumps(made).encode()


def _messages(change: Callable[[list[Any]], Any]) -> bytes:
    return _changed(lambda one: change(one["conversation"]["messages"]))


def _said(**changed: Any) -> dict[str, Any]:
    return {**line(1, 1, "More."), **changed}


#: Transcripts that say what cannot be.
UNTRUE = {
    "no series": _changed(lambda one: one["condition"].pop("series")),
    "empty series": _changed(lambda one: one["condition"].update(series="")),
    "series with a line end": _changed(lambda one: one["condition"].update(series="A\nB")),
    "series that a terminal obeys": _changed(lambda one: one["condition"].update(series="\x1b[2J")),
    "series of direction marks": _changed(lambda one: one["condition"].update(series="\u202eA")),
    "series of 20,000 characters": _changed(
        lambda one: one["condition"].update(series="A" * 20_000)
    ),
    "no environment": _changed(lambda one: one.pop("environment")),
    "nobody takes part": _changed(lambda one: one["environment"].update(agentRanking=[])),
    "two at one position": _changed(
        lambda one: one["environment"]["agentRanking"][1].update(position=1)
    ),
    "position 0": _changed(lambda one: one["environment"]["agentRanking"][1].update(position=0)),
    "two of one name": _changed(
        lambda one: one["environment"]["agentRanking"][1].update(nickname="Agent-A")
    ),
    "no messages": _changed(lambda one: one["conversation"].update(messages=[])),
    "no brief": _changed(lambda one: one["conversation"].update(userPrompt="")),
    "messages that are texts": _changed(lambda one: one["conversation"].update(messages=["a"])),
    "a message twice": _messages(lambda lines: lines.append(dict(lines[-1]))),
    "rounds that go back": _messages(lambda lines: lines.append(line(1, 0, "Late."))),
    "a marker of a round that goes back": _messages(
        lambda lines: lines.extend(
            {"sender": "system", "time": "10:02", "system": f"— Round {number} —"}
            for number in (2, 1)
        )
    ),
    "an agent's line as the user's": _messages(lambda lines: lines[2].update(sender="user")),
    "an agent's line as the system's": _messages(lambda lines: lines[2].update(sender="system")),
    "a line of somebody else": _messages(lambda lines: lines.append(_said(position=9))),
    "a line under another name": _messages(lambda lines: lines.append(_said(agent_nickname="Z"))),
    "a negative round": _messages(lambda lines: lines.append(_said(round=-1))),
    "a round that is a fraction": _messages(lambda lines: lines.append(_said(round=1.5))),
    "a round that is true": _messages(lambda lines: lines.append(_said(round=True))),
    "a round that is a text": _messages(lambda lines: lines.append(_said(round="1"))),
    "a round beyond the limit of numbers": _messages(
        lambda lines: lines.append(_said(round=2**63))
    ),
    "a text that is null": _messages(lambda lines: lines.append(_said(text=None))),
    "a text that is a list": _messages(lambda lines: lines.append(_said(text=["a"]))),
    "an error that is a word": _messages(lambda lines: lines.append(_said(isError="no"))),
    "mentions that are texts": _messages(lambda lines: lines.append(_said(mentions=["Agent-B"]))),
    "a line without a sender": _messages(lambda lines: lines.append({"text": "Hm."})),
    "an empty line": _messages(lambda lines: lines.append({})),
    "null for a line": _messages(lambda lines: lines.append(None)),
    "a temperature below zero": _changed(lambda one: one["condition"].update(temperature=-1)),
    "a temperature that is a text": _changed(lambda one: one["condition"].update(temperature="1")),
}

#: Values that a field of a transcript cannot have.
_RANKING: Path = ("environment", "agentRanking")
_LINE: Path = ("conversation", "messages", 2)
WRONG: dict[Path, tuple[Any, ...]] = {
    ("condition",): (MISSING, None, [], "a", 3),
    ("condition", "series"): (None, 3, True, [], " A", "A ", "A\u200bB", "e\u0301"),
    ("condition", "mode"): (MISSING, None, [], True),
    ("condition", "temperature"): (MISSING, None, True, [], {}),
    ("condition", "promptAblation"): (3, [], True),
    ("condition", "useRealNames"): ("yes", 1, None),
    ("condition", "isolatedMode"): ("no", 0, None),
    ("condition", "cloneMode"): ("x", 1),
    ("environment", "id"): (MISSING, 3, None),
    ("environment", "timestamp"): (MISSING, None, True, [], "", "10:00"),
    ("environment", "staggerMs"): (MISSING, -1, 1.5, "10", True, None),
    ("environment", "maxRounds"): (MISSING, None, 1_000_001),
    ("environment", "systemPromptTemplate"): (MISSING, 3, None),
    _RANKING: (MISSING, None, {}, "ab"),
    (*_RANKING, 0): (None, {}, [], "a"),
    (*_RANKING, 0, "position"): (MISSING, "1", 1.5, True, None, 100_001, -1),
    (*_RANKING, 0, "name"): (MISSING, "", 3, "a\x1bb"),
    (*_RANKING, 0, "nickname"): (MISSING, "", None, "a\u202eb", "a\nb"),
    (*_RANKING, 0, "model"): (MISSING, "", 3),
    (*_RANKING, 0, "enabled"): ("yes", 1),
    ("conversation",): (MISSING, None, []),
    ("conversation", "userPrompt"): (MISSING, None, 3, []),
    (*_LINE, "time"): (MISSING, 3, None),
    (*_LINE, "agent"): (MISSING, "", 3),
    (*_LINE, "agent_nickname"): (MISSING, ""),
    (*_LINE, "model_id"): (MISSING, "", None),
    (*_LINE, "position"): (MISSING, "1", 1.5, True),
    (*_LINE, "isError"): (MISSING, None, 1),
    (*_LINE, "language_detected"): (3, None),
    (*_LINE, "mentions"): (None, {}, "a"),
}

TRANSCRIPTS = {
    **NO_JSON,
    **{name: json.dumps(made).encode() for name, made in with_values(transcript(), WRONG)},
    **{name: SOUND.replace(*edit).encode() for name, edit in EDITED.items()},
    **UNTRUE,
}


# -- exports of Label Studio -------------------------------------------------------------------


def _annotation(change: Callable[[dict[str, Any]], Any]) -> Callable[[list[Any]], Any]:
    return lambda tasks: change(tasks[0]["annotations"][0])


def _choice(change: Callable[[dict[str, Any]], Any]) -> Callable[[list[Any]], Any]:
    return _annotation(lambda one: change(one["result"][0]))


EXPORTS: dict[str, Callable[[list[Any]], Any]] = {
    "no tasks": lambda tasks: tasks.clear(),
    "no annotations": lambda tasks: [task.update(annotations=[]) for task in tasks],
    "another sample": lambda tasks: tasks[0]["data"].update(sample="0" * 32),
    "another sample in the second": lambda tasks: tasks[1]["data"].update(sample="0" * 32),
    "a sample that is null": lambda tasks: tasks[0]["data"].update(sample=None),
    "a sample that is a list": lambda tasks: tasks[0]["data"].update(sample=["a"]),
    "a sample that a terminal obeys": lambda tasks: tasks[0]["data"].update(sample="\x1b[2J"),
    "another codebook": lambda tasks: tasks[0]["data"].update(codebook="0" * 32),
    "an item that is not there": lambda tasks: tasks[0]["data"].update(item="99"),
    "an item that is true": lambda tasks: tasks[0]["data"].update(item=True),
    "an item that is a fraction": lambda tasks: tasks[0]["data"].update(item=1.0),
    "an item that is null": lambda tasks: tasks[0]["data"].update(item=None),
    "no data": lambda tasks: tasks[0].pop("data"),
    "data that is a list": lambda tasks: tasks[0].update(data=[]),
    "a task that is null": lambda tasks: tasks.append(None),
    "a task that is a text": lambda tasks: tasks.append("task"),
    "a task twice": lambda tasks: tasks.append(tasks[0]),
    "annotations that are null": lambda tasks: tasks[0].update(annotations=None),
    "annotations that are a mapping": lambda tasks: tasks[0].update(annotations={}),
    "two annotations of one person": lambda tasks: tasks[0]["annotations"].append(
        tasks[0]["annotations"][0]
    ),
    "nobody": _annotation(lambda one: one.update(completed_by=None)),
    "a blank annotator": _annotation(lambda one: one.update(completed_by=" ")),
    "an annotator that is true": _annotation(lambda one: one.update(completed_by=True)),
    "an annotator that is nobody": _annotation(lambda one: one.update(completed_by={})),
    "an annotator that a terminal obeys": _annotation(
        lambda one: one.update(completed_by="\x9b2J")
    ),
    "an address that a terminal obeys": _annotation(
        lambda one: one.update(completed_by={"id": 1, "email": "a\x1b]0;x\x07"})
    ),
    "no result": _annotation(lambda one: one.pop("result")),
    "a result that is null": _annotation(lambda one: one.update(result=None)),
    "cancelled that is a word": _annotation(lambda one: one.update(was_cancelled="yes")),
    "an unknown flag": _choice(lambda one: one.update(from_name="phatik")),
    "a flag that is a number": _choice(lambda one: one.update(from_name=1)),
    "two choices": _choice(lambda one: one["value"].update(choices=["present", "absent"])),
    "no choice": _choice(lambda one: one["value"].update(choices=[])),
    "an unknown choice": _choice(lambda one: one["value"].update(choices=["perhaps"])),
    "a choice that is a number": _choice(lambda one: one["value"].update(choices=[1])),
    "a choice that is null": _choice(lambda one: one["value"].update(choices=[None])),
    "choices that are a text": _choice(lambda one: one["value"].update(choices="present")),
    "one flag twice": _annotation(lambda one: one["result"].append(one["result"][0])),
    "a blank choice": _choice(lambda one: one["value"].update(choices=[" "])),
}


#: Values that a field of an export cannot have.
_FIRST: Path = (0, "annotations", 0)
WRONG_IN_EXPORTS: dict[Path, tuple[Any, ...]] = {
    (0, "data"): (None, "a", 3),
    (0, "data", "sample"): (MISSING, 3, True, ""),
    (0, "data", "codebook"): (MISSING, None, 3, ""),
    (0, "data", "item"): (MISSING, [], {}, "", "0", 0, -1, "1.0", "\u0661"),
    _FIRST: (None, [], "a"),
    (*_FIRST, "completed_by"): (1.5, [], "", "a\nb", "a\u202eb", {"id": True}, {"id": "1"}),
    (*_FIRST, "was_cancelled"): (1, None, []),
    (*_FIRST, "result"): ({}, "a", 3, [None], ["a"], [[]]),
    (*_FIRST, "result", 0, "from_name"): (MISSING, None, [], ""),
    (*_FIRST, "result", 0, "type"): (3, None, []),
    (*_FIRST, "result", 0, "value"): (None, [], "a", {"choices": None}, {"choices": [[]]}),
}
