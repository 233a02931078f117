"""A faulty provider against a faultless one: the answers must be equal.

    .venv/bin/python bench/gateway_faults.py

Asks the model server the same questions twice, once without faults and once with one answer in
three failing in some way, and compares every answer. Then adds answers in bad shape and empty ones
and prints what became of them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pydantic import BaseModel, Field

from bench.server import model_server, server_stats
from schemas.gateway import Answer, Message, Question
from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.models.gateway import open_gateway
from tasks.models.retry import Backoff

FAULTS = "429:0.2,500:0.1,503:0.05,cut:0.03,garbage:0.03,hang:0.002"
SHAPES = "badjson:0.05,empty:0.02"
PER_UNIT = 5


class Choice(BaseModel):
    """A shape for every second question."""

    option: str
    confidence: float = Field(ge=0, le=1)


async def answered(
    api_base: str, units: int
) -> tuple[dict[str, Answer], Counter[str], Counter[str]]:
    """Answers by place, attempts by kind, calls by status; units are asked in turn, at once."""
    spec = ModelSpec(
        model="openai/mock",
        api_base=api_base,
        temperature=0.8,
        max_in_flight=100,
        attempt_timeout_s=5.0,
        max_attempts=25,
    )
    answers: dict[str, Answer] = {}
    attempts: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    folder = Path(tempfile.mkdtemp(prefix="agora-bench-")) / "journal"
    async with open_gateway(folder, backoff=Backoff(first_s=0.05, longest_s=1.0)) as gateway:

        async def unit(number: int) -> None:
            key, history = digest("unit", number), [Message("system", f"Discussion {number}.")]
            for ordinal in range(PER_UNIT):
                shape = Choice if ordinal % 2 else None
                question = Question(spec, tuple(history), key, ordinal, "agent", "s1", shape)
                answer = await gateway.ask(question)
                answers[f"{number}/{ordinal}"] = answer
                history.append(Message("assistant", answer.text))
            rows = gateway.rows(key)
            attempts.update(row["kind"] for row in rows["attempts"])
            calls.update(
                f"{'re-ask' if row['reask_of'] else 'question'} {row['status']}"
                + (f" ({row['error_kind']})" if row["error_kind"] else "")
                for row in rows["calls"]
            )
            gateway.forget([key])

        waiting = iter(range(units))

        async def worker() -> None:
            for number in waiting:
                await unit(number)

        await asyncio.gather(*(worker() for _ in range(100)))
    return answers, attempts, calls


async def main() -> None:
    """Parses the options and runs the three passes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", default="")
    parser.add_argument("--units", type=int, default=1000)
    args = parser.parse_args()
    passes = {"no faults": "", "faults": FAULTS, "faults and bad shapes": f"{FAULTS},{SHAPES}"}
    first: dict[str, Answer] = {}
    for name, fail in passes.items():
        options = ("--latency-ms", "5", *(("--fail", fail) if fail else ()))
        with model_server(args.server, *options) as api_base:
            began = time.perf_counter()
            answers, attempts, calls = await answered(api_base, args.units)
            took = time.perf_counter() - began
            seen = server_stats(api_base)
        first = first or answers
        equal = sum(answers[place].value == first[place].value for place in first)
        failed = Counter(one.failure.kind for one in answers.values() if one.failure)
        print(f"{name}: {len(answers)} questions of {args.units} units in {took:.0f} s")
        print(f"  answers equal to the faultless pass: {equal} of {len(first)}")
        print(f"  questions that ended as failures: {dict(failed) or 'none'}")
        print(f"  attempts: {dict(attempts.most_common())}")
        print(f"  calls: {dict(calls.most_common())}")
        print(
            f"  the server saw {seen['requests']} requests; attempts on record: {attempts.total()}"
        )


if __name__ == "__main__":
    asyncio.run(main())
