"""Numbers with their nouns, in words."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun.

    Args:
        number: The number.
        noun: The noun, or the words that end in it, for one.
        plural: For any other number; the noun with an s, if left out.

    Example:
        >>> counted(1, "unit"), counted(2000, "unit"), counted(2, "entry", "entries")
        ('1 unit', '2,000 units', '2 entries')
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
