"""Whatever stands in texts and names, a terminal obeys nothing of it."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.cli.bugs import print_bug
from flows.cli.console import PlainConsole
from flows.cli.output import as_csv, as_json, word
from flows.cli.table import cell, table
from flows.imports import import_data
from flows.requests import ImportRequest
from flows.settings import apply_defaults
from schemas.errors import Mistake, Mistakes
from schemas.unit import Failure, Result, Unit
from warehouse.query import Answer
from warehouse.store import Warehouse

from ...conftest import Agora
from .conftest import printable
from .samples import transcript

ROOT = Path(__file__).resolve().parents[4]

#: Cursor, colours, title, clipboard, bell, C1, direction, line and paragraph, blanks of no width.
OBEYED = (
    "\x1b[2J\x1b[31m\x1b]0;title\x07\x1b]52;c;aGk=\x07\x9b2J\x90q\x9c\x7f\x08\r"
    "\u202eabc\u2066\u200f\u2028\u2029\u200b\ufeff\u00ad"
)
NASTY = f"before{OBEYED}[red]after[/bold]"

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
def test_a_cell_of_a_table_holds_only_what_can_be_seen(text: str) -> None:
    assert cell(text).isprintable()
    assert printable(table([text], [(text,), (text * 50,)], width=80, wrapped_lines=3))


@given(TEXTS)
def test_json_is_exact_and_obeyed_by_no_terminal(text: str) -> None:
    document = json.dumps({"a": text}, ensure_ascii=False, indent=1)
    answer = Answer(("t", "d"), ("VARCHAR", "JSON"), [(text, document)])
    written = as_json(answer).decode()
    assert printable(written)
    assert json.loads(written) == [{"t": text, "d": {"a": text}}]


@given(st.lists(st.tuples(TEXTS, st.none() | TEXTS), max_size=5))
def test_csv_comes_back_as_it_was(rows: list[tuple[str, str | None]]) -> None:
    """An empty field is a missing value; to a reader that does not tell, an empty text."""
    written = as_csv(Answer(("a", "b"), ("VARCHAR", "VARCHAR"), list(rows))).decode()
    read = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert read == [["a", "b"], *([one, other or ""] for one, other in rows)]


@pytest.mark.parametrize(
    "value", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", " =1", "|=1", "\r", "=\n"]
)
def test_csv_for_programs_holds_formulas_as_they_are(value: str) -> None:
    written = as_csv(Answer(("a",), ("VARCHAR",), [(value,)])).decode()
    assert list(csv.reader(io.StringIO(written, newline=""))) == [["a"], [word(value)]]


@given(TEXTS)
def test_a_message_holds_only_what_can_be_seen(text: str) -> None:
    mistake = Mistake(what=text, place=text, found=text, expected=text, fix=text)
    assert printable(mistake.message())
    assert printable(Mistakes(mistakes=[mistake] * 30).message())


@given(TEXTS)
def test_a_console_draws_only_its_own_colours(text: str) -> None:
    from rich.markup import escape

    console = PlainConsole(
        width=60, force_terminal=True, color_system="standard", highlight=False, emoji=False
    )
    with console.capture() as captured:
        console.print(f"[red]x[/red] {escape(text)}", soft_wrap=True)
    drawn = captured.get().replace("\x1b[31m", "").replace("\x1b[0m", "")
    assert printable(drawn), drawn


def test_a_line_of_a_log_holds_only_what_can_be_seen(capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogRecordFactory()
    handler = logging.StreamHandler(sys.stderr)
    logger = logging.Logger("provider")
    logger.addHandler(handler)
    try:
        apply_defaults()
        logger.warning("the server said %s", NASTY)
    finally:
        logging.setLogRecordFactory(before)
    assert printable(capfd.readouterr().err)


# -- whole commands on a warehouse full of them -----------------------------------------------

STUDY = """\
name: nasty
imported: {collection: warroom}
coding:
  codebook: {name: "=cmd", flags: {"=1+1": {definition: "A \\e[2J flag"}, "-b": {definition: "b"}}}
  imported: [human]
  adjudication: {use: union}
