"""Label Studio: a sample as tasks with a labelling configuration, and annotations back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import polars as pl
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from schemas.codebook import Codebook
from schemas.errors import Mistake, printable
from schemas.unit import Result
from tasks.coding.sheet import Sheet
from tasks.coding.sheet_values import Marked, results_of_marks
from tasks.importers.problems import cut, data_text, from_validation, strict_json


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class _Chosen(_Loose):
    choices: list[str] = []


class _Region(_Loose):
    from_name: str
    type: str = "choices"
    value: _Chosen = _Chosen()


class _Person(_Loose):
    id: int | None = None
    email: str = ""


class _Annotation(_Loose):
    completed_by: int | str | _Person | None = None
    result: list[_Region]
    was_cancelled: bool = False


class _Data(_Loose):
    sample: str
    codebook: str
    item: str | int


class _Task(_Loose):
    data: _Data
    annotations: list[_Annotation] = []


_TASKS = TypeAdapter(list[_Task])


def label_studio_tasks(sheet: Sheet) -> str:
    """The items as Label Studio tasks, in JSON."""
    tasks: list[dict[str, Any]] = [
        {
            "id": item.position,
            "data": {
                "sample": sheet.sample_key,
                "codebook": sheet.codebook.digest,
                "item": str(item.position),
                "context": "\n\n".join(item.context),
                "speaker": item.speaker,
                "text": item.text,
            },
        }
        for item in sheet.items
    ]
    return json.dumps(tasks, ensure_ascii=False, indent=1)


def label_studio_config(codebook: Codebook) -> str:
    """The labelling configuration of a codebook, in XML."""
    lines = ["<View>"]
    if codebook.context:
        lines.append('  <Text name="context" value="$context"/>')
    if not any(flag.mask_speaker for flag in codebook.flags.values()):
        lines.append('  <Header value="$speaker"/>')
    lines.append('  <Text name="text" value="$text"/>')
    for name, flag in codebook.flags.items():
        shown = printable(f"{name}: {' '.join(flag.definition.split())}")
        # A flag that applies only where another is present is asked where that one is chosen.
        only = (
            f' visibleWhen="choice-selected" whenTagName={quoteattr(flag.when)}'
            ' whenChoiceValue="present"'
            if flag.when and not codebook.flags[flag.when].levels
            else ""
        )
        required = "false" if flag.when else "true"
        lines += [
            f"  <View{only}>",
            f"    <Header value={quoteattr(shown)}/>",
            f'    <Choices name={quoteattr(name)} toName="text" choice="single"'
            f' required="{required}">',
            *(
                f"      <Choice value={quoteattr(choice)}/>"
                for choice in flag.levels or ("present", "absent")
            ),
            "    </Choices>",
            "  </View>",
        ]
    lines.append(f"  <!-- {codebook.digest} -->")
    lines.append("</View>")
    return "\n".join(lines) + "\n"


def read_label_studio(
    path: Path, sample: pl.DataFrame, codebook: Codebook, coder: str | None = None
) -> list[Result]:
    """The codes in a JSON export of Label Studio, one unit per episode and annotator.

    Annotations that were cancelled are left out. An annotator is known by address, or by number.

    Args:
        path: The export (JSON, not JSON-MIN).
        sample: Rows of ``samples`` of the sample that was handed out.
        codebook: The codebook that it was to be coded by.
        coder: Name under which the codes are kept instead of the annotator's own.

    Raises:
        Mistake: The file is no such export, or a task is wrong; see
            :func:`tasks.coding.sheet_values.results_of_marks`.
        Mistakes: Several tasks are wrong; nothing is given then.
    """
    data = strict_json(data_text(path), str(path), "export")
    try:
        tasks = _TASKS.validate_python(data)
    except ValidationError as error:
        raise from_validation(path, error, "export") from None
    marked = [
        Marked(
            place=f"{path}: task {number}",
            annotator=_annotator(annotation),
            sample=task.data.sample,
            codebook=task.data.codebook,
            item=str(task.data.item),
            marks=_marks(annotation, codebook, f"{path}: task {number}"),
        )
        for number, task in enumerate(tasks, start=1)
        for annotation in task.annotations
        if not annotation.was_cancelled
    ]
    return results_of_marks(path, marked, sample, codebook, coder)


def _annotator(annotation: _Annotation) -> str:
    who = annotation.completed_by
    if isinstance(who, _Person):
        return who.email or ("" if who.id is None else f"annotator {who.id}")
    return f"annotator {who}" if isinstance(who, int) else who or ""


def _marks(annotation: _Annotation, codebook: Codebook, place: str) -> dict[str, str]:
    marks: dict[str, str] = {}
    for region in annotation.result:
        if region.type != "choices":
            continue
        if region.from_name not in codebook.flags:
            raise Mistake(
                what="the export codes a flag that the codebook does not have",
                place=place,
                found=cut(region.from_name),
                expected="one of " + ", ".join(codebook.flags),
                fix="use the labelling configuration that was written for this codebook",
            )
        if region.from_name in marks:
            raise Mistake(what=f"{region.from_name} is coded twice in one annotation", place=place)
        if len(region.value.choices) != 1:
            raise Mistake(
                what=f"there must be one choice for {region.from_name}",
                place=place,
                found=cut(", ".join(region.value.choices)) or "none",
            )
        marks[region.from_name] = region.value.choices[0]
    return marks
