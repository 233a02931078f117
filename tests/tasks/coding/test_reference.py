"""The generated part of the page on codebooks."""

from __future__ import annotations

from pathlib import Path

from tasks.coding.reference import renewed

PAGE = Path(__file__).resolve().parents[3] / "docs" / "codebooks.md"


def test_the_page_on_codebooks_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page) == page
