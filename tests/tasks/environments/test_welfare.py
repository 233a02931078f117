from __future__ import annotations

import json
import random
import statistics
from pathlib import Path

import pytest

from schemas.market import Business, Catalogue, Customer
from tasks.environments.market.fit import fits
from tasks.environments.market.welfare import baselines, options, utility_usd
from tasks.importers.marketplace import read_marketplace

CUSTOMER = Customer(
    id="c",
    name="C",
    request="soup and bread, delivered",
    menu_features={"soup": 5.0, "bread": 2.0},
    amenity_features=("delivery",),
)


def business(name: str, menu: dict[str, float], *, delivery: bool) -> Business:
    return Business(
        id=name,
        name=name,
        description="",
        rating=1,
        menu_features=menu,
        amenity_features={"delivery": delivery},
    )


BEST = business("best", {"soup": 4.0, "bread": 1.0, "cake": 9.0}, delivery=True)
DEAR = business("dear", {"soup": 8.0, "bread": 3.0}, delivery=True)
CHEAP = business("cheap", {"soup": 2.0, "bread": 1.0}, delivery=False)
PARTIAL = business("partial", {"soup": 1.0}, delivery=True)
CATALOGUE = Catalogue(name="c", customers=(CUSTOMER,), businesses=(PARTIAL, DEAR, CHEAP, BEST))


def median_of_random_choices(catalogue: Catalogue, fitting: bool) -> float:
    """Median welfare in USD over 1,000 draws of a business for every customer."""
    rng = random.Random(1)
    each = [
        [one.utility_usd for one in options(customer, catalogue) if one.fits or not fitting]
        for customer in catalogue.customers
    ]
    return statistics.median(
        sum(rng.choice(choices) for choices in each if choices) for _ in range(1000)
    )


@pytest.mark.parametrize(
    ("data", "optimal", "cheapest"),
    [
        ("mexican_3_9", 63.78, 63.78),
        ("mexican_10_30", 185.61, 111.31),
        ("mexican_100_300", 2109.85, 1090.41),
    ],
)
def test_baselines_of_published_markets_come_out_to_the_cent(
    shared: Path, data: str, optimal: float, cheapest: float
) -> None:
    folder = shared / "data" / "magentic" / data
    catalogue = read_marketplace(folder)
    found = baselines(catalogue)
    assert round(found.optimal, 2) == optimal
    assert round(found.cheapest, 2) == cheapest
    # The best business is the cheapest that has all items and amenities.
    each = [[one for one in options(c, catalogue) if one.fits] for c in catalogue.customers]
    at_best = [min(ones, key=lambda one: one.price_usd).utility_usd for ones in each if ones]
    assert round(sum(at_best), 2) == optimal
    published = json.loads((folder / "baseline_utilities.json").read_text())
    for key, fitting in (
        ("pick_any_baseline", False),
        ("pick_any_with_amenities_baseline", True),
    ):
        interval = published[key]
        median = median_of_random_choices(catalogue, fitting)
        slack = interval["median_ci_upper"] - interval["median_ci_lower"]
        assert interval["median_ci_lower"] - slack <= median
        assert median <= interval["median_ci_upper"] + slack
        expected = found.random_fitting if fitting else found.random
        assert interval["min"] <= expected <= interval["max"]


def test_the_expected_value_of_a_random_choice_is_the_mean_of_the_options() -> None:
    draws = random.Random(3)
    utilities = [one.utility_usd for one in options(CUSTOMER, CATALOGUE)]
    simulated = sum(draws.choice(utilities) for _ in range(20_000)) / 20_000
    assert baselines(CATALOGUE).random == pytest.approx(sum(utilities) / 3)
    assert simulated == pytest.approx(baselines(CATALOGUE).random, abs=0.2)


def test_baselines_of_a_market_done_by_hand() -> None:
    found = baselines(CATALOGUE)
    # Value 14; best pays 5, dear 11, cheap 3 without delivery; the partial one is no option.
    assert found.optimal == pytest.approx(9)
    assert found.cheapest == pytest.approx(-3)
    assert found.cheapest_fitting == pytest.approx(9)
    assert found.servable == 1
    assert found.random == pytest.approx((9 + 3 - 3) / 3)
    assert found.random_fitting == pytest.approx((9 + 3) / 2)


def test_a_customer_without_options_counts_nothing() -> None:
    alone = Catalogue(name="c", customers=(CUSTOMER,), businesses=(PARTIAL,))
    found = baselines(alone)
    assert (found.optimal, found.cheapest, found.random, found.random_fitting) == (0, 0, 0, 0)
    assert (found.cheapest_fitting, found.servable) == (0, 0)


def test_a_proposal_fits_if_it_holds_every_item_from_the_menu_and_every_amenity() -> None:
    assert fits(CUSTOMER, BEST, ["soup", "bread"])
    assert fits(CUSTOMER, BEST, ["soup", "bread", "cake"])
    assert not fits(CUSTOMER, BEST, ["soup"])
    assert not fits(CUSTOMER, CHEAP, ["soup", "bread"])
    assert not fits(CUSTOMER, PARTIAL, ["soup", "bread"])


def test_value_counts_once_and_every_payment_counts() -> None:
    assert utility_usd(CUSTOMER, True, [5.0, 6.0]) == pytest.approx(3)
    assert utility_usd(CUSTOMER, False, [5.0]) == pytest.approx(-5)