"""


@pytest.fixture
def nasty(tmp_path: Path) -> Path:
    """A warehouse whose texts and failures hold what a terminal obeys."""
    folder = tmp_path / "transcripts" / "A"
    folder.mkdir(parents=True)
    one = transcript()
    for said in one["conversation"]["messages"]:
        if "round" in said:
            said["text"] = f"={NASTY}"
            said["time"] += NASTY
    one["conversation"]["messages"][2]["text"] = "\t=1+1"
    one["conversation"]["messages"][3]["text"] = "|-1"
    (folder / "A-run01.json").write_text(json.dumps(one))
    path = tmp_path / "agora.duckdb"
    import_data(
        ImportRequest(
            kind="transcripts", path=tmp_path / "transcripts", warehouse=path, format="warroom"
        )
    )
    (tmp_path / "nasty.yaml").write_text(STUDY)
    unit = Unit(stage="code", step="code", key="0" * 32, spec=None, label=NASTY)
    with Warehouse.open(path) as warehouse:
        failed = Result(unit, {}, failure=Failure("provider", NASTY))
        warehouse.commit([failed], run_id="run", code_version="0")
    return path


COMMANDS = [
    ("sql", "FROM events"),
    ("sql", "FROM v_messages"),
    ("sql", "FROM units", "--format", "json"),
    ("sql", f'SELECT 1 AS "{NASTY.replace(chr(0), "")}"'),
    ("explain", "0" * 32),
    ("explain", NASTY),
    ("show", "nasty.yaml"),
    ("show", NASTY),
    ("studies",),
    ("plan", "nasty.yaml"),
    ("plan", f"{NASTY}.yaml"),
    ("diff", "nasty.yaml", NASTY),
    ("report", NASTY),
    ("import", "transcripts", NASTY, "--format", "warroom"),
    ("import", "codes", "nasty.yaml", "--format", NASTY),
    ("sql", f"SELECT {OBEYED}"),
    ("sql", f'FROM "{OBEYED}"'),
    ("sql", "SELECT 1", "--warehouse", NASTY),
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words)[:20].encode().hex())
def test_no_command_prints_what_a_terminal_obeys(
    words: tuple[str, ...], agora: Agora, nasty: Path
) -> None:
    done = agora(*words)
    assert done.returncode in {0, 2}, done.stderr
    assert "Traceback" not in done.stderr
    assert printable(done.stdout), done.stdout
    assert printable(done.stderr), done.stderr


def test_csv_goes_to_a_file_exact_and_to_a_terminal_written_out(
    agora: Agora, nasty: Path, tmp_path: Path
) -> None:
    query = "SELECT text FROM events WHERE kind = 'say' AND text LIKE '=%'"
    assert OBEYED in agora("sql", query, "--format", "csv").stdout
    shown = on_terminal("sql", query, "--format", "csv", "--warehouse", str(nasty))
    assert "before\\x1b[2J" in shown
    assert printable(shown.replace("\r\n", "\n"))


def on_terminal(*words: str) -> str:
    """What a command draws on a real terminal."""
    master, terminal = pty.openpty()
    drawn: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(master, 65536):
                drawn.append(part)
        except OSError:  # the terminal was closed
            return

    reading = threading.Thread(target=read)
    reading.start()
    subprocess.run(
        [sys.executable, "-m", "flows.cli.main", *words],
        cwd=ROOT,
        stdout=terminal,
        stderr=terminal,
        timeout=600,
        check=True,
    )
    os.close(terminal)
    reading.join(timeout=600)
    os.close(master)
    return b"".join(drawn).decode()


def test_a_bugs_traceback_holds_only_what_can_be_seen(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise RuntimeError("from a server: \x1b[2J\x9b31m\u202e")
    except RuntimeError as error:
        print_bug(type(error), error, error.__traceback__)
    said = capsys.readouterr().err
    assert said.startswith("Traceback")
    assert "from a server: \\x1b[2J\\x9b31m\\u202e\n" in said
    assert printable(said)
