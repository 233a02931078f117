"""The coding sheet as one page that opens in a browser from disk."""

from __future__ import annotations

import json
from importlib import resources

import jinja2
from markupsafe import Markup

from tasks.coding.sheet import Sheet


def coding_sheet_html(sheet: Sheet) -> str:
    """A self-contained page: shows item after item, keeps the codes, exports the CSV.

    It needs no server and no network. Codes are kept in the browser's local storage under the
    sample, the version of the codebook and the annotator. It holds nothing that could unblind an
    annotator: no condition, no codes, and speakers only where the codebook masks none.
    """
    codebook = sheet.codebook
    fields = {"definition", "include", "exclude", "examples", "levels", "when"}
    data = {
        "sample": sheet.sample_key,
        "codebook": codebook.digest,
        "open": len(codebook.flags) <= 4,
        "flags": {
            name: flag.model_dump(mode="json", include=fields)
            for name, flag in codebook.flags.items()
        },
        "items": [
            {
                "position": item.position,
                "text": item.text,
                "speaker": item.speaker,
                "context": list(item.context),
            }
            for item in sheet.items
        ],
    }
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True)
    return environment.from_string(_page("sheet.html")).render(
        title=codebook.name,
        style=Markup(_page("sheet.css")),
        script=Markup(_page("sheet.js")),
        data=Markup(script_json(data)),
    )


def script_json(value: object) -> str:
    r"""JSON that can stand in a script element, whatever its texts hold.

    Example:
        >>> print(script_json({"text": "</script>"}))
        {"text": "\u003c/script>"}
    """
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _page(name: str) -> str:
    return resources.files("tasks.coding").joinpath("pages", name).read_text("utf-8")
