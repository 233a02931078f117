"""The coding page in a real browser, driven through its debugging port."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from websockets.asyncio.client import ClientConnection, connect

from schemas.codebook import Codebook
from tasks.coding.page import coding_sheet_html
from tasks.coding.sheet import Sheet, read_coding_sheet

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here"),
]
_IDS = itertools.count(1)


async def command(socket: ClientConnection, method: str, **params: Any) -> dict[str, Any]:
    number = next(_IDS)
    await socket.send(json.dumps({"id": number, "method": method, "params": params}))
    async with asyncio.timeout(600):
        while True:
            reply: dict[str, Any] = json.loads(await socket.recv())
            if reply.get("id") == number:
                return reply["result"]


async def value(socket: ClientConnection, expression: str) -> Any:
    result = await command(socket, "Runtime.evaluate", expression=expression, returnByValue=True)
    assert "exceptionDetails" not in result, result
    return result["result"].get("value")


async def press(socket: ClientConnection, *keys: str) -> None:
    for key in keys:
        await command(socket, "Input.dispatchKeyEvent", type="keyDown", key=key)
        await command(socket, "Input.dispatchKeyEvent", type="keyUp", key=key)


async def opened(socket: ClientConnection) -> None:
    """Waits until the page has painted itself anew; marks it, so that a reload can be told."""
    fresh = "!window.seen && !!document.getElementById('count')?.textContent"
    async with asyncio.timeout(600):
        while not await value(socket, fresh):
            await asyncio.sleep(0.05)
    await value(socket, "window.seen = true")


async def driven(page: Path, profile: Path) -> str:
    """Codes two items by keyboard, reloads, and gives the CSV that the page would export."""
    assert CHROMIUM is not None
    browser = subprocess.Popen(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            page.as_uri(),
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        port_file = profile / "DevToolsActivePort"
        async with asyncio.timeout(600):
            while not port_file.exists() or len(port_file.read_text().splitlines()) < 2:
                await asyncio.sleep(0.05)
        port, path = port_file.read_text().splitlines()
        async with connect(f"ws://127.0.0.1:{port}{path}", max_size=None) as root:
            targets = (await command(root, "Target.getTargets"))["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        async with connect(f"ws://127.0.0.1:{port}/devtools/page/{target}", max_size=None) as tab:
            await opened(tab)
            await press(tab, "1", "2", "2", "ArrowRight", "0", "2")
            await value(
                tab,
                "by('annotator').value = 'Zoë'; by('annotator').dispatchEvent(new Event('change'))",
            )
            await value(
                tab, "by('note').value = 'a, \"b\"'; by('note').dispatchEvent(new Event('input'))"
            )
            await command(tab, "Page.reload")
            await opened(tab)
            assert await value(tab, "by('count').textContent") == "2 of 3 coded"
            assert await value(tab, "by('annotator').value") == "Zoë"
            return str(await value(tab, "csv()"))
    finally:
        browser.terminate()
        browser.wait(600)


async def test_codes_survive_a_reload_and_come_back_as_codes(
    tmp_path: Path,
    two_flags: Codebook,
    sheet_of: Callable[..., tuple[pl.DataFrame, Sheet]],
) -> None:
    sample, sheet = sheet_of(
        two_flags, [("s1", "Thanks </script><b>all</b>"), ("s2", "No way"), ("s1", "Well")]
    )
    page = tmp_path / "sheet.html"
    page.write_text(coding_sheet_html(sheet), encoding="utf-8")
    exported = tmp_path / "codes.csv"
    exported.write_text(await driven(page, tmp_path / "profile"), encoding="utf-8")
    results = read_coding_sheet(exported, sample, two_flags)
    rows = [row for result in results for row in result.rows["codes"]]
    seqs = sample.sort("position")["seq"].to_list()
    assert {(row["coder"], row["seq"], row["flag"], row["value"]) for row in rows} == {
        ("Zoë", seqs[0], "thanks", 1.0),
        ("Zoë", seqs[0], "stance", 1.0),
        ("Zoë", seqs[1], "thanks", 0.0),
        ("Zoë", seqs[1], "stance", 0.0),
    }
