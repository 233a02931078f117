"""Files of every kind that can be imported, sound as they stand."""

from __future__ import annotations

import copy
import csv
import io
import json
from pathlib import Path
from typing import Any

import polars as pl

from flows.imports import import_data
from flows.requests import ImportRequest
from schemas.codebook import Codebook, Flag
from schemas.study.coding import HumanSpec
from schemas.unit import Read
from tasks.coding.label_studio import label_studio_tasks
from tasks.coding.sampling import draw_sample, sample_result
from tasks.coding.sheet import coding_sheet, coding_sheet_csv
from tasks.importers.warroom_codes import COLUMNS
from warehouse.queries.episodes import ImportedEpisodes
from warehouse.store import Warehouse

NAMES = ("Agent-A", "Agent-B")


def line(agent: int, round_: int, text: str) -> dict[str, Any]:
    """What an agent said."""
    return {
        "sender": "agent",
        "time": f"10:0{round_}",
        "agent": f"Model {agent}",
        "agent_nickname": NAMES[agent - 1],
        "model_id": f"model-{agent}",
        "position": agent,
        "round": round_,
        "text": text,
        "isError": False,
        "language_detected": "en",
        "mentions": [],
    }


TRANSCRIPT: dict[str, Any] = {
    "condition": {"series": "A", "mode": "multi", "temperature": 0.8},
    "environment": {
        "id": "e1",
        "timestamp": "2026-01-02T03:04:05Z",
        "staggerMs": 10,
        "maxRounds": 1,
        "agentRanking": [
            {
                "position": place,
                "key": f"k{place}",
                "name": f"Model {place}",
                "nickname": name,
                "model": f"model-{place}",
            }
            for place, name in enumerate(NAMES, start=1)
        ],
        "systemPromptTemplate": "You are one of two.",
    },
    "conversation": {
        "userPrompt": "Plan a festival.",
        "messages": [
            {"sender": "user", "time": "10:00", "text": "Plan a festival."},
            {"sender": "system", "time": "10:00", "system": "— Round 0 —"},
            line(1, 0, "A stage first."),
            line(2, 0, "Then food."),
            line(1, 1, "Agreed."),
            line(2, 1, "Good."),
        ],
    },
}

CUSTOMER = """\
id: customer_1
name: Mara
request: A bun, please.
menu_features: {Bun: 3.5}
amenity_features: [Delivery]
"""
BUSINESS = """\
id: business_1
name: The Oven
description: We bake.
rating: 0.9
menu_features: {Bun: 3.0}
amenity_features: {Delivery: true}
"""


def transcript(label: str = "A-run01", **changed: Any) -> dict[str, Any]:
    """A transcript, with another first message, so that runs differ."""
    made = copy.deepcopy(TRANSCRIPT)
    made["conversation"]["messages"][2]["text"] = f"A stage first, says {label}."
    return {**made, **changed}


def write_transcripts(folder: Path, labels: tuple[str, ...] = ("A-run01", "A-run02")) -> Path:
    """A folder of transcripts."""
    series = folder / "transcripts" / "A"
    series.mkdir(parents=True)
    for label in labels:
        (series / f"warroom-{label}.json").write_text(json.dumps(transcript(label)))
    return folder / "transcripts"


def code_row(**changed: str) -> dict[str, str]:
    """A line of codes in the form of the founding study."""
    row = {name: "" if name.startswith("human_") else "0" for name in COLUMNS}
    row |= {"id": "A-run01|Agent-A|R0", "series": "A", "agent": "Model 1", "human_comp_level": ""}
    return {**row, **changed}


def codes_csv(*rows: dict[str, str]) -> str:
    """A file of codes."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows or [code_row(), code_row(id="A-run01|Agent-B|R1", human_lead="true")])
    return out.getvalue()


def write_market(folder: Path) -> Path:
    """A folder of a market."""
    root = folder / "town"
    for side, text in (("customers", CUSTOMER), ("businesses", BUSINESS)):
        (root / side).mkdir(parents=True)
        (root / side / "one.yaml").write_text(text)
    return root


CODEBOOK = Codebook(
    name="small",
    flags={
        "phatic": Flag(definition="Pleasantries."),
        "stance": Flag(definition="For or against.", levels=("against", "for")),
    },
)


def hand_out(folder: Path) -> tuple[Path, str, list[dict[str, Any]]]:
    """A warehouse with two transcripts and a sample of them, its filled sheet and its export."""
    path = folder / "agora.duckdb"
    import_data(
        ImportRequest(
            kind="transcripts", path=write_transcripts(folder), warehouse=path, format="warroom"
        )
    )
    with Warehouse.open(path) as warehouse:
        episodes = [row.episode_key for row in warehouse.rows(ImportedEpisodes("warroom"))]
        events = warehouse.frame(Read("events", "episode_key", tuple(episodes)))
        seats = warehouse.frame(Read("v_seats_over_time", "episode_key", tuple(episodes)))
        said = events.filter(pl.col("kind") == "say")
        sample = draw_sample(said, HumanSpec(sample=4, stratify=()), CODEBOOK)
        result = sample_result(sample, CODEBOOK, "sample")
        warehouse.commit([result], run_id="sample", code_version="0")
    sheet = coding_sheet(sample, CODEBOOK, events, seats)
    filled = coding_sheet_csv(sheet, "Ada").replace(',"","",""\n', ',"1","for",""\n')
    tasks = json.loads(label_studio_tasks(sheet))
    chosen = [{"from_name": "phatic", "type": "choices", "value": {"choices": ["present"]}}]
    for task in tasks:
        task["annotations"] = [{"completed_by": 1, "result": chosen}]
    return path, filled, tasks
