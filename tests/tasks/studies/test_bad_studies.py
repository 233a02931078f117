"""Every bad study is refused by one message that says where, what, and what to do."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from schemas.errors import Mistake, Mistakes
from tasks.studies.load import load_study

BAD = Path(__file__).parent / "bad"
#: Their messages list what is registered, which grows.
GROWING = {
    "instrument_traits",
    "several",
    "expectations",
    "simulated_model",
    "simulated_parameter",
    "unknown_environment",
    "unknown_field",
    "unknown_metric",
    "unknown_parameter_in_condition",
    "unknown_rule",
    "unknown_test",
}
STUDIES = sorted(path.stem for path in BAD.glob("*.yaml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BAD, tmp_path / "bad"))


def agrees(message: str, golden: str) -> bool:
    """Whether a message is as expected; a golden line may end in an ellipsis."""
    found, wanted = message.splitlines(), golden.splitlines()
    return len(found) == len(wanted) and all(
        line.startswith(start[:-3]) if start.endswith("...") else line == start
        for line, start in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("name", STUDIES)
def test_message_names_place_and_remedy(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises((Mistake, Mistakes)) as raised:
        load_study(f"{name}.yaml")
    message = raised.value.message() + "\n"
    golden = BAD / f"{name}.txt"
    if os.environ.get("AGORA_WRITE_GOLDEN"):
        kept = re.sub("expected: one of .*", "expected: one of ...", message)
        golden.write_text(kept if name in GROWING else message, encoding="utf-8")
    assert agrees(message, golden.read_text(encoding="utf-8")), message
    assert message.startswith(f"{name}.yaml") or message.startswith("codebooks/")
