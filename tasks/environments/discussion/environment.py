"""A discussion: a brief, talk about it in rounds, and a decision where one is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.seats import Seat
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
    policy = TalkPolicy()
    by_events_alone = True
    changeable = frozenset(("brief", "max_words", "visibility"))

    def game(self, params: DiscussionParams, seats: Sequence[Seat]) -> DiscussionGame:
        """The talk of these seats."""
        return DiscussionGame(params, seats)


ENVIRONMENT = Discussion()
