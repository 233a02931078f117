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
    """What a seat is told in a phase of a talk when it has the floor.

    Attributes:
        instruction: What the phase is for; empty where the brief says it all.
        may_pass: Whether a seat may pass.
        max_words: Length that a message is to keep to.
    """

    instruction: str = ""
    may_pass: bool = False
    max_words: int | None = None

    def ask(self, part: Part, hearers: Sequence[str] | None) -> Ask:
        """The question for a turn.

        Args:
            part: What the turn is for.
            hearers: Who alone hears the message, where the prompt has to say it.
        """
        if hearers is None and part == "message" and self == TurnQuestion():
            return TURN

        def words(names: Mapping[str, str]) -> str:
            return "\n".join(self._lines(part, hearers, names))

        return Ask(TURN.name, no_answer="absent", question=words)

    def _lines(
        self, part: Part, hearers: Sequence[str] | None, names: Mapping[str, str]
    ) -> list[str]:
        lines = [self.instruction, _LEADING.get(part, "")]
        if hearers is not None:
            lines.append(_private([names[seat] for seat in hearers]))
        if self.max_words is not None:
            lines.append(f"Keep your message under {self.max_words} words.")
        if self.may_pass and part == "message":
            lines.append(f"If you have nothing to add, answer {PASS} and nothing else.")
        return [line for line in lines if line] or ["It is your turn."]


def passed(text: str) -> bool:
    """Whether a message says that its speaker passes.

    Example:
        >>> passed("PASS"), passed('"Pass."'), passed("I pass the question on to Ana.")
        (True, True, False)
    """
    return text.strip(" \n.!*\"'`").upper() == PASS


def _private(hearers: Sequence[str]) -> str:
    if not hearers:
        return "Nobody else reads what you write now."
    listed = hearers[0] if len(hearers) == 1 else f"{', '.join(hearers[:-1])} and {hearers[-1]}"
    return f"Only {listed} can read what you write now."
