"""What golden rows hold, and what they let pass."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

ROWS = [{"unit_key": "u", "metric": "a", "value": 0.125, "n": 3, "p": None}]


@pytest.fixture
def held(golden: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Golden rows in a folder of their own, written at version 1."""
    mine = partial(golden.func, tmp_path)
    with monkeypatch.context() as patched:
        patched.setenv("AGORA_WRITE_GOLDEN", "1")
        mine("small", "1", {"metrics": ROWS})
    return mine


def test_last_digits_and_keys_of_units_may_differ(held: Any) -> None:
    held("small", "1", {"metrics": [{**ROWS[0], "unit_key": "other", "value": 0.125 + 1e-12}]})


@pytest.mark.parametrize(
    "changed", [{"value": 0.12501}, {"n": 4}, {"metric": "b"}, {"p": 0.5}, {"value": None}]
)
@pytest.mark.parametrize("writing", [False, True])
def test_other_rows_of_the_same_version_fail_even_while_writing(
    held: Any, changed: dict[str, Any], writing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if writing:
        monkeypatch.setenv("AGORA_WRITE_GOLDEN", "1")
    with pytest.raises(AssertionError, match="its version 1 did not"):
        held("small", "1", {"metrics": [{**ROWS[0], **changed}]})


def test_fewer_rows_of_the_same_version_fail(held: Any) -> None:
    with pytest.raises(AssertionError, match="its version 1 did not"):
        held("small", "1", {"metrics": []})


def test_a_raised_version_needs_new_rows(held: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {"metrics": [{**ROWS[0], "value": 0.5}]}
    with pytest.raises(AssertionError, match="make golden"):
        held("small", "2", changed)
    monkeypatch.setenv("AGORA_WRITE_GOLDEN", "1")
    held("small", "2", changed)
    monkeypatch.delenv("AGORA_WRITE_GOLDEN")
    held("small", "2", changed)
