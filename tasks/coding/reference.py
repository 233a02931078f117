"""The generated part of ``docs/codebooks.md``: adjudication rules and functions for rules."""

from __future__ import annotations

from tasks.coding.adjudication.catalogue import rule_reference
from tasks.coding.detectors import detector_reference

BEGIN = "<!-- generated: begin -->"
END = "<!-- generated: end -->"


def generated_section() -> str:
    """The section as it must stand in the page, markers included."""
    return (
        f"{BEGIN}\n"
        "## Adjudication rules\n\n"
        f"{rule_reference()}\n"
        "## Functions for flags that are coded by rule\n\n"
        f"{detector_reference()}"
        f"{END}\n"
    )


def renewed(page: str) -> str:
    r"""A page with its generated section as it must be.

    Example:
        >>> page = renewed(f"Before\n{BEGIN}\nold\n{END}\nAfter\n")
        >>> page.startswith("Before") and page.endswith("After\n") and "### union" in page
        True
    """
    before, begin, rest = page.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"{END}\n")
    if not begin or not end:
        raise ValueError("the page has no generated section")
    return before + generated_section() + after
