"""Shards that another process works: what is sent there, how it is worked, what comes back.

The process needs no warehouse and holds nothing of the run. It opens a gateway of its own, on the
terms that come with the shard. See docs/design/022-shards-on-other-machines.md.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from schemas.errors import Mistake
from schemas.failures import UnitCounts
from schemas.keys import digest
from schemas.unit import AnyUnit, Result
from tasks.models.budget import Budget
from tasks.models.gateway import open_gateway
from tasks.models.secrets import SecretOf
from tasks.models.usage import Usage
from tasks.stages.registry import steps
from tasks.stages.working import Slots, work_units

if TYPE_CHECKING:
    import polars as pl

ROOT = Path(__file__).resolve().parents[2]
#: Packages whose data is sent as it is in memory.
PACKAGES = ("agora-lab", "polars", "pydantic")
#: What decides what a unit's work gives.
CODE = ("schemas", "tasks")
_LENGTH_BYTES = 4


@dataclass(frozen=True)
class Terms:
    """On which terms the gateway of a worker asks models.

    Attributes:
        journals: The warehouse's folder of journals.
        mark: A file in it; a worker that sees the file shares the file system.
        units_at_once: Units worked at once.
        parts: Workers that ask the same models at once; each has its part of declared limits.
        usd: Dollars that may be spent on the shard; ``None`` for no limit.
        calls: Calls that may be made for it; ``None`` for no limit.
        lent: Records of answers to its units that journals hold.
        held: Rows of ``calls`` and ``attempts`` of its units that failed before.
        run_id: The run whose calls these are.
        without_credit: Accounts at providers that have no credit left.
    """

    journals: Path
    mark: str
    run_id: str | None = None
    units_at_once: int = 1
    parts: int = 1
    usd: float | None = None
    calls: int | None = None
    lent: Sequence[dict[str, Any]] = ()
    held: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    without_credit: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SentShard:
    """Units for another process, with all that working them needs.

    Attributes:
        step: Name of their step.
        units: The units.
        rows: What the step reads for them, by table.
        terms: How models may be asked.
    """

    step: str
    units: Sequence[AnyUnit]
    rows: Mapping[str, pl.DataFrame]
    terms: Terms


@dataclass(frozen=True)
class ReturnedShard:
    """What came of a shard.

    Attributes:
        results: Results of its units, without their specs, in the order in which they came.
        counts: How its units ended.
        usage: What was asked, reused and spent.
        spent_usd: What it took of its dollars.
        spent_calls: What it took of its calls.
        records: Records of its answers, where they are in no journal of the warehouse.
        lost: What could not be read again, a sentence for each damaged file.
        without_credit: Accounts at providers that have no credit left.
    """

    results: Sequence[Result]
    counts: UnitCounts
    usage: Usage
    spent_usd: float
    spent_calls: int
    records: Sequence[dict[str, Any]] = ()
    lost: tuple[str, ...] = ()
    without_credit: Mapping[str, str] = field(default_factory=dict)


def packed(shard: SentShard) -> bytes:
    """A shard as it is sent, with the versions of what made it in front."""
    head = orjson.dumps(versions())
    return len(head).to_bytes(_LENGTH_BYTES, "big") + head + pickle.dumps(shard, protocol=5)


def unpacked(data: bytes) -> SentShard:
    """A shard that was sent.

    Raises:
        Mistake: Other versions made it than are here.
    """
    start = _LENGTH_BYTES + int.from_bytes(data[:_LENGTH_BYTES], "big")
    there, here = orjson.loads(data[_LENGTH_BYTES:start]), versions()
    if other := [name for name in there if there[name] != here.get(name)]:
        raise Mistake(
            what="a worker cannot work shards that other versions made",
            place=worker_name(),
            found=", ".join(f"{name} {here.get(name, 'missing')}" for name in other),
            expected=", ".join(f"{name} {there[name]}" for name in other),
            fix="install on every worker what is installed where the run was started; environments "
            "and metrics of your own are part of the code",
        )
    shard: SentShard = pickle.loads(data[start:])
    return shard


async def returned(shard: SentShard, secret_of: SecretOf) -> ReturnedShard:
    """What came of a shard that is worked here.

    Args:
        shard: The shard.
        secret_of: Gives the value of a Prefect Secret block.

    Raises:
        Mistake: Something that the user can mend keeps a model from being asked.
    """
    terms = shard.terms
    shared = (terms.journals / terms.mark).is_file()
    folder = terms.journals if shared else own_journals(terms.journals)
    step = next(one for one in steps() if one.name == shard.step)
    found: list[Result] = []

    async def take(result: Result) -> None:
        found.append(replace(result, unit=replace(result.unit, spec=None)))

    slots = Slots(terms.units_at_once)
    slots.announce(len(shard.units))
    budget = Budget(usd=terms.usd, calls=terms.calls)
    async with open_gateway(
        folder,
        budget=budget,
        held=terms.held,
        secret_of=secret_of,
        parts=terms.parts,
        writes_only=shared,
        run_id=terms.run_id,
        without_credit=terms.without_credit,
    ) as gateway:
        gateway.journal.lend(terms.lent)
        counts = await work_units(step, shard.units, shard.rows, gateway, slots, take)
        records: list[dict[str, Any]] = []
        if not shared:
            keys = [unit.key for unit in shard.units]
            records = [record for key in keys for record in gateway.journal.of(key)]
            gateway.journal.forget(keys)
    return ReturnedShard(
        found,
        counts,
        gateway.usage,
        budget.spent_usd,
        budget.spent_calls,
        records,
        gateway.lost,
        gateway.accounts.empty,
    )


def own_journals(journals: Path) -> Path:
    """Where a worker keeps its journals that does not see those of the warehouse.

    It is in the user's own cache folder, where nobody else can put files.
    """
    cache_home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache_home) / "agora" / f"{digest('journals', str(journals))}.journal"


def worker_name() -> str:
    """What a worker is called in messages."""
    return f"worker {os.getpid()} on {socket.gethostname()}"


@cache
def versions() -> dict[str, str]:
    """Versions of all on which the data and the results of a shard depend.

    Example:
        >>> sorted(versions())
        ['agora-lab', 'code', 'polars', 'pydantic', 'python']
    """
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        **{name: _version(name) for name in PACKAGES},
        "code": _code(),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _code() -> str:
    """The start of a digest of the code that works units, with its prompts."""
    whole = hashlib.sha256()
    for room in CODE:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in {".py", ".md", ".yaml", ".json"} and path.is_file():
                whole.update(path.relative_to(ROOT).as_posix().encode())
                whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()[:12]
