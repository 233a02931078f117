"""Keys that a provider sends back, anywhere and in any form: nothing that is kept holds one."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import logging
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from schemas.errors import Mistake
from schemas.gateway import EmbeddingFailed, Message, Question
from schemas.keys import digest
from schemas.study.models import ModelSpec
from tasks.models.gateway import open_gateway
from tasks.models.replies import AttemptFailed
from tasks.models.retry import Backoff
from tasks.models.secrets import Keyring
from tests.tasks.models.conftest import ModelServer, Said, completion
from tests.tasks.models.test_strike import KEY, WRITTEN

ROOT = Path(__file__).resolve().parents[3]
UNIT = digest("unit", 1)
SHOWN = 12


def plainer(text: str) -> str:
    """A text with its escapes taken away, by other means than those that are tested."""
    for _ in range(4):
        text = re.sub(r"\\+u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
        text = re.sub(r"\\+x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text)
        text = html.unescape(unquote(text)).replace("\\/", "/").replace("\\n", "\n")
    return "".join(text.replace("\u200b", "").split())


def shows(text: str) -> bool:
    """Whether a text holds a dozen characters of the key in a row, or as much of its encodings."""
    encodings = [KEY.encode().hex(), KEY.encode().hex().upper()]
    for before in range(3):
        whole = base64.b64encode(bytes(before) + KEY.encode()).decode()[4:-4]
        encodings += [whole, whole.replace("+", "-").replace("/", "_")]
    text = plainer(text)
    pieces = {KEY[place : place + SHOWN] for place in range(len(KEY) - SHOWN + 1)}
    pieces |= {
        one[place : place + 2 * SHOWN] for one in encodings for place in range(len(one) - 2 * SHOWN)
    }
    return any(piece in text for piece in pieces)


@pytest.mark.parametrize("name", WRITTEN)
def test_whoever_looks_for_the_key_sees_it(name):
    assert shows(f"so {WRITTEN[name](KEY)} it is")


def answered(**fields: Any) -> Said:
    said = completion("Hello.")
    said.body |= fields
    return said


def plain(status: int, text: str) -> Said:
    return Said(status, text.encode(), {"content-type": "text/plain"})


#: Places in a provider's answer, each with an answer that holds a text there.
PLACES = {
    "text": completion,
    "reasoning": lambda text: completion("Hello.", reasoning_content=text),
    "thoughts": lambda text: completion(f"<think>{text}</think>Hello."),
    "refusal": lambda text: completion(None, refusal=text),
    "parts of a text": lambda text: completion([{"type": "text", "text": text}]),  # type: ignore[arg-type]
    "arguments": lambda text: completion(
        None, "tool_calls", tool_calls=[{"function": {"name": text, "arguments": text}}]
    ),
    "finish reason": lambda text: completion("Hello.", text),
    "id": lambda text: answered(id=text),
    "model": lambda text: answered(model=text),
    "fingerprint": lambda text: answered(system_fingerprint={"name": text}),
    "usage": lambda text: answered(usage={"prompt_tokens": text, text: 1}),
    "embedding": lambda text: Said(body={"data": [{"index": 0, "embedding": [text]}]}),
    "headers": lambda text: Said(
        429, {"error": "wait"}, {"retry-after": re.sub(r"[^!-~]", "", text)[:5000]}
    ),
    "error of 200": lambda text: Said(200, {"error": {"message": text}}),
    **{
        f"error {status}": lambda text, status=status: Said(
            status, {"error": {"message": text, "code": text}}
        )
        for status in (400, 401, 403, 404, 429, 500)
    },
    "error in words": lambda text: plain(500, text),
    "error in a list": lambda text: Said(400, [text]),
    "no JSON": lambda text: plain(200, text),
    "half of JSON": lambda text: plain(200, json.dumps(completion(text).body)[:-20]),
}


class Held(BaseModel):
    answer: int


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


async def asked(plants: list[tuple[str, int, str]], fields: dict[str, Any], folder: Path) -> str:
    """All that is left of asking a server that plants keys: rows, files, log lines, failures."""
    served = ModelServer()
    texts = [f"{'x ' * (pad // 2)} {WRITTEN[way](KEY)} {'y' * 300}" for _, pad, way in plants]
    listener = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.port = listener.sockets[0].getsockname()[1]

    def answer(request: Any, number: int) -> Said:
        prompt = request.json.get("messages", [{"content": "0"}])[0]["content"]
        place = plants[int(prompt.split()[0])][0]
        return PLACES[place](texts[int(prompt.split()[0])])

    served.answer = answer
    spec = ModelSpec(
        model="openai/served",
        api_base=served.api_base,
        api_key_block="block",
        max_attempts=2,
        **fields,
    )
    left: list[str] = []
    quick = Backoff(first_s=0.001, longest_s=0.001, longest_told_s=0.001)
    async with open_gateway(
        folder / "w.journal", backoff=quick, secret_of={"block": KEY}.__getitem__
    ) as gateway:
        for number in range(len(plants)):
            message = Message("user", f"{number} ?")
            shape = Held if number % 2 else None
            question = Question(spec, (message,), UNIT, number, "agent", answer=shape, reasks=1)
            left.append(repr(await gateway.ask(question)))
        try:
            await gateway.embed(["a text"], spec, UNIT)
        except EmbeddingFailed as error:
            left.append(repr(error.failure))
        left.append(json.dumps(gateway.rows(UNIT), default=str))
        files = [path for path in folder.rglob("*") if path.is_file()]
        left += [path.read_bytes().decode(errors="replace") for path in files]
    listener.close()
    return "\n".join(left)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    plants=st.lists(
        st.tuples(
            st.sampled_from(sorted(PLACES)),
            st.sampled_from((0, 20)) | st.integers(100, 700),
            st.sampled_from(sorted(WRITTEN)),
        ),
        min_size=12,
        max_size=12,
    ),
)
def test_nothing_that_is_kept_holds_a_key_wherever_a_provider_puts_it(plants):
    lines = Lines()
    logging.getLogger().addHandler(lines)
    try:
        with tempfile.TemporaryDirectory() as folder:
            left = asyncio.run(asked(plants, {}, Path(folder)))
    finally:
        logging.getLogger().removeHandler(lines)
    assert "attempts" in left
    assert not shows(left)
    assert not shows("\n".join(lines.lines))


THROUGH_LITELLM = """
import asyncio, sys
from pathlib import Path
from tests.tasks.models.test_keys import PLACES, asked

