"""Which files a study may name, and what is a path rather than a text."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from schemas.errors import AgoraError, Mistake
from schemas.study import Study
from tasks.files import text_of
from tasks.studies.design import design
from tasks.studies.load import load_study

from .conftest import TEXT, Read

BRIEF = "brief: briefs/festival.md"


def refused(read: Read, *replaced: tuple[str, str], more: str = "") -> str:
    with pytest.raises(AgoraError) as raised:
        read(*replaced, more=more)
    return raised.value.message()


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outside")
    (folder / "secret.md").write_text("The secret of another.", encoding="utf-8")
    (folder / "book.yaml").write_text("name: a\nflags: {f: {definition: d}}\n")
    (folder / "people.yaml").write_text("size: 3\n")
    return folder


@pytest.mark.parametrize(
    "path", ["{outside}/secret.md", "../{name}/secret.md", "briefs/../../{name}/secret.md"]
)
def test_a_brief_outside_the_folder_is_refused(read: Read, outside: Path, path: str) -> None:
    written = path.format(outside=outside, name=outside.name)
    message = refused(read, (BRIEF, f"brief: {written}"))
    assert "study.yaml:7: episode.brief: the file is outside the study's folder" in message
    assert f"--allow-path {outside}" in message
    assert "The secret" not in message


def test_whether_a_file_outside_exists_is_not_told(read: Read, outside: Path) -> None:
    there, gone = (
        refused(read, (BRIEF, f"brief: {outside}/{name}")) for name in ("secret.md", "no.md")
    )
    assert there.replace("secret.md", "no.md") == gone


def test_a_link_out_of_the_folder_is_outside(read: Read, outside: Path, tmp_path: Path) -> None:
    (tmp_path / "link.md").symlink_to(outside / "secret.md")
    (tmp_path / "linked").symlink_to(outside)
    for path in ("link.md", "linked/secret.md"):
        assert "outside the study's folder" in refused(read, (BRIEF, f"brief: {path}"))


def test_a_link_within_the_folder_is_followed(read: Read, tmp_path: Path) -> None:
    (tmp_path / "link.md").symlink_to(tmp_path / "briefs" / "festival.md")
    assert read((BRIEF, "brief: link.md")).episode is not None


def test_codebooks_and_populations_are_held_to_the_same(read: Read, outside: Path) -> None:
    for more in (
        f"coding: {{codebook: {outside}/book.yaml, judges: [ana]}}\n",
        f"population: {outside}/people.yaml\n",
    ):
        assert "outside the study's folder" in refused(read, more=more)
    changed = ("  named: {names: model}", f"  named: {{population: {outside}/people.yaml}}")
    assert "outside the study's folder" in refused(read, changed)


def test_whoever_runs_a_study_may_allow_a_folder(outside: Path, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(TEXT.replace(BRIEF, f"brief: {outside}/secret.md"), encoding="utf-8")
    with pytest.raises(AgoraError):
        load_study(path)
    study = load_study(path, [outside]).study
    assert study.episode is not None
    assert study.episode.params["brief"]["text"] == "The secret of another."


def test_no_field_of_a_study_allows_anything(read: Read, outside: Path) -> None:
    for field in (f"allow_path: {outside}\n", f"run: {{allow_paths: [{outside}]}}\n"):
        assert "unknown field" in refused(read, more=field)


@pytest.mark.parametrize(
    "value", ["/etc/shadow", "briefs", "festivl", "briefs/festival", "./festival", "~/festival"]
)
def test_what_looks_like_a_path_is_never_a_text(read: Read, value: str) -> None:
    message = refused(read, (BRIEF, f"brief: {value}"))
    assert "study.yaml:7: episode.brief: " in message


def test_a_text_is_told_from_a_path_where_it_matters(read: Read) -> None:
    def brief(study: Study) -> str:
        (condition, _) = design(study).conditions
        return str(condition.params.brief.text)  # type: ignore[attr-defined]

    for written, text in (
        ("Plan a festival.", "Plan a festival."),
        ("A budget of 1.5 million; and/or none.", "A budget of 1.5 million; and/or none."),
        ("{text: festival}", "festival"),
        ("{file: briefs/festival.md}", "Plan a festival.\n"),
        ("|\n    Plan\n    /etc/shadow", "Plan\n/etc/shadow\n"),
    ):
        assert brief(read((BRIEF, f"brief: {written}"))) == text


def test_a_file_named_in_either_form_gives_one_version(read: Read) -> None:
    long = read((BRIEF, "brief: {file: briefs/festival.md}"))
    assert design(long).version == design(read()).version


@pytest.mark.parametrize(
    "path", ["/dev/zero", "/dev/stdin", "pipe", "socket", ".", "nowhere/s.yaml", "a\0b", "x" * 5000]
)
def test_only_regular_files_are_opened(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        raised: list[BaseException] = []

        def load() -> None:
            try:
                load_study(path)
            except Mistake as mistake:
                raised.append(mistake)

        reading = threading.Thread(target=load, daemon=True)
        reading.start()
        reading.join(timeout=600)
        assert len(raised) == 1


def test_a_large_file_is_refused_without_being_read(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(5 * 2**30)
    with pytest.raises(Mistake, match=r"too large\n.*5,368,709,120 bytes"):
        load_study(large)


def test_nul_and_other_encodings_are_named_by_line(tmp_path: Path) -> None:
    for content, problem in ((b"a\nb\0", "NUL"), ("a\né".encode("latin-1"), "0xe9")):
        (tmp_path / "text").write_bytes(content)
        with pytest.raises(Mistake, match=problem) as raised:
            text_of(tmp_path / "text")
        assert raised.value.details["place"].endswith(":2")


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "localhost:8000",
        "//localhost:8000/v1",
        "http://",
        "http:///v1",
        "http://[::1/v1",
        "http://host:port/v1",
        "http://host:99999/v1",
        "javascript:alert(1)",
        "http://a b/",
        "",
    ],
)
def test_an_address_that_is_no_servers_is_refused(read: Read, address: str) -> None:
    model = f'ana: {{model: openai/x, api_base: "{address}"}}'
    message = refused(read, ("ana: {model: sim/talkative}", model))
    assert "study.yaml:3: models.ana.api_base" in message
    assert "http:// or https://" in message


@pytest.mark.parametrize("address", ["http://localhost:8000/v1", "https://[::1]:1/", "HTTP://a"])
def test_addresses_of_servers_are_taken(read: Read, address: str) -> None:
    read(("ana: {model: sim/talkative}", f'ana: {{model: openai/x, api_base: "{address}"}}'))
