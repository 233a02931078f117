"""What a way of making personas is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from schemas.base import Record
from schemas.study.population import PopulationSpec
from tasks.personas.structure import Draws, Structure

#: Rows that a unit found.
FoundRows = Sequence[Mapping[str, Any]]
GUIDE = "docs/add_a_persona_method.md"


class Params(Record):
    """The parameters of a way that has none; ways with parameters derive theirs from it."""


P = TypeVar("P", bound=Params)


class PersonaMethod(ABC, Generic[P]):
    """A way of making the sampled part of a population.

    Attributes:
        name: The name that studies use.
        about: What it does, in one sentence.
        version: Raised by hand when the same parameters give other personas.
        params: Its parameters.
        targets: Whether targets are ``needed``, ``allowed`` or ``ignored`` by it; a population that
            declares ignored targets is refused.
        extends: Whether a larger population begins with the personas of a smaller one.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    version: ClassVar[int] = 1
    params: type[P]
    targets: ClassVar[str] = "allowed"
    extends: ClassVar[bool] = False

    def aliases(self, params: P) -> tuple[str, ...]:
        """Aliases of the models that are asked to make it."""
        return ()

    def problems(self, spec: PopulationSpec, params: P) -> Iterator[tuple[tuple[str, ...], str]]:
        """What does not fit: field of the population, and the problem."""
        return iter(())

    def check(self, spec: PopulationSpec, params: P) -> None:
        """Nothing, if the population can be made; looked at while a study is read.

        Raises:
            Mistake: It cannot; the place is a field below ``population``.
        """

    def attributes(self, spec: PopulationSpec, params: P) -> tuple[str, ...]:
        """The attributes that its personas have; those with a target unless it has others."""
        return tuple(spec.categories)

    def given_traits(self, spec: PopulationSpec, params: P) -> frozenset[str]:
        """The traits whose scores it gives itself, of some personas at least."""
        return frozenset()

    @abstractmethod
    def structure(self, spec: PopulationSpec, params: P, draws: Draws) -> Structure:
        """The sampled part of the population, ``spec.size`` personas.

        Raises:
            Mistake: The declaration asks for what cannot be.
        """


class FoundMethod(PersonaMethod[P]):
    """A way that is made from rows which earlier steps of the study found.

    Attributes:
        found_in: Table with these rows.
    """

    found_in: ClassVar[str]

    def structure(self, spec: PopulationSpec, params: P, draws: Draws) -> Structure:
        """Nothing, since its rows are needed.

        Raises:
            TypeError: Always; see :meth:`structure_from`.
        """
        raise TypeError(f"the method {self.name} makes personas from rows of {self.found_in}")

    @abstractmethod
    def structure_from(
        self, spec: PopulationSpec, params: P, draws: Draws, found: Sequence[FoundRows]
    ) -> Structure:
        """The sampled part of the population.

        Args:
            spec: The population.
            params: Its parameters.
            draws: Generators.
            found: Rows of each unit that found any, in the order of the units.
        """
