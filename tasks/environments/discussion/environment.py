"""A discussion: a brief, talk about it in rounds, and a decision where one is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.seats import Seat
from tasks.environments.bounds import outcome_bounds
from tasks.environments.discussion.game import DiscussionGame
from tasks.environments.discussion.params import DiscussionParams
from tasks.environments.seating import SeatedEnvironment
from tasks.environments.talk.policy import TalkPolicy


class Discussion(SeatedEnvironment):
    """Talk about a brief."""

    name = "discussion"
    version = 2
    params = DiscussionParams
    templates = ("system", "opening", "event", "nudge")
    bounds = outcome_bounds(
        shares=(
            "decided",
            "agreement",
            "correct",
        ),
        from_zero=(
            "ballots",
            "rounds_to_decision",
        ),
        others={"confidence": (0.0, 100.0)},
    )
    policy = TalkPolicy()
    by_events_alone = True
    changeable = frozenset(("brief", "max_words", "visibility"))

    def game(self, params: DiscussionParams, seats: Sequence[Seat]) -> DiscussionGame:
        """The talk of these seats."""
        return DiscussionGame(params, seats)


ENVIRONMENT = Discussion()
