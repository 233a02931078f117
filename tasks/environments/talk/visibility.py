"""Visibility: which seats hear which, all of them, none, or those next to them in a network."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Record
from schemas.seats import Position

if TYPE_CHECKING:
    import networkx as nx

#: Who can hear each seat besides itself, by seat.
Hearers = Mapping[str, tuple[str, ...]]


class Network(Record):
    """Who is next to whom; neighbours hear each other. A further kind is a subclass here."""

    @abstractmethod
    def graph(self, n: int, rng: random.Random) -> nx.Graph:
        """The network of so many seats, numbered from 0; an arrow leads from speaker to hearer."""

    def problem(self, n: int) -> str | None:
        """Why it cannot join so many seats, if so."""
        return None

    def neighbours_of(self, seat: str, hearers: Hearers) -> tuple[str, ...]:
        """The seats that a seat hears or is heard by, in the order of the seats."""
        return hearers[seat]

    def drawn_in(self, round_: int) -> bool:
        """Whether the network is drawn anew before a round, from 0."""
        return False

    def hearers(self, seats: Sequence[str], rng: random.Random) -> dict[str, tuple[str, ...]]:
        """Who can hear each seat besides itself, in the order of the seats.

        Example:
            >>> Chain(network="chain").hearers(["s1", "s2", "s3"], random.Random(1))
            {'s1': ('s2',), 's2': ('s1', 's3'), 's3': ('s2',)}
        """
        graph = self.graph(len(seats), rng)
        return {
            seat: tuple(seats[other] for other in sorted(graph[place]))
            for place, seat in enumerate(seats)
        }


class Ring(Network):
    """Seats in a circle."""

    network: Literal["ring"] = Field(description="Seats in a circle.")
    neighbours: int = Field(2, ge=2, multiple_of=2, description="Neighbours of each seat.")

    def graph(self, n: int, rng: random.Random) -> nx.Graph:
        """Every seat with those nearest to it on both sides."""
        import networkx as nx

        return nx.circulant_graph(n, range(1, self.neighbours // 2 + 1))

    def problem(self, n: int) -> str | None:
        """Each seat has fewer neighbours than there are other seats."""
        if self.neighbours < n:
            return None
        return f"a ring of {n} seats has no {self.neighbours} neighbours for each"


class Star(Network):
    """One seat that all hear and that hears all; the others hear it alone."""

    network: Literal["star"] = Field(description="One seat in the middle.")
    centre: Position = Field(1, description="The seat in the middle, by its position.")

    def graph(self, n: int, rng: random.Random) -> nx.Graph:
        """The centre with every other seat."""
        import networkx as nx

        graph = nx.empty_graph(n)
        graph.add_edges_from((self.centre - 1, other) for other in range(n))
        graph.remove_edge(self.centre - 1, self.centre - 1)
        return graph

    def problem(self, n: int) -> str | None:
        """The centre is a seat."""
        return None if self.centre <= n else f"centre {self.centre} of {n} seats"


class Chain(Network):
    """Seats in a row: each hears the one before it and the one after it."""

    network: Literal["chain"] = Field(description="Seats in a row.")

    def graph(self, n: int, rng: random.Random) -> nx.Graph:
        """Every seat with the next one."""
        import networkx as nx

        return nx.path_graph(n)


class Caveman(Network):
    """Groups in which all hear each other, joined in a circle by one tie each."""

    network: Literal["caveman"] = Field(description="Groups joined in a circle.")
    group_size: int = Field(ge=2, description="Seats of a group.")

    def graph(self, n: int, rng: random.Random) -> nx.Graph:
        """The connected caveman graph (Watts, 1999)."""
        import networkx as nx

        return nx.connected_caveman_graph(n // self.group_size, self.group_size)

    def problem(self, n: int) -> str | None:
        """The groups are full, and at least two."""
        if n % self.group_size == 0 and n > self.group_size:
            return None
        return f"{n} seats are no two or more groups of {self.group_size}"


class DrawnNetwork(Network):
    """A network that is drawn for every episode."""

    redraw_every_rounds: int | None = Field(
        None, ge=1, description="After how many rounds it is drawn anew; never unless given."
    )

    def drawn_in(self, round_: int) -> bool:
        """Every so many rounds."""
        every = self.redraw_every_rounds
        return every is not None and round_ > 0 and round_ % every == 0


class SmallWorld(DrawnNetwork):
    """A ring some of whose ties lead elsewhere (Watts and Strogatz, 1998), all joined."""

    network: Literal["small_world"] = Field(description="A ring with some ties elsewhere.")
    neighbours: int = Field(4, ge=2, multiple_of=2, description="Neighbours on the ring.")
    rewired: float = Field(0.1, ge=0, le=1, description="Share of the ties that lead elsewhere.")

    def graph(self, n: int, rng: random.Random) -> nx.Graph:
        """A connected Watts-Strogatz graph."""
        import networkx as nx

        return nx.connected_watts_strogatz_graph(n, self.neighbours, self.rewired, 1000, rng)

    def problem(self, n: int) -> str | None:
        """Each seat has fewer neighbours than there are other seats."""
        if self.neighbours < n:
            return None
        return f"{n} seats have no {self.neighbours} neighbours each"


class ScaleFree(DrawnNetwork):
    """A few seats are heard by many (Barabasi and Albert, 1999)."""

    network: Literal["scale_free"] = Field(description="Few seats with many ties.")
    ties: int = Field(2, ge=1, description="Ties of each seat that joins.")

    def graph(self, n: int, rng: random.Random) -> nx.Graph:
        """A Barabasi-Albert graph."""
        import networkx as nx

        return nx.barabasi_albert_graph(n, self.ties, rng)

    def problem(self, n: int) -> str | None:
        """More seats than ties of one."""
        return None if self.ties < n else f"{n} seats for {self.ties} ties of each"


class Edges(Network):
    """Ties listed by hand."""

    edges: tuple[tuple[Position, Position], ...] = Field(
        min_length=1, description="Pairs of positions of seats, from 1."
    )
    directed: bool = Field(
        False, description="Whether only the second of a pair hears the first, not both each other."
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        ties = [pair if self.directed else tuple(sorted(pair)) for pair in self.edges]
        for pair in ties:
            if pair[0] == pair[1]:
                raise ValueError(f"edges: seat {pair[0]} is tied to itself")
            if ties.count(pair) > 1:
                raise ValueError(f"edges: {list(pair)} is given twice")
        return self

    def graph(self, n: int, rng: random.Random) -> nx.Graph:
        """The ties."""
        import networkx as nx

        graph = nx.empty_graph(n, create_using=nx.DiGraph if self.directed else nx.Graph)
        graph.add_edges_from((one - 1, other - 1) for one, other in self.edges)
        return graph

    def neighbours_of(self, seat: str, hearers: Hearers) -> tuple[str, ...]:
        """Both those that hear it and those that it hears, which differ where ties are directed."""
        return tuple(one for one in hearers if one in hearers[seat] or seat in hearers[one])

    def problem(self, n: int) -> str | None:
        """All positions are seats."""
        most = max(max(pair) for pair in self.edges)
        return None if most <= n else f"seat {most} of {n}"


class Groups(Network):
    """Groups that talk among themselves."""

    groups: tuple[Annotated[tuple[Position, ...], Field(min_length=1)], ...] = Field(
        min_length=1,
        description="Positions of the seats of each group; who is in none hears nobody.",
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        listed = [place for group in self.groups for place in group]
        for place in listed:
            if listed.count(place) > 1:
                raise ValueError(f"groups: seat {place} is given twice")
        return self

    def graph(self, n: int, rng: random.Random) -> nx.Graph:
        """Everybody of a group with everybody else of it."""
        import networkx as nx

        graph = nx.empty_graph(n)
        for group in self.groups:
            graph.add_edges_from(combinations((place - 1 for place in group), 2))
        return graph

    def problem(self, n: int) -> str | None:
        """All positions are seats."""
        most = max(max(group) for group in self.groups)
        return None if most <= n else f"seat {most} of {n}"


AnyNetwork = Annotated[
    Ring | Star | Chain | Caveman | SmallWorld | ScaleFree, Field(discriminator="network")
]
#: Who hears a message besides its speaker: all seats, none, or those next to it in a network.
Visibility = Literal["everyone", "nobody"] | AnyNetwork | Edges | Groups


def hearers_name(seat: str) -> str:
    """Name of the audience of those who hear a seat, itself among them."""
    return f"hearers_of_{seat}"
