"""The base of everything that a user writes or the warehouse stores."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: A probability, or a part of a whole.
Share = Annotated[float, Field(ge=0, le=1)]


class Record(BaseModel):
    """A frozen value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)
