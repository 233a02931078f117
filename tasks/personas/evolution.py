"""A genetic search over weights of traits: how the next generation comes of the one before."""

from __future__ import annotations

import numpy as np

from tasks.personas.structure import Floats

#: Best candidates that go on unchanged.
KEPT = 2
#: Candidates of which the best becomes a parent.
TOURNAMENT = 3
#: How far beyond its parents a child can lie, in parts of their distance (BLX-alpha).
BEYOND = 0.3
#: Factor of the size of mutations from one generation to the next.
COOLING = 0.9
#: Digits of a weight that count.
DIGITS = 4


def first_generation(n: int, n_weights: int, bound: float, rng: np.random.Generator) -> Floats:
    """Candidates spread evenly between the bounds, a row of weights for each."""
    return np.round(rng.uniform(-bound, bound, (n, n_weights)), DIGITS)


def next_generation(
    weights: Floats,
    fitness: Floats,
    generation: int,
    bound: float,
    mutation: float,
    rng: np.random.Generator,
) -> Floats:
    """Candidates that come of others: the best unchanged, and children of good ones.

    A child lies between its parents or a little beyond (blend crossover, Eshelman and Schaffer
    1993), and is moved by a normal mutation that shrinks from generation to generation.

    Args:
        weights: The candidates before, a row of weights for each.
        fitness: How good each is.
        generation: Number of the new generation, from 1.
        bound: Weights lie between its negative and it.
        mutation: Standard deviation of the first mutations.
        rng: Generator of the generation.
    """
    n, n_weights = weights.shape
    ranked = np.lexsort((np.arange(n), -fitness))
    children = n - min(KEPT, n)
    drawn = rng.integers(0, n, (children, 2, TOURNAMENT))
    parents = np.take_along_axis(
        drawn, np.argmax(fitness[drawn], axis=2, keepdims=True), axis=2
    ).squeeze(2)
    one, other = weights[parents[:, 0]], weights[parents[:, 1]]
    mix = rng.uniform(-BEYOND, 1 + BEYOND, (children, n_weights))
    noise = rng.normal(0.0, mutation * COOLING ** (generation - 1), (children, n_weights))
    born = np.clip(one + mix * (other - one) + noise, -bound, bound)
    return np.round(np.concatenate([weights[ranked[:KEPT]], born])[:n], DIGITS)
