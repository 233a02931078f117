"""Journals: durable before use, torn tails, versions, several processes, kill -9."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import random
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Mistake
from schemas.keys import digest
from tasks.models.gateway import open_gateway
from tasks.models.journal import Journal, journal_dir
from tasks.models.journal_file import HEADER, NUMBERED

ROOT = Path(__file__).resolve().parents[3]
UNIT = digest("unit", 1)


def journals(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jnl"))


async def written(folder: Path, count: int, unit: str = UNIT) -> None:
    journal = Journal(folder)
    await asyncio.gather(
        *(journal.append(unit, digest(n), {"t": f"answer {n}"}) for n in range(count))
    )
    await journal.close()


async def test_records_of_one_moment_share_syncs_and_are_found_again(tmp_path):
    journal = Journal(tmp_path / "j")
    await asyncio.gather(
        *(journal.append(UNIT, digest(n), {"t": f"answer {n}"}) for n in range(500))
    )
    assert journal.syncs < 20
    assert journal.find(UNIT, digest(7))["t"] == "answer 7"
    await journal.close()
    again = Journal(tmp_path / "j")
    assert again.find(UNIT, digest(499))["t"] == "answer 499"
    assert again.find(UNIT, digest(500)) is None
    await again.close()


async def test_an_answer_is_on_disk_before_it_is_returned(server, spec, ask, tmp_path):
    async with open_gateway(tmp_path / "j") as gateway:
        await gateway.ask(ask(spec()))
        assert b"Hello." in journals(tmp_path / "j")[0].read_bytes()


@pytest.mark.parametrize("torn", [1, 5, 9, 40])
async def test_a_torn_last_record_is_dropped_and_told_once(tmp_path, caplog, torn):
    await written(tmp_path / "j", 3)
    (path,) = journals(tmp_path / "j")
    path.write_bytes(path.read_bytes()[:-torn])
    with caplog.at_level(logging.INFO):
        journal = Journal(tmp_path / "j")
    assert path.name in caplog.text
    assert "2 read, up to 1 at its end" in caplog.text
    assert journal.lost == [record.getMessage() for record in caplog.records]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert [journal.find(UNIT, digest(n)) is not None for n in range(3)] == [True, True, False]
    await journal.close()


async def test_one_damaged_record_costs_no_other(tmp_path, caplog):
    await written(tmp_path / "j", 50)
    (path,) = journals(tmp_path / "j")
    data = bytearray(path.read_bytes())
    data[data.index(b"answer 20")] ^= 0xFF
    path.write_bytes(bytes(data))
    with caplog.at_level(logging.INFO):
        journal = Journal(tmp_path / "j")
    assert [n for n in range(50) if journal.find(UNIT, digest(n)) is None] == [20]
    assert "49 read, 1 missing between others; what is missing is asked again" in caplog.text
    await journal.close()


async def test_an_answer_that_was_damaged_is_asked_again_and_no_other(server, spec, ask, tmp_path):
    async with open_gateway(tmp_path / "j") as gateway:
        for ordinal in range(5):
            await gateway.ask(ask(spec(), ordinal=ordinal))
    (path,) = journals(tmp_path / "j")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x01
    path.write_bytes(bytes(data))
    async with open_gateway(tmp_path / "j") as gateway:
        for ordinal in range(5):
            assert (await gateway.ask(ask(spec(), ordinal=ordinal))).value == "Hello."
        assert (gateway.usage.calls_asked, gateway.usage.calls_reused) == (1, 4)
        assert len(gateway.lost) == 1
    assert len(server.requests) == 6


async def test_a_journal_of_another_version_is_refused_with_instructions(tmp_path):
    (tmp_path / "j").mkdir()
    path = tmp_path / "j" / "x.jnl"
    path.write_bytes(b"agora-journal 99\n" + bytes(range(200)))
    with pytest.raises(Mistake) as caught:
        Journal(tmp_path / "j")
    text = caught.value.message()
    assert "version 99" in text
    assert "version 1 or 2" in text
    assert str(path) in text
    assert "to do" in text


def first_version(records: list[dict]) -> bytes:
    """A journal as version 1 wrote it."""
    payloads = [orjson.dumps(record) for record in records]
    frames = [struct.pack("<II", len(one), zlib.crc32(one)) + one for one in payloads]
    return b"agora-journal 1\n" + b"".join(frames)


async def test_journals_of_the_first_version_are_read_and_settled(tmp_path):
    records = [{"u": unit, "k": digest(n), "t": f"{n}"} for n in range(9) for unit in ("a", "b")]
    (tmp_path / "j").mkdir()
    path = tmp_path / "j" / "x.jnl"
    path.write_bytes(first_version(records))
    journal = Journal(tmp_path / "j")
    assert [journal.find("b", digest(n))["t"] for n in range(9)] == [f"{n}" for n in range(9)]
    assert journal.lost == []
    journal.forget(["a"])
    await journal.close()
    again = Journal(tmp_path / "j")
    assert again.units() == ("b",)
    assert again.lost == []
    again.forget(["b"])
    await again.close()
    assert not path.exists()


UNITS = [digest("unit", number) for number in range(3)]


def believed(folder: Path) -> tuple[dict[int, str], list[str]]:
    """Texts by number of what is found in a folder of journals, and what is said to be lost."""
    journal = Journal(folder)
    found = {
        n: record["t"]
        for n in range(60)
        if (record := journal.find(UNITS[n % 3], digest(n))) is not None
    }
    lost = journal.lost
    asyncio.run(journal.close())
    return found, lost


def sound(texts: list[str], version: int) -> tuple[bytes, list[tuple[int, int]]]:
    """A journal of some texts, and where each record stands in it."""
    records = [
        {"u": UNITS[n % 3], "k": digest(n), "t": text, "at": float(n)}
        for n, text in enumerate(texts)
    ]
    parts = [first_version([])] if version == 1 else [HEADER]
    for n, record in enumerate(records):
        whole = first_version([record])[len(first_version([])) :]
        parts.append(whole if version == 1 else NUMBERED.framed(record, n))
    ends = list(itertools.accumulate(map(len, parts)))
    return b"".join(parts), list(itertools.pairwise(ends))


TEXTS = st.lists(st.text(max_size=40) | st.just("x" * 9000), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(texts=TEXTS, version=st.sampled_from([1, 2]), data=st.data())
def test_whatever_is_damaged_all_other_records_are_read(texts, version, data):
    whole, spans = sound(texts, version)
    kind = data.draw(st.sampled_from(["flip", "cut", "insert", "remove"]))
    place = data.draw(st.integers(0, len(whole) - 1))
    until = place + data.draw(st.integers(1, 60)) if kind == "remove" else place + 1
    if kind == "flip":
        changed = bytearray(whole)
        changed[place] ^= data.draw(st.integers(1, 255))
        damaged = bytes(changed)
    elif kind == "cut":
        damaged = whole[:place]
    elif kind == "insert":
        garbage = data.draw(st.binary(min_size=1, max_size=60) | st.sampled_from([NUMBERED.mark]))
        damaged = whole[:place] + garbage + whole[place:]
    else:
        damaged = whole[:place] + whole[until:]
    harmed = {
        n
        for n, (start, end) in enumerate(spans)
        if (end > place if kind == "cut" else start < until and end > place)
        if not (kind == "insert" and start == place)
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.jnl"
        path.write_bytes(damaged)
        kept = {n: text for n, text in enumerate(texts) if n not in harmed}
        if place < len(HEADER) and not kept and kind != "cut":
            with contextlib.suppress(Mistake):  # nothing tells any more that it is a journal
                believed(Path(folder))
            return
        found, lost = believed(Path(folder))
    assert found.items() >= kept.items()
    assert found.items() <= dict(enumerate(texts)).items()
    if len(found) < len(texts) and kind != "cut":
        assert len(lost) == 1
    if version == 2 and kind == "flip" and harmed and max(harmed) < len(texts) - 1:
        assert f"{len(texts) - len(found)} missing between others" in lost[0]


async def test_a_write_that_failed_half_way_harms_no_record(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "j")
    await journal.append(UNIT, digest(0), {"t": "before"})
    pwrite = os.pwrite

    def full(descriptor, data, offset):
        pwrite(descriptor, bytes(data)[:10], offset)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(Mistake, match="cannot be kept"):
        await journal.append(UNIT, digest(1), {"t": "lost"})
    monkeypatch.setattr(os, "pwrite", pwrite)
    await journal.append(UNIT, digest(2), {"t": "after"})
    assert journal.find(UNIT, digest(2))["t"] == "after"
    await journal.close()
    again = Journal(tmp_path / "j")
    found = [again.find(UNIT, digest(n)) is not None for n in range(3)]
    assert found == [True, False, True]
    await again.close()


async def test_journals_are_their_owners_alone(tmp_path):
    (tmp_path / "j").mkdir(0o755)
    journal = Journal(tmp_path / "j")
    await journal.append(UNIT, digest(1), {"t": "a"})
    assert stat.S_IMODE((tmp_path / "j").stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in journals(tmp_path / "j")] == [0o600]
    await journal.close()


async def test_a_file_that_is_no_journal_is_refused(tmp_path):
    (tmp_path / "j").mkdir()
    (tmp_path / "j" / "x.jnl").write_text("hello, this is something else entirely")
    with pytest.raises(Mistake, match=r"x\.jnl"):
        Journal(tmp_path / "j")


@pytest.mark.parametrize("header", [HEADER[:5], HEADER[:-1], b"agora-journal 1", b""])
async def test_a_header_cut_short_is_an_empty_journal(tmp_path, header):
    (tmp_path / "j").mkdir()
    (tmp_path / "j" / "x.jnl").write_bytes(header)
    journal = Journal(tmp_path / "j")
    assert journal.units() == ()
    await journal.close()
    assert not (tmp_path / "j").exists()


async def test_settled_journals_are_removed_and_others_stay(tmp_path):
    await written(tmp_path / "j", 2)
    await written(tmp_path / "j", 2, unit=digest("other"))
    journal = Journal(tmp_path / "j")
    journal.forget([UNIT])
    await journal.close()
    assert len(journals(tmp_path / "j")) == 1
    journal = Journal(tmp_path / "j")
    assert journal.units() == (digest("other"),)
    journal.forget([digest("other")])
    await journal.close()
    assert not (tmp_path / "j").exists()


async def test_half_settled_journals_remember_what_is_settled(tmp_path):
    journal = Journal(tmp_path / "j")
    await journal.append(UNIT, digest(1), {"t": "a"})
    await journal.append(digest("other"), digest(2), {"t": "b"})
    journal.forget([UNIT])
    await journal.close()
    again = Journal(tmp_path / "j")
    assert again.units() == (digest("other"),)
    await again.close()


async def test_the_journal_of_a_living_process_is_read_but_left_alone(tmp_path):
    living = Journal(tmp_path / "j")
    await living.append(UNIT, digest(1), {"t": "a"})
    other = Journal(tmp_path / "j")
    assert other.find(UNIT, digest(1))["t"] == "a"
    await other.append(digest("other"), digest(2), {"t": "b"})
    other.forget([UNIT, digest("other")])
    await other.close()
    assert len(journals(tmp_path / "j")) == 1
    await living.append(UNIT, digest(3), {"t": "c"})
    await living.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from schemas.keys import digest
from tasks.models.journal import Journal

async def write(folder, name):
    journal = Journal(Path(folder))
    for n in range(50):
        await journal.append(digest(name), digest(name, n), {"t": f"{name} {n}"})

asyncio.run(write(*sys.argv[1:]))
"""


