"""What a simulated participant of a talk says."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

from tasks.environments.talk import phrases
from tasks.environments.talk.cues import CUES, content_words
from tasks.environments.talk.habits import TalkHabits
from tasks.environments.talk.missing import reference
from tasks.environments.talk.voting import held_option
from tasks.environments.talk.words import Words, words_of

#: Earlier messages of others that a participant may refer to.
RECENT = 8

#: Words that a limit on words is taken to leave for each sentence on the matter.
WORDS_PER_SENTENCE = 25

#: Words that are no topic: quantities and what a brief asks participants to do.
_EMPTY = re.compile(
    r"one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million|euros?|dollars?|"
    r"months?|weeks?|years?|hours?|days?|people|discuss|write|wants?|needs?|make|agree|settle|"
    r"work|first|last|next|plan|propose|decide|design|build|develop|prepare|please|like|take|team|"
    r"will|must|have|together|still|until|because|here|such|every|many|much|open|"
    r"veut|veulent|doit|doivent|pour|dans|avec|sans|chez|leurs?|cette|notre|votre|nous|vous|mille|"
    r"mois|semaines?|jours?|habitants?|personnes|ensemble|être|avoir|faire|tous|toute|dont|quel|"
    r"proposez|discutez|organiser|premier|prévue?"
)


def message(
    habits: TalkHabits, seen: Mapping[str, Any], own: random.Random, rng: random.Random
) -> str:
    """A message, with each flag drawn at its declared rate.

    Args:
        habits: The declared rates.
        seen: The observation: ``you``, ``others``, ``brief``, ``names``, ``round``, ``rounds`` and
            ``history``.
        own: Generator that is the same throughout the episode.
        rng: Generator of this call.
    """
    held = held_option(habits, seen, own) if habits.states else None
    words = words_of(habits, seen, own)
    topics = topics_of(str(seen["brief"]), words.TOPICS)
    speaker = _Speaker(_addressed(seen), _said(seen), topics, words, rng)
    text = _said_freely(habits, seen, speaker)
    stance = seen.get("stance")
    before = [
        rng.choice(words.HOLDING).format(option=stance)
        if stance is not None and rng.random() < habits.obeys
        else None,
        _header(habits, seen, rng),
        reference(habits, seen, words, rng),
        speaker.claim() if habits.claims and rng.random() < habits.claims else None,
        rng.choice(words.HOLDING).format(option=held)
        if held is not None and rng.random() < habits.states
        else None,
    ]
    return " ".join([*filter(None, before), text])


def _said_freely(habits: TalkHabits, seen: Mapping[str, Any], speaker: _Speaker) -> str:
    """Pleasantries, or sentences on the matter with what else is drawn."""
    words, rng = speaker.words, speaker.rng
    agree = rng.random() < habits.agree and bool(speaker.said)
    if rng.random() < habits.phatic:
        return speaker.sentence(words.AGREE_PHATIC if agree else words.PHATIC)
    # The other flags are never drawn for a phatic message, and make up for it here.
    rest = 1 - habits.phatic
    meta, lead, tech = (
        rng.random() < rate / rest for rate in (habits.meta, habits.lead, habits.tech)
    )
    banks = [
        *([words.AGREE] if agree else []),
        *([words.META] if meta else []),
        *_matter(habits, seen, speaker),
        *([words.TECH] if tech else []),
        *([words.LEAD] if lead and speaker.others else []),
    ]
    return " ".join(speaker.sentence(bank) for bank in banks)


def _header(habits: TalkHabits, seen: Mapping[str, Any], rng: random.Random) -> str | None:
    """The name that a message opens with, another's where the speaker is confused; often none."""
    if not habits.header or rng.random() >= habits.header:
        return None
    strangers = [name for seat, name in seen["names"].items() if seat != seen["seat"]]
    confused = rng.random() < habits.confusion and bool(strangers)
    return f"{rng.choice(strangers) if confused else seen['you']}:"


