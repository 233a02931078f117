"""Damaged CSV: codes of the founding study, and coding sheets."""

from __future__ import annotations

from collections.abc import Callable

from tasks.importers.warroom_codes import COLUMNS

from .samples import code_row, codes_csv

#: What can happen to any CSV file.
NO_CSV: dict[str, Callable[[str], bytes]] = {
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "half a character at its end": lambda text: text.encode() + b"\xc3",
    "a character that is too long": lambda text: text.encode().replace(b"1", b"\xc0\xb1", 1),
    "half a pair": lambda text: text.encode() + b"\xed\xa0\x80",
    "NUL bytes after it": lambda text: text.encode() + b"\0" * 100,
    "an image": lambda text: b"\x89PNG\r\n\x1a\n" + bytes(100),
    "a gzip": lambda text: b"\x1f\x8b\x08\x00" + bytes(100),
    "a workbook": lambda text: b"PK\x03\x04\x14\x00" + bytes(range(256)),
    "a web page": lambda text: b"<html><body>Sign in</body></html>\n",
    "JSON": lambda text: b'[{"id": 1}]\n',
    "an empty line before it": lambda text: b"\n" + text.encode(),
    "a comment before it": lambda text: b"# exported today\n" + text.encode(),
    "sep= before it": lambda text: b"sep=,\n" + text.encode(),
    "a mark in its middle": lambda text: text.replace("\n", "\n\ufeff", 1).encode(),
    "the header twice": lambda text: (text.split("\n")[0] + "\n" + text).encode(),
    "the header at the end": lambda text: "\n".join(reversed(text.strip().split("\n"))).encode(),
    "upper case": lambda text: text.upper().encode(),
    "pipes": lambda text: text.replace(",", "|").encode(),
    "lines joined": lambda text: text.replace("\n", " ").encode(),
    "a row of commas": lambda text: text.encode() + b"," * text.split("\n")[0].count(",") + b"\n",
    "a quotation mark after it": lambda text: text.encode() + b'"',
    "a row of one cell": lambda text: text.encode() + b"total\n",
    "cut in the first row": lambda text: text[: text.index("\n") + 9].encode(),
    "cut in the header": lambda text: text[: text.index("\n") // 2].encode(),
    "tabs after the header": lambda text: text.replace(
        text.split("\n", 1)[1], text.split("\n", 1)[1].replace(",", "\t")
    ).encode(),
}

CODES = {
    "empty": b"",
    "only a header": codes_csv().splitlines()[0].encode(),
    "no CSV": b"hello",
    "latin-1": codes_csv(code_row(agent="Mod\xe8le")).encode("latin-1"),
    "UTF-16": codes_csv().encode("utf-16"),
    "NUL": codes_csv().replace("Model", "Mo\0del").encode(),
    "random bytes": bytes(range(256)) * 10,
    "a column too few": codes_csv().replace(",human_lead", "", 1).encode(),
    "a column twice": codes_csv().replace("human_lead", "human_meta", 1).encode(),
    "semicolons": codes_csv().replace(",", ";").encode(),
    "tabs": codes_csv().replace(",", "\t").encode(),
    "a cell too many": (codes_csv().rstrip("\n") + ",1\n").encode(),
    "a cell too few": codes_csv().rsplit(",", 1)[0].encode(),
    "an open quotation mark": codes_csv().replace("Model 1", '"Model 1').encode(),
    "a quotation mark in a cell": codes_csv().replace("Model 1", '"Model" 1').encode(),
    "a cell of 200,000 characters": codes_csv(code_row(agent="a" * 200_000)).encode(),
    "a row twice": codes_csv(code_row(), code_row()).encode(),
    "an id that is none": codes_csv(code_row(id="A-run01")).encode(),
    "an id with a round of letters": codes_csv(code_row(id="A-run01|Agent-A|Rx")).encode(),
    "an id with a round of 30 digits": codes_csv(
        code_row(id=f"A-run01|Agent-A|R{'9' * 30}")
    ).encode(),
    "an id with foreign digits": codes_csv(code_row(id="A-run01|Agent-A|R\u0661")).encode(),
    "a name that a terminal obeys": codes_csv(code_row(id="new|\x1b[2J|R0")).encode(),
    "a run of direction marks": codes_csv(code_row(id="\u202enew|Agent-A|R0")).encode(),
    "an empty series": codes_csv(code_row(id="new|Agent-A|R0", series="")).encode(),
    "a series that a terminal obeys": codes_csv(
        code_row(id="new|Agent-A|R0", series="\x9b2J")
    ).encode(),
    "a message that is not in the run": codes_csv(code_row(id="A-run01|Agent-A|R9")).encode(),
    "a speaker who is not in the run": codes_csv(code_row(id="A-run01|Agent-Z|R0")).encode(),
    **{
        f"{mark!r} by a person": codes_csv(code_row(human_lead=mark)).encode()
        for mark in ("2", "nan", "NaN", "inf", "yes please", "-1", "1.0", "\u0661", "=1", "x")
    },
    **{
        f"{mark!r} by a model": codes_csv(code_row(gemini_lead=mark)).encode()
        for mark in ("", "2", "true", "nan", "1e0", " ", "None")
    },
    "a level that is none": codes_csv(code_row(human_comp="true", human_comp_level="x")).encode(),
    "a level without the flag": codes_csv(
        code_row(human_comp="", human_comp_level="mild")
    ).encode(),
    **{f"file: {name}": damage(codes_csv()) for name, damage in NO_CSV.items()},
    **{
        f"no column {name}": codes_csv().replace(name, "x", 1).encode()
        for name in COLUMNS
        if name not in {"round", "human_comp"}
    },
    **{
        f"no code in {name}": codes_csv(code_row(**{name: "present"})).encode()
        for name in COLUMNS
        if name.startswith(("gemini_", "sonnet_", "human_")) and not name.endswith("_level")
    },
    **{
        f"the id {name!r}": codes_csv(code_row(id=name)).encode()
        for name in (
            "",
            "|",
            "||",
            "|Agent-A|R0",
            "A-run01||R0",
            "A-run01|Agent-A|",
            "A-run01|Agent-A|R",
            "A-run01|Agent-A|0",
            "A-run01|Agent-A|R-1",
            "A-run01|Agent-A|R0.5",
            "A-run01|Agent-A|R0|R1",
            "A-run01|Agent-A|r0",
            "new |Agent-A|R0",
            "new| Agent-A|R0",
            "n\u200bew|Agent-A|R0",
        )
    },
}


def _first_row(sheet: str, change: Callable[[str], str]) -> str:
    header, first, *rest = sheet.split("\n")
    return "\n".join([header, change(first), *rest])


SHEETS: dict[str, Callable[[str], str | bytes]] = {
    "empty": lambda sheet: "",
    "only a header": lambda sheet: sheet.split("\n")[0],
    "no sheet": lambda sheet: "a,b\n1,2\n",
    "latin-1": lambda sheet: sheet.replace("Ada", "Adé").encode("latin-1"),
    "UTF-16": lambda sheet: sheet.encode("utf-16"),
    "NUL": lambda sheet: sheet.replace("Ada", "A\0da"),
    "a row twice": lambda sheet: sheet + sheet.split("\n", 1)[1],
    "another column": lambda sheet: sheet.replace("phatic", "phatik", 1),
    "a column twice": lambda sheet: sheet.replace('"note"', '"phatic"', 1),
    "a column more": lambda sheet: _first_row(sheet, lambda row: row + ',"1"'),
    "no column of items": lambda sheet: sheet.replace('"item"', '"itme"', 1),
    "semicolons": lambda sheet: sheet.replace('","', '";"'),
    "an item of another sample": lambda sheet: sheet.replace('"Ada","1"', '"Ada","99"'),
    "an item 0": lambda sheet: sheet.replace('"Ada","1"', '"Ada","0"'),
    "an item below 0": lambda sheet: sheet.replace('"Ada","1"', '"Ada","-1"'),
    "an item with a fraction": lambda sheet: sheet.replace('"Ada","1"', '"Ada","1.0"'),
    "an item in foreign digits": lambda sheet: sheet.replace('"Ada","1"', '"Ada","\u0661"'),
    "nobody": lambda sheet: sheet.replace('"Ada"', '" "'),
    "an annotator that a terminal obeys": lambda sheet: sheet.replace("Ada", "A\x1b[2Jda"),
    "an annotator of direction marks": lambda sheet: sheet.replace("Ada", "A\u202eda"),
    "an annotator over two lines": lambda sheet: sheet.replace("Ada", "A\nda"),
    "an annotator of 20,000 characters": lambda sheet: sheet.replace("Ada", "A" * 20_000),
    "another sample": lambda sheet: _first_row(sheet, lambda row: '"0' + row[2:]),
    "another sample throughout": lambda sheet: sheet.replace('\n"', '\n"x'),
    "nothing coded": lambda sheet: sheet.replace('"1","for"', '"",""'),
    "another version of the codebook": lambda sheet: sheet.replace(
        sheet.split('"')[27] if False else sheet.split("\n")[1].split('","')[1], "0" * 32
    ),
    **{
        f"the mark {mark!r}": (
            lambda sheet, mark=mark: _first_row(
                sheet, lambda row: row.replace('"1","for"', f'"{mark}","for"')
            )
        )
        for mark in ("2", "nan", "inf", "-1", "1.0", "1e0", "maybe", "\u0661", "=1", "TRUE()")
    },
    **{
        f"the level {mark!r}": (
            lambda sheet, mark=mark: _first_row(
                sheet, lambda row: row.replace('"1","for"', f'"1","{mark}"')
            )
        )
        for mark in ("1", "fro", "nan", "pro", "-")
    },
    **{f"file: {name}": damage for name, damage in NO_CSV.items()},
    **{
        f"no column {name}": (lambda sheet, name=name: sheet.replace(f'"{name}"', '"x"', 1))
        for name in ("sample", "codebook", "annotator", "phatic", "stance")
    },
    **{
        f"the item {item!r}": (
            lambda sheet, item=item: sheet.replace('"Ada","1"', f'"Ada","{item}"')
        )
        for item in ("", " ", "one", "1e0", "+1", "01", "0x1", "1;2", "\uff11", "1,0", "#1", "true")
    },
    **{
        f"the annotator {name!r}": (lambda sheet, name=name: sheet.replace('"Ada"', f'"{name}"'))
        for name in (
            "",
            "\t",
            "A\u200bda",
            "A\x9bda",
            "A\rda",
            "Ade\u0301",
            "\ufeffAda",
            "A\u2028da",
        )
    },
    **{
        f"the mark {mark!r}": (
            lambda sheet, mark=mark: _first_row(
                sheet, lambda row: row.replace('"1","for"', f'"{mark}","for"')
            )
        )
        for mark in (
            "y",
            "ja",
            "1 0",
            "1,0",
            "\u2713",
            "null",
            "N/A",
            "?",
            "0.5",
            "for",
            "10",
            "-0",
        )
    },
    **{
        f"the level {mark!r}": (
            lambda sheet, mark=mark: _first_row(
                sheet, lambda row: row.replace('"1","for"', f'"1","{mark}"')
            )
        )
        for mark in ("0", "2", "for against", "forr", "f\u200bor", "yes", "absent")
    },
}
