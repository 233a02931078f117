"""Small rows and results, and a warehouse to put them in."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from schemas.keys import digest
from schemas.unit import Failure, Result, Unit
from tasks.models.prompt_messages import message_digest
from warehouse.inputs import record_complete
from warehouse.store import Warehouse

TIME = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
Rows = dict[str, Any]


class Make:
    """Rows that fit their tables, with what a test wants changed."""

    @staticmethod
    def key(name: object) -> str:
        return digest("test", name)

    def episode(self, unit: str, **changes: Any) -> Rows:
        return {
            "episode_key": unit,
            "unit_key": unit,
            "source": "run",
            "environment": "discussion",
            "label": "one",
            "params": {"rounds": 2},
            "status": "terminated",
            "end_reason": "rounds",
            "completed_rounds": 2,
        } | changes

    def seat(self, unit: str, seat: str = "s1", **changes: Any) -> Rows:
        return {
            "episode_key": unit,
            "unit_key": unit,
            "seat": seat,
            "position": int(seat[1:]),
            "role": "participant",
            "name": f"Agent {seat[1:]}",
            "model": "llama",
            "model_id": "sim/talkative",
        } | changes

    def event(self, unit: str, seq: int = 0, **changes: Any) -> Rows:
        return {
            "episode_key": unit,
            "unit_key": unit,
            "seq": seq,
            "round": 0,
            "turn": seq,
            "kind": "say",
            "actor": "s1",
            "text": "two words",
            "data": {},
            "audience": "everyone",
        } | changes

    def action(self, unit: str, turn: int = 0, **changes: Any) -> Rows:
        return {
            "episode_key": unit,
            "unit_key": unit,
            "turn": turn,
            "round": 0,
            "seat": "s1",
            "ask": "turn",
            "valid": True,
            "attempts": 1,
            "fallback": False,
            "absent": False,
            "answer": {"text": "two words"},
        } | changes

    def call(self, unit: str, ordinal: int = 0, **changes: Any) -> Rows:
        return {
            "call_key": self.key((unit, ordinal)),
            "unit_key": unit,
            "ordinal": ordinal,
            "purpose": "agent",
            "subject": "s1",
            "model": "sim/talkative",
            "params": {},
            "base_messages": 0,
            "added_messages": [],
            "status": "answered",
            "text": "two words",
            "raw": {},
            "attempts": 1,
            "asked_at": TIME,
        } | changes

    def attempt(self, unit: str, ordinal: int = 0, **changes: Any) -> Rows:
        return {
            "call_key": self.key((unit, ordinal)),
            "unit_key": unit,
            "attempt": 1,
            "kind": "ok",
            "waited_s": 0.0,
            "latency_s": 0.1,
        } | changes

    def prompt_message(self, text: str, role: str = "user") -> Rows:
        return {"digest": digest("part", role, text), "role": role, "text": text}

    def message(self, text: str, role: str = "user") -> Rows:
        """A message of a prompt under the digest that the gateway gives it."""
        return {"digest": message_digest(role, text), "role": role, "text": text}

    def unit(self, name: object, **changes: Any) -> Unit:
        return Unit(
            **({"stage": "episodes", "step": "play", "key": self.key(name)} | changes), spec={}
        )

    def result(self, name: object, failure: Failure | None = None, **rows: Any) -> Result:
        """An episode with one seat and two events, unless rows say otherwise."""
        unit = self.unit(name)
        given = {
            "episodes": [self.episode(unit.key)],
            "seats": [self.seat(unit.key)],
            "events": [self.event(unit.key, 0), self.event(unit.key, 1)],
        } | rows
        return Result(
            unit, {table: held for table, held in given.items() if held is not None}, failure
        )

    def study(self, name: str = "study", **changes: Any) -> Rows:
        return {
            "study_version": self.key(name),
            "name": name,
            "spec": {"name": name},
            "yaml": f"name: {name}",
            "path": f"{name}.yaml",
            "code_version": "0",
            "created_at": TIME,
        } | changes

    def record(self, warehouse: Warehouse, study: Rows, units: Sequence[Rows]) -> None:
        """Put a run of a version of a study on record, with all units of the version."""
        warehouse.record_study(study)
        warehouse.record_run("run", study["study_version"], study["created_at"])
        for step in {unit["step"] for unit in units}:
            members = [unit for unit in units if unit["step"] == step]
            warehouse.record_units(study["study_version"], step, members)

    def study_unit(self, study: str, unit: Unit, **changes: Any) -> Rows:
        return {
            "study_version": self.key(study),
            "stage": unit.stage,
            "step": unit.step,
            "unit_key": unit.key,
            "condition": "baseline",
            "replicate": 1,
            "label": "one",
        } | changes


class Lab:
    """A warehouse, and a clock that goes on a day with every run."""

    def __init__(self, path: Path, make: Any) -> None:
        self.path, self.make = path, make
        self.time = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    def run(self, study: str, units: Sequence[str], failing: Sequence[str] = ()) -> None:
        """Run a version that consists of some episodes; those that are done are not run again."""
        make, self.time = self.make, self.time + dt.timedelta(days=1)
        run_id = f"run at {self.time}"
        with Warehouse.open(self.path) as opened:
            opened.record_study(make.study(study, created_at=self.time) | {"name": study})
            opened.record_run(run_id, make.key(study), self.time)
            members = [make.study_unit(study, make.unit(name, step="play")) for name in units]
            opened.record_units(make.key(study), "play", members)
            done = opened.statuses(make.key(name) for name in units)
            new = [name for name in units if done.get(make.key(name)) != "done"]
            results = [self.result(name, name in failing) for name in new]
            opened.commit(results, run_id=run_id, code_version="0")
            record_complete(opened, make.key(study))

    def result(self, name: str, failing: bool = False) -> Result:
        """What working an episode gives: a call, an outcome, a seat and two events."""
        make, key = self.make, self.make.key(name)
        message = make.message(f"Speak, {name}.")
        call = make.call(key, cost_usd=0.1, asked_at=self.time, added_messages=[message["digest"]])
        outcome = {
            "episode_key": key,
            "unit_key": key,
            "scope": "episode",
            "subject": "",
            "metric": "rounds",
            "value": 1.0 + len(name) / 7,
        }
        paid = {"calls": [call], "attempts": [make.attempt(key)], "prompt_messages": [message]}
        rows = paid if failing else make.result(name, outcomes=[outcome], **paid).rows
        return Result(make.unit(name), rows, Failure("timeout", "slow") if failing else None)


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()


#: A test that runs on a file and on a lake.
on_both = pytest.mark.parametrize("kind", ["file", "lake"], indirect=True)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """What keeps the warehouse of a test: a file, unless the test says otherwise."""
    return getattr(request, "param", "file")


@pytest.fixture
def path(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The path of a warehouse that is not there yet."""
    if kind == "file":
        return tmp_path / "agora.duckdb"
    return request.getfixturevalue("postgres").lake(tmp_path)


