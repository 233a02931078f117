"""Names for personas, chosen to go with any declared attributes."""

from __future__ import annotations

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
