"""Decisions: what is put to the vote, what a ballot is, and what the ballots decide."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, create_model, model_validator

from schemas.base import Record

#: How ballots decide.
Rule = Literal[
    "majority",
    "super_majority",
    "unanimity",
    "plurality",
    "approval",
    "borda",
    "instant_runoff",
    "cumulative",
]
#: Rules that may leave a matter open, so that talk can go on until it is decided.
OPEN_ENDED: frozenset[Rule] = frozenset(("majority", "super_majority", "unanimity"))
_RANKED: frozenset[Rule] = frozenset(("borda", "instant_runoff"))

#: A ballot as what it gives each option that it names, best first: 1 for a choice or an approval,
#: points for a cumulative one, and ranks counted backwards for a ranked one.
Ballot = Mapping[str, float]


class Decision(Record):
    """A vote of the group, and the rule by which it decides."""

    options: tuple[str, ...] = Field(min_length=2, description="What can be chosen.")
    question: str = Field("Which option do you choose?", description="What the seats are asked.")
    rule: Rule = Field(
        "majority",
        description="More than half of the ballots (majority), at least a share of them "
        "(super_majority), all of them (unanimity), the most (plurality); any number of options "
        "approved (approval); options ranked (borda, instant_runoff); points given (cumulative). "
        "A tie decides nothing.",
    )
    share: float | None = Field(
        None, gt=0.5, le=1, description="Share that a super_majority needs; 2/3 unless given."
    )
    points: int | None = Field(
        None, ge=1, description="Points of a cumulative ballot; 10 unless given."
    )
    by: tuple[int, ...] = Field(
        (),
        description="Positions of the seats that vote, such as a leader or a jury; all if empty.",
    )
    ballots: Literal["secret", "open"] = Field(
        "secret", description="Whether the others see who chose what."
    )
    at: Literal["end", "every_round"] = Field(
        "end",
        description="When the vote is taken: after the last round, or after every round until "
        "something is decided, which ends the talk.",
    )
    confidence: bool = Field(
        False,
        exclude_if=operator.not_,
        description="Whether a ballot says how sure the seat is, in percent.",
    )
    correct: str | None = Field(
        None, description="The right option, where there is one; agents are not told."
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if len(set(self.options)) != len(self.options) or not all(map(str.strip, self.options)):
            raise ValueError("options: each is named once, and in words")
        for name, rule in (("share", "super_majority"), ("points", "cumulative")):
            if getattr(self, name) is not None and self.rule != rule:
                raise ValueError(f"{name}: goes with rule: {rule}, not with {self.rule}")
        if self.at == "every_round" and self.rule not in OPEN_ENDED:
            raise ValueError(
                f"at: every_round goes on until something is decided, and {self.rule} nearly "
                f"always decides at once; write {', '.join(sorted(OPEN_ENDED))}, or at: end"
            )
        if self.correct is not None and self.correct not in self.options:
            raise ValueError(f"correct: {self.correct!r} is none of the options")
        if len(set(self.by)) != len(self.by) or any(place < 1 for place in self.by):
            raise ValueError("by: positions of seats, from 1, each once")
        return self

    @property
    def words(self) -> str:
        """The question as a seat is asked it."""
        listed = "; ".join(self.options)
        if self.rule == "approval":
            how = "Name every option that you could live with."
        elif self.rule in _RANKED:
            how = "Rank all options, the best first."
        elif self.rule == "cumulative":
            how = f"Share {self.points or 10} points among the options."
        else:
            how = "Choose one."
        sure = " Say how sure you are, from 0 to 100 percent." if self.confidence else ""
        return f"{self.question}\nOptions: {listed}. {how}{sure}"

    @property
    def form(self) -> type[BaseModel]:
        """The shape of a ballot as a model gives it."""
        form = _form(self.options, self.rule)
        if not self.confidence:
            return form
        sure = Field(ge=0, le=100, description="How sure you are, in percent.")
        return create_model(f"{form.__name__}Confidence", __base__=form, confidence=(int, sure))

    def problem(self, value: Any) -> str | None:
        """What is wrong with a ballot that has the right shape, if anything."""
        if self.rule in _RANKED and len(set(value.ranking)) < len(self.options):
            return f"rank each of the {len(self.options)} options once"
        if self.rule == "approval" and len(set(value.approved)) < len(value.approved):
            return "name each option once"
        if self.rule == "cumulative":
            given = sum(one.points for one in value.points)
            if given != (self.points or 10) or len({one.option for one in value.points}) < len(
                value.points
            ):
                return f"the points of all options add up to {given}, not to {self.points or 10}"
        return None

    def ballot(self, value: Any) -> dict[str, float]:
        """A ballot that has the right shape, as what it gives each option."""
        if self.rule in _RANKED:
            last = len(value.ranking) - 1
            return {one: float(last - place) for place, one in enumerate(value.ranking)}
        if self.rule == "approval":
            return dict.fromkeys(value.approved, 1.0)
        if self.rule == "cumulative":
            given = {one.option: float(one.points) for one in value.points if one.points}
            return dict(sorted(given.items(), key=lambda item: -item[1]))
        return {value.choice: 1.0}

    def counted(self, ballots: Sequence[Ballot]) -> VoteCount:
        """What the ballots decide; those that are missing do not count.

        Example:
            >>> bus = Decision(options=("bus", "tram"))
            >>> bus.counted([{"bus": 1}, {"tram": 1}, {"bus": 1}])
            VoteCount(scores={'bus': 2.0, 'tram': 1.0}, winner='bus')
        """
        scores = {
            option: float(sum(ballot.get(option, 0) for ballot in ballots))
            for option in self.options
        }
        if self.rule == "instant_runoff":
            return VoteCount(scores, _runoff(ballots, self.options))
        best = max(scores.values())
        leading = [option for option, score in scores.items() if score == best]
        if len(leading) > 1 or not ballots:
            return VoteCount(scores, None)
        needed = {
            "majority": len(ballots) / 2 + 0.5,
            "super_majority": len(ballots) * (self.share or 2 / 3) - 1e-9,
            "unanimity": float(len(ballots)),
            **dict.fromkeys(("plurality", "approval", "borda", "cumulative"), 0.0),
        }[self.rule]
        return VoteCount(scores, leading[0] if best >= needed else None)


@dataclass(frozen=True, slots=True)
class VoteCount:
    """What ballots come to.

    Attributes:
        scores: What each option got.
        winner: The option that is decided for, if any.
    """

    scores: Mapping[str, float]
    winner: str | None


def first_choice(ballot: Ballot) -> str | None:
    """The option that a ballot puts first; ``None`` where it names none."""
    return next(iter(ballot), None)


def _runoff(ballots: Sequence[Ballot], options: Sequence[str]) -> str | None:
    """The option with most of the first places once those with fewest went, again and again.

    Options that are tied for the fewest go together.
    """
    standing = set(options)
    while ballots:
        first = Counter(
            max(standing, key=lambda option: ballot.get(option, -1.0)) for ballot in ballots
        )
        best, votes = first.most_common(1)[0]
        if 2 * votes > len(ballots):
            return best
        fewest = min(first[option] for option in standing)
        last = {option for option in standing if first[option] == fewest}
        if last == standing:
            return None
        standing -= last
    return None


@lru_cache(maxsize=256)
def _form(options: tuple[str, ...], rule: Rule) -> type[BaseModel]:
    option: Any = Literal[options]
    if rule == "approval":
        field: Any = (list[option], Field(description="The options that you approve of."))
        return create_model("Approvals", __base__=Record, approved=field)
    if rule in _RANKED:
        field = (
            list[option],
            Field(
                min_length=len(options),
                max_length=len(options),
                description="All options, the best first.",
            ),
        )
        return create_model("Ranking", __base__=Record, ranking=field)
    if rule == "cumulative":
        each = create_model(
            "Points", __base__=Record, option=(option, ...), points=(int, Field(ge=0))
        )
        field = (list[each], Field(min_length=1, description="Points of each option."))
        return create_model("PointsOfOptions", __base__=Record, points=field)
    return create_model(
        "Vote", __base__=Record, choice=(option, Field(description="The option that you choose."))
    )