plants = [(one, pad, way) for one in sorted(PLACES) for pad in (20, 585) for way in sys.argv[2:]]
sys.stdout.write(asyncio.run(asked(plants, {"transport": "litellm"}, Path(sys.argv[1]))))
"""


def test_the_same_holds_for_what_litellm_hands_on_logs_and_warns_of(tmp_path):
    ways = ("as it is", "base64 of user:key", "JSON escapes")
    told = subprocess.run(
        [sys.executable, "-c", THROUGH_LITELLM, str(tmp_path), *ways],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"attempts"' in told.stdout
    assert not shows(told.stdout)
    assert not shows(told.stderr)


@pytest.mark.parametrize("cut", range(540, 612, 6))
async def test_a_key_across_the_cut_of_an_error_leaves_no_part_of_itself(cut):
    async def failing() -> None:
        raise AttemptFailed("bad_request", "." * cut + KEY + "." * 100)

    with pytest.raises(AttemptFailed) as caught:
        await ring().without_keys(failing())
    message = str(caught.value)
    assert len(message) <= 600
    assert message.strip(".") in "[key]"
    assert caught.value.__context__ is None


def ring() -> Keyring:
    keyring = Keyring({"block": KEY}.__getitem__)
    keyring.key(ModelSpec(model="openai/x", api_key_block="block"))
    return keyring


async def test_a_bug_keeps_its_traceback_but_no_key():
    async def broken() -> None:
        raise ValueError(f"could not convert {KEY}")

    with pytest.raises(RuntimeError, match=r"ValueError: could not convert \[key\]") as caught:
        await ring().without_keys(broken())
    assert caught.value.__context__ is None


async def test_a_bug_without_a_key_is_raised_as_it_is():
    async def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ring().without_keys(broken())


@pytest.mark.parametrize("value", ["sk-12345678\n", " sk-12345678", "sk-1234 5678", "sk-12345678é"])
def test_a_key_that_no_header_can_carry_is_a_mistake_that_does_not_show_it(value):
    spec = ModelSpec(model="openai/x", api_key_block="block")
    with pytest.raises(Mistake, match="cannot be sent") as caught:
        Keyring({"block": value}.__getitem__).key(spec)
    assert "1234" not in caught.value.message()


def test_a_plain_word_in_the_environment_is_no_key(monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "festival")
    monkeypatch.setenv("ANOTHER_TOKEN", "fest1val-of-keys")
    keyring = Keyring()
    found = asyncio.run(keyring.without_keys(_said("a festival, a fest1val-of-keys")))
    assert found == "a festival, a [key]"


async def _said(text: str) -> str:
    return text
