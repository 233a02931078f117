"""Worlds of metrics of personas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import polars as pl
from scipy.special import ndtr

from tasks.metrics.persona_data import PersonaData
from tasks.metrics.worlds.world import MetricWorlds, Rng, Sizes, Truth, World


def personas_frame(sizes: Sizes) -> pl.DataFrame:
    """The personas of a study, each condition with a population of its own."""
    conditions = [name for name, n in sizes.items() for _ in range(n)]
    keys = [f"{persona:032x}" for persona in range(len(conditions))]
    return pl.DataFrame(
        {
            "persona": np.arange(len(conditions)),
            "persona_key": keys,
            "profile_key": keys,
            "population_key": [f"{list(sizes).index(name):032x}" for name in conditions],
            "condition": conditions,
            "position": [place + 1 for size in sizes.values() for place in range(size)],
            "name": ["Ann Lee"] * len(conditions),
        }
    )


def with_trait(sizes: Sizes, rng: Rng, *, shift: float) -> PersonaData:
    """A trait that is standard normal in ``a``, and in ``b`` shifted by so many deviations."""
    personas = personas_frame(sizes)
    z = rng.standard_normal(personas.height) + shift * (personas["condition"] == "b").to_numpy()
    traits = personas.select(
        "persona",
        inventory=pl.lit("big_five"),
        trait=pl.lit("openness"),
        score=pl.Series(ndtr(z)),
    )
    return PersonaData(personas=personas, traits=traits)


assigned = MetricWorlds(
    "assigned_traits",
    null=(
        World(
            "personas differ, conditions do not",
            partial(with_trait, shift=0.0),
            (Truth("", 50.0, 50.0, "openness"),),
        ),
    ),
    planted=(
        World(
            "in b a trait is given one standard deviation higher",
            partial(with_trait, shift=1.0),
            (Truth("", 50.0, 60.0, "openness"),),
        ),
    ),
)


def varied(
    sizes: Sizes,
    rng: Rng,
    *,
    values: Callable[[int, Rng], Sequence[str]],
    in_b: Callable[[int, Rng], Sequence[str]] | None = None,
    attributes: Sequence[str] = ("colour",),
    texts: bool = False,
) -> PersonaData:
    """Personas whose one attribute, or one text, is made per condition; twice as many as asked for.

    Args:
        sizes: Personas by condition.
        rng: Generator.
        values: What the personas of ``a`` have, so many.
        in_b: What those of ``b`` have; the same unless given.
        attributes: Names of the attribute in ``a`` and, if it is another, in ``b``.
        texts: Whether texts are meant, no attributes.
    """
    doubled = {name: 2 * n for name, n in sizes.items()}
    personas = personas_frame(doubled)
    makers = {"a": values, "b": in_b or values}
    made = [value for name, n in doubled.items() for value in makers[name](n, rng)]
    if texts:
        return PersonaData(
            personas=personas,
            texts=personas.select("persona", kind=pl.lit("biography"), text=pl.Series(made)),
        )
    names = dict(zip(("a", "b"), (attributes[0], attributes[-1]), strict=True))
    named = [names[condition] for condition in personas["condition"]]
    return PersonaData(
        personas=personas,
        attributes=personas.select(
            "persona", attribute=pl.Series(named), value=pl.Series(made)
        ).filter(pl.col("value") != ""),
    )


def own(n: int, rng: Rng) -> list[str]:
    """A value that nobody else has, in any study."""
    return [f"v{rng.integers(2**60)}" for _ in range(n)]


def halves(n: int, rng: Rng) -> list[str]:
    """One of two values, as many of each."""
    return ["red", "blue"] * (n // 2)


def same(n: int, rng: Rng) -> list[str]:
    """The same value for all."""
    return ["red"] * n


def half_missing(n: int, rng: Rng) -> list[str]:
    """The same value for half of the personas, none for the others."""
    return ["red", ""] * (n // 2)


RARE = 0.1


def drawn(n: int, rng: Rng, *, rare: float) -> list[str]:
    """One of two values, drawn with a declared probability."""
    return ["red" if rare_one else "blue" for rare_one in rng.random(n) < rare]


WORDS = 20


def own_words(n: int, rng: Rng) -> list[str]:
    """Texts of words that occur nowhere else."""
    return [" ".join(f"w{word}" for word in rng.integers(2**60, size=WORDS)) for _ in range(n)]


def one_word(n: int, rng: Rng) -> list[str]:
    """One word again and again, the same for all."""
    return [" ".join(["word"] * WORDS)] * n


def on_a_line(sizes: Sizes, rng: Rng, *, half: bool) -> PersonaData:
    """Personas spread evenly over a trait; in b, two at each place, so that half is covered."""
    doubled = {name: 2 * n for name, n in sizes.items()}
    personas = personas_frame(doubled)
    scores = []
    for name, n in doubled.items():
        places = (np.arange(n) + 0.5) / n
        paired = np.repeat((np.arange(n // 2) + 0.5) / (n // 2), 2)
        scores.append(paired if half and name == "b" else places)
    traits = personas.select(
        "persona",
        inventory=pl.lit("big_five"),
        trait=pl.lit("openness"),
        score=pl.Series(np.concatenate(scores)),
    )
    return PersonaData(personas=personas, traits=traits)


def _worlds(
    quantities: Sequence[str],
    null: tuple[Callable[[int, Rng], Sequence[str]], float],
    planted: tuple[Callable[[int, Rng], Sequence[str]], float],
    titles: tuple[str, str],
    *,
    subject: str = "",
    attributes: Sequence[str] = ("colour",),
    texts: bool = False,
    options: Mapping[str, int] | None = None,
) -> tuple[World, World]:
    """A world in which both conditions are made alike, and one in which b is made otherwise."""
    make, a = null
    other, b = planted
    options = options or {}
    return (
        World(
            titles[0],
            partial(varied, values=make, texts=texts),
            tuple(Truth(quantity, a, a, subject) for quantity in quantities),
            options,
        ),
        World(
            titles[1],
            partial(varied, values=make, in_b=other, attributes=attributes, texts=texts),
            tuple(Truth(quantity, a, b, subject) for quantity in quantities),
            options,
        ),
    )


def _of(name: str, *pairs: tuple[World, World]) -> MetricWorlds:
    return MetricWorlds(
        name, tuple(null for null, _ in pairs), tuple(planted for _, planted in pairs)
    )


FAIR, SKEWED = partial(drawn, rare=0.5), partial(drawn, rare=RARE)
DISJOINT = ("all have words of their own", "in b all have the same words")
distance = _of(
    "persona_distance",
    _worlds(
        ("fields",),
        (FAIR, 0.5),
        (SKEWED, 2 * RARE * (1 - RARE)),
        ("two values, drawn alike", "in b one of the two values is rare"),
    ),
    _worlds(
        ("fields_nearest",),
        (own, 1.0),
        (same, 0.0),
        ("all differ", "in b all are the same"),
    ),
    _worlds(("texts", "texts_nearest"), (own_words, 1.0), (one_word, 0.0), DISJOINT, texts=True),
)
distinct = _of(
    "persona_distinct",
    _worlds(
        ("",),
        (own_words, 1.0),
        (one_word, 1 / (WORDS - 1)),
        ("no words are repeated", "in b one word is all that is said"),
        texts=True,
        options={"length": WORDS},
    ),
)
duplicates = _of(
    "persona_duplicates",
    _worlds(("fields",), (own, 0.0), (same, 1.0), ("all differ", "in b all are the same")),
    _worlds(("texts",), (own_words, 0.0), (one_word, 1.0), DISJOINT, texts=True),
)
vendi = _of(
    "persona_vendi",
    _worlds(
        ("fields",),
        (halves, 2.0),
        (same, 1.0),
        ("two values, half of the personas each", "in b all are the same"),
    ),
    _worlds(
        ("texts",),
        (halves, 2.0),
        (same, 1.0),
        ("two texts, half of the personas each", "in b all texts are the same"),
        texts=True,
    ),
)
coverage = _of(
    "persona_coverage",
    _worlds(
        ("filled",),
        (same, 1.0),
        (half_missing, 0.5),
        ("all have the attribute", "in b half of the personas lack it"),
    ),
    _worlds(
        ("depth",),
        (same, 1.0),
        (same, 3.0),
        ("attributes at the root", "in b an attribute three levels down"),
        attributes=("colour", "body.hair.colour"),
    ),
    _worlds(
        ("entropy",),
        (halves, 1.0),
        (same, 0.0),
        ("both values evenly", "in b one value only"),
        subject="colour",
    ),
    (
        World(
            "personas spread evenly",
            partial(on_a_line, half=False),
            (Truth("traits", 1.0, 1.0),),
        ),
        World(
            "in b two personas at each place",
            partial(on_a_line, half=True),
            (Truth("traits", 1.0, 0.5),),
        ),
    ),
)
