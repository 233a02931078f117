"""Keys are found however they are written, and nothing else is touched."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.models.strike import HIDDEN, Strike

KEY = "sk-Zq7/pX+Lw9=Rt2_uV5.yB8~nM3"


def escaped(key: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in key)


def percent(key: str) -> str:
    return "".join(f"%{ord(character):02X}" for character in key)


#: Ways of writing a key, by name.
WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "quoted for a URL": lambda key: quote(key, safe=""),
    "percent": percent,
    "percent twice": lambda key: quote(percent(key)),
    "JSON escapes": escaped,
    "JSON escapes in JSON": lambda key: json.dumps(escaped(key)),
    "JSON escapes, every other": lambda key: "".join(
        one if place % 2 else escaped(one) for place, one in enumerate(key)
    ),
    "JSON with slashes escaped": lambda key: key.replace("/", "\\/"),
    "bytes": lambda key: "".join(f"\\x{ord(one):02x}" for one in key),
    "HTML": lambda key: html.escape(key).replace("/", "&sol;"),
    "HTML numbers": lambda key: "".join(f"&#{ord(one)};" for one in key),
    "HTML hexadecimal": lambda key: "".join(f"&#x{ord(one):X};" for one in key),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "base64 of user:key": lambda key: base64.b64encode(f"user:{key}".encode()).decode(),
    "base64 of :key": lambda key: base64.b64encode(f":{key}".encode()).decode(),
    "base64 of a header": lambda key: base64.b64encode(f"Bearer {key}\r\n".encode()).decode(),
    "base64 over lines": lambda key: base64.encodebytes((key * 5).encode()).decode(),
    "base64 over lines in JSON": lambda key: json.dumps(
        base64.encodebytes((key * 5).encode()).decode()
    ),
    "hexadecimal": lambda key: key.encode().hex(),
    "HEXADECIMAL": lambda key: key.encode().hex().upper(),
    "over lines": lambda key: f"{key[:9]}\n  {key[9:]}",
    "with zero-width spaces": "\u200b".join,
}


@pytest.mark.parametrize("name", WRITTEN)
@given(before=st.text(max_size=30), after=st.text(max_size=30))
def test_a_key_is_found_however_it_is_written(name, before, after):
    written = WRITTEN[name](KEY)
    found = Strike([KEY]).struck(f"{before} {written} {after}")
    assert HIDDEN in found
    assert written not in found
    left = found.replace(HIDDEN, "")
    assert len(left) < len(before) + len(after) + len(written) / 2 + 12
    assert found.startswith(before[: max(0, len(before) - 8)])


@given(
    key=st.text(st.sampled_from("abcXYZ019-_.~/+=:"), min_size=8, max_size=80),
    name=st.sampled_from(sorted(WRITTEN)),
)
def test_any_key_is_found(key, name):
    written = WRITTEN[name](key)
    found = Strike([key]).struck(f"no such key: {written}, sorry")
    assert HIDDEN in found
    assert written not in found


@pytest.mark.parametrize("kept", range(12, len(KEY) + 1))
def test_a_key_that_is_cut_off_is_found(kept):
    assert Strike([KEY]).struck(f"key {KEY[:kept]}") == f"key {HIDDEN}"


@given(st.text())
def test_texts_without_a_key_are_left_as_they_are(text):
    assert Strike([KEY, "another-key-0123456789"]).struck(text) == text


@pytest.mark.parametrize("value", ["", "none", "EMPTY"])
def test_what_is_too_short_to_be_secret_is_left_alone(value):
    assert Strike([value]).struck("the answer is none, or EMPTY") == "the answer is none, or EMPTY"


@given(st.lists(st.sampled_from([*WRITTEN.values()]), min_size=2, max_size=5))
def test_several_keys_in_one_text_are_all_found(ways):
    text = " and ".join(way(KEY) for way in ways)
    found = Strike([KEY]).struck(text)
    assert not any(way(KEY) in found for way in ways)
    assert found.count(HIDDEN) >= len(ways)
