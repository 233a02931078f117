"""A study on disk that tests vary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.study import Study
from tasks.studies.load import load_study

TEXT = """\
name: base
models:
  ana: {model: sim/talkative}
  ben: {model: sim/reserved}
episode:
  environment: discussion
  brief: briefs/festival.md
  rounds: 3
  seats: [ana, ben]
conditions:
  baseline:
  named: {names: model}
replicates: 2
"""

Read = Callable[..., Study]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Gives a study in which texts were replaced, after it was written to disk and read."""
    (tmp_path / "briefs").mkdir()
    (tmp_path / "briefs" / "festival.md").write_text("Plan a festival.\n", encoding="utf-8")

    def reader(*replaced: tuple[str, str], more: str = "") -> Study:
        text = TEXT + more
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "study.yaml"
        path.write_text(text, encoding="utf-8")
        return load_study(path).study

    return reader