async def test_several_processes_write_journals_for_one_warehouse(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "j"), name], cwd=ROOT)
        for name in ("one", "two", "three")
    ]
    assert [writer.wait(timeout=600) for writer in writers] == [0, 0, 0]
    # One that opens while another begins may take its empty file, which then begins a second one.
    (tmp_path / "j" / "1-20260101T000000.jnl").touch()
    assert len([path for path in journals(tmp_path / "j") if path.stat().st_size]) == 3
    journal = Journal(tmp_path / "j")
    for name in ("one", "two", "three"):
        found = [journal.find(digest(name), digest(name, n))["t"] for n in range(50)]
        assert found == [f"{name} {n}" for n in range(50)]
        journal.forget([digest(name)])
    await journal.close()
    assert not (tmp_path / "j").exists()


async def test_answers_of_a_crashed_run_enter_the_rows_as_they_were(
    server, said, spec, ask, quick, tmp_path
):
    server.answer = lambda request, number: (
        said.refusal(500) if number == 1 else said.completion("Once.")
    )
    model = spec(usd_per_million_input_tokens=10, usd_per_million_output_tokens=10)
    async with open_gateway(tmp_path / "j", backoff=quick) as gateway:
        await gateway.ask(ask(model))
        before = gateway.rows(UNIT)
    async with open_gateway(tmp_path / "j", backoff=quick) as gateway:
        answer = await gateway.ask(ask(model))
        after = gateway.rows(UNIT)
        assert gateway.usage.calls_asked == 0
        assert gateway.usage.saved_usd == pytest.approx(18e-5)
    assert after == before
    assert answer.value == "Once."
    assert len(server.requests) == 2


