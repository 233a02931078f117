from __future__ import annotations

import importlib.util
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tasks.report.markdown import markdown
from tasks.report.page import page

_spec = importlib.util.spec_from_file_location("samples", Path(__file__).with_name("samples.py"))
assert _spec is not None
assert _spec.loader is not None
samples = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(samples)

ATTACK = '<script>alert(1)</script><img src=x onerror="alert(2)">'
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Outline(HTMLParser):
    """What a browser would make of a page: its tags, and whether they are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> out of order"


@pytest.fixture(scope="module")
def html() -> str:
    """A page with something in every section."""
    recall = {"intersection": 0.37, "union": 0.53, "majority": 0.5}
    rates = [
        {"kind": "model", "source": "human", "flag": "meta", "items": 100, "share": 0.31},
        {"kind": "rule", "source": "intersection", "flag": "meta", "items": 100, "share": 0.12},
    ]
    return page(
        samples.report(
            {
                "gold": samples.gold_rows(recall, recall),
                "label_rates": rates,
                "metrics": [
                    samples.metric_row(condition, value, rule=rule)
                    for condition, value in (("plain", 0.61), ("changed", 0.4))
                    for rule in ("intersection", "union", "majority")
                ],
                "contrasts": [samples.contrast_row()],
                "curves": [
                    samples.contrast_row(family="curve many", specification=f"rule={rule}")
                    for rule in ("intersection", "union")
                ],
                "episodes": [
                    {"condition": name, "status": status, "exclusion": "", "episodes": 3,
                     "mean_rounds": 2.0, "fewest_rounds": 1}
                    for name in ("plain", "changed") for status in ("terminated", "incomplete")
                ],
                "messages": [
                    samples.message_row(ATTACK, name="<b>bold</b>"),
                    samples.message_row("Fine.", 1, condition="changed"),
                ],
                "message_codes": [
                    samples.code_row("human", 1.0, evidence=ATTACK),
                    samples.code_row("a", 0.0),
                ],
                "message_labels": [samples.code_row("intersection", 0.0)],
            },
            yaml=f"name: sample # {ATTACK}\n",
        )
    )  # fmt: skip


def test_text_of_a_transcript_stays_text(html: str) -> None:
    outline = Outline(html)
    assert "script" not in {tag for tag, _ in outline.tags}
    assert "img" not in {tag for tag, _ in outline.tags}
    assert not any(name.startswith("on") for _, attrs in outline.tags for name in attrs)
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 3
    assert "&lt;b&gt;bold&lt;/b&gt;" in html


def test_every_element_is_closed_in_order(html: str) -> None:
    assert Outline(html).open == []


def test_nothing_is_fetched_from_elsewhere(html: str) -> None:
    for tag, attrs in Outline(html).tags:
        assert tag not in {"link", "script", "iframe", "object", "embed", "base"}
        for name in ("src", "href", "xlink:href", "action", "data"):
            assert (attrs.get(name) or "#").startswith("#"), (tag, attrs)
    assert set(re.findall(r"https?://[^\"'\s<]+", html)) <= {"http://www.w3.org/2000/svg"}
    assert "@import" not in html
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))


def test_links_lead_to_sections_that_are_there(html: str) -> None:
    tags = Outline(html).tags
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {(attrs["href"] or "")[1:] for tag, attrs in tags if tag == "a"} <= set(ids)


def test_plots_are_drawings_with_a_title_that_fill_no_text_by_colour(html: str) -> None:
    drawings = re.findall(r"<svg(?! width=\"0\").*?</svg>", html, re.DOTALL)
    assert len(drawings) == 6
    for drawing in drawings:
        root = ET.fromstring(drawing)
        title = root.find("{http://www.w3.org/2000/svg}title")
        assert title is not None
        assert title.text
        assert 'fill="' not in drawing


def test_rules_have_different_shapes(html: str) -> None:
    (drawing,) = re.findall(r"<svg[^>]*><title>recall against.*?</svg>", html, re.DOTALL)
    assert "<circle" in drawing
    corners = {len(points.split()) for points in re.findall(r'points="([^"]*)"', drawing)}
    assert corners == {3, 4}


def test_the_problem_of_adjudication_stands_before_everything_else(html: str) -> None:
    assert (
        0 < html.index("is the worst of the 3 rules on the gold sample") < html.index('id="design"')
    )


def test_every_table_shows_its_query(html: str) -> None:
    tables = html.count('<div class="table">')
    assert tables > 6
    assert html.count("<summary>SQL: about") >= tables


def test_warnings_of_contrasts_are_shown_beside_them(html: str) -> None:
    contrasts = html[html.index('id="contrasts"') :]
    assert "the conditions differ in 2 factors at once (names, rounds)" in contrasts
    assert "⚠" in contrasts


def test_what_must_be_known_of_several_contrasts_is_said_once() -> None:
    rows = [samples.contrast_row(contrast=name, warning="b.c is unsure") for name in "xyz"]
    text = page(samples.report({"contrasts": rows}))
    glance = text[: text.index('id="design"')]
    assert glance.count("b.c is unsure") == 1
    assert re.search(r"x \([^)]*\) and 2 more contrasts: b\.c is unsure\.", glance)


def test_messages_stand_beside_their_codes(html: str) -> None:
    shown = html[html.index('class="message"') :]
    row = shown[shown.index('<th scope="row">meta') : shown.index("</tr>", shown.index("meta"))]
    assert re.findall(r"<td>(.)</td>", row) == ["●", "○", "○"]
    assert "≠" in row


def test_exact_versions_are_there(html: str) -> None:
    assert "0123456789abcdef" * 2 in html
    assert samples.study().coding.codebook.digest in html


def test_a_study_that_has_only_been_planned_has_a_page() -> None:
    text = page(samples.report(study=samples.study(coding=None, contrasts={}, curves={})))
    assert Outline(text).open == []
    assert 'id="agreement"' not in text


def test_the_short_report_escapes_what_markdown_would_take_for_markup() -> None:
    rows = [samples.contrast_row(condition_b="b | <i>c</i>", warning=None)]
    text = markdown(samples.report({"contrasts": rows}))
    assert r"b \| \<i\>c\</i\>" in text
    assert "<i>" not in text


def check_row(**changes: object) -> dict[str, object]:
    return {
        "source": "great_expectations",
        "view": "v_messages",
        "check": "expect_column_mean_to_be_between(words)",
        "condition": "plain",
        "severity": "warning",
        "declared_by": "study",
        "expected": "max_value 3",
        "observed": "7",
        "passed": False,
        "n_rows": 12,
        "n_failed": 0,
        **changes,
    }


def test_expectations_that_do_not_hold_are_shown_and_found() -> None:
    rows = {"checks": [check_row(), check_row(condition="changed", passed=True)]}
    html = page(samples.report(rows))
    assert "1 of 2 expectations hold." in html
    assert "Expectations that do not hold." in html
    found = "Not as expected: v_messages (plain), expect_column_mean_to_be_between(words)"
    assert found in html
    assert found.replace("_", r"\_") in markdown(samples.report(rows)).replace(r"\(", "(")


def test_published_expected_and_found_numbers_stand_side_by_side() -> None:
    number = {
        "metric": "profile_cosine", "rule": "intersection", "scope": "condition",
        "condition": "plain", "subject": "", "value": 0.41, "ci_low": 0.3, "ci_high": 0.5,
        "n_measured": 9,
    }  # fmt: skip
    about = {"of": "profile_cosine", "condition": "plain"}
    study = samples.study(
        models={"a": {"model": "sim/agent"}},
        expect=[{**about, "min_value": 0.4}],
        reproduces={
            "source": "Somebody 2025",
            "published": [{**about, "value": 0.56, "ci_low": 0.5, "ci_high": 0.6, "note": "GPT-4"}],
        },
    )
    html = page(samples.report({"numbers": [number]}, study=study))
    row = re.search(r"<tr[^>]*><td>profile_cosine</td>.*?</tr>", html, re.DOTALL)
    assert row is not None
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row[0])
    assert cells[1:] == [
        "plain", "0.560<small>0.500 to 0.600</small>", "at least 0.4",
        "0.410<small>0.300 to 0.500</small>", "GPT-4",
    ]  # fmt: skip
    assert "Somebody 2025" in html
    assert "come from simulated models" in html


def test_a_report_without_expectations_has_no_section_for_them() -> None:
    assert 'id="expectations"' not in page(samples.report({}))
