"""The page that explains a study is what the models say, and its examples can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.study import Study
from tasks.studies.design import design
from tasks.studies.examples import EXAMPLES
from tasks.studies.load import load_study
from tasks.studies.reference import PAGE, page

CODEBOOK = "name: mine\nflags:\n  agree: {definition: Agrees with a participant who is named.}\n"


def test_the_page_is_what_the_models_say() -> None:
    """Fails when a field changed: run ``python -m tasks.studies.reference``."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_section_has_an_example_or_is_a_single_value() -> None:
    plain = {"name", "description", "replicates", "seed"}
    assert Study.model_fields.keys() - EXAMPLES.keys() == plain


def test_the_examples_make_a_study(tmp_path: Path) -> None:
    (tmp_path / "codebooks").mkdir()
    (tmp_path / "codebooks" / "mine.yaml").write_text(CODEBOOK, encoding="utf-8")
    text = "name: examples\n" + "".join(
        example.lstrip("\n") for section, example in EXAMPLES.items() if section != "imported"
    )
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    study = load_study(tmp_path / "study.yaml").study
    assert len(design(study).conditions) == 6


@pytest.mark.parametrize("words", ["TODO", "None |", "<class", "typing."])
def test_the_page_shows_no_code(words: str) -> None:
    assert words not in page()
