"""Damaged folders of markets."""

from __future__ import annotations

import re

from .samples import BUSINESS, CUSTOMER

_CUSTOMER_EDITS = {
    "no id": ("id: customer_1\n", ""),
    "an empty id": ("customer_1", '""'),
    "an id that is a number": ("customer_1", "1"),
    "an id over two lines": ("customer_1", '"a\\nb"'),
    "an id that a terminal obeys": ("customer_1", '"a\\eb"'),
    "an id of direction marks": ("customer_1", '"\\u202ea"'),
    "an id of 20,000 characters": ("customer_1", "a" * 20_000),
    "the id of a business": ("customer_1", "business_1"),
    "an unknown field": ("name: Mara", "nmae: Mara"),
    "a key twice": ("name: Mara", "name: Mara\nname: Mira"),
    "an item twice": ("{Bun: 3.5}", "{Bun: 3.5, Bun: 4}"),
    "no prices": ("{Bun: 3.5}", "[Bun]"),
    "yes for a price": ("3.5", "yes"),
    "true for a price": ("3.5", "true"),
    "a time for a price": ("3.5", "1:30"),
    "a price in quotation marks": ("3.5", '"3.5"'),
    "a price with a comma": ("{Bun: 3.5}", "{Bun: '3,5'}"),
    "a price with an underscore": ("3.5", "1_0"),
    "a negative price": ("3.5", "-1"),
    "an infinite price": ("3.5", ".inf"),
    "a price that is no number": ("3.5", ".nan"),
    "a price too large": ("3.5", "1e999"),
    "an octal price": ("3.5", "0o17"),
    "a null price": ("3.5", "null"),
    "amenities that are a text": ("[Delivery]", "Delivery"),
    "amenities that are numbers": ("[Delivery]", "[1]"),
    "a tag": ("name: Mara", "name: !!python/name:os.system Mara"),
    "an alias of nothing": ("name: Mara", "name: *mara"),
    "a second document": ("name: Mara", "name: Mara\n---\nid: x"),
    "a tab": ("name: Mara", "\tname: Mara"),
    "NUL": ("Mara", "Ma\0ra"),
    "an escape": ("Mara", "Ma\x1bra"),
    "a bell in a name": ("Mara", '"Ma\\ara"'),
}
_BUSINESS_EDITS = {
    "a rating above 1": ("0.9", "9"),
    "a rating below 0": ("0.9", "-0.1"),
    "a rating that is no number": ("0.9", ".nan"),
    "a rating of words": ("0.9", "good"),
    "an amenity that is a word": ("{Delivery: true}", "{Delivery: yes}"),
    "an amenity that is a number": ("{Delivery: true}", "{Delivery: 1}"),
    "amenities that are a list": ("{Delivery: true}", "[Delivery]"),
    "no description": ("description: We bake.\n", ""),
    "an infinite factor": ("rating: 0.9", "rating: 0.9\nmin_price_factor: .inf"),
    "a negative factor": ("rating: 0.9", "rating: 0.9\nmin_price_factor: -1"),
    "the fields of a customer": ("name: The Oven", "name: The Oven\nrequest: A bun"),
}
_NO_YAML = {
    "empty": b"",
    "a comment": b"# nothing\n",
    "a list": b"- a\n",
    "a text": b"hello\n",
    "a number": b"1\n",
    "latin-1": CUSTOMER.replace("Mara", "Mar\xe8").encode("latin-1"),
    "UTF-16": CUSTOMER.encode("utf-16"),
    "random bytes": bytes(range(256)) * 4,
    "nested lists": b"[" * 100_000,
    "nested mappings": b"{a: " * 100_000,
    "a bomb": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(
        b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % ((n + 1, n + 1) + (n,) * 7)
        for n in b"abcdefgh"
    ),
}

#: Values, as YAML writes them, that a field cannot have; ``None``: the field is not there.
_OF_CUSTOMERS: dict[str, tuple[str | None, ...]] = {
    "id": ("null", "[a]", "{a: b}", "true", '" a"', '"e\\u0301"', '"a\\u200bb"'),
    "name": (None, "null", '""', "3", "[a]", '"a\\nb"', '"a\\u202eb"', "1.5"),
    "request": (None, "null", "3", "[a]", "{a: b}", "true"),
    "menu_features": (
        *(None, "null", "Bun", "3", '{"": 1}', "{Bun: [1]}", "{Bun: {}}", "{Bun: on}"),
        *("{Bun: 0x1F}", "{Bun: 12:30:45}", "{Bun: +.inf}", "{Bun: 1.5.2}", "{Bun: $3}"),
        *("{Bun: 3 EUR}", '{"a\\eb": 1}', "{[a]: 1}", "{Bun: 2026-01-02}"),
    ),
    "amenity_features": (None, "null", "{a: b}", '[""]', "[null]", '["a\\nb"]', "[[a]]", "3"),
}
_OF_BUSINESSES: dict[str, tuple[str | None, ...]] = {
    "id": (None, '""', "3", "null"),
    "name": (None, '""', "3"),
    "description": ("3", "null", "[a]", "true"),
    "rating": (None, "null", "1:30", "true", ".inf", "[1]", '"0.9"', "0.9.1", "1.0000001"),
    "menu_features": (None, "null", "{Bun: -3}", "{Bun: yes}", "{Bun: null}", "[Bun]"),
    "amenity_features": (None, "null", '{Delivery: "true"}', "{Delivery: null}"),
    "min_price_factor": ("text", "true", ".nan", '"1"', "[1]"),
    "progenitor_customer": ("3", "[a]", "true"),
}


def _with(text: str, field: str, value: str | None) -> bytes:
    """The text of a customer or a business with another value for a field, or without it."""
    rest = re.sub(rf"^{field}:.*\n", "", text, flags=re.MULTILINE)
    return (rest if value is None else f"{rest}{field}: {value}\n").encode()


MARKETS: dict[str, tuple[str, bytes]] = {
    **{
        f"{side}: {field}: {value}": (f"{side}/one.yaml", _with(text, field, value))
        for side, text, fields in (
            ("customers", CUSTOMER, _OF_CUSTOMERS),
            ("businesses", BUSINESS, _OF_BUSINESSES),
        )
        for field, values in fields.items()
        for value in values
    },
    **{
        f"customer: {name}": ("customers/one.yaml", CUSTOMER.replace(*edit).encode())
        for name, edit in _CUSTOMER_EDITS.items()
    },
    **{
        f"business: {name}": ("businesses/one.yaml", BUSINESS.replace(*edit).encode())
        for name, edit in _BUSINESS_EDITS.items()
    },
    **{f"a file that is {name}": ("customers/two.yaml", text) for name, text in _NO_YAML.items()},
    "a .yml with the id of another": ("customers/two.yml", CUSTOMER.encode()),
    "a .YAML that is damaged": ("customers/two.YAML", b"id: ["),
    "a .yml that is damaged": ("customers/two.yml", b"id: ["),
    "a .json in the folder": ("customers/two.json", b"{}"),
    "a file without a suffix": ("customers/two", b"id: x"),
}
