"""Names for personas: those that go with any declared attributes, and tables of frequencies."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from schemas.study.population import PopulationSpec

#: Columns of a table of names that are no attribute.
COLUMNS = ("name", "weight")

GIVEN_NAMES = (
    "Adrian", "Alex", "Ariel", "Casey", "Charlie", "Dana", "Eden", "Elliot", "Emery", "Finley",
    "Frankie", "Harper", "Jamie", "Jessie", "Jordan", "Jules", "Kai", "Kendall", "Kim", "Lee",
    "Logan", "Marion", "Micah", "Morgan", "Nicola", "Noor", "Parker", "Quinn", "Reese", "Riley",
    "Robin", "Rowan", "Sam", "Sasha", "Shiloh", "Skyler", "Taylor", "Toni", "Valentine", "Yuki",
)  # fmt: skip

FAMILY_NAMES = (
    "Abbott", "Almeida", "Andersen", "Banerjee", "Barros", "Becker", "Bennett", "Castillo", "Chen",
    "Cohen", "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad", "Hale", "Hughes", "Ibrahim",
    "Ivanova", "Jensen", "Kamau", "Keller", "Kowalski", "Larsen", "Martin", "Mensah", "Moreau",
    "Nakamura", "Nguyen", "Novak", "Okafor", "Ortiz", "Park", "Patel", "Pereira", "Reyes",
    "Rossi", "Santos", "Schmidt", "Singh", "Suzuki", "Torres", "Vargas", "Walker", "Weber",
    "Wright", "Yilmaz", "Zhang",
)  # fmt: skip


def name_problems(
    spec: PopulationSpec, attributes: Collection[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong with the tables of names of a population: field, and the problem.

    Args:
        spec: The population.
        attributes: The attributes that its personas have.
    """
    if spec.names is None:
        return
    for part, table in (("given", spec.names.given), ("family", spec.names.family)):
        if "name" not in table.columns:
            yield ("names", part), "the table has no column name"
        for column in table.columns:
            if column not in COLUMNS and column not in attributes:
                yield ("names", part), f"the column {column} is no attribute of the population"
