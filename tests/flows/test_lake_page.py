"""Every command of docs/lake.md, run in its order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from warehouse.extensions import load_extension

from ..postgres import Postgres
from .conftest import Agora
from .without_prefect import commands_without_prefect

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "lake.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def shorten(study: Path) -> None:
    """Fewer, shorter episodes than the study that users get."""
    text = study.read_text(encoding="utf-8")
    text = re.sub(r"replicates: \d+", "replicates: 2", re.sub(r"rounds: \d+", "rounds: 3", text))
    study.write_text(text, encoding="utf-8")


def test_the_commands_of_the_page_work(
    postgres: Postgres, agora: Agora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lab.lake.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    programs = f"{Path(sys.executable).parent}:{postgres.programs}:{os.environ['PATH']}"
    monkeypatch.setenv("PATH", programs)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PGHOST", str(postgres.folder))
    monkeypatch.setenv("PGUSER", "agora")
    said = []
    with commands_without_prefect():
        for command in "".join(blocks("bash")).splitlines():
            program, *words = shlex.split(command)
            if program == "agora":  # in this process, which has imported what it needs
                done = agora(*words)
            else:
                done = subprocess.run([program, *words], capture_output=True, text=True, check=True)
            assert done.returncode == 0, done.stderr
            said.append(done.stdout)
            if command == "agora init my-study":
                shorten(tmp_path / "my-study" / "study.yaml")
    assert "lab.lake.yaml" in said[2]
    assert "my-study" in said[3]
    assert "episodes" in said[4]

    (code,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    told = r"\d+ files? of [\d,]+ bytes before, \d+ files? of [\d,]+ bytes now\n"
    assert re.fullmatch(told, done.stdout)

    with duckdb.connect(config={"allow_unsigned_extensions": True}) as other:
        for name in ("ducklake", "postgres_scanner"):
            load_extension(other, name)
        (sql,) = blocks("sql")
        installing, _, rest = sql.partition("\n")
        assert installing == "INSTALL ducklake; INSTALL postgres;"
        assert len(other.sql(rest).fetchall()) > 0


def test_the_page_names_every_field() -> None:
    from schemas.lake import LakeFile

    for field in LakeFile.model_fields:
        assert f"`{field}`" in PAGE or f"{field}: " in PAGE
