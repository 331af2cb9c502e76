"""Synthetic control for few treated stores: a weighted mix of controls that went the same way before the start; pure.

Each treated store is compared with the mix of control stores (weights at least 0, sum 1) whose course before the start,
each store's own level taken out, was nearest to its own. The p value is a permutation over stores: how often a control
store, treated as if it had started then, drifts off as far after the start, measured by its own fit before.

Sources: Abadie, Diamond & Hainmueller (2010), JASA 105:493–505; levels taken out as in Ferman & Pinto (2021),
Quantitative Economics 12:1197–1221.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls

from fanops.effect.panel import Panel
from fanops.errors import TooLittleData

FEWEST_CONTROLS, FEWEST_BEFORE, MOST_TREATED = 4, 8, 3
_SUM_TO_ONE = 1e4  # weight of the row that makes the weights sum to 1
_MOST_DRAWS = 5_000


@dataclass(frozen=True)
class SyntheticControl:
    """合成对照.

    Attributes:
        estimate_share: Mean effect after the start, relative.
        p: Permutation p value over stores.
        least_p: Smallest p that so few controls can give.
        fit_share: How far the mix is off before the start (root mean square, relative).
        weights: ``unit, control, weight``, only those above 1 %.
        by_time: ``time`` (0 is the start), ``gap_share``: observed against the mix, mean of the treated stores.
        placebo_shares: What each control store would have shown.
    """

    estimate_share: float
    p: float
    least_p: float
    fit_share: float
    weights: pd.DataFrame
    by_time: pd.DataFrame
    placebo_shares: tuple[float, ...]


def synthetic_control(panel: Panel) -> SyntheticControl:
    """Estimate the effect in one to three treated stores against a mix of controls.

    Raises:
        TooLittleData: More treated stores, fewer controls, too short a time before, values that are not positive.
    """
    treated = np.flatnonzero((panel.start > 0) & (panel.start < panel.n_periods))
    never = np.flatnonzero(panel.start >= panel.n_periods)
    control = np.array([s for s in never if np.isfinite(panel.values[s]).all()], dtype=int)
    if not 1 <= len(treated) <= MOST_TREATED or len(control) < FEWEST_CONTROLS:
        raise TooLittleData("合成对照要有 1 到 3 家上线门店和至少 4 家数据完整的对照门店。")
    if int(panel.start[treated].min()) < FEWEST_BEFORE or not (panel.values[np.r_[treated, control]] > 0).all():
        raise TooLittleData(f"合成对照要有上线前至少 {FEWEST_BEFORE} 个时间段，数值都大于 0。")
    y = np.log(panel.values)
    own = [_gap(y[s], y[control], int(panel.start[s])) for s in treated]
    gaps = np.array([gap for gap, _ in own])
    starts = [int(panel.start[s]) for s in treated]
    drifts = [_drift(gap, start) for gap, start in zip(gaps, starts, strict=True)]
    placebo = {start: [_gap(y[c], y[np.setdiff1d(control, c)], start)[0] for c in control] for start in set(starts)}
    pretended = {start: [_drift(gap, start) for gap in rows] for start, rows in placebo.items()}
    draws = _draws(pretended, starts)
    statistic = float(np.mean([drift for _, drift in drifts]))
    p = (1 + int((draws >= statistic - 1e-12).sum())) / (len(draws) + 1)
    point = float(np.mean([effect for effect, _ in drifts]))
    names = [
        (panel.units[s], panel.units[control[n]], float(weight))
        for s, (_, weights) in zip(treated, own, strict=True)
        for n, weight in enumerate(weights)
        if weight > 0.01
    ]
    fit = np.sqrt(np.mean([np.mean(gap[:start] ** 2) for gap, start in zip(gaps, starts, strict=True)]))
    return SyntheticControl(
        float(np.expm1(point)), p, 1 / (len(draws) + 1), float(np.expm1(fit)),
        pd.DataFrame(names, columns=["unit", "control", "weight"]).sort_values(["unit", "weight"], ascending=[True, False]),
        _by_time(gaps, starts), tuple(float(np.expm1(effect)) for effect, _ in pretended[starts[0]]),
    )  # fmt: skip


def _gap(
    store: NDArray[np.float64], donors: NDArray[np.float64], start: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give a store minus its mix over all periods, shape (t,), and the mix's weights, shape (c,)."""
    own = store - np.nanmean(store[:start])
    others = donors - donors[:, :start].mean(axis=1, keepdims=True)
    known = np.isfinite(own[:start])
    rows = np.vstack([others[:, :start].T[known], np.full(len(others), _SUM_TO_ONE)])
    weights, _ = nnls(rows, np.r_[own[:start][known], _SUM_TO_ONE])
    return own - weights @ others, weights


def _drift(gap: NDArray[np.float64], start: int) -> tuple[float, float]:
    """Give the mean gap after the start, and its root mean square against that before."""
    before, after = gap[:start], gap[start:]
    fit = np.sqrt(np.nanmean(before**2))
    return float(np.nanmean(after)), float(np.sqrt(np.nanmean(after**2)) / max(fit, 1e-9))


def _draws(pretended: dict[int, list[tuple[float, float]]], starts: list[int]) -> NDArray[np.float64]:
    """Give the statistic for ways of letting control stores stand for the treated ones."""
    count = len(pretended[starts[0]])
    ways = islice(permutations(range(count), len(starts)), _MOST_DRAWS)
    return np.array([np.mean([pretended[start][c][1] for start, c in zip(starts, way, strict=True)]) for way in ways])


def _by_time(gaps: NDArray[np.float64], starts: list[int]) -> pd.DataFrame:
    first, last = -max(starts), gaps.shape[1] - min(starts)
    rows = []
    for time in range(first, last):
        cells = [gap[s + time] for gap, s in zip(gaps, starts, strict=True) if 0 <= s + time < gaps.shape[1]]
        if np.isfinite(cells).any():
            rows.append((time, float(np.expm1(np.nanmean(cells)))))
    return pd.DataFrame(rows, columns=["time", "gap_share"])
