"""Coding by people: a sample is drawn and handed out, and its codes come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from flows.files import make_folder, write_out
from flows.resources import open_warehouse
from flows.version import code_version
from schemas.codebook import Codebook
from schemas.errors import Mistake
from schemas.study import Study
from schemas.unit import Read, Result
from tasks.coding.label_studio import (
    label_studio_config,
    label_studio_tasks,
    read_label_studio,
)
from tasks.coding.page import coding_sheet_html
from tasks.coding.sampling import draw_sample, sample_result
from tasks.coding.sheet import coding_sheet, coding_sheet_csv, read_coding_sheet
from tasks.importers.problems import data_text, strict_csv, strict_json
from warehouse.queries.coding import LabelsByRule, MessagesToCode
from warehouse.writer import Writer

Reader = Callable[[Path, pl.DataFrame, Codebook, str | None], list[Result]]

#: Forms in which a sample that was handed out comes back.
READERS: Mapping[str, Reader] = {"sheet": read_coding_sheet, "label_studio": read_label_studio}


@dataclass(frozen=True)
class HandedOut:
    """A sample with the files that people code it in.

    Attributes:
        sample_key: The sample.
        n_items: Items in it.
        strata: Items by stratum.
        files: What was written.
    """

    sample_key: str
    n_items: int
    strata: Mapping[str, int]
    files: tuple[Path, ...]


def hand_out(study: Study, version: str, path: Path, folder: Path) -> HandedOut:
    """Draw the sample that a study declares, put it on record and write its coding sheets.

    Args:
        study: A study with ``coding.human``.
        version: Its version in the warehouse.
        path: The warehouse.
        folder: Where the sheets are written; made if it is not there.

    Raises:
        Mistake: The study declares no sample or has too few messages for it, or the folder cannot
            be written.
    """
    if study.coding is None or study.coding.human is None:
        raise Mistake(
            what="the study declares no sample for people to code",
            place=study.name,
            expected="coding: {human: {sample: 100, stratify: [condition]}}",
            fix="add it to the study, and run the study",
        )
    codebook = study.coding.codebook
    make_folder(folder)
    with open_warehouse(path) as warehouse:
        messages = warehouse.frame(MessagesToCode(version))
        rule = study.coding.adjudication.use.title
        labels = warehouse.frame(LabelsByRule(version, rule))
        sample = draw_sample(messages, study.coding.human, codebook, labels)
        result = sample_result(sample, codebook, f"sample of {study.name}")
        warehouse.commit([result], run_id="sample", code_version=code_version())
        episodes = tuple(sample["episode_key"].unique())
        events = warehouse.frame(Read("events", "episode_key", episodes))
        seats = warehouse.frame(Read("v_seats_over_time", "episode_key", episodes))
    sheet = coding_sheet(sample, codebook, events, seats)
    stem = f"{study.name}-{result.unit.key[:8]}"
    texts = {
        f"{stem}.html": coding_sheet_html(sheet),
        f"{stem}.csv": coding_sheet_csv(sheet),
        f"{stem}.label_studio.json": label_studio_tasks(sheet),
        f"{stem}.label_studio.xml": label_studio_config(codebook),
    }
    for name, text in texts.items():
        write_out(text.encode(), folder / name)
    strata = dict(sorted(sample.group_by("stratum").len().iter_rows()))
    return HandedOut(result.unit.key, sample.height, strata, tuple(folder / name for name in texts))


def read_back(
    path: Path, form: str, key: str, warehouse: Writer, coder: str | None = None
) -> list[Result]:
    """The codes in a file that a sample came back in, one unit per episode and annotator.

    Args:
        path: The file.
        form: Its form, one of :data:`READERS`.
        key: The sample that it names.
        warehouse: Where the sample is on record.
        coder: Name under which the codes are kept instead of the annotator's own.

    Raises:
        Mistake: The file is not of that form, names no sample that was handed out, or codes
            something else than that sample.
    """
    sample = warehouse.frame(Read("samples", "sample_key", (key,)))
    if sample.is_empty():
        raise Mistake(
            what="this file belongs to no sample in this warehouse",
            place=str(path),
            found=key,
            expected="the key of a sample in table samples",
            fix="use the warehouse that the sample was drawn from (--warehouse)",
        )
    held = warehouse.frame(Read("codebooks", "codebook_digest", (sample["codebook_digest"][0],)))
    codebook = Codebook.model_validate_json(held["spec"][0])
    return READERS[form](path, sample.sort("position"), codebook, coder)


def sample_named_in(path: Path, form: str) -> str:
    """The key of the sample that a file codes, as its first item names it.

    Raises:
        Mistake: The file is not of that form.
    """
    text = data_text(path)
    try:
        if form == "label_studio":
            return str(strict_json(text, str(path), "export")[0]["data"]["sample"])
        _, rows = strict_csv(text, str(path))
        return rows[0].cells["sample"]
    except (LookupError, TypeError) as error:
        raise Mistake(
            what="the file is not a coding sheet that was handed out",
            place=str(path),
            found=f"{type(error).__name__}: {error}",
            expected="the CSV or export of a sample drawn by agora sample",
            fix="export it again, without changing its columns",
        ) from error
