"""Studies that benches write for themselves, and how they run them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

STUDY = """
name: bench
models:
  agent: {{{agent}}}
episode:
  environment: discussion
  brief: "A client wants a delivery app for a city of 500,000; 50,000 euros, three months."
  rounds: {rounds}
  seats: [{seats}]
replicates: {replicates}
run: {{concurrency: {concurrency}}}
"""

SERVED = """model: openai/mock, api_base: "{api_base}", api_key_env: BENCH_KEY, temperature: 0.8,
          max_in_flight: {in_flight}, attempt_timeout_s: {timeout_s}, max_attempts: 30"""

CODING = """
coding:
  codebook:
    name: bench
    flags:
      phatic: {{definition: "Pleasantries without substance."}}
      tech: {{definition: "Names two or more specific technologies."}}
  judges: [judge]
  adjudication: {{use: intersection}}
"""


def write_study(
    folder: Path,
    api_base: str,
    *,
    replicates: int,
    seats: int = 8,
    rounds: int = 5,
    in_flight: int = 64,
    concurrency: int = 64,
    timeout_s: float = 30,
    judged: bool = False,
) -> Path:
    """The file of a discussion study; without a server, its agents are simulated."""
    os.environ["BENCH_KEY"] = "none"
    served = SERVED.format(api_base=api_base, in_flight=in_flight, timeout_s=timeout_s)
    text = STUDY.format(
        agent=served if api_base else "model: sim/talkative",
        rounds=rounds,
        seats=", ".join(["agent"] * seats),
        replicates=replicates,
        concurrency=concurrency,
    )
    if judged:
        text = text.replace("episode:", f"{_judge(text)}episode:", 1) + CODING.format()
    path = folder / "bench.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _judge(text: str) -> str:
    """The line that declares a judge like the agent."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("  agent:"))
    return "\n".join(lines[start : start + 2]).replace("agent:", "judge:", 1) + "\n"


def run_here(study: Path, warehouse: Path) -> Any:
    """The report of a run in this process."""
    from flows.requests import RunRequest
    from flows.study import run_study

    async def run() -> Any:
        state: Any = await run_study(
            RunRequest(study=study, warehouse=warehouse), return_state=True
        )
        return await state.aresult(raise_on_failure=False)

    report = asyncio.run(run())
    if isinstance(report, BaseException):
        raise report
    return report
