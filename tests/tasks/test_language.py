from __future__ import annotations

from tasks.environments.talk import french, phrases
from tasks.language import language_of


def test_phrases_are_told_apart_by_their_common_words() -> None:
    banks = ("OPENING", "MIDDLE", "CLOSING", "BUILDING", "META")
    for words, language in ((phrases, "en"), (french, "fr")):
        for bank in banks:
            assert {language_of(phrase) for phrase in getattr(words, bank)} == {language}
