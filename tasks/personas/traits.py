"""Traits of a population: drawn from a normal distribution, or spread over the space of traits."""

from __future__ import annotations

import warnings

import numpy as np

from schemas.errors import Mistake
from schemas.inventories import INTENSITY_FACTORS
from schemas.study.traits import TraitSpec
from tasks.personas.structure import Draws, Floats, Whole


def drawn_scores(spec: TraitSpec, size: int, draws: Draws) -> dict[str, Floats]:
    """Standardised scores by trait, with the declared means and correlations.

    Raises:
        Mistake: The declared correlations cannot stand together.
    """
    traits = spec.traits
    rng = draws.of("traits", spec.inventory)
    if spec.draw == "quasi_monte_carlo":
        from scipy.special import ndtri  # a second of start-up, which a plan need not wait for
        from scipy.stats import qmc

        with warnings.catch_warnings():
            # Balance at powers of two is a property of the sequence, not a condition of its use.
            warnings.filterwarnings("ignore", message="The balance properties of Sobol")
            points = qmc.Sobol(len(traits), rng=rng).random(size)
        plain = ndtri(np.clip(points, 1e-9, 1 - 1e-9))
    else:
        plain = rng.standard_normal((size, len(traits)))
    scores = plain @ _factor(spec).T
    return {
        trait: scores[:, place] + spec.means.get(trait, 0.0) for place, trait in enumerate(traits)
    }


def _factor(spec: TraitSpec) -> Floats:
    """The lower Cholesky factor of the matrix of correlations."""
    traits = spec.traits
    matrix = np.eye(len(traits))
    for one, row in spec.correlations.items():
        for other, value in row.items():
            i, j = traits.index(one), traits.index(other)
            matrix[i, j] = matrix[j, i] = value
    try:
        factor: Floats = np.linalg.cholesky(matrix).astype(np.float64)
    except np.linalg.LinAlgError:
        raise Mistake(
            what="correlations of traits contradict each other",
            place="population.traits.correlations",
            found=f"a smallest eigenvalue of {np.linalg.eigvalsh(matrix)[0]:.3g}",
            expected="a matrix that is positive definite",
            fix="bring the largest correlations nearer to 0",
        ) from None
    return factor


def intensities(spec: TraitSpec, size: int, draws: Draws) -> dict[tuple[str, str], Whole]:
    """Level of intensity, from 1 to 5, by trait and factor; empty where none is declared."""
    if spec.intensity == "none":
        return {}
    found: dict[tuple[str, str], Whole] = {}
    for trait in spec.traits:
        for factor in INTENSITY_FACTORS:
            if spec.intensity == "drawn":
                rng = draws.of("intensity", spec.inventory, trait, factor)
                found[trait, factor] = rng.integers(1, 6, size)
            elif factor in spec.intensity:
                found[trait, factor] = np.full(size, spec.intensity[factor])
    return found
