from __future__ import annotations

from pathlib import Path

import pytest

from flows.imports import import_data
from flows.requests import ImportRequest
from schemas.errors import AgoraError


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("name: a\nname: b\n", "book.yaml:2", "appears twice"),
        ("name: a\nflags:\n  f: {definition: d, levles: [no, yes]}\n", "book.yaml:3", "levels"),
        ("name: a\nflags: {f: {definition: d, levels: [no]}}\n", "book.yaml:2", "at least two"),
    ],
)
def test_a_codebook_with_a_mistake_is_refused_by_line(
    tmp_path: Path, text: str, place: str, what: str
) -> None:
    book, codes = tmp_path / "book.yaml", tmp_path / "codes.csv"
    book.write_text(text)
    codes.write_text("")
    warehouse = tmp_path / "agora.duckdb"
    request = ImportRequest(
        kind="codes", path=codes, warehouse=warehouse, format="warroom", codebook=book
    )
    with pytest.raises(AgoraError) as refused:
        import_data(request)
    assert place in refused.value.message()
    assert what in refused.value.message()
    assert not warehouse.exists()
