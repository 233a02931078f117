"""Seconds and memory that populations take to be drawn, validated and written, without prose.

Run: ``python bench/populations.py [--sizes 100000 300000 1000000]``.

A population has five margins that are raked, five traits and names; each size is a process of its
own, whose time counts from its start to the closed file. With ``--calm FOLDER``, the folder with
the households of the CALM region, raking them to their margins is timed first.
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

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

TARGETS = {
    "sex": {"female": 0.51, "male": 0.49},
    "age_group": {"18 to 29": 0.2, "30 to 44": 0.25, "45 to 64": 0.33, "65 or more": 0.22},
    "education": {"school": 0.38, "some college": 0.28, "degree": 0.34},
    "region": {"northeast": 0.17, "midwest": 0.21, "south": 0.38, "west": 0.24},
    "income": {"low": 0.3, "middle": 0.5, "high": 0.2},
}


def write_population(size: int) -> None:
    """Draw a population and write it to a new warehouse; print what it took."""
    start = time.perf_counter()
    from schemas.study import Study
    from tasks.stages.base import Upstream
    from tasks.stages.populations import PartStep, PopulationStep
    from tasks.stages.working import results_of
    from tasks.studies.design import design
    from warehouse.store import Warehouse

    population = {"size": size, "method": "ipf", "targets": TARGETS, "traits": "big_five"}
    study = design(Study.model_validate({"name": "bench", "population": population}))
    whole, parts = PopulationStep(), PartStep()
    units = whole.plan(study, Upstream())
    rest = parts.plan(study, Upstream(units={PopulationStep: units}))
    gateway: Any = None  # nothing asks a model
    n_rows = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.duckdb"
        with Warehouse.open(path) as warehouse:
            for step, unit in ((whole, units[0]), *((parts, one) for one in rest)):
                results = asyncio.run(results_of(step, [unit], {}, gateway))
                report = warehouse.commit(results, run_id="bench", code_version="bench")
                if report.failed:
                    raise SystemExit(f"{unit.label} failed: {report.failed}")
                n_rows += sum(report.rows.values())
        seconds = time.perf_counter() - start
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        file_mb = path.stat().st_size / 2**20
    cpu_s = time.process_time()
    print(
        f"{size:>9,} personas, {n_rows:>10,} rows: {seconds:6.1f} s, {cpu_s:6.1f} s of CPU, "
        f"peak {peak_mb:,.0f} MB, file {file_mb:,.0f} MB"
    )


def rake_households(folder: Path) -> None:
    """Rake the seed households to their three margins; print what it took and how near it came."""
    import numpy as np
    import polars as pl

    from tasks.personas.raking import Margin, raked

    rows = pl.read_csv(folder / "seed_households.csv", infer_schema_length=None).filter(
        (pl.col("WGTP") > 0) & (pl.col("NP") > 0)
    )
    zones = pl.read_csv(folder / "control_totals_taz.csv")
    codes = {
        "HHSIZE": np.minimum(rows["NP"].to_numpy(), 4) - 1,
        "HHAGE": np.digitize(rows["AGEHOH"].to_numpy(), [25, 55, 65]),
        "HHINC": np.digitize(rows["HHINCADJ"].to_numpy(), [21297, 42593, 85185]),
    }
    margins = {}
    for name, column in codes.items():
        counts = np.array([zones[f"{name}{i}"].sum() for i in range(1, 5)], dtype=float)
        margins[name] = Margin(column, counts / counts.sum())
    weights = rows["WGTP"].to_numpy().astype(float)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        result = raked(weights, margins)
        times.append(time.perf_counter() - start)
    worst = max(result.distances.values())
    print(
        f"{len(weights):,} households raked in {1000 * sorted(times)[10]:.1f} ms at the median, "
        f"{1000 * max(times):.1f} ms at most: {result.iterations} iterations, "
        f"total variation {worst:.1e}, effective size {result.effective_size:,.0f}"
    )


def main() -> None:
    """Measure each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--calm", type=Path)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        write_population(options.one)
        return
    if options.calm is not None:
        rake_households(options.calm)
    for size in options.sizes:
        subprocess.run([sys.executable, __file__, "--one", str(size)], check=True)


if __name__ == "__main__":
    main()
