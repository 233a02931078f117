"""Malformed studies: each is refused by a message that names its place, and nothing is written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import AgoraError
from tasks.studies.load import load_study

from .conftest import Refused, printable

ROOT = Path(__file__).resolve().parents[4]

#: A study with every section; it is sound as it stands.
STUDY: dict[str, Any] = {
    "name": "sound",
    "description": "A study that is sound.",
    "models": {
        "ana": {"model": "sim/talkative", "sim": {"talkativeness": 0.5}},
        "ben": {"model": "openai/gpt-5-mini", "api_base": "http://localhost:1/v1"},
        "judge": {"model": "sim/judge"},
    },
    "population": {"size": 4, "seed": 1, "targets": {"job": {"nurse": 0.5, "cook": 0.5}}},
    "episode": {
        "environment": "discussion",
        "brief": "Plan a festival.",
        "rounds": 2,
        "seats": ["ana", "ben"],
        "memory": {"kind": "last", "size": 5},
        "interventions": [{"at": {"after_rounds": 1}, "do": "crash", "seat": 2}],
        "probes": [],
    },
    "factors": {"names": ["neutral", "model"]},
    "conditions": {"long": {"rounds": 3}},
    "replicates": 2,
    "seed": 1,
    "coding": {
        "codebook": {"name": "small", "flags": {"phatic": {"definition": "Pleasantries."}}},
        "judges": ["judge"],
        "adjudication": {"use": "union", "also": ["majority"]},
        "human": {"sample": 4, "stratify": ["condition"]},
    },
    "metrics": ["participation", {"name": "profile_cosine", "resamples": 100}],
    "contrasts": {"longer": {"of": "profile_cosine", "between": ["names=neutral", "long"]}},
    "curves": {"all": {"contrast": "longer", "rules": ["union"]}},
    "expect": [{"contrast": "longer", "direction": "less", "p_below": 0.05}],
    "reproduces": {
        "source": "Somebody 2025",
        "published": [{"of": "profile_cosine", "condition": "long", "value": 0.8}],
    },
    "run": {"budget_usd": 1, "concurrency": 2, "incomplete": "exclude"},
}

#: Values that are no mapping, no list, no text, no number, no truth value; as YAML writes them.
NO_MAPPING = ("3", "text", "[a, b]", "true", "2026-01-02")
NO_LIST = ("3", "text", "{a: 1}", "true")
NO_TEXT = ("3", "1.5", "true", "null", "[a]", "{a: b}")
NO_NUMBER = ("text", '"3"', "true", "yes", "1_0", "0x1F", "1:30", "[1]", "{a: 1}", ".nan", ".inf")
NO_WHOLE = (*NO_NUMBER, "1.5", "1e400", "9" * 30)
NO_TRUTH = ("yes", "1", '"true"', "[true]")
#: What is no name: empty, not to be seen, not composed, too long, or obeyed by a terminal.
NO_NAME = (
    '""',
    '" a"',
    '"a "',
    '"a\\nb"',
    '"a\\tb"',
    '"a\\0b"',
    '"a\\e[2Jb"',
    '"a\\u009b2Jb"',
    '"a\\u202eb"',
    '"a\\u200bb"',
    '"e\\u0301"',
    "a" * 500,
)

VALUES: dict[tuple[str | int, ...], tuple[str, ...]] = {
    ("name",): (*NO_TEXT, *NO_NAME, "Sound", "a b", "a/b", "../a", "é", "-a"),
    ("description",): ("3", "[a]", "{a: b}"),
    ("models",): (*NO_MAPPING, "{}", "null"),
    ("models", "ana"): (*NO_MAPPING, "{}", "null", "{modle: sim/talkative}"),
    ("models", "ana", "model"): (*NO_TEXT, '""', "sim/nobody", "sim/", "sim/talkativ"),
    ("models", "ana", "sim"): (*NO_MAPPING, "{talkativness: 0.5}", "{talkativeness: 7}"),
    ("models", "ana", "sim", "talkativeness"): ("text", "true", ".nan", "-1", '"0.5"'),
    ("models", "ana", "temperature"): (*NO_NUMBER, "-0.1", "2.1"),
    ("models", "ana", "top_p"): ("0", "1.1", "text", ".nan"),
    ("models", "ana", "max_tokens"): ("0", "-1", *NO_WHOLE),
    ("models", "ana", "stop"): ("[1]", "text", "{a: b}"),
    ("models", "ana", "extra"): ("{api_key: k}", "{headers: {a: b}}", "{x: {my_token: t}}", "[a]"),
    ("models", "ana", "api_key"): ("sk-0123456789",),
    ("models", "ana", "api_key_env"): ("sk-0123456789abcdef-x", '"A B"', '""', "3"),
    ("models", "ana", "max_in_flight"): ("0", "1.5", "text"),
    ("models", "ana", "attempt_timeout_s"): ("0", "-1", ".inf", ".nan", "1:30"),
    ("models", "ana", "max_attempts"): ("0", "51", "text"),
    ("models", "ana", "transport"): ("http", "true", "null"),
    ("models", "ana", "batch"): NO_TRUTH,
    ("models", "ben", "api_base"): (
        "file:///etc/passwd",
        "ftp://host/",
        "host:8000",
        "//host",
        "http://",
        "http://user:key@host/",
        "http://host/?key=k",
        "3",
        '""',
    ),
    ("population",): (*NO_MAPPING, "nowhere.yaml", "../people.yaml", "/etc/passwd", "{}"),
    ("population", "size"): (*NO_WHOLE, "0", "-1", "1000001", "null"),
    ("population", "seed"): ("1.5", "text", "true", "null"),
    ("population", "traits"): ("big_6", "true", "3"),
    ("population", "prose"): ("nobody", "3", "[ana]"),
    ("population", "targets"): (*NO_MAPPING, "{job: [a]}", "{job: {a: 0.5}}", "{job: {}}"),
    ("population", "targets", "job"): ("{a: -0.5, b: 1.5}", "{a: .nan, b: 1}", '{a: "1"}'),
    ("episode",): (*NO_MAPPING, "{}"),
    ("episode", "environment"): (*NO_TEXT, "discusion", "../discussion", '""'),
    ("episode", "reasks"): ("-1", "11", "true", "1.5"),
    ("episode", "brief"): (
        *NO_TEXT[:3],
        "null",
        "[a]",
        "/etc/shadow",
        "../../etc/passwd",
        "briefs/nowhere.md",
        "briefs",
        "nowhere.md",
        "{file: nowhere.md}",
        "{file: /etc/shadow}",
        "{file: 3}",
        "{file: a.md, text: b}",
        "{text: 3}",
        "{txt: a}",
        "{}",
        '"a\\0b.md"',
        "a" * 5000 + ".md",
        "C:\\briefs\\a.md",
        "file:///etc/shadow",
        "https://example.org/brief.md",
    ),
    ("episode", "rounds"): (*NO_WHOLE, "0", "-1", "null"),
    ("episode", "seats"): ("3", "ana", "[]", "[nobody]", "[3]", "[[ana]]", "{ana: 1}", "null"),
    ("episode", "memory"): ("[]", "3", "{kind: all}", "{kind: last, size: 0}", "{size: x}"),
    ("episode", "interventions"): ("3", "{}", "[{}]", "[crash]", "[{at: 1}]"),
    ("episode", "interventions", 0, "seat"): ("0", "99", "text", "true"),
    ("episode", "interventions", 0, "do"): ("crush", "3", "null"),
    ("episode", "probes"): ("3", "{}", "[3]", "[{}]", "[{instrument: nowhere.yaml, at: [end]}]"),
    ("episode", "no_such_part"): ("1",),
    ("factors",): NO_MAPPING,
    ("factors", "names"): ("[]", "[neutral]", "3", "[neutral, neutral]", "[[a], [b]]", "{}"),
    ("factors", "no_such_part"): ("[1, 2]",),
    ("conditions",): NO_MAPPING,
    ("conditions", "long"): ("3", "text", "[rounds]", "{rouns: 3}"),
    ("conditions", "long", "rounds"): (*NO_WHOLE, "0"),
    ("conditions", "long", "brief"): ("nowhere.md", "/etc/shadow"),
    ("conditions", "long", "population"): ("nowhere.yaml", "{size: 0}", "3", "[a]"),
    ("conditions", "long", "memory.sise"): ("3",),
    ("replicates",): (*NO_WHOLE, "0", "-1", "100001", "null"),
    ("seed",): ("1.5", "text", "true", "null", "99999999999999999999"),
    ("coding",): (*NO_MAPPING, "{}"),
    ("coding", "codebook"): (
        "3",
        "[a]",
        "text",
        "nowhere.yaml",
        "../book.yaml",
        "/etc/passwd",
        "briefs/plain.md",
        "{name: a}",
        "{name: a, flags: {}}",
    ),
    ("coding", "codebook", "flags", "phatic"): ("3", "{}", "{definition: 3}", "{definitoin: a}"),
    ("coding", "codebook", "context"): ("-1", "1.5", "true"),
    ("coding", "codebook", "batch"): ("0", "51", "true"),
    ("coding", "codebook", "shuffle"): NO_TRUTH,
    ("coding", "judges"): (*NO_LIST, "[nobody]", "[judge, judge]", "[3]"),
    ("coding", "imported"): ("3", "[3]", '[""]'),
    ("coding", "gold"): ("nobody", "3"),
    ("coding", "adjudication"): (*NO_MAPPING[:1], "{}", "{use: onion}", "{use: 3}"),
    ("coding", "adjudication", "also"): ("3", "[onion]", "union"),
    ("coding", "human"): ("3", "{}", "[condition]"),
    ("coding", "human", "sample"): (*NO_WHOLE, "0"),
    ("coding", "human", "stratify"): ("3", "condition", "[conditon]", "[3]", "[model]"),
    ("metrics",): ("3", "text", "{a: 1}", "[3]", "[null]", "[[]]", "[particpation]", "[{}]"),
    ("metrics", 1, "resamples"): ("0", "-1", "text", "true", "1.5", ".nan"),
    ("metrics", 1, "no_such_option"): ("1",),
    ("contrasts",): NO_MAPPING,
    ("contrasts", "longer", "of"): (*NO_TEXT, "nothing", "profile_cosine.nothing"),
    ("contrasts", "longer", "between"): (
        "3",
        "text",
        "[long]",
        "[]",
        "[long, long]",
        "[long, short]",
        "[long, 3]",
    ),
    ("contrasts", "longer", "test"): ("mann_witney", "3", "null"),
    ("contrasts", "longer", "correction"): ("hlom", "true"),
    ("contrasts", "longer", "excess"): NO_TRUTH,
    ("contrasts", "longer", "options"): ("3", "{no_such_option: 1}"),
    ("curves",): NO_MAPPING,
    ("curves", "all", "contrast"): ("nothing", "3"),
    ("curves", "all", "rules"): ("[onion]", "3"),
    ("curves", "all", "judges"): ("[nobody]", "3"),
    ("expect",): ("3", "text", "{a: 1}", "[3]", "[{}]", "[{contrast: nothing}]"),
    ("expect", 0, "direction"): ("smaller", "true"),
    ("expect", 0, "p_below"): ("0", "1.5", "text", ".nan"),
    ("reproduces",): ("3", "text", "{}"),
    ("reproduces", "published", 0, "value"): ("text", '"0.8"', ".nan", ".inf", "true"),
    ("reproduces", "published", 0, "of"): ("nothing", "3"),
    ("reproduces", "published", 0, "condition"): ("nothing", "3"),
    ("run",): ("3", "text", "[a]", "{budget: 3}"),
    ("run", "budget_usd"): (*NO_NUMBER, "-1"),
    ("run", "budget_calls"): (*NO_WHOLE, "-1"),
    ("run", "concurrency"): (*NO_WHOLE, "0"),
    ("run", "incomplete"): ("retry", "3", "null"),
    ("run", "stop_if_unusable"): ("3", "{share: 0}", "{share: 2}", "{after: 0}", "{shares: 1}"),
    ("run", "allow_paths"): ("[/]",),
    ("no_such_section",): ("1",),
    ("imported",): ("{collection: warroom}",),
}

TWO_THOUSAND_MISTAKES = b"name: a\nmodels:\n" + b"".join(
    b"  m%d: {modle: x}\n" % n for n in range(2000)
)

#: Names that a study gives, by the mapping that they stand in.
NAMED = (
    ("models",),
    ("population", "targets"),
    ("population", "targets", "job"),
    ("conditions",),
    ("contrasts",),
    ("curves",),
    ("coding", "codebook", "flags"),
)


def with_value(path: tuple[str | int, ...], value: str) -> str:
    """The sound study with a value, given as YAML, in the place of another."""
    made: Any = json.loads(json.dumps(STUDY))
    inner = made
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = "@@"
    return _text(made).replace('"@@"', value)


def with_name(path: tuple[str, ...], name: str) -> str:
    """The sound study with another name, given as YAML, for the first thing in a mapping."""
    made: Any = json.loads(json.dumps(STUDY))
    inner = made
    for part in path:
        inner = inner[part]
    items = list(inner.items())
    inner.clear()
    inner.update({"@@": items[0][1], **dict(items[1:])})
    return _text(made).replace("@@", name)


def _text(value: Any, indent: str = "") -> str:
    """Data as YAML blocks."""
    if not isinstance(value, dict | list) or not value:
        return f"{json.dumps(value)}\n"
    pairs = (
        ((f"{key}:", part) for key, part in value.items())
        if isinstance(value, dict)
        else (("-", part) for part in value)
    )
    lines = []
    for start, part in pairs:
        nested = isinstance(part, dict | list) and bool(part)
        lines.append(f"{indent}{start}" + ("\n" if nested else " ") + _text(part, f"{indent}  "))
    return "".join(lines)


def shown(path: tuple[str | int, ...], value: str) -> str:
    return f"{'.'.join(map(str, path))}: {value[:40]}"


MALFORMED = {
    shown(path, value): with_value(path, value)
    for path, values in VALUES.items()
    for value in values
} | {f"name in {shown(path, name)}": with_name(path, name) for path in NAMED for name in NO_NAME}

PLAIN = _text(STUDY)
NO_STUDY: dict[str, bytes] = {
    "empty": b"",
    "a comment": b"# nothing yet\n",
    "a list": b"- name: sound\n",
    "a text": b"hello\n",
    "a number": b"42\n",
    "null": b"null\n",
    "no mapping after all": b"name\n",
    "latin-1": PLAIN.replace("festival", "f\xeate").encode("latin-1"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-32": PLAIN.encode("utf-32"),
    "NUL": PLAIN.replace("festival", "fest\0ival").encode(),
    "an escaped NUL": PLAIN.replace("festival", "fest\\0ival").encode(),
    "an escape": PLAIN.replace("festival", "fest\x1b[2Jival").encode(),
    "C1": PLAIN.replace("festival", "fest\x9bival").encode(),
    "half a character": PLAIN.replace("festival", "\\ud800").encode(),
    "random bytes": bytes(range(256)) * 20,
    "an image": b"\x89PNG\r\n\x1a\n" + bytes(50),
    "a gzip": b"\x1f\x8b\x08\x00" + bytes(50),
    "a key twice": (PLAIN + "seed: 2\n").encode(),
    "a section twice": (PLAIN + "models: {}\n").encode(),
    "a key twice through a merge": b"a: &a {x: 1}\nb: {<<: *a, x: 2, x: 3}\n",
    "two documents": (PLAIN + "---\n" + PLAIN).encode(),
    "a directive": ("%YAML 9.9\n---\n" + PLAIN).encode(),
    "a tag": PLAIN.replace('"sound"', "!!python/object/apply:os.system [ls]", 1).encode(),
    "a tag of binary": PLAIN.replace('"sound"', "!!binary aGk=", 1).encode(),
    "a tag of sets": PLAIN.replace('"sound"', "!!set {a}", 1).encode(),
    "an unknown alias": PLAIN.replace('"sound"', "*sound", 1).encode(),
    "a loop": b"name: &a [*a]\n",
    "an open bracket": PLAIN.replace("]", "", 1).encode(),
    "an open quotation mark": PLAIN.replace('"sound"', '"sound', 1).encode(),
    "a tab": ("\t" + PLAIN).encode(),
    "a key that is a list": b"[a, b]: c\n",
    "a key that is a mapping": b"{a: b}: c\n",
    "a colon too many": b"name: a: b\n",
    "nested lists": b"name: " + b"[" * 100_000,
    "nested and closed": b"name: " + b"[" * 100_000 + b"]" * 100_000,
    "nested mappings": b"name: " + b"{a: " * 100_000,
    "nested blocks": b"".join(b" " * depth + b"a:\n" for depth in range(1000)),
    "nested dashes": b"- " * 100_000,
    "a bomb": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(
        b"%c: &%c [%s]\n" % (n + 1, n + 1, b",".join([b"*%c" % n] * 9)) for n in b"abcdefgh"
    ),
    "many values": b"models: {" + b",".join(b"m%d: {}" % n for n in range(250_000)) + b"}",
    "conditions without end": with_value(
        ("factors",), "{" + ", ".join(f"f{n}: [1, 2]" for n in range(40)) + "}"
    ).encode(),
    "a line of a million characters": b"name: " + b"a" * 1_000_000,
    "a key of a million characters": b"a" * 1_000_000 + b": 1\n",
}


@pytest.fixture(autouse=True)
def briefs(tmp_path: Path) -> None:
    (tmp_path / "briefs").mkdir()
    (tmp_path / "briefs" / "plain.md").write_text("Plan a festival.\n")


def test_the_study_that_is_varied_is_sound(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(PLAIN)
    assert load_study(tmp_path / "s.yaml").study.name == "sound"


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_study_is_refused(name: str, refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(MALFORMED[name], encoding="utf-8")
    message = refused("plan", "s.yaml")
    assert message.startswith("s.yaml:"), message
    section = name.removeprefix("name in ").partition(":")[0].partition(".")[0]
    assert section in message, message


@pytest.mark.parametrize("name", NO_STUDY)
def test_a_file_that_is_no_study_is_refused(name: str, refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_bytes(NO_STUDY[name])
    assert refused("plan", "s.yaml").startswith("s.yaml")


def test_of_many_mistakes_a_few_are_told_and_the_rest_counted(
    refused: Refused, tmp_path: Path
) -> None:
    (tmp_path / "s.yaml").write_bytes(TWO_THOUSAND_MISTAKES)
    message = refused("plan", "s.yaml")
    assert message.count("unknown field") == 25
    assert message.endswith("and 1,975 more mistakes\n")


@pytest.mark.parametrize(
    ("number", "field"),
    [(".nan", "budget_usd"), ("9" * 30, "budget_usd"), ("1e999", "budget_usd")],
)
def test_a_number_that_is_none_is_named_by_its_field(
    number: str, field: str, refused: Refused, tmp_path: Path
) -> None:
    (tmp_path / "s.yaml").write_text(with_value(("run", field), number))
    assert f"run.{field}" in refused("plan", "s.yaml")


@pytest.mark.parametrize("command", ["plan", "show", "run", "report", "sample"])
@pytest.mark.parametrize("name", ["a loop", "nested lists", "latin-1"])
def test_every_command_refuses_alike(
    command: str, name: str, refused: Refused, tmp_path: Path
) -> None:
    (tmp_path / "s.yaml").write_bytes(NO_STUDY[name])
    assert refused(command, "s.yaml").startswith("s.yaml")


def test_a_command_of_its_own_process_ends_with_status_2(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(with_value(("replicates",), "true"))
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli.main", "plan", str(tmp_path / "s.yaml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "replicates" in done.stderr
    assert "Traceback" not in done.stderr


# -- generated --------------------------------------------------------------------------------

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["ana", "long", "/etc/shadow", "a.yaml", "union", "1:30", "\x1b[2J", "..", "~"]
    )
)
_DATA = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(list(STUDY)), inner, max_size=3)
    ),
    max_leaves=6,
)
_FAST = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, part in inner:
        yield (*path, name)
        if isinstance(part, dict | list):
            yield from _paths(part, (*path, name))


def loads_or_says_why(path: Path) -> None:
    try:
        load_study(path)
    except AgoraError as mistake:
        message = mistake.message()
        assert printable(message), message
        assert message.startswith(str(path)), message
        assert len(message) < 20_000


@_FAST
@given(path=st.sampled_from(list(_paths(STUDY))), value=_DATA)
def test_any_value_in_any_place_loads_or_is_refused(
    path: tuple[str | int, ...], value: Any, tmp_path: Path
) -> None:
    text = json.dumps(value).replace("NaN", ".nan").replace("Infinity", ".inf")
    (tmp_path / "s.yaml").write_text(with_value(path, text), encoding="utf-8")
    loads_or_says_why(tmp_path / "s.yaml")


@_FAST
@given(
    start=st.integers(0, len(PLAIN)),
    length=st.integers(0, 40),
    put=st.text(max_size=4) | st.sampled_from([*"[]{}:,&*!|>-?%@`\"'#\n\t", "\n---\n", "<<: "]),
)
def test_any_damage_to_a_text_loads_or_is_refused(
    start: int, length: int, put: str, tmp_path: Path
) -> None:
    text = PLAIN[:start] + put + PLAIN[start + length :]
    (tmp_path / "s.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    loads_or_says_why(tmp_path / "s.yaml")


@_FAST
@given(
    content=st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_bytes(content)
    with pytest.raises(AgoraError) as raised:
        load_study(tmp_path / "s.yaml")
    assert printable(raised.value.message())
