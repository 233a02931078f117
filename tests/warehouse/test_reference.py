"""The reference page of tables."""

from __future__ import annotations

import re

from schemas.gateway import ATTEMPT_KINDS
from schemas.tables import ROWS
from warehouse.reference import COLUMNS, PAGE, columns_json, page, views


def test_the_page_is_what_the_models_say():
    """Fails when a table or view changed: run ``python -m warehouse.reference``."""
    assert PAGE.read_text() == page()
    assert COLUMNS.read_text() == columns_json()


def test_the_page_names_every_column():
    text = page()
    assert all(f"`{name}`" in text for row in ROWS for name in row.model_fields)


def test_the_page_says_what_follows_from_every_way_in_which_an_attempt_ends():
    shown = re.findall(r"^\| `(\w+)` \| .+ \| (\w+) \| (.*) \| (.*) \| (.*) \|$", page(), re.M)
    assert shown == [
        (
            kind.name,
            kind.fault,
            *("yes" if one else "" for one in (kind.retried, kind.asked_again, kind.paid)),
        )
        for kind in ATTEMPT_KINDS.values()
    ]


def test_every_view_says_what_a_row_is():
    assert all(view.about and view.columns for view in views())
