"""How a stage gets on, as an artifact in Prefect's UI."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
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
    artifact = _Artifact(session, stage)
    showing = asyncio.create_task(artifact.renew_every(every_s))
    try:
        yield
    finally:
        showing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await showing
    if artifact.shown is not None:
        await artifact.renew()


class _Artifact:
    """The artifact of a stage, made when it is first renewed."""

    def __init__(self, session: Session, stage: Stage) -> None:
        self._session = session
        self._stage = stage
        self.shown: UUID | None = None

    async def renew_every(self, every_s: float) -> None:
        """Renew it again and again."""
        while True:
            await asyncio.sleep(every_s)
            # A server that is away for a while costs an update, never the run.
            with contextlib.suppress(httpx.TransportError):
                await self.renew()

    async def renew(self) -> None:
        """Say how the stage gets on now."""
        found = self._session.meter.snapshot()
        if found is None or found.stage != self._stage or not found.units:
            return
        percent = 100.0 * (found.held + found.done) / found.units
        head = f"{place(found.study, found.stage, found.step)}: {found.held + found.done:,} of"
        text = " · ".join([f"{head} {found.units:,} {found.title}", *in_parts(found)])
        if self.shown is None:
            key = artifact_key("agora", found.study, found.stage, "progress")
            self.shown = await acreate_progress_artifact(percent, key=key, description=text)
        else:
            await aupdate_progress_artifact(self.shown, progress=percent, description=text)
