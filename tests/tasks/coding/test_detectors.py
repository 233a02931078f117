"""Coding by rule, and the shipped codebooks."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from pydantic import ValidationError

from schemas.codebook import Codebook
from schemas.errors import Mistake
from tasks.coding.detectors import codes_by_rule, rule_of
from tasks.coding.items import Changing, Item, Said, items_of, messages_of, names_of
from tasks.coding.labels_in_text import opening_label

NAMES = ("Agent-A", "Agent-B", "LLaMA 3.3 70B")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("**Agent‑B – first thoughts**", "Agent-B"),
        ("[Agent-A]: hello", "Agent-A"),
        ("### Agent-A\nhello", "Agent-A"),
        ("**LLaMA 3.3 70B** : hello", "LLaMA 3.3 70B"),
        ("Agent-A - hello", "Agent-A"),
        ("@Agent-B: could you?", None),
        ("Agent-B, could you?", None),
        ("Agent-B could do it", None),
        ("Agent-Bob: hello", None),
        ("Agent-A-2: hello", None),
        ("I am Agent-A: hello", None),
        ("", None),
    ],
)
def test_headers(text: str, name: str | None) -> None:
    label = opening_label(text, NAMES)
    assert (label.name if label else None) == name


def test_identity_confusion_is_coded_without_a_model(
    codebook_named: Callable[[str], Codebook],
) -> None:
    said = [
        Said(0, "s1", "Agent-A", "Agent-A: I begin."),
        Said(1, "s2", "Agent-B", "Agent‑A: me too, says Agent-A."),
        Said(2, "s2", "Agent-B", "No header."),
    ]
    book = codebook_named("identity_confusion")
    names = Changing(((0, {"s1": "Agent-A", "s2": "Agent-B"}),))
    codes = codes_by_rule(items_of(said, book), book, names)
    found = {(code.seq, code.flag): code.value for code in codes}
    assert found == {
        (0, "self_label"): 1.0,
        (0, "self_label_mismatch"): 0.0,
        (0, "names_other"): 0.0,
        (1, "self_label"): 1.0,
        (1, "self_label_mismatch"): 1.0,
        (1, "names_other"): 1.0,
        (2, "self_label"): 0.0,
        (2, "names_other"): 0.0,
    }
    evidence = {(code.seq, code.flag): code.evidence for code in codes}
    assert evidence[1, "self_label_mismatch"] == "Agent‑A"


def test_names_are_those_of_the_moment(
    codebook_named: Callable[[str], Codebook], make_seats: Callable[..., pl.DataFrame]
) -> None:
    before = make_seats(["e"], {"s1": "Ada", "s2": "Bob"})
    after = before.with_columns(name=pl.Series(["Bob", "Ada"]), from_seq=pl.lit(1, pl.Int64))
    names = names_of(pl.concat([after, before]))
    ((episode, shown),) = names.items()
    texts = ("Ada: hello", "Ada: hello again", "Cem: who am I?")
    events = pl.DataFrame(
        [
            {"episode_key": episode, "seq": seq, "actor": "s1", "kind": "say", "text": text}
            for seq, text in enumerate(texts)
        ]
    )
    said = messages_of(events, names)[episode]
    assert [one.name for one in said] == ["Ada", "Bob", "Bob"]
    book = codebook_named("identity_confusion")
    codes = codes_by_rule(items_of(said, book), book, shown)
    wrong = {code.seq: code.value for code in codes if code.flag == "self_label_mismatch"}
    assert wrong == {0: 0.0, 1: 1.0}


def test_the_language_of_a_text_is_told_by_its_common_words() -> None:
    said = Item(1, 0, None, None, "Je propose de commencer par le plan.")
    assert rule_of("in_language('fr')")(said, {}).value == 1
    assert rule_of("in_language('en')")(said, {}).value == 0


def test_unknown_rules_and_bad_expressions_are_refused() -> None:
    with pytest.raises(Mistake, match="write word_count_below"):
        rule_of("word_count_bellow(15)")
    with pytest.raises(Mistake, match="does not compile"):
        rule_of("/(/")
    with pytest.raises(Mistake, match="arguments"):
        rule_of("word_count_below(fifteen)")


SHIPPED = (
    "differentiation",
    "harm",
    "identity_confusion",
    "negotiation_acts",
    "persuasion",
    "stance",
    "starter",
    "warroom",
)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_codebooks_are_whole(name: str, codebook_named: Callable[[str], Codebook]) -> None:
    book = codebook_named(name)
    assert book.name == name
    assert book.source
    for flag_name, flag in book.flags.items():
        assert flag.examples or flag.rule, flag_name
        for example in flag.examples:
            assert flag.number(example.value) is not None, (flag_name, example)
        if flag.rule is not None:
            rule_of(flag.rule)


def test_the_five_traits_are_those_of_the_founding_study(
    codebook_named: Callable[[str], Codebook],
) -> None:
    assert codebook_named("differentiation").traits == ("phatic", "meta", "lead", "tech", "agree")
    assert codebook_named("warroom").traits == ("phatic", "meta", "lead", "arch", "agree")


def test_a_condition_must_be_a_flag_and_an_example_a_value() -> None:
    with pytest.raises(ValidationError, match="no flag comp"):
        Codebook.model_validate(
            {"name": "b", "flags": {"level": {"definition": "how far", "when": "comp"}}}
        )
    with pytest.raises(ValidationError, match="is none of its values"):
        Codebook.model_validate(
            {
                "name": "b",
                "flags": {
                    "f": {"definition": "x", "examples": [{"text": "a", "value": "perhaps"}]}
                },
            }
        )
