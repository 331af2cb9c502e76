"""Quotes: sentences that stand for a theme, unlike each other; and the ones that say the opposite."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_POOL = 200


def diverse_quotes(
    vectors: NDArray[np.float32], middle: NDArray[np.float32], lengths: NDArray[np.int64], most: int = 5,
    diversity: float = 0.4,
) -> list[int]:  # fmt: skip
    """Choose members near the middle and unlike each other (maximal marginal relevance).

    Args:
        vectors: Unit vectors of the members, shape (n, d).
        middle: Unit centroid, shape (d,).
        lengths: Characters of each member; very short and very long ones are less telling.
        most: How many.
        diversity: 0 takes only the nearest, 1 only the most unlike.

    Returns:
        Positions of the chosen members, first the most typical.

    Source:
        Carbonell & Goldstein (1998).
    """
    if not len(vectors):
        return []
    fitting = 1 - np.clip(np.abs(np.log(np.maximum(lengths, 1) / 14)) / 4, 0, 0.5)
    relevance = (vectors @ middle) * fitting
    pool = np.argsort(-relevance, kind="stable")[:_POOL]
    chosen = [int(pool[0])]
    while len(chosen) < min(most, len(pool)):
        alike = (vectors[pool] @ vectors[chosen].T).max(axis=1)
        score = (1 - diversity) * relevance[pool] - diversity * alike
        score[np.isin(pool, chosen)] = -np.inf
        chosen.append(int(pool[int(np.argmax(score))]))
    return chosen
