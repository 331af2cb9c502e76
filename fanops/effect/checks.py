"""Checks on an effect: what a false start would have shown, and which stores make good controls; pure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fanops.effect.did import FEWEST_PERIODS, Effect, estimate_effect
from fanops.effect.panel import Panel
from fanops.errors import TooLittleData

_LEAST_OVERLAP = 4


def placebo_date(panel: Panel) -> Effect | None:
    """Estimate the effect of a start that never was: half way through the time before the first real one.

    Only periods before any real start are looked at, so that there is nothing to find; an interval without 0 speaks against the
    design.

    Returns:
        The effect of the false start, None when the time before is too short.
    """
    treated = (panel.start < panel.n_periods) & (panel.start > 0)
    if not treated.any():
        return None
    first = int(panel.start[treated].min())
    pretended = first // 2
    if first < FEWEST_PERIODS or pretended < 2:
        return None
    before = replace(
        panel, periods=panel.periods[:first], values=panel.values[:, :first],
        start=np.where(treated, pretended, np.where(panel.start == 0, 0, first)),
    )  # fmt: skip
    try:
        return estimate_effect(before)
    except TooLittleData:
        return None


def match_controls(values: NDArray[np.float64], treated: NDArray[np.bool_], most: int) -> list[int]:
    """Give the stores whose course before the start was most like that of the treated ones.

    Args:
        values: Values before the start, shape (n, t), NaN where missing.
        treated: Which stores get the change, shape (n,).
        most: Controls at most.

    Returns:
        Places of untreated stores, the most alike first: least mean squared distance of the course, each store's own level taken out
        (logarithms where all values are positive).
    """
    known = np.flatnonzero(np.isfinite(values).sum(axis=1) >= min(_LEAST_OVERLAP, values.shape[1]))
    if not treated[known].any():
        return []
    kept, changed = values[known], treated[known]
    course = np.log(kept) if np.nanmin(kept) > 0 else kept.astype(float)
    course = course - np.nanmean(course, axis=1, keepdims=True)
    seen = np.isfinite(course[changed]).any(axis=0)  # periods in which any treated store was open
    target = np.nanmean(course[changed][:, seen], axis=0)
    gap = (course[:, seen] - target) ** 2
    apart = np.where(
        np.isfinite(gap).any(axis=1), np.nansum(gap, axis=1) / np.maximum(1, np.isfinite(gap).sum(axis=1)), np.inf
    )
    order = [
        int(known[place])
        for place in np.argsort(apart, kind="stable")
        if not changed[place] and np.isfinite(apart[place])
    ]
    return order[:most]