def _matter(
    habits: TalkHabits, seen: Mapping[str, Any], speaker: _Speaker
) -> list[tuple[str, ...]]:
    """The banks that the sentences on the matter are taken from, early to late in a discussion."""
    words, rng = speaker.words, speaker.rng
    n_sentences = 1 + sum(rng.random() < habits.talkativeness for _ in range(3))
    turn = seen.get("turn", {})
    most = turn.get("max_words") or seen.get("max_words")
    if most:
        n_sentences = max(1, min(n_sentences, int(most) // WORDS_PER_SENTENCE))
    place = seen["round"] / max(1, seen["rounds"] - 1)
    if turn.get("part") == "synthesis":
        place = 1.0
    stage = words.OPENING if place < 0.25 else words.CLOSING if place > 0.75 else words.MIDDLE
    first = words.BUILDING if speaker.said and rng.random() < 0.5 else stage
    return [first, *(rng.choice((stage, words.MIDDLE)) for _ in range(n_sentences - 1))]


@dataclass
class _Speaker:
    """Makes the sentences of one message, none of them twice."""

    others: Sequence[str]
    said: Sequence[tuple[str, str]]
    topics: tuple[str, ...]
    words: Words
    rng: random.Random
    used: set[str] = field(default_factory=set)

    def sentence(self, bank: tuple[str, ...]) -> str:
        """A sentence of a bank, about the brief and, where it names somebody, what they said."""
        phrase = self.rng.choice([one for one in bank if one not in self.used] or bank)
        self.used.add(phrase)
        topics = self.topics
        if "{name}" not in phrase:
            name = ""
        elif bank is self.words.LEAD or not self.said:
            name = self.rng.choice(self.others) if self.others else ""
        else:
            # Whoever spoke to the matter is referred to first, by what they spoke about.
            about = [(name, self._touched(text)) for name, text in self.said]
            name, touched = self.rng.choice([one for one in about if one[1]] or about)
            topics = touched or topics
        topic = self.rng.choice(topics)
        other = self.rng.choice([one for one in self.topics if one != topic])
        return phrase.format(
            topic=topic,
            other=other,
            name=name,
            tech=self._technologies(),
            task=self.rng.choice(self.words.TASKS).format(topic=other),
        )

    def claim(self) -> str | None:
        """Words that claim the name of another; ``None`` where there is nobody else."""
        if not self.others:
            return None
        name = self.rng.choice(self.others)
        return self.rng.choice(self.words.CLAIM).format(name=name)

    def _technologies(self) -> str:
        named = self.rng.sample(phrases.TECHNOLOGIES, self.rng.choice((2, 2, 3)))
        return self.words.AND.join(named)

    def _touched(self, text: str) -> tuple[str, ...]:
        low = text.lower()
        return tuple(topic for topic in self.topics if topic in low)


def _addressed(seen: Mapping[str, Any]) -> Sequence[str]:
    """Names of the others whom a message can address: those who hear it."""
    hearers = seen.get("turn", {}).get("hearers")
    if hearers is None:
        return seen["others"]  # type: ignore[no-any-return]
    return [seen["names"][seat] for seat in hearers]


def _said(seen: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and words of the others who spoke lately."""
    names = seen["names"]
    return [
        (names[event["actor"]], event["text"])
        for event in seen["history"][-RECENT:]
        if event["kind"] == "say" and event["actor"] in names and event["actor"] != seen["seat"]
    ]


@lru_cache(maxsize=256)
def topics_of(brief: str, otherwise: tuple[str, ...] = phrases.TOPICS) -> tuple[str, ...]:
    """What a brief is about: pairs of neighbouring content words, then single ones.

    Quantities, plurals and words that carry a cue of their own are left out, and so are words that
    qualify the next one. Where too little is left, it is what is spoken of otherwise.

    Example:
        >>> topics_of("We want a delivery app for the city. Hungry diners have a small budget.")
        ('delivery app', 'small budget', 'city')
    """
    written = re.findall(r"[\w'-]+|[.,;:!?]", brief.lower())
    pairs = [pair for pair in pairwise(written) if all(_carries_matter(word) for word in pair)]
    nouns = {word for pair in pairs for word in pair}
    found = dict.fromkeys(
        [" ".join(pair) for pair in pairs if all(_speakable(word) for word in pair)]
        + [word for word in written if _speakable(word) and word not in nouns]
    )
    usable = [topic for topic in found if _neutral(topic)]
    return tuple(usable) if len(usable) > 1 else otherwise


def _carries_matter(word: str) -> bool:
    return word == "app" or (bool(content_words(word)) and not _EMPTY.fullmatch(word))


def _speakable(word: str) -> bool:
    plural = word.endswith("s") and not word.endswith("ss")
    return _carries_matter(word) and word.isalpha() and not plural


def _neutral(topic: str) -> bool:
    """Whether a topic carries no cue of its own, so that naming it flags nothing."""
    return not any(cue(topic) for flag, cue in CUES.items() if flag != "phatic") and not any(
        name.lower() in topic for name in phrases.TECHNOLOGIES
    )
