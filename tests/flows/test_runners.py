"""Clusters that cannot be used are refused in one message; shards are begun once."""

from __future__ import annotations

import contextlib
import pickle
import socket
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Completed, Crashed
from pydantic import ValidationError

from flows.runners.cluster import ALLOWED, Cluster, open_cluster
from flows.runners.elsewhere import ShardName, work_shard_elsewhere
from flows.runners.sending import fail_refused, record_state
from flows.settings import URL
from schemas.errors import Mistake
from schemas.failures import UnitCounts
from schemas.study.analysis import RunSpec
from schemas.unit import Failure, Unit
from tasks.stages.base import Upstream
from tasks.stages.registry import steps
from tasks.stages.sent import SentShard, Terms, packed
from tasks.studies.design import design
from tasks.studies.load import load_study

STUDY = """
name: sent
models: {agent: {model: openai/mock, api_base: "http://127.0.0.1:9/v1", api_key_env: A_KEY}}
episode: {environment: ultimatum, seats: [agent, agent], rounds: 1}
"""


@contextmanager
def opened(run: RunSpec, allowed: str | None = None) -> Iterator[Cluster | None]:
    """The cluster that a study names, allowed in the environment unless something else is."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(ALLOWED, run.address or "" if allowed is None else allowed)
        with open_cluster(run) as cluster:
            yield cluster


def refusal(allowed: str | None = None, **run: Any) -> str:
    """What is said of a cluster that cannot be used."""
    with pytest.raises(Mistake) as raised, opened(RunSpec(**run), allowed):
        pass
    return raised.value.message()


@pytest.mark.parametrize("allowed", ["", "tcp://node1:87", "tcp://node2:8786, tcp://node1"])
def test_a_study_connects_to_no_cluster_that_only_it_names(
    allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL, "http://prefect:4200/api")
    said = refusal(allowed, runner="dask", address="tcp://node1:8786")
    assert "a cluster that it may not use" in said
    assert f"export {ALLOWED}=tcp://node1:8786" in said


def test_an_address_or_workers_need_a_runner() -> None:
    for extra in ({"workers": 2}, {"address": "tcp://node:8786"}):
        with pytest.raises(ValidationError, match="add runner: dask"):
            RunSpec.model_validate(extra)
    with pytest.raises(ValidationError, match="no password"):
        RunSpec(runner="dask", address="tcp://me:secret@node:8786")


def test_workers_elsewhere_need_a_prefect_server_that_they_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(URL, "http://127.0.0.1:4200/api")
    said = refusal(runner="dask", address="tcp://node1:8786")
    assert "Prefect's server at http://127.0.0.1:4200/api" in said
    assert f"set {URL}" in said


def test_the_server_of_a_run_is_none_for_a_standing_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(URL, "http://127.0.0.1:4201/api")
    monkeypatch.setattr("flows.server._TEMPORARY", {"http://127.0.0.1:4201/api"})
    assert "no server but the run's own" in refusal(runner="ray", address="ray://127.0.0.1:10001")


@pytest.mark.parametrize(("runner", "package"), [("dask", "prefect_dask"), ("ray", "prefect_ray")])
def test_a_missing_extra_is_named(
    runner: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert f"pip install 'agora-lab[{runner}]'" in refusal(runner=runner)


def test_a_key_that_a_worker_lacks_is_a_mistake_that_names_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "sk-here-and-not-there")
    path = tmp_path / "sent.yaml"
    path.write_text(STUDY, encoding="utf-8")
    step = next(one for one in steps() if one.name == "episodes")
    units = step.plan(design(load_study(path).study), Upstream())
    data = packed(SentShard("episodes", units, {}, Terms(tmp_path / "journal", "")))
    assert b"not-there" not in data
    monkeypatch.delenv("A_KEY")
    state = work_shard_elsewhere.fn(data, ShardName("shard"), "sent / episodes", 1, 1)
    assert (state.type.value, state.name) == ("FAILED", "Mistake")
    assert isinstance(pickle.loads(pickle.dumps(state.data)), Mistake)
    assert state.message.startswith("worker ")
    assert "A_KEY is not set" in state.message


async def test_a_worker_may_die_before_the_server_knows_of_its_task(prefect_server: None) -> None:
    await record_state(uuid.uuid4(), Crashed())


async def test_a_task_whose_rows_were_refused_afterwards_is_failed(prefect_server: None) -> None:
    refused = {"b": Failure("invalid_rows", "codes: flag: 1 to 200 characters")}
    committer: Any = SimpleNamespace(
        refused=lambda keys: [refused[k] for k in keys if k in refused]
    )
    units = [Unit("codes", "code", key, None) for key in ("a", "b")]
    async with get_client() as client:
        runs = [
            await client.create_task_run(
                work_shard_elsewhere, None, dynamic_key=f"refused {number}", state=Completed()
            )
            for number in range(2)
        ]
        came = [(run.id, [unit], UnitCounts(done=1)) for run, unit in zip(runs, units, strict=True)]
        await fail_refused(came, committer)
        states = [(await client.read_task_run(run.id)).state for run in runs]
    assert [(one.type.value, one.message) for one in states if one] == [
        ("COMPLETED", None),
        ("FAILED", "1 of 1 unit failed: 1 invalid_rows (codes: flag: 1 to 200 characters)"),
    ]


def test_a_worker_tells_the_server_of_each_run_also_of_several_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(EventsWorker, "instance", EventsWorker.instance)
    told = []
    with contextlib.ExitStack() as open_ones:
        listening = [
            open_ones.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)
        ]
        for server in (*listening, *listening):
            url = f"http://127.0.0.1:{server.getsockname()[1]}/api"
            with temporary_settings({PREFECT_API_URL: url}):
                assert pickle.loads(pickle.dumps(ShardName("shard"))).name == "shard"
                told.append(EventsWorker.instance())
        assert told[0] is told[2]
        assert told[1] is told[3]
        assert told[0] is not told[1]
        for server in listening:
            server.settimeout(600)
            connection = open_ones.enter_context(server.accept()[0])
            connection.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")


class TestDask:
    """A scheduler and a worker within this process."""

    @pytest.fixture(scope="class")
    def scheduler(self) -> Iterator[str]:
        distributed = pytest.importorskip("distributed", reason="[dask] is not installed")
        options = {"processes": False, "dashboard_address": "127.0.0.1:0", "n_workers": 1}
        with distributed.LocalCluster(
            **options, threads_per_worker=3, protocol="tcp", host="127.0.0.1"
        ) as local:
            yield local.scheduler_address

    def test_a_standing_cluster_works_a_shard_per_thread(self, scheduler: str) -> None:
        for workers, at_once in ((None, 3), (7, 7)):
            run = RunSpec(runner="dask", address=scheduler, workers=workers)
            with opened(run) as cluster:
                assert cluster is not None
                assert cluster.at_once == at_once

    def test_a_shard_that_was_begun_is_known_until_it_is_forgotten(self, scheduler: str) -> None:
        import distributed

        from flows.runners.dask import begun_before

        run = RunSpec(runner="dask", address=scheduler)
        with opened(run) as cluster, distributed.Client(scheduler) as client:
            assert cluster is not None

            def begun() -> bool:
                return bool(client.submit(begun_before, "one", pure=False).result())

            assert not cluster.was_begun("one")
            assert [begun(), begun()] == [False, True]
            assert cluster.was_begun("one")
            assert not cluster.was_begun("other")
            cluster.forget("one")
            assert not begun()

    def test_where_no_scheduler_answers_one_message_says_so(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pytest.importorskip("distributed", reason="[dask] is not installed")
        monkeypatch.setattr("flows.runners.dask.ANSWER_S", 0.5)
        said = refusal(runner="dask", address="tcp://127.0.0.1:9")
        assert "no Dask scheduler answers" in said
        assert "dask scheduler" in said