async def test_answers_of_a_failed_unit_come_from_the_warehouse(server, said, spec, ask, tmp_path):
    async with open_gateway(tmp_path / "j") as gateway:
        await gateway.ask(ask(spec()))
        before = gateway.rows(UNIT)
        gateway.forget([UNIT])
    async with open_gateway(tmp_path / "j", held=before) as gateway:
        await gateway.ask(ask(spec()))
        assert gateway.rows(UNIT) == before
    assert len(server.requests) == 1


async def test_an_answer_that_failed_its_unit_is_asked_anew(server, said, spec, ask, tmp_path):
    question = ask(spec(), reasks=0, check=lambda text: "no" if text == "Bad." else None)
    server.answer = lambda request, number: said.completion("Bad." if number == 1 else "Good.")
    async with open_gateway(tmp_path / "j") as gateway:
        assert (await gateway.ask(question)).failure.kind == "bad_shape"
        before = gateway.rows(UNIT)
        gateway.forget([UNIT])
    async with open_gateway(tmp_path / "j", held=before) as gateway:
        assert (await gateway.ask(question)).value == "Good."
        assert len(gateway.rows(UNIT)["calls"]) == 1


async def test_a_newer_answer_in_the_journal_wins_over_one_that_failed_its_unit(
    server, said, spec, ask, tmp_path
):
    question = ask(spec(), reasks=0, check=lambda text: "no" if text == "Bad." else None)
    server.answer = lambda request, number: said.completion("Bad." if number == 1 else "Good.")
    async with open_gateway(tmp_path / "j") as gateway:
        await gateway.ask(question)
        before = gateway.rows(UNIT)
    async with open_gateway(tmp_path / "j", held=before) as gateway:
        assert (await gateway.ask(question)).value == "Good."
    async with open_gateway(tmp_path / "j", held=before) as gateway:
        assert (await gateway.ask(question)).value == "Good."
        gateway.forget([UNIT])
    assert len(server.requests) == 2
    assert not (tmp_path / "j").exists()


