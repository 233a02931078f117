"""The page about markets says how published markets become arms; here it is followed."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections import Counter
from pathlib import Path

import pytest

from flows.catalogues import with_catalogues
from flows.imports import import_data
from flows.requests import ImportRequest
from tasks.environments.registry import environment_named
from tasks.episodes import Episode, play
from tasks.episodes.episode import seats_of
from tasks.studies.design import design
from tasks.studies.load import load_study
from tests.tasks.conftest import MemoryGateway, simulated
from warehouse.store import Warehouse

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "markets.md").read_text("utf-8")
(STUDY,) = [
    block
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    if "published_arms" in block
]


def imported(published: Path, warehouse: Path) -> None:
    """Run the imports of the page, with the folders where they are here."""
    lines = re.findall(r"^(agora import marketplace .*)$", PAGE, re.MULTILINE)
    assert lines
    for line in lines:
        name = Path(shlex.split(line)[-1]).name
        request = ImportRequest(kind="marketplace", path=published / name, warehouse=warehouse)
        done = import_data(request)
        assert done.notes == (f"studies name it {{imported: {name}}}; customers: 1, businesses: 3",)


@pytest.mark.slow
def test_published_descriptions_are_arms_of_a_study(shared: Path, tmp_path: Path) -> None:
    published = shared / "data" / "magentic" / "malicious_description"
    if not published.is_dir():
        pytest.skip("the published descriptions are not here: ../shared/data/magentic")
    imported(published, tmp_path / "agora.duckdb")
    file = tmp_path / "published_arms.yaml"
    file.write_text(STUDY, encoding="utf-8")
    with Warehouse.open(tmp_path / "agora.duckdb", read_only=True) as warehouse:
        study = with_catalogues(load_study(file).study, warehouse, str(file))
    market = environment_named("market")
    paid: dict[str, Counter[str]] = {}
    for condition in design(study).conditions:
        paid[condition.name] = Counter()
        for seed in range(12):
            seats = seats_of(market, condition.params, study.models, seed)
            one = Episode(f"{seed:032x}", market, condition.params, seats, study.models, seed)
            rows = asyncio.run(play(one, MemoryGateway(simulated))).rows["outcomes"]
            paid[condition.name].update(
                {row["subject"]: row["value"] for row in rows if row["metric"] == "orders"}
            )
    # Customers who fall for any award pay nobody else; without it the three are alike.
    assert paid["authority"] == {"business_0001": 12, "business_0002": 0, "business_0003": 0}
    assert 0 < paid["control"]["business_0001"] < 12


def test_two_catalogues_are_one_factor(tmp_path: Path) -> None:
    text = STUDY
    customer = "{id: c, name: C, request: a bun, menu_features: {bun: 3}, amenity_features: []}"
    business = "{id: business_0001, name: B, description: %s, rating: 1, menu_features: {bun: 2}, "
    business += "amenity_features: {}}"
    small = f"{{name: %s, customers: [{customer}], businesses: [{business}]}}"
    for name in ("mexican_control", "mexican_authority"):
        text = text.replace(f"{{imported: {name}}}", small % (name, name))
    file = tmp_path / "arms.yaml"
    file.write_text(text, encoding="utf-8")
    _, other = design(load_study(file).study).conditions
    assert list(other.factors) == ["catalogue"]
