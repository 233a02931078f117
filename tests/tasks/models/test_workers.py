"""Where answers are kept that a worker of a cluster was given, and who finds them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.keys import digest
from tasks.models.gateway import open_gateway
from tasks.models.journal import Journal
from tasks.models.secrets import no_secret_blocks
from tasks.stages.base import Upstream
from tasks.stages.registry import steps
from tasks.stages.sent import SentShard, Terms, own_journals, returned
from tasks.studies.design import design
from tasks.studies.load import load_study
from tests.tasks.models.conftest import ModelServer, completion

UNIT, OTHER = digest("unit", 1), digest("unit", 2)
ROOT = Path(__file__).resolve().parents[3]
STUDY = """
name: sent
models: {agent: {model: openai/mock, api_base: "%s", api_key_env: A_KEY}}
episode: {environment: discussion, brief: Talk., seats: [agent, agent], rounds: 2}
replicates: 3
"""
CALLS = 3 * 2 * 2
#: Appends an answer and is killed.
KILLED = """
import asyncio, os, sys
from pathlib import Path
from tasks.models.journal import Journal

async def main():
    journal = Journal(Path(sys.argv[1]), writes_only=True)
    await journal.append(sys.argv[2], "call", {"t": "paid"})
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("A_KEY", "sk-none")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def shard(folder: Path, server: ModelServer, mark: str, **terms: Any) -> SentShard:
    path = folder / "sent.yaml"
    path.write_text(STUDY % server.api_base, encoding="utf-8")
    step = next(one for one in steps() if one.name == "episodes")
    units = step.plan(design(load_study(path).study), Upstream())
    return SentShard("episodes", units, {}, Terms(folder / "journal", mark, 3, **terms))


async def answered(unit: str, folder: Path) -> None:
    journal = Journal(folder, writes_only=True)
    await journal.append(unit, "call", {"t": "paid"})
    await journal.close()


async def test_a_run_takes_over_what_workers_leave_and_removes_it_once_it_is_committed(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path)
    own = tmp_path / journal.own_name()
    await answered(UNIT, tmp_path)
    await answered(OTHER, tmp_path)
    assert journal.find(UNIT, "call") is None
    journal.take_over()
    assert journal.find(UNIT, "call")["t"] == "paid"  # type: ignore[index]
    journal.forget([UNIT])
    assert len(list(tmp_path.glob("*.jnl"))) == 2
    assert journal.count(OTHER) == 1
    journal.take_over()
    journal.forget([OTHER])
    assert list(tmp_path.glob("*.jnl")) == [own]
    await journal.close()
    assert not tmp_path.exists()


async def test_a_run_takes_over_what_a_killed_worker_paid(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", KILLED, tmp_path, UNIT], env=environment, check=False)
    journal.take_over()
    assert journal.count(UNIT) == 1
    await journal.close()


async def test_the_journal_of_a_worker_that_lives_is_left_alone(tmp_path: Path) -> None:
    journal, living = Journal(tmp_path), Journal(tmp_path, writes_only=True)
    await living.append(UNIT, "call", {"t": "paid"})
    journal.take_over()
    assert journal.count(UNIT) == 0
    await living.close()
    journal.take_over()
    assert journal.count(UNIT) == 1
    await journal.close()


async def test_answers_that_are_lent_are_found_and_nothing_more(tmp_path: Path) -> None:
    journal = Journal(tmp_path, writes_only=True)
    journal.lend([{"u": UNIT, "k": "call", "t": "paid"}])
    assert journal.find(UNIT, "call")["t"] == "paid"  # type: ignore[index]
    assert (journal.count(UNIT), journal.of(UNIT)) == (0, [])
    await journal.close()
    assert not list(tmp_path.glob("*.jnl"))


async def test_a_worker_that_shares_the_file_system_leaves_its_answers_with_the_run(
    server: ModelServer, tmp_path: Path
) -> None:
    async with open_gateway(tmp_path / "journal") as gateway:
        sent = shard(tmp_path, server, gateway.journal.own_name())
        came = await returned(sent, no_secret_blocks)
        assert came.records == []
        gateway.journal.take_over()
        keys = [unit.key for unit in sent.units]
        assert sum(gateway.answers_held(keys).values()) == CALLS == len(server.requests)
    assert not own_journals(tmp_path / "journal").exists()


async def test_a_worker_elsewhere_hands_its_answers_back_and_keeps_none(
    server: ModelServer, tmp_path: Path
) -> None:
    came = await returned(shard(tmp_path, server, "of-another-machine.jnl"), no_secret_blocks)
    assert len(came.records) == CALLS == len(server.requests)
    assert not (tmp_path / "journal").exists()
    assert not own_journals(tmp_path / "journal").exists()


async def test_answers_that_a_run_has_travel_with_their_units(
    server: ModelServer, tmp_path: Path
) -> None:
    first = await returned(shard(tmp_path, server, "elsewhere.jnl"), no_secret_blocks)
    again = shard(tmp_path, server, "elsewhere.jnl", lent=first.records)
    came = await returned(again, no_secret_blocks)
    assert len(server.requests) == CALLS
    assert (came.usage.calls_asked, came.usage.calls_reused) == (0, CALLS)
    assert came.counts.done == 3


async def test_a_worker_stops_at_its_allowance_and_says_what_it_spent(
    server: ModelServer, tmp_path: Path
) -> None:
    came = await returned(shard(tmp_path, server, "elsewhere.jnl", calls=5), no_secret_blocks)
    assert (came.spent_calls, len(server.requests)) == (5, 5)
    kinds = {one.failure.kind for one in came.results if one.failure is not None}
    assert kinds == {"budget"}
    assert len(came.records) == 5


async def test_workers_share_the_limits_of_a_model(server: ModelServer, tmp_path: Path) -> None:
    server.answer = lambda request, number: replace(completion(), delay_s=0.02)
    sent = shard(tmp_path, server, "elsewhere.jnl", parts=32)
    await asyncio.gather(*(returned(sent, no_secret_blocks) for _ in range(2)))
    assert server.peak <= 2 * 64 // 32
