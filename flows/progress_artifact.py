"""How a stage gets on, as an artifact in Prefect's UI."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from flows.artifacts import artifact_key
from flows.meter import in_parts
from flows.naming import place

if TYPE_CHECKING:
    from flows.session import Session
    from schemas.unit import Stage

#: An update costs the server some time; a stage that is over sooner needs none.
EVERY_S = 10.0


@contextlib.asynccontextmanager
async def progress_shown(
    session: Session, stage: Stage, every_s: float = EVERY_S
) -> AsyncIterator[None]:
    """While it lasts, an artifact says how the stage gets on, renewed every few seconds."""
    showing = asyncio.create_task(_show(session, stage, every_s))
    try:
        yield
    finally:
        showing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await showing


async def _show(session: Session, stage: Stage, every_s: float) -> None:
    shown: UUID | None = None
    while True:
        await asyncio.sleep(every_s)
        found = session.meter.snapshot()
        if found is None or found.stage != stage or not found.units:
            continue
        percent = 100.0 * (found.held + found.done) / found.units
        head = f"{place(found.study, stage, found.step)}: {found.held + found.done:,} of"
        text = " · ".join([f"{head} {found.units:,} {found.title}", *in_parts(found)])
        if shown is None:
            key = artifact_key("agora", found.study, stage, "progress")
            shown = await acreate_progress_artifact(percent, key=key, description=text)
        else:
            await aupdate_progress_artifact(shown, progress=percent, description=text)
