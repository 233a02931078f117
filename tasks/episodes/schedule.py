"""When interventions happen: at their times, by chance, and once a condition holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from schemas.keys import generator
from tasks.episodes.interventions import Intervention, Roster
from tasks.episodes.interventions.conditions import EventRow, Waiting
from tasks.episodes.times import Moment


class Schedule:
    """Says which interventions of one episode happen now.

    At each of its times, an intervention begins to wait, with the probability that it declares. It
    happens as soon as its condition holds of what happened since: at once, if it has none.

    Args:
        interventions: The interventions, in the order in which they happen at one time.
        roster: Who takes part.
        seed: Seed of the episode.
        events: The events of the episode; they grow while it is played.
    """

    def __init__(
        self,
        interventions: Sequence[Intervention],
        roster: Roster,
        seed: int,
        events: Sequence[EventRow],
    ) -> None:
        self._interventions = interventions
        self._roster = roster
        self._seed = seed
        self._events = events
        self._waiting: dict[int, Waiting] = {}

    def due(
        self, now: Moment, before: Moment | None, asked: Collection[str]
    ) -> Iterator[Intervention]:
        """The interventions that happen now, one after the other.

        Args:
            now: How far the episode is.
            before: How far it was when this was last called; ``None`` at the start.
            asked: The seats that are about to be asked.
        """
        if now.ended:
            return
        for place, one in enumerate(self._interventions):
            if self._begins(place, one, now, before):
                if one.when is None:
                    yield one
                    continue
                self._waiting[place] = Waiting(one.when, len(self._events) if before else 0)
            waiting = self._waiting.get(place)
            if waiting is not None and waiting.holds(self._events, asked, self._roster):
                del self._waiting[place]
                yield one

    def _begins(self, place: int, one: Intervention, now: Moment, before: Moment | None) -> bool:
        if not one.due(now, before):
            return False
        rng = generator(self._seed, "intervention", place, now.turns)
        return one.probability == 1 or rng.random() < one.probability