@pytest.fixture
def empty(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A warehouse without rows."""
    if kind == "file":
        template = request.getfixturevalue("template")
        return Path(shutil.copy(template, tmp_path / "agora.duckdb"))
    template = request.getfixturevalue("lake_template")
    return request.getfixturevalue("postgres").lake(tmp_path, template)


@pytest.fixture
def warehouse(empty: Path) -> Iterator[Warehouse]:
    with Warehouse.open(empty) as opened:
        yield opened


@pytest.fixture
def commit(warehouse: Warehouse) -> Callable[..., Any]:
    """Commits results; gives the report."""

    def committed(*results: Result, run_id: str = "run") -> Any:
        return warehouse.commit(results, run_id=run_id, code_version="0")

    return committed


@pytest.fixture
def counts(warehouse: Warehouse) -> Callable[..., list[int]]:
    """Numbers of rows of tables."""

    def counted(*tables: str) -> list[int]:
        return [
            warehouse.frame_sql(f"SELECT count(*) AS n FROM {table}")["n"].item()
            for table in tables
        ]

    return counted


def with_two_studies(lab: Lab) -> Lab:
    lab.run("other", ["z", "shared"])
    lab.run("mine", ["shared", "b", "a", "c"])
    return lab


@pytest.fixture(scope="session")
def first_lab(template: Path, make: Make, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The file that labs in files are copies of."""
    path = tmp_path_factory.mktemp("lab") / "agora.duckdb"
    return with_two_studies(Lab(Path(shutil.copy(template, path)), make))


@pytest.fixture
def lab(kind: str, tmp_path: Path, make: Make, request: pytest.FixtureRequest) -> Lab:
    """Two studies that share an episode, the second one whole after the first."""
    if kind != "file":
        return with_two_studies(Lab(request.getfixturevalue("empty"), make))
    first = request.getfixturevalue("first_lab")
    lab = Lab(Path(shutil.copy(first.path, tmp_path / "agora.duckdb")), make)
    lab.time = first.time
    return lab
