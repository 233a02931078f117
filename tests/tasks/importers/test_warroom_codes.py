"""Codes of the founding study: a human and two models on 609 messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from sklearn.metrics import cohen_kappa_score

from schemas.codebook import Codebook
from schemas.errors import AgoraError, Mistake
from schemas.tables import TABLES
from schemas.unit import Result
from tasks.importers.warroom_codes import ImportedCodes, Known, shipped_codebook
from tasks.studies.yamltext import document

from .conftest import codes_in

Frame = Callable[[list[Result], str], pl.DataFrame]
KAPPA = {
    "phatic": 0.931,
    "meta": 0.559,
    "lead": 0.801,
    "arch": 0.792,
    "agree": 0.693,
    "comp": 0.626,
}


def kappa(codes: pl.DataFrame, one: str, other: str) -> dict[str, float]:
    both = codes.pivot("coder", index=["episode_key", "seq", "flag"], values="value")
    return {
        flag: cohen_kappa_score(*both.filter(pl.col("flag") == flag).select(one, other))
        for flag in KAPPA
    }


def test_published_kappas_come_out(imported: ImportedCodes, frame: Frame) -> None:
    codes = frame(imported.results, "codes")
    gemini = kappa(codes, "human", "gemini")
    assert {flag: round(value, 3) for flag, value in gemini.items()} == KAPPA
    sonnet = kappa(codes, "human", "sonnet")
    assert round(sum(sonnet.values()) / 6, 3) == 0.709


def test_all_codes_are_there_and_say_which_runs_are_not(imported: ImportedCodes) -> None:
    assert imported.n_items == 609
    assert imported.n_codes == 609 * 18 + 9
    assert imported.placeholders == {"C": 67, "E": 67, "K2": 46}


def test_placeholders_hold_no_text(imported: ImportedCodes, frame: Frame) -> None:
    episodes = frame(imported.results, "episodes")
    assert set(episodes["status"]) == {"placeholder"}
    assert frame(imported.results, "events")["text"].null_count() == 180


def test_levels_are_coded_where_the_flag_is_present(imported: ImportedCodes, frame: Frame) -> None:
    levels = frame(imported.results, "codes").filter(pl.col("flag") == "comp_level")
    assert dict(levels.group_by("value").len().iter_rows()) == {0.0: 6, 1.0: 3}
    assert set(levels["coder"]) == {"human"}


def test_every_row_is_one_of_its_table(imported: ImportedCodes) -> None:
    for result in imported.results[::20]:
        for table, rows in result.rows.items():
            for row in rows:
                TABLES[table].model_validate(row)


def test_the_same_file_gives_the_same_units(
    warroom: Path, known: Known, imported: ImportedCodes
) -> None:
    again = codes_in(warroom / "human_coding_results.csv", known)
    assert again.results == imported.results


def test_placeholders_may_be_in_the_warehouse_already(
    warroom: Path, known: Known, imported: ImportedCodes, frame: Frame
) -> None:
    columns = ["episode_key", "series", "label", "status", "recorded_at"]
    both = Known(
        pl.concat(
            [
                known.episodes.select(columns),
                frame(imported.results, "episodes").select(columns),
            ],
            how="vertical_relaxed",
        ),
        known.seats,
        known.messages,
    )
    again = codes_in(warroom / "human_coding_results.csv", both)
    assert again.results == imported.results


def test_the_packaged_codebook_is_the_shipped_one() -> None:
    path = Path(__file__).resolve().parents[3] / "studies" / "codebooks" / "warroom.yaml"
    shipped = Codebook.model_validate(document(path.read_text(encoding="utf-8"), "").value)
    assert shipped == shipped_codebook()


@pytest.fixture
def lines(warroom: Path) -> list[str]:
    text = (warroom / "human_coding_results.csv").read_text(encoding="utf-8")
    return text.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("line", "found", "written", "expected"),
    [
        (1, "human_meta", "human_mety", "there is no column human_meta"),
        (2, "|R10", "|R99", "a message that the imported run does not have"),
        (2, "A-run07|Agent-H|R10", "A-run07", "does not name a message"),
        (3, ",true,", ",perhaps,", "is no code"),
    ],
)
def test_bad_lines_are_refused_with_their_number(
    tmp_path: Path,
    known: Known,
    lines: list[str],
    line: int,
    found: str,
    written: str,
    expected: str,
) -> None:
    assert found in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(found, written, 1)
    path = tmp_path / "codes.csv"
    path.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(Mistake, match=expected) as refused:
        codes_in(path, known)
    assert f"{path}:{line}" in str(refused.value)


def test_a_message_coded_twice_is_refused(tmp_path: Path, known: Known, lines: list[str]) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("".join([*lines, lines[1]]), encoding="utf-8")
    with pytest.raises(AgoraError, match="coded twice"):
        codes_in(path, known)


def test_another_codebook_must_have_the_flags(warroom: Path, known: Known) -> None:
    other = Codebook.model_validate({"name": "o", "flags": {"meta": {"definition": "x"}}})
    with pytest.raises(Mistake, match="has no flag phatic"):
        codes_in(warroom / "human_coding_results.csv", known, other)
