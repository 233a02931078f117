"""Whose work something is, and on what terms it may be used."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Record


class Source(Record):
    """What somebody who brings in data declares of them; empty texts are not declared."""

    source: str = Field("", max_length=2000, description="Who made it, or where it is published.")
    licence: str = Field("", max_length=200, description="Its licence, such as CC-BY-4.0.")
    citation: str = Field("", max_length=2000, description="How its authors ask to be cited.")
