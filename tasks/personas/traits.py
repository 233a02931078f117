"""Traits of a population: drawn from a normal distribution, or spread over the space of traits."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping

import numpy as np

from schemas.errors import Mistake
from schemas.inventories import INTENSITY_FACTORS
from schemas.study.population import PopulationSpec
from schemas.study.traits import TraitSpec
from tasks.personas.structure import Draws, Floats, Whole

#: Random points of the space of traits that are looked at for coverage.
POINTS = 2_000
#: Personas whose coverage is looked at, at most; discrepancy takes the square of their number.
COVERING = 2_000


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


def coverage_figures(
    spec: PopulationSpec, quantiles: Mapping[str, Floats], draws: Draws
) -> dict[str, float]:
    """How evenly personas cover the space of traits, of inventories drawn to cover it.

    ``coverage`` is the share of random points of the space that have a persona within the radius
    at which the balls around all personas have the volume of the space (the measure of Concordia's
    quasi-random personas); ``discrepancy`` is their centred L2 discrepancy (Hickernell 1998).
    Both are taken over quantiles of the first personas, so that the space is a unit cube.

    Args:
        spec: The population.
        quantiles: Quantiles by trait.
        draws: Generators.
    """
    found = {}
    for one in spec.traits:
        if one.draw != "quasi_monte_carlo":
            continue
        from scipy.spatial import KDTree
        from scipy.stats import qmc

        cube = np.column_stack([quantiles[trait][:COVERING] for trait in one.traits])
        points = draws.of("coverage", one.inventory).random((POINTS, cube.shape[1]))
        distances, _ = KDTree(cube).query(points, distance_upper_bound=_radius(*cube.shape))
        found[f"{one.inventory}.coverage"] = float(np.isfinite(distances).mean())
        found[f"{one.inventory}.discrepancy"] = float(qmc.discrepancy(np.clip(cube, 0.0, 1.0)))
    return found


def _radius(n: int, dimensions: int) -> float:
    """Radius at which ``n`` balls have the volume of the unit cube together."""
    unit = math.pi ** (dimensions / 2) / math.gamma(dimensions / 2 + 1)
    return float((1 / (n * unit)) ** (1 / dimensions))
