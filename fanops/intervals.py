"""How common something is: shares with intervals that are honest for small bases; p values corrected together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z95 = 1.959963984540054


def wilson(successes: ArrayLike, base: ArrayLike, z: float = Z95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the Wilson score interval of a share.

    Args:
        successes: Counts, shape (n,), each between 0 and its base.
        base: Bases, shape (n,); 0 gives the whole range 0–1.
        z: Width in standard errors; the default is 95 %.

    Returns:
        ``low, high``: shares 0–1, shape (n,).

    Source:
        Wilson (1927), JASA 22:209–212; recommended for small n by Brown, Cai & DasGupta (2001).
    """
    x, n = np.asarray(successes, dtype=float), np.asarray(base, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (x + z * z / 2) / (n + z * z)
        half = z / (n + z * z) * np.sqrt(x * (n - x) / n + z * z / 4)
    low, high = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def more_often(own: ArrayLike, own_base: ArrayLike, other: ArrayLike, other_base: ArrayLike) -> NDArray[np.float64]:
    """Give the chance that so much of what was counted lies on the own side, though both sides have one rate (one-sided p).

    Args:
        own: Counts, shape (n,); may be fractions, as counts over a design effect are.
        own_base: What they are out of.
        other: Counts on the other side.
        other_base: What those are out of.

    Returns:
        P(X ≥ own) of X binomial over own + other with chance own_base ÷ (own_base + other_base), shape (n,); 1 where own is 0.

    Source:
        Przyborowski & Wilenski (1940), Homogeneity of results in testing samples from Poisson series; the binomial tail as
        an incomplete beta function, which is defined between whole counts too.
    """
    from scipy.special import betainc

    own, own_base, other, other_base = (np.asarray(each, dtype=float) for each in (own, own_base, other, other_base))
    tail = betainc(np.maximum(own, 1e-9), other + 1, own_base / (own_base + other_base))
    return np.where(own > 0, tail, 1.0)


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Correct the p values of one table together; shape kept, NaN stays and counts for nothing.

    Source:
        Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    corrected = np.array(p, dtype=float)
    known = np.flatnonzero(np.isfinite(corrected))
    order = known[np.argsort(corrected[known], kind="stable")]
    stepped = np.maximum.accumulate(corrected[order] * np.arange(len(order), 0, -1))
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected
