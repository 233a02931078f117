from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from schemas.errors import Mistake, Mistakes
from schemas.tables import BusinessRow, CatalogueRow, CustomerRow
from tasks.importers.marketplace import marketplace_rows, read_marketplace

CUSTOMER = """\
id: customer_1
name: Mara
request: A bun, please.
menu_features:
  Bun: 3.5
amenity_features:
- Delivery
"""
BUSINESS = """\
id: business_1
name: The Oven
description: We bake.
rating: 0.9
menu_features:
  Bun: 3.0
amenity_features:
  Delivery: true
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "town"
    for side, text in (("customers", CUSTOMER), ("businesses", BUSINESS)):
        (root / side).mkdir(parents=True)
        (root / side / "one.yaml").write_text(text)
    return root


def test_a_folder_becomes_a_catalogue(folder: Path) -> None:
    catalogue = read_marketplace(folder)
    assert catalogue.name == "town"
    assert catalogue.customers[0].menu_features == {"Bun": 3.5}
    assert catalogue.businesses[0].amenity_features == {"Delivery": True}
    assert read_marketplace(folder, "other").name == "other"


def test_published_markets_are_read_whole(shared: Path) -> None:
    root = shared / "data" / "magentic"
    sizes = {}
    for name in ("mexican_3_9", "mexican_10_30", "mexican_100_300"):
        catalogue = read_marketplace(root / name)
        sizes[name] = (len(catalogue.customers), len(catalogue.businesses))
    assert sizes == {
        "mexican_3_9": (3, 9),
        "mexican_10_30": (10, 30),
        "mexican_100_300": (100, 300),
    }


def test_rows_are_rows_of_their_tables_and_the_same_every_time(folder: Path) -> None:
    result = marketplace_rows(read_marketplace(folder))
    models = {"catalogues": CatalogueRow, "customers": CustomerRow, "businesses": BusinessRow}
    assert set(result.rows) == set(models)
    for table, model in models.items():
        for row in result.rows[table]:
            model.model_validate(row)
    assert (result.unit.stage, result.unit.step) == ("import", "marketplace")
    assert marketplace_rows(read_marketplace(folder)) == result


def test_content_decides_the_key_and_the_folder_does_not(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "town"
    shutil.copytree(folder, moved)
    before = marketplace_rows(read_marketplace(folder)).unit.key
    assert marketplace_rows(read_marketplace(moved)).unit.key == before
    file = moved / "businesses" / "one.yaml"
    file.write_text(file.read_text().replace("3.0", "3.1"))
    assert marketplace_rows(read_marketplace(moved)).unit.key != before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BUSINESS.replace("rating: 0.9", "rating: 9"), r"two\.yaml:4: rating"),
        (BUSINESS.replace("  Bun: 3.0", "  Bun: cheap"), r"two\.yaml:6: menu_features\.Bun"),
        (BUSINESS.replace("name: The Oven\n", ""), r"two\.yaml:1: name: this field is missing"),
        (BUSINESS.replace("rating: 0.9", "rating: yes"), r"two\.yaml:4: rating: the wrong type"),
        (BUSINESS.replace("rating: 0.9", "rating: '0.9'"), r"two\.yaml:4: rating: the wrong type"),
        (BUSINESS + "rating: 0.8\n", r"two\.yaml:9: the key 'rating' appears twice"),
        (BUSINESS + "stars: 5\n", r"two\.yaml:9: stars"),
        (BUSINESS + "  : : [\n", r"two\.yaml:9: not readable as YAML"),
        ("just words", r"expected: a mapping"),
        (BUSINESS, r"identifier is used twice"),
        (BUSINESS.replace("business_1", "customer_1"), r"identifier is used twice"),
        (BUSINESS.replace("  Bun: 3.0", "  Bun: -3.0"), r"two\.yaml:6: menu_features\.Bun"),
        (BUSINESS.replace("  Bun: 3.0", "  Bun: .inf"), r"two\.yaml:6: menu_features\.Bun"),
        (BUSINESS.replace("  Bun: 3.0", "  Bun: .nan"), r"two\.yaml:6: menu_features\.Bun"),
        (BUSINESS.replace("  Bun: 3.0", "  Bun: 1:30"), r"two\.yaml:6: menu_features\.Bun"),
        (BUSINESS.replace("  Bun: 3.0", "  Bun: yes"), r"two\.yaml:6: menu_features\.Bun"),
        (BUSINESS.replace("  Bun: 3.0", "  Bun: 3.0\n  Bun: 2.0"), r"two\.yaml:7: the key"),
        (BUSINESS.replace("The Oven", '"The\\eOven"'), r"two\.yaml:2: name"),
    ],
)
def test_a_damaged_file_is_refused_by_name_and_place(folder: Path, text: str, message: str) -> None:
    (folder / "businesses" / "two.yaml").write_text(text)
    with pytest.raises(Mistakes, match=message):
        read_marketplace(folder)


def test_files_of_either_ending_are_read(folder: Path) -> None:
    text = BUSINESS.replace("business_1", "business_2").replace("The Oven", "The Stove")
    (folder / "businesses" / "two.yml").write_text(text)
    assert [one.id for one in read_marketplace(folder).businesses] == ["business_1", "business_2"]


def test_a_file_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "customers" / "two.yaml").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(Mistakes, match=r"two\.yaml:1: not readable as UTF-8"):
        read_marketplace(folder)


def test_every_damaged_file_is_named(folder: Path) -> None:
    for name in ("two", "three"):
        (folder / "businesses" / f"{name}.yaml").write_text("id: 1")
    with pytest.raises(Mistakes) as caught:
        read_marketplace(folder)
    assert "two.yaml" in str(caught.value)
    assert "three.yaml" in str(caught.value)


def test_a_folder_that_is_no_market_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="no such folder"):
        read_marketplace(tmp_path / "nowhere")
    with pytest.raises(Mistakes, match="no YAML files here"):
        read_marketplace(tmp_path)


def test_businesses_of_one_name_and_unknown_amenities_are_named_by_file(folder: Path) -> None:
    again = BUSINESS.replace("business_1", "business_2")
    assert again != BUSINESS
    (folder / "businesses" / "two.yaml").write_text(again)
    (folder / "customers" / "one.yaml").write_text(CUSTOMER.replace("Delivery", "Delivry"))
    with pytest.raises(Mistakes) as caught:
        read_marketplace(folder)
    said = str(caught.value)
    assert "two.yaml: name: two businesses have this name" in said
    assert "one.yaml: amenity_features: no business says whether it has this amenity" in said
    assert "such as Delivery" in said


def test_one_damaged_file_among_thousands_is_the_only_one_named(folder: Path) -> None:
    for number in range(2, 1500):
        text = BUSINESS.replace("business_1", f"business_{number}")
        named = text.replace("name: The Oven", f"name: The Oven {number}")
        (folder / "businesses" / f"b{number}.yaml").write_text(named)
    (folder / "businesses" / "b700.yaml").write_text("id: business_700\nname: [")
    with pytest.raises(Mistakes) as caught:
        read_marketplace(folder)
    assert re.findall(r"\w+\.yaml", str(caught.value)) == ["b700.yaml"]


def test_customers_may_request_what_nobody_sells(folder: Path) -> None:
    text = CUSTOMER.replace("Bun: 3.5", "Moon Dust: 3.5")
    (folder / "customers" / "one.yaml").write_text(text)
    assert read_marketplace(folder).customers[0].menu_features == {"Moon Dust": 3.5}
