"""``agora schema``: the JSON Schema of a study."""

from __future__ import annotations

import json
from pathlib import Path

from flows.files import write_out
from tasks.studies.jsonschema import study_schema


def write_schema(output: Path | None) -> None:
    """Print the schema, or write it to a file.

    Raises:
        Mistake: The file cannot be written.
    """
    text = json.dumps(study_schema(), indent=2, ensure_ascii=False) + "\n"
    write_out(text.encode(), output)
