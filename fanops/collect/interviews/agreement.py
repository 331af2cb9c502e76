"""How far two coders agree: Cohen's κ and Krippendorff's α per code, and the passages that differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Agreement:
    """一致性 of two coders on one code.

    Attributes:
        observed_share: Share of positions both judged alike, 0–1.
        kappa: Cohen's κ; NaN when both gave the same single label throughout (no variation to agree on).
        alpha: Krippendorff's α, nominal; NaN in the same case.
        base: How many positions were compared.
    """

    observed_share: float
    kappa: float
    alpha: float
    base: int


def agreement(first: ArrayLike, second: ArrayLike) -> Agreement:
    """Compare two coders' labels.

    Args:
        first: Labels of the first coder, shape (n,), any hashable or numeric codes (for one code: 0 and 1).
        second: Labels of the second coder, shape (n,), same positions.

    Returns:
        The agreement; all NaN with base 0 when there is nothing to compare.

    Source:
        Cohen (1960); Krippendorff (2004), Content Analysis, ch. 11, nominal data, two coders, no missing values.
    """
    a, b = np.asarray(first), np.asarray(second)
    n = len(a)
    if n == 0:
        return Agreement(np.nan, np.nan, np.nan, 0)
    labels = np.unique(np.concatenate([a, b]))
    share_a = np.array([(a == label).mean() for label in labels])
    share_b = np.array([(b == label).mean() for label in labels])
    observed = float((a == b).mean())
    by_chance = float(share_a @ share_b)
    kappa = (observed - by_chance) / (1 - by_chance) if by_chance < 1 else np.nan
    counts = (share_a + share_b) * n
    expected_disagreement = 1 - float((counts * (counts - 1)).sum()) / (2 * n * (2 * n - 1))
    alpha = 1 - (1 - observed) / expected_disagreement if expected_disagreement > 0 else np.nan
    return Agreement(observed, float(kappa), float(alpha), n)


def coded_characters(length: int, passages: ArrayLike) -> NDArray[np.int8]:
    """Mark which characters of a text carry a code.

    Args:
        length: Characters of the text.
        passages: Rows (start, end exclusive), shape (k, 2); may overlap or be empty.

    Returns:
        0 or 1 per character, shape (length,).
    """
    marks = np.zeros(length, dtype=np.int8)
    for start, end in np.asarray(passages, dtype=int).reshape(-1, 2):
        marks[max(0, start) : end] = 1
    return marks
