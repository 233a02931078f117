"""A key that is written into a study by mistake is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import AgoraError
from tasks.studies.load import load_study

STUDY = """
name: leak
models:
  a: {model: openai/x, api_key_env: "sk-live-0123456789"}
episode: {environment: discussion, brief: "Talk.", rounds: 1, seats: [a, a]}
"""


def test_a_key_in_place_of_its_variables_name_is_refused_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "leak.yaml"
    path.write_text(STUDY, encoding="utf-8")
    with pytest.raises(AgoraError) as refused:
        load_study(path)
    message = str(refused.value)
    assert "api_key_env" in message
    assert "sk-live" not in message
