"""Before and after without controls: what changed, per store, with interval; never called an effect (不能归因)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

LABEL = "前后对比(不能归因)"


def compare(values: NDArray[np.float64], start: int, least: float = -np.inf, most: float = np.inf) -> dict[str, float]:
    """Compare the periods before and after ``start`` of one store.

    Args:
        values: One value per period, NaN where missing, shape (t,).
        start: Index of the first period after.
        least: No mean is lower: the interval ends where the mean after would pass it.
        most: No mean is higher.

    Returns:
        ``before, after`` (means), ``change_share, low, high`` (relative, Welch interval on the difference, cut at the bounds), ``n_before,
        n_after``. NaN where a side has fewer than two periods.
    """
    a, b = values[:start], values[start:]
    a, b = a[np.isfinite(a)], b[np.isfinite(b)]
    result = {
        "before": float(a.mean()) if len(a) else np.nan, "after": float(b.mean()) if len(b) else np.nan,
        "change_share": np.nan, "low": np.nan, "high": np.nan, "n_before": len(a), "n_after": len(b),
    }  # fmt: skip
    if len(a) < 2 or len(b) < 2 or result["before"] == 0:
        return result
    difference = result["after"] - result["before"]
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    error = np.sqrt(va + vb)
    freedom = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1)) if error > 0 else 1.0
    half = float(stats.t.ppf(0.975, freedom) * error)
    base = abs(result["before"])
    return result | {
        "change_share": difference / base,
        "low": max(difference - half, min(least, result["after"]) - result["before"]) / base,
        "high": min(difference + half, max(most, result["after"]) - result["before"]) / base,
    }


def compare_stores(
    values: NDArray[np.float64],
    start: NDArray[np.int64],
    units: list[str],
    least: float = -np.inf,
    most: float = np.inf,
) -> pd.DataFrame:
    """Compare each store that started; rows ``unit`` and what ``compare`` gives (there also what the bounds are)."""
    rows = [
        {"unit": unit, **compare(row, int(begin), least, most)}
        for unit, row, begin in zip(units, values, start, strict=True)
        if 0 < begin < values.shape[1]
    ]
    return pd.DataFrame(rows, columns=["unit", "before", "after", "change_share", "low", "high", "n_before", "n_after"])
