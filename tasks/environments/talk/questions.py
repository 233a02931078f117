"""What a seat is told when it has the floor, where that is more than that it is its turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.environment import Ask
from tasks.environments.talk.turns import Part

#: What a seat says that has nothing to say.
PASS = "PASS"

#: Talk is free text; who gives no usable answer says nothing.
TURN = Ask("turn", no_answer="absent")

_LEADING: Mapping[Part, str] = {
    "opening": "You lead this talk. Open the round.",
    "synthesis": "You lead this talk. Close the round: bring together what was said in one text.",
}


@dataclass(frozen=True, slots=True)
class TurnQuestion:
    """What a seat is told when it has the floor.

    Attributes:
        instruction: What the phase is for; empty where the brief says it all.
        part: What the turn is for.
        may_pass: Whether a seat may pass.
        max_words: Length that a message is to keep to.
    """

    instruction: str = ""
    part: Part = "message"
    may_pass: bool = False
    max_words: int | None = None

    def ask(self, hearers: Sequence[str] | None) -> Ask:
        """The question.

        Args:
            hearers: Who hears the message, where the seat has to be told.
        """
        if hearers is None and self == TurnQuestion():
            return TURN

        def words(names: Mapping[str, str]) -> str:
            return "\n".join(self._lines(hearers, names))

        return Ask(TURN.name, no_answer="absent", question=words)

    def _lines(self, hearers: Sequence[str] | None, names: Mapping[str, str]) -> list[str]:
        lines = [self.instruction.strip(), _LEADING.get(self.part, "")]
        if hearers is not None:
            lines.append(_heard_by(hearers, names))
        if self.max_words is not None:
            lines.append(f"Keep your message under {self.max_words} words.")
        if self.may_pass and self.part == "message":
            lines.append(f"If you have nothing to add, answer {PASS} and nothing else.")
        return [line for line in lines if line]


def passed(text: str) -> bool:
    """Whether a message says that its speaker passes.

    Example:
        >>> passed("PASS"), passed('"Pass."'), passed("I pass the question on to Ana.")
        (True, True, False)
    """
    return text.strip(" \n.!*\"'`").upper() == PASS


def _heard_by(hearers: Sequence[str], names: Mapping[str, str]) -> str:
    """Who can read a message.

    Example:
        >>> _heard_by(["s2"], {"s1": "Ana", "s2": "Ben", "s3": "Cem"})
        'Only Ben can read what you write now.'
    """
    if not hearers:
        return "Nobody else can read what you write now."
    if len(hearers) == len(names) - 1:
        return "Everybody can read what you write now."
    listed = [names[seat] for seat in hearers]
    before = f"{', '.join(listed[:-1])} and " if len(listed) > 1 else ""
    return f"Only {before}{listed[-1]} can read what you write now."
