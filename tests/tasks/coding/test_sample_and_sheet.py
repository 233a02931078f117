"""The sample that people code, its sheet, and the sheet filled in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codebook import Codebook, Flag
from schemas.errors import AgoraError, Mistake
from schemas.keys import digest
from schemas.study.coding import HumanSpec
from schemas.tables import TABLES
from tasks.coding.label_studio import label_studio_config, label_studio_tasks, read_label_studio
from tasks.coding.page import coding_sheet_html
from tasks.coding.sampling import allocation, draw_sample, sample_result
from tasks.coding.sheet import Sheet, SheetItem, coding_sheet_csv, read_coding_sheet
from tasks.metrics.coders.pairs import pairs_of
from tasks.metrics.data import Data, Flags

SheetOf = Callable[..., tuple[pl.DataFrame, Sheet]]
TEXTS = [("s1", "Thanks"), ("s2", '=HYPERLINK("x")'), ("s1", "No,\nnever"), ("s2", "Well")]


def messages(n: int = 300) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "episode_key": [digest(place % 20) for place in range(n)],
            "seq": list(range(n)),
            "condition": ["rare" if place % 20 == 0 else "common" for place in range(n)],
        }
    )


def test_rare_strata_are_drawn_as_often_and_the_probabilities_say_so(two_flags: Codebook) -> None:
    sample = draw_sample(messages(), HumanSpec(sample=40), two_flags)
    per_stratum = sample.group_by("stratum").agg(pl.len(), pl.col("inclusion_probability").unique())
    found = {stratum: (count, share) for stratum, count, share in per_stratum.iter_rows()}
    assert found == {
        "condition=rare": (15, [1.0]),
        "condition=common": (25, [25 / 285]),
    }
    estimate = (1 / sample["inclusion_probability"]).sum()
    assert estimate == pytest.approx(300)


def test_a_draw_repeats_and_depends_on_its_seed(two_flags: Codebook) -> None:
    one = draw_sample(messages(), HumanSpec(sample=40), two_flags)
    shuffled = messages().sample(fraction=1, shuffle=True, seed=3)
    assert one.equals(draw_sample(shuffled, HumanSpec(sample=40), two_flags))
    other = draw_sample(messages(), HumanSpec(sample=40, seed=1), two_flags)
    assert one["sample_key"].item(0) != other["sample_key"].item(0)
    assert set(one["seq"]) != set(other["seq"])


def test_strata_by_flag_are_of_the_rarest_flag(two_flags: Codebook) -> None:
    labels = pl.DataFrame(
        [
            {"episode_key": digest(place % 20), "seq": place, "flag": flag, "value": value}
            for place in range(300)
            for flag, value in (("often", float(place % 2)), ("seldom", float(place < 5)))
        ]
    )
    sample = draw_sample(messages(), HumanSpec(sample=30, stratify=("flag",)), two_flags, labels)
    counts = dict(sample.group_by("stratum").len().iter_rows())
    assert counts.pop("flag=seldom") == 5
    assert set(counts) == {"flag=often", "flag=none"}
    assert set(counts.values()) == {12, 13}


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.integers(1, 50), min_size=1), st.data())
def test_allocation_is_whole_within_sizes_and_even(
    sizes: dict[str, int], data: st.DataObject
) -> None:
    total = data.draw(st.integers(0, sum(sizes.values())))
    quota = allocation(sizes, total)
    assert sum(quota.values()) == total
    assert all(quota[name] <= sizes[name] for name in sizes)
    open_strata = [quota[name] for name in sizes if quota[name] < sizes[name]]
    assert not open_strata or max(quota.values()) - min(open_strata) <= 1


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (HumanSpec(sample=301), "fewer messages"),
        (HumanSpec(sample=1), "fewer items than there are strata"),
        (HumanSpec(sample=5, stratify=("flag",)), "strata by flag need labels"),
        (HumanSpec(sample=5, stratify=("series",)), "have no series"),
    ],
)
def test_samples_that_cannot_be_drawn_are_refused(
    two_flags: Codebook, spec: HumanSpec, message: str
) -> None:
    with pytest.raises(Mistake, match=message):
        draw_sample(messages(), spec, two_flags)


def test_rows_of_a_sample_are_rows_of_its_table(two_flags: Codebook) -> None:
    result = sample_result(draw_sample(messages(), HumanSpec(sample=40), two_flags), two_flags)
    rows = result.rows["samples"]
    assert isinstance(rows, pl.DataFrame)
    for row in rows.iter_rows(named=True):
        TABLES["samples"].model_validate(row)


def test_the_sheet_tells_nothing_that_unblinds(two_flags: Codebook, sheet_of: SheetOf) -> None:
    _, sheet = sheet_of(two_flags, TEXTS)
    for shown in (coding_sheet_csv(sheet), coding_sheet_html(sheet), label_studio_tasks(sheet)):
        assert "Ada" not in shown
        assert digest("e") not in shown
        assert "condition" not in shown.lower().replace("a condition holds", "")
    open_book = two_flags.model_copy(
        update={
            "flags": {
                name: flag.model_copy(update={"mask_speaker": False})
                for name, flag in two_flags.flags.items()
            }
        }
    )
    _, shown_names = sheet_of(open_book, TEXTS)
    assert "Ada" in coding_sheet_csv(shown_names)


def test_the_page_needs_nothing_from_outside(two_flags: Codebook, sheet_of: SheetOf) -> None:
    _, sheet = sheet_of(two_flags, [("s1", "</script><script>alert(1)</script>")])
    page = coding_sheet_html(sheet)
    assert "http" not in page
    assert "src=" not in page
    assert page.count("<script") == 2
    assert page.count("</script>") == 2


def filled(sheet: Sheet, marks: dict[int, dict[str, str]], **changed: str) -> str:
    rows = list(csv.DictReader(io.StringIO(coding_sheet_csv(sheet, "kim"))))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, **marks.get(int(row["item"]), {}), **changed})
    return out.getvalue()


def codes_in(
    path: Path, sample: pl.DataFrame, book: Codebook, coder: str | None = None
) -> set[tuple[Any, ...]]:
    results = read_coding_sheet(path, sample, book, coder)
    assert {result.unit.key for result in results} == {
        row["unit_key"] for result in results for row in result.rows["codes"]
    }
    for result in results:
        for row in result.rows["codes"]:
            TABLES["codes"].model_validate(row)
    return {
        (row["coder"], row["seq"], row["flag"], row["value"])
        for result in results
        for row in result.rows["codes"]
    }


#: Beginnings that a spreadsheet would calculate, or read past to something that it calculates.
FORMULAS = ["=1", "+1", "-1", "@A", "\t=1", "\r=1", "\n=1", " =1", "|=1", "  |+1", "＝1", "\tx"]


@pytest.mark.parametrize("begin", FORMULAS)
def test_no_cell_of_a_sheet_begins_as_a_formula(
    begin: str, two_flags: Codebook, sheet_of: SheetOf
) -> None:
    _, sheet = sheet_of(two_flags, [("s1", f"{begin}+cmd()"), ("s2", "plain")])
    rows = list(csv.DictReader(io.StringIO(coding_sheet_csv(sheet), newline="")))
    texts = [row["text"] for row in rows]
    assert f"'{begin}+cmd()" in texts
    assert "plain" in texts


@pytest.mark.parametrize("inside", ["\r", "\r\n", "\n", '"', ",", "\x00", "\u2028", "\x1b[31m"])
def test_a_sheet_comes_back_whatever_its_texts_hold(
    inside: str, tmp_path: Path, two_flags: Codebook, sheet_of: SheetOf
) -> None:
    sample, sheet = sheet_of(two_flags, [("s1", f"one{inside}two"), ("s2", "plain")])
    path = tmp_path / "codes.csv"
    text = coding_sheet_csv(sheet, "kim")
    flag = next(iter(two_flags.flags))
    header, *_ = text.partition("\n")
    place = next(csv.reader([header])).index(flag)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    for row in rows[1:]:
        row[place] = "1"
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    path.write_bytes(out.getvalue().encode())
    assert len(codes_in(path, sample, two_flags)) == 2


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace("\n", ',"x"\n', 2), "another number of cells"),
        (lambda text: text.replace('"note"', '"text"', 1), "named twice"),
        (lambda text: text + '"an open quote', "not readable as CSV"),
    ],
)
def test_a_sheet_with_damaged_rows_is_refused(
    damage: Callable[[str], str],
    message: str,
    tmp_path: Path,
    two_flags: Codebook,
    sheet_of: SheetOf,
) -> None:
    sample, sheet = sheet_of(two_flags, [("s1", "one"), ("s2", "two")])
    path = tmp_path / "codes.csv"
    path.write_text(damage(coding_sheet_csv(sheet, "kim")), encoding="utf-8")
    with pytest.raises(Mistake, match=message):
        read_coding_sheet(path, sample, two_flags)


def test_a_filled_sheet_comes_back_as_codes_of_several_annotators(
    tmp_path: Path, two_flags: Codebook, sheet_of: SheetOf
) -> None:
    sample, sheet = sheet_of(two_flags, TEXTS)
    seq = dict(sample.select("position", "seq").iter_rows())
    path = tmp_path / "codes.csv"
    kim = filled(sheet, {1: {"thanks": "yes", "stance": "For"}, 2: {"thanks": "0"}})
    lee = filled(sheet, {1: {"stance": "against"}}, annotator="lee").split("\n", 1)[1]
    path.write_text(kim + lee, encoding="utf-8")
    assert codes_in(path, sample, two_flags) == {
        ("kim", seq[1], "thanks", 1.0),
        ("kim", seq[1], "stance", 2.0),
        ("kim", seq[2], "thanks", 0.0),
        ("lee", seq[1], "stance", 0.0),
    }


def test_a_second_coding_by_the_same_person_stands_beside_the_first(
    tmp_path: Path, two_flags: Codebook, sheet_of: SheetOf
) -> None:
    sample, sheet = sheet_of(two_flags, TEXTS)
    first, second = tmp_path / "march.csv", tmp_path / "june.csv"
    first.write_text(filled(sheet, {1: {"thanks": "1"}, 2: {"thanks": "0"}}), encoding="utf-8")
    second.write_text(filled(sheet, {1: {"thanks": "0"}, 2: {"thanks": "0"}}), encoding="utf-8")
    codes = codes_in(first, sample, two_flags) | codes_in(second, sample, two_flags, "kim, again")
    frame = pl.DataFrame(
        [
            {
                "episode": 0,
                "seq": seq,
                "other_seq": None,
                "flag": flag,
                "coder": coder,
                "value": value,
            }
            for coder, seq, flag, value in codes
        ],
        schema_overrides={"other_seq": pl.Int64},
    )
    data = Data(
        episodes=pl.DataFrame({"episode": [0], "episode_key": ["e"], "condition": ["all"]}),
        codes=frame,
        all_labels=frame.clear().rename({"coder": "rule"}),
        flags=Flags(scales={"thanks": "nominal"}),
    )
    (pair,) = pairs_of(data)
    assert pair.subject == "thanks: kim ~ kim, again"
    assert pair.tables.sum(axis=0).tolist() == [[1, 0], [1, 0]]
    lee = filled(sheet, {1: {"thanks": "1"}}, annotator="lee").split("\n", 1)[1]
    first.write_text(first.read_text(encoding="utf-8") + lee, encoding="utf-8")
    with pytest.raises(Mistake, match="several people coded this file"):
        read_coding_sheet(first, sample, two_flags, "kim, again")


@pytest.mark.parametrize(
    ("marks", "changed", "message"),
    [
        ({1: {"thanks": "maybe"}}, {}, "not a value of thanks"),
        ({1: {"thanks": "1"}}, {"item": "77"}, "not in the sample"),
        ({1: {"thanks": "1"}}, {"codebook": "f" * 32}, "another version of the codebook"),
        ({1: {"thanks": "1"}}, {"sample": "f" * 32}, "another sample"),
        ({1: {"thanks": "1"}}, {"annotator": " "}, "nobody is named"),
        ({1: {"thanks": "1"}}, {"item": "1"}, "coded item 1 twice"),
        ({}, {}, "nothing is coded"),
    ],
)
def test_wrong_sheets_are_refused_with_the_line(
    tmp_path: Path,
    two_flags: Codebook,
    sheet_of: SheetOf,
    marks: dict[int, dict[str, str]],
    changed: dict[str, str],
    message: str,
) -> None:
    sample, sheet = sheet_of(two_flags, TEXTS)
    path = tmp_path / "codes.csv"
    path.write_text(filled(sheet, marks, **changed), encoding="utf-8")
    with pytest.raises(AgoraError, match=message) as refused:
        read_coding_sheet(path, sample, two_flags)
    assert f"{path}:" in str(refused.value)


def test_a_misspelt_column_is_refused(
    tmp_path: Path, two_flags: Codebook, sheet_of: SheetOf
) -> None:
    sample, sheet = sheet_of(two_flags, TEXTS)
    path = tmp_path / "codes.csv"
    path.write_text(coding_sheet_csv(sheet).replace("thanks", "thakns", 1), encoding="utf-8")
    with pytest.raises(Mistake, match="write thanks"):
        read_coding_sheet(path, sample, two_flags)


def exported(sheet: Sheet, results: list[dict[str, Any]]) -> str:
    tasks = json.loads(label_studio_tasks(sheet))
    for task in tasks:
        task["annotations"] = results if task["id"] == 1 else []
    return json.dumps(tasks)


def choice(flag: str, value: str) -> dict[str, Any]:
    return {
        "from_name": flag,
        "to_name": "text",
        "type": "choices",
        "value": {"choices": [value]},
    }


def test_label_studio_goes_out_and_comes_back(
    tmp_path: Path, two_flags: Codebook, sheet_of: SheetOf
) -> None:
    sample, sheet = sheet_of(two_flags, TEXTS)
    path = tmp_path / "export.json"
    path.write_text(
        exported(
            sheet,
            [
                {"completed_by": 3, "result": [choice("thanks", "present")]},
                {
                    "completed_by": {"id": 4, "email": "lee@lab"},
                    "result": [choice("thanks", "absent"), choice("stance", "for")],
                },
                {
                    "completed_by": 5,
                    "was_cancelled": True,
                    "result": [choice("thanks", "absent")],
                },
            ],
        ),
        encoding="utf-8",
    )
    rows = [
        row for result in read_label_studio(path, sample, two_flags) for row in result.rows["codes"]
    ]
    assert {(row["coder"], row["flag"], row["value"]) for row in rows} == {
        ("annotator 3", "thanks", 1.0),
        ("lee@lab", "thanks", 0.0),
        ("lee@lab", "stance", 2.0),
    }
    path.write_text(exported(sheet, [{"result": [choice("thakns", "present")]}]), "utf-8")
    with pytest.raises(Mistake, match="does not have"):
        read_label_studio(path, sample, two_flags)


def test_the_labelling_configuration_has_every_flag(two_flags: Codebook) -> None:
    conditional = two_flags.model_copy(
        update={
            "flags": {
                **two_flags.flags,
                "why": Flag(definition='says "why" & <how>', when="thanks"),
            }
        }
    )
    root = ElementTree.fromstring(label_studio_config(conditional))
    choices = {one.get("name"): one for one in root.iter("Choices")}
    assert [one.get("value") for one in choices["stance"]] == ["against", "neither", "for"]
    assert set(choices) == {"thanks", "stance", "why"}
    assert choices["why"].get("required") == "false"


#: Beginnings of what spreadsheets calculate.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", " ", "\t", "\n", "\r", "|", "'", '"', "\x00", " |\t"]),
            st.sampled_from(["=1+1", "+1", "-1", "@A1", "＝1", "-", "plain"]),
        ).map("".join),
        min_size=2,
        max_size=4,
    )
)
def test_no_cell_of_a_sheet_is_a_formula_and_every_row_stays_one(texts: list[str]) -> None:
    codebook = Codebook(
        name="=cmd",
        context=1,
        flags={name: Flag(definition="d", mask_speaker=False) for name in ("=1+1", "-b", "plain")},
    )
    sample = pl.DataFrame({"sample_key": ["a" * 32]})
    items = tuple(
        SheetItem(position, text, f"@{text.strip() or 'x'}", (text, text))
        for position, text in enumerate(texts, start=1)
    )
    written = coding_sheet_csv(Sheet(sample.item(0, 0), codebook, items))
    rows = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert len(rows) == 1 + len(texts)
    for value in (value for row in rows for value in row):
        calculated = value.lstrip(" \t\r\n|'\"").startswith(_FORMULA)
        assert not (calculated or value.startswith(("\t", "\r", "\n"))) or value[0] == "'", value


def test_a_sheet_whose_flags_begin_like_formulas_comes_back(
    sheet_of: SheetOf, tmp_path: Path
) -> None:
    codebook = Codebook(name="a", flags={"=1+1": Flag(definition="d"), "-b": Flag(definition="d")})
    sample, sheet = sheet_of(codebook, TEXTS)
    filled = coding_sheet_csv(sheet, "Ada").replace(',"","",""\n', ',"1","0",""\n')
    for text in (filled, filled.replace("'=1+1", "=1+1").replace("'-b", "-b")):
        (tmp_path / "sheet.csv").write_text(text, encoding="utf-8")
        (result,) = read_coding_sheet(tmp_path / "sheet.csv", sample, codebook)
        values = {(row["flag"], row["value"]) for row in result.rows["codes"]}
        assert values == {("=1+1", 1.0), ("-b", 0.0)}
