"""Raisers against similar fans who did not raise it: matched on what was known before, compared after; pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

MOST_MATCHES = 3
FEWEST_RAISERS = 5


@dataclass(frozen=True)
class Contrast:
    """One outcome of raisers against their matches.

    Attributes:
        raisers: Mean of the raisers.
        others: Mean over the raisers of their matches' mean.
        difference: Mean of the raisers' own differences from their matches.
        low: Lower end of its 95 % interval (t on raisers), NaN with fewer than two.
        high: Upper end.
        base: Raisers with a match and with this outcome known.
    """

    raisers: float
    others: float
    difference: float
    low: float
    high: float
    base: int


def match_fans(raisers: pd.DataFrame, others: pd.DataFrame, most: int = MOST_MATCHES) -> dict[int, list[int]]:
    """Give each raiser the fans most like them before the start; nobody serves twice.

    Args:
        raisers: By fan id: ``store_id, level`` (must be equal), ``bought, days_since`` (before the start; nearest on their logs).
        others: The same of fans who did not raise it.
        most: Matches per raiser at most.

    Returns:
        Fan ids by raiser, the nearest first; raisers without a match are left out. Each raiser gets a first match before
        anybody gets a second.
    """
    whole = pd.concat([raisers, others])
    scale = {name: float(np.log1p(whole[name]).std(ddof=0)) or 1.0 for name in ("bought", "days_since")}

    def place(frame: pd.DataFrame) -> np.ndarray:
        return np.column_stack([np.log1p(frame[name]) / width for name, width in scale.items()])

    found: dict[int, list[int]] = {}
    for key, group in raisers.sort_index().groupby(["store_id", "level"], sort=True):
        pool = others[(others["store_id"] == key[0]) & (others["level"] == key[1])].sort_index()
        if pool.empty:
            continue
        apart = np.linalg.norm(place(group)[:, None, :] - place(pool)[None, :, :], axis=2)
        free = np.ones(len(pool), dtype=bool)
        for _ in range(most):
            for row, fan_id in enumerate(group.index):
                if free.any():
                    nearest = int(np.argmin(np.where(free, apart[row], np.inf)))
                    free[nearest] = False
                    found.setdefault(int(fan_id), []).append(int(pool.index[nearest]))
    return found


def contrast(outcome: pd.Series, matches: dict[int, list[int]]) -> Contrast:
    """Compare raisers with their matches.

    Args:
        outcome: Value by fan id, NaN where unknown.
        matches: As ``match_fans`` gives.
    """
    pairs = []
    for fan_id, others in matches.items():
        own, theirs = outcome.get(fan_id, np.nan), outcome.reindex(others).mean()
        if np.isfinite(own) and np.isfinite(theirs):
            pairs.append((float(own), float(theirs)))
    if not pairs:
        return Contrast(*[float("nan")] * 5, 0)
    own, theirs = np.array(pairs).T
    gaps = own - theirs
    half = float("nan")
    if len(gaps) >= 2:
        half = float(stats.t.ppf(0.975, len(gaps) - 1) * gaps.std(ddof=1) / np.sqrt(len(gaps)))
    middle = float(gaps.mean())
    return Contrast(float(own.mean()), float(theirs.mean()), middle, middle - half, middle + half, len(gaps))
