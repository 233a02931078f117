"""What a market takes: processor time for each decision, and memory by size.

``python bench/markets.py`` plays drawn markets of 250, 500 and 1,000 customers with three
businesses each on simulated models, each in a process of its own, through the engine alone. With
``--published FOLDER`` it plays a market of that folder twice instead: by perfect shoppers under
optimal search and by scripted ones under lexical search. ``--run`` plays it by ``agora run``.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from processes import spent

from schemas.gateway import Answer, Question
from schemas.keys import digest
from schemas.study import ModelSpec
from tasks.environments.market.environment import Market
from tasks.environments.market.params import MarketParams
from tasks.episodes import Episode, play
from tasks.episodes.episode import seats_of
from tasks.importers.marketplace import read_marketplace
from tasks.models.sim import reply

PERFECT = {
    "first_offer_bias": 0.0,
    "fit_checking": 1.0,
    "price_sensitivity": 1.0,
    "patience": 3,
    "consideration": 3,
}
SCRIPTED = {"buyer": "scripted", "seller": "scripted"}
STUDY = """
name: bench
models: {{shopper: {{model: sim/agent, sim: {{buyer: scripted}}}}, shop: {{model: sim/agent}}}}
episode:
  environment: market
  catalogue: {{imported: {name}}}
  models: {{customer: shopper, business: shop}}
replicates: 1
metrics: [market]
"""


class Simulated:
    """Answers of simulated models, and the processor time that they took; keeps none."""

    def __init__(self) -> None:
        self.n = 0
        self.cpu_s = 0.0

    async def ask(self, question: Question) -> Answer:
        """The answer."""
        began = time.process_time()
        key = digest("call", question.unit_key, question.ordinal)
        text = reply(question.model, question, key).text
        value: Any = question.answer.model_validate_json(text) if question.answer else text
        self.n += 1
        self.cpu_s += time.process_time() - began
        return Answer(key, text, value, 1, None, (key,))

    def rows(self, unit_key: str) -> dict[str, list[dict[str, Any]]]:
        """None."""
        return {}


def played(catalogue: Any, search: str, customer: dict[str, Any], business: dict[str, Any]) -> str:
    """What playing a market took, in words."""
    environment, gateway = Market(), Simulated()
    params = MarketParams.model_validate(
        {
            "catalogue": catalogue,
            "models": {"customer": "c", "business": "b"},
            "search": search,
        }
    )
    models = {
        "c": ModelSpec(model="sim/agent", sim=customer),
        "b": ModelSpec(model="sim/agent", sim=business),
    }
    seats = seats_of(environment, params, models, 1)
    began, wall = time.process_time(), time.perf_counter()
    rows = asyncio.run(play(Episode("0" * 32, environment, params, seats, models, 1), gateway)).rows
    cpu_s, wall_s = time.process_time() - began, time.perf_counter() - wall
    outcomes = {row["metric"]: row["value"] for row in rows["outcomes"] if not row["subject"]}
    each_ms = 1000 * (cpu_s - gateway.cpu_s) / gateway.n
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{search}: {len(params.sides.customers)} customers, {gateway.n} decisions, "
        f"welfare {outcomes['welfare']:.2f} of {outcomes['welfare_optimal']:.2f}, "
        f"{each_ms:.2f} ms of CPU each besides the answers, {wall_s:.1f} s, peak {peak_mb:.0f} MB"
    )


def ran(folder: str) -> str:
    """What ``agora run`` took for a published market, in words."""
    with tempfile.TemporaryDirectory() as made:
        root, name = Path(made), Path(folder).name
        warehouse = ["--warehouse", str(root / "bench.duckdb")]
        subprocess.run(
            ["agora", "import", "marketplace", folder, *warehouse],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (root / "study.yaml").write_text(STUDY.format(name=name), encoding="utf-8")
        took = spent(["agora", "run", str(root / "study.yaml"), *warehouse])
    return f"agora run: {took.wall_s:.1f} s, {took.cpu_s:.1f} s of CPU, peak {took.peak_mb:.0f} MB"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, help="Play one drawn market of this size.")
    parser.add_argument("--published", help="Folder of a published market.")
    parser.add_argument("--run", action="store_true", help="Play it by agora run.")
    chosen = parser.parse_args()
    if chosen.published and chosen.run:
        print(ran(chosen.published))
    elif chosen.published:
        catalogue = read_marketplace(chosen.published)
        print(played(catalogue, "optimal", PERFECT, {}))
        print(played(catalogue, "lexical", SCRIPTED, SCRIPTED))
    elif chosen.customers:
        drawn = {"drawn": {"customers": chosen.customers, "seed": 1}}
        print(played(drawn, "lexical", PERFECT, {}))
    else:
        for customers in (250, 500, 1000):
            subprocess.run([sys.executable, __file__, "--customers", str(customers)], check=True)


if __name__ == "__main__":
    main()
