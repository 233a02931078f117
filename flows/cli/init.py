"""``agora init``: a study to start from."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from flows.cli.terminal import say
from flows.files import write_out
from schemas.errors import Mistake
from schemas.study.study import NAME

#: Files of the new folder; NAME in them stands for the name of the study.
FILES = ("study.yaml", "brief.md", "codebook.yaml")


def create_study(name: str) -> None:
    """Create a folder with a study, its brief and its codebook, and print what to do next.

    Raises:
        Mistake: The name cannot be that of a study, or there is something in the folder already.
    """
    if not re.fullmatch(NAME, name) or len(name) > 80:
        raise Mistake(
            what="not a name for a study",
            place="NAME",
            found=name,
            expected="at most 80 lower-case letters, digits, - and _, such as my-study",
        )
    folder = Path(name)
    if folder.exists():
        raise Mistake(
            what="this name is already taken",
            place=name,
            fix="choose another name, or move it away",
        )
    folder.mkdir()
    starter = resources.files("flows.cli").joinpath("starter")
    for file in FILES:
        text = starter.joinpath(file).read_text(encoding="utf-8").replace("NAME", name)
        write_out(text.encode(), folder / file)
        say(f"wrote {folder / file}")
    study = folder / "study.yaml"
    say("\nThe study runs as it stands, on simulated models: no key, no network.\n")
    steps = {
        f"agora plan {study}": "show what a run would do",
        f"agora run {study}": "run it",
        f"agora report {name}": "write the report",
    }
    for command, about in steps.items():
        say(f"  {command:<{max(map(len, steps))}}   {about}")
    say("\nThen change it. docs/study.md explains every section.")