async def test_a_full_disk_is_a_mistake_that_says_so(tmp_path):
    (tmp_path / "j").write_text("a file where the folder should be")
    journal = Journal(tmp_path / "j")
    with pytest.raises(Mistake, match="cannot be kept"):
        await journal.append(UNIT, digest(1), {"t": "a"})
    await journal.close()


def test_the_folder_stands_beside_the_warehouse():
    assert journal_dir(Path("/x/lab.duckdb")) == Path("/x/lab.duckdb.journal")


RUNS = """
import asyncio, os, sys
from pathlib import Path
from schemas.gateway import Message, Question
from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.models.gateway import open_gateway
from tasks.models.litellm_model import imported_litellm

async def main():
    spec = ModelSpec(model="openai/mock", api_base=sys.argv[1], max_in_flight=8)
    async with open_gateway(Path(sys.argv[2])) as gateway:
        async def unit(number):
            for ordinal in range(10):
                question = Question(spec, (Message("user", f"{number} {ordinal}"),),
                                    digest(number), ordinal, "agent", "s1")
                assert (await gateway.ask(question)).failure is None
        await asyncio.gather(*(unit(number) for number in range(20)))
        assert sum(len(gateway.rows(digest(number))["calls"]) for number in range(20)) == 200

imported_litellm()  # once; every run is a fork, so that a run starts at once
for line in sys.stdin:
    run = os.fork()
    if run == 0:
        asyncio.run(main())
        os._exit(0)
    print(run, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(run, 0)[1]), flush=True)
"""


@pytest.mark.slow
def test_after_kill_9_only_what_was_in_flight_is_asked_again(tmp_path, model_server):
    api_base, stats = model_server
    draw = random.Random(1)
    command = [sys.executable, "-c", RUNS, api_base, str(tmp_path / "j")]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as runs:

        def started() -> int:
            runs.stdin.write("run\n")
            runs.stdin.flush()
            return int(runs.stdout.readline())

        kills = 0
        while kills < 5:
            goal = stats()["requests"] + draw.randint(1, 40)
            run = started()
            while stats()["requests"] < goal:
                time.sleep(0.002)
            os.kill(run, signal.SIGKILL)
            assert int(runs.stdout.readline()) == -signal.SIGKILL
            kills += 1
        started()
        assert int(runs.stdout.readline()) == 0
        runs.stdin.close()
    seen = stats()
    assert seen["distinct_requests"] == 200
    assert 200 <= seen["requests"] <= 200 + 8 * kills
