"""The page about markets: its examples hold, and the study that it shows can be played."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from schemas.market import Customer
from tasks.environments.market.manipulation import WORDS, Words
from tasks.environments.market.params import MarketParams
from tasks.environments.market.search.query import Query
from tasks.episodes import play
from tasks.studies.design import design
from tasks.studies.load import load_study
from tests.tasks.environments.markets import CATALOGUE
from tests.tasks.episodes.games import episode

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "markets.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
STUDIES = sorted((ROOT / "studies" / "markets").glob("*.yaml"))


@pytest.mark.parametrize("line", BLOCKS[0].splitlines())
def test_every_line_of_the_page_is_a_part_of_a_market(line: str) -> None:
    given = {"catalogue": {"drawn": {"customers": 2}}, **YAML(typ="safe").load(line)}
    MarketParams.model_validate({"models": {"customer": "c", "business": "b"}, **given})


@pytest.mark.parametrize("part", ["search", "card", "arrival"])
def test_the_page_lists_every_kind(part: str) -> None:
    (listed,) = re.findall(rf"^\| `{part}` \|.*\| (.*) \|$", PAGE, re.MULTILINE)
    kinds: tuple[type[BaseModel], ...] = get_args(MarketParams.model_fields[part].annotation)
    names = {get_args(kind.model_fields["kind"].annotation)[0] for kind in kinds}
    assert set(re.findall(r"`(\w+)`", listed)) == names


def test_the_page_lists_every_wording() -> None:
    assert set(WORDS) == set(get_args(Words))
    section = PAGE.split("## Manipulation")[1].split("##")[0]
    assert {f"`{name}`" for name in WORDS} <= set(re.findall(r"`\w+`", section))


def test_the_search_of_the_page_ranks_by_price(modules_of_page: Callable[..., list[Any]]) -> None:
    (module,) = modules_of_page("markets.md", "cheap_search")
    search = module.CheapSearch(kind="cheap")
    someone = Customer(id="c", name="C", request="", menu_features={}, amenity_features=())
    hits, n_pages = search.page(search.index(CATALOGUE.businesses), Query(someone, "soup"), 1)
    assert [(position, hit.business.id) for position, hit in hits] == [
        (1, "b3"),
        (2, "b1"),
        (3, "b2"),
    ]
    assert n_pages == 1


def test_the_study_of_the_page_is_played_in_every_condition(
    tmp_path: Path, memory_gateway: Any, simulate: Any
) -> None:
    path = tmp_path / "haste.yaml"
    path.write_text(BLOCKS[-1], encoding="utf-8")
    study = load_study(path).study
    offers = {}
    for condition in design(study).conditions:
        given = condition.params.model_dump(exclude_unset=True)
        rows = asyncio.run(play(episode("market", given, study.models), memory_gateway(simulate)))
        chosen = [event for event in rows.rows["events"] if event["kind"] == "choose"]
        offers[condition.name] = {event["data"]["n_alternatives"] for event in chosen}
    assert offers["together"] == {3}
    assert 1 in offers["one_by_one"]
    assert offers["gated"] == {3}
    assert offers["few"]
    assert offers["boasting"] == {3}


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_studies_of_markets_are_short_and_say_what_must_come_out(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 60
    study = load_study(path).study
    assert study.expect
    assert study.contrasts
