"""How far themes can be trusted: do they come again from other samples, and would more interviews bring new ones; pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fanops.themes.parameters import Parameters
from fanops.themes.partition import canonical, coherent_communities, discriminant, likeliest, neighbourhood

_MOST, _ROUNDS, _KEPT_SHARE = 12_000, 4, 0.8  # as many as a run is fitted on: a thinner graph divides coarser
_FEWEST_OF_A_THEME = 5
STABLE = 0.6  # a theme that comes again with so much of itself may be relied on (Hennig 2007)


def stability(vectors: NDArray[np.float32], labels: NDArray[np.int32], parameters: Parameters) -> NDArray[np.float64]:
    """Say how much of each theme comes again when four fifths of the units are partitioned anew with another seed.

    Args:
        vectors: Unit vectors, shape (n, d).
        labels: Theme of each unit, −1 none, shape (n,).
        parameters: Of the run.

    Returns:
        Mean best Jaccard similarity over four rounds, 0–1, by theme; NaN for themes too small in the sample.

    Source:
        Hennig (2007), Cluster-wise assessment of cluster stability, CSDA 52(1).
    """
    count = int(labels.max(initial=-1)) + 1
    draw = np.random.default_rng(parameters.seed)
    inside = np.flatnonzero((labels >= 0) & np.any(vectors, axis=1))
    if len(inside) > _MOST:
        inside = np.sort(draw.choice(inside, _MOST, replace=False))
    # Equal texts would tie themselves together and make every theme look firm.
    inside = inside[np.sort(np.unique(np.round(vectors[inside], 4), axis=0, return_index=True)[1])]
    found: list[NDArray[np.float64]] = []
    for turn in range(_ROUNDS):
        kept = np.sort(draw.choice(inside, int(len(inside) * _KEPT_SHARE), replace=False))
        if len(kept) < 2 * _FEWEST_OF_A_THEME:
            return np.full(count, np.nan)
        ones = np.ones(len(kept), dtype=np.int64)
        other = replace(parameters, seed=parameters.seed + 1 + turn)
        again = coherent_communities(vectors[kept], neighbourhood(vectors[kept], parameters), ones, other)
        again = likeliest(vectors[kept], discriminant(vectors[kept], canonical(again, ones)))
        found.append(_best_jaccard(labels[kept], again, count))
    rounds = np.array(found)
    known = np.isfinite(rounds).sum(axis=0)
    return np.where(known == _ROUNDS, np.nansum(rounds, axis=0) / np.maximum(known, 1), np.nan)


def _best_jaccard(first: NDArray[np.int32], second: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    together = np.zeros((count, int(second.max()) + 1))
    np.add.at(together, (first, second), 1)
    sizes, others = together.sum(axis=1), together.sum(axis=0)
    likeness = together / (sizes[:, None] + others[None, :] - together)
    return np.where(sizes >= _FEWEST_OF_A_THEME, likeness.max(axis=1), np.nan)


@dataclass(frozen=True)
class Saturation:
    """饱和度 of interviews: whether hardly anything new comes any more.

    Attributes:
        interviews: How many were held.
        seen: Themes that occurred.
        expected: Themes there are, estimated; at least ``seen``.
        more: Interviews still needed to see 95 % of the expected ones; 0 when reached, NaN when it can't be said.
    """

    interviews: int
    seen: int
    expected: float
    more: float


def saturation(held: Sequence[set[int]], reached: float = 0.95) -> Saturation:
    """Estimate how many themes there are, and how many more interviews until most were heard.

    Args:
        held: The themes that occurred in each interview.
        reached: Share of the expected themes to be seen.

    Source:
        Chao2 with bias correction, and the effort to reach a share: Chao et al. (2009), Sufficient sampling for
        asymptotic minimum species richness estimators, Ecology 90(4).
    """
    m = len(held)
    counts: dict[int, int] = {}
    for themes in held:
        for theme in themes:
            counts[theme] = counts.get(theme, 0) + 1
    seen = len(counts)
    once = sum(count == 1 for count in counts.values())
    twice = sum(count == 2 for count in counts.values())
    if m < 3 or not seen:
        return Saturation(m, seen, float("nan"), float("nan"))
    factor = (m - 1) / m
    unseen = factor * (once * once / (2 * twice) if twice else once * (once - 1) / 2)
    expected = seen + unseen
    if seen >= reached * expected:
        return Saturation(m, seen, expected, 0.0)
    if not twice:
        return Saturation(m, seen, expected, float("nan"))  # nothing was heard exactly twice: the pace can't be told
    inner = 1 - (m / (m - 1)) * (2 * twice / (once * once)) * (reached * expected - seen)
    pace = math.log(1 - 2 * twice / ((m - 1) * once + 2 * twice))
    more = math.log(inner) / pace if inner > 0 else float("nan")
    return Saturation(m, seen, expected, math.ceil(more) if more == more else more)
