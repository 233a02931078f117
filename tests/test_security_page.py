"""What SECURITY.md claims is held by tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tasks.personas.profiles import ProfileField, profile_prompt

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_the_page_names_is_there(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert name in {node.name for node in tree.body if isinstance(node, functions)}


def test_every_claim_names_a_test() -> None:
    protected = PAGE.partition("## Texts")[2].partition("## What is not protected")[0]
    claims = re.split(r"\n- ", protected)[1:]
    assert len(claims) > 15
    for claim in claims:
        assert "`tests/" in claim, claim


def test_the_readme_leads_to_the_page() -> None:
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_template_in_a_text_stays_text() -> None:
    text = "{{ 7 * 7 }}{{ cycler.__init__.__globals__.os.environ }}{% set x = 1 %}"
    prompt = profile_prompt([text], {"town": ProfileField(about=text)})
    assert prompt.count(text) == 2


def test_no_text_is_evaluated() -> None:
    """Only a shard that a run sends to its own workers is unpickled."""
    found = set()
    for room in ("schemas", "tasks", "warehouse", "flows"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func)
                    if called in {"eval", "exec", "compile", "pickle.load", "pickle.loads"}:
                        found.add((str(file.relative_to(ROOT)), called))
    assert found == {("tasks/stages/sent.py", "pickle.loads")}
