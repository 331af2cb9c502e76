"""Difference-in-differences for staggered rollouts, honest with few stores.

Estimator: the imputation form of a group-time effect. Store and period effects are fitted on what is untreated only
(never treated stores, and treated ones before their start), so that no treated store ever serves as a control; the
effect of each treated store-period is what was observed minus what that fit imputes; the estimate is their mean. It is
unbiased under staggered adoption with growing effects, where two-way fixed effects is not.

Scale: revenue of stores differs by factors, so the fit is on logs when all values are positive; the share is the mean
of log effects, and the value's estimate follows from it.

Inference: over stores, never over store-periods. Each treated store's mean effect is compared with the placebo effects
of the control stores under the same calendar (imputed leave-one-out), with a t reference on stores; where there are
enough controls, a permutation test over stores decides the verdict together with it.

Sources: Borusyak, Jaravel & Spiess (2024), Revisiting event-study designs; Callaway & Sant'Anna (2021); for few
clusters: Ibragimov & Müller (2010, 2016), t-statistic based inference; MacKinnon & Webb (2020).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from fanops.effect.panel import Panel
from fanops.errors import TooLittleData

FEWEST_CONTROLS, FEWEST_PERIODS = 2, 4
ALPHA, POWER = 0.05, 0.80


@dataclass(frozen=True)
class Effect:
    """效果 of a rollout.

    Attributes:
        estimate: Mean effect per store and period, units of the value.
        low: Lower end of its 95 % interval.
        high: Upper end.
        estimate_share: Effect relative to what would have been, 0.05 is +5 %.
        low_share: Lower end.
        high_share: Upper end.
        p: Two-sided p value of no effect.
        n_treated: Treated stores with periods before and after their start.
        n_control: Never treated stores with data.
        n_periods: Periods.
        minimum_detectable_share: Effect that this design would have shown with 80 % power at 5 %, relative.
        pre_trend_p: p value of no difference in trend before the start; NaN where it can't be tested.
        by_time: Event time → ``time, estimate_share, low_share, high_share, stores`` (negative: before).
        by_store: ``unit, estimate_share, low_share, high_share, periods, base`` of treated stores.
        scale: ``log`` or ``level``.
        counterfactual: Mean of what would have been, units of the value.
        by_placebo: ``unit, estimate_share`` of control stores, as if they had started with the treated ones.
    """

    estimate: float
    low: float
    high: float
    estimate_share: float
    low_share: float
    high_share: float
    p: float
    n_treated: int
    n_control: int
    n_periods: int
    minimum_detectable_share: float
    pre_trend_p: float
    by_time: pd.DataFrame = field(repr=False)
    by_store: pd.DataFrame = field(repr=False)
    scale: str = "log"
    counterfactual: float = float("nan")
    by_placebo: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)


def estimate_effect(panel: Panel) -> Effect:
    """Estimate what a rollout changed.

    Args:
        panel: Values per store and period with each store's start; see Panel.

    Raises:
        TooLittleData: No treated store with a before and an after, too few controls or periods.
    """
    values, start = panel.values, panel.start
    _need_enough(panel)
    positive = bool(np.nanmin(values) > 0)
    y = np.log(values) if positive else values.astype(float)
    treated = np.flatnonzero(start < panel.n_periods)
    control = np.flatnonzero(start >= panel.n_periods)
    residual = _residuals(y, start)
    own = {store: _mean(residual[store, start[store] :]) for store in treated}
    own = {store: effect for store, effect in own.items() if np.isfinite(effect) and start[store] > 0}
    if not own:
        raise TooLittleData("上线前没有数据，算不出。", "要有上线前的数据才能比：换一个有历史的指标，或等数据补齐。")
    stores = np.array(sorted(own))
    effects = np.array([own[store] for store in stores])
    lengths = np.array([np.isfinite(residual[store, start[store] :]).sum() for store in stores], dtype=float)
    weights = lengths / lengths.sum()
    point = float(weights @ effects)
    placebo = _placebo_effects(y, start, control, stores)
    usable = np.isfinite(placebo).all(axis=1)
    if int(usable.sum()) < FEWEST_CONTROLS:
        raise TooLittleData("有数据的对照门店不足两家，算不出归因的效果。", "多选几家这段时间一直有数据的对照门店。")
    placebo, control = placebo[usable], control[usable]
    standard_error, freedom, of_one = _standard_error(effects, weights, placebo)
    t = stats.t.ppf(1 - ALPHA / 2, freedom)
    low, high = point - t * standard_error, point + t * standard_error
    p = float(2 * stats.t.sf(abs(point) / standard_error, freedom)) if standard_error > 0 else float(point == 0)
    base = _base(values, residual, stores, start, positive)
    if positive:
        shares = [float(np.expm1(v)) for v in (point, low, high)]
        amounts = [share * base for share in shares]
    else:
        amounts = [point, low, high]
        shares = [v / abs(base) if base else float("nan") for v in amounts]
    detectable = (t + stats.t.ppf(POWER, freedom)) * standard_error
    return Effect(
        *amounts, *shares, p, len(stores), len(control), panel.n_periods,
        float(np.expm1(detectable)) if positive else detectable / abs(base) if base else float("nan"),
        _pre_trend(y, start, stores, control), _by_time(residual, start, stores, positive, base, standard_error, placebo),
        _by_store(panel, stores, effects, lengths, positive, base, t * of_one), "log" if positive else "level", base,
        _by_placebo(panel, control, placebo @ weights, positive, base),
    )  # fmt: skip


def detectable_share(values: NDArray[np.float64], treated: NDArray[np.bool_], periods_after: int) -> float:
    """Give the effect that a design would show with 80 % power at 5 %, worked out on history alone, before starting.

    The last ``periods_after`` periods of the history play the time after the start.

    Args:
        values: History, shape (n, t), NaN where missing.
        treated: Which stores will get the change, shape (n,).
        periods_after: Periods that will be looked at after the start.

    Returns:
        A relative effect; see ``Effect.minimum_detectable_share``.

    Raises:
        TooLittleData: Too few controls, or a history shorter than two periods before that.
    """
    n, periods = values.shape
    begin = periods - periods_after
    if begin < 2:
        raise TooLittleData(
            f"历史只有 {periods} 个时间段，算不出能看出多大的变化。", "看短一点（结束日期往前放），或等历史再长一些。"
        )
    start = np.where(treated, begin, periods)
    names = tuple(str(place) for place in range(n))
    panel = Panel(names, tuple(str(place) for place in range(periods)), values, start.astype(np.int64))
    return estimate_effect(panel).minimum_detectable_share


def _need_enough(panel: Panel) -> None:
    start = panel.start
    usable = (start < panel.n_periods) & (start > 0)
    if not usable.any():
        raise TooLittleData("没有一家上线门店既有上线前又有上线后的数据。", "请检查上线时间那一列。")
    if int((start >= panel.n_periods).sum()) < FEWEST_CONTROLS:
        raise TooLittleData(
            "对照门店不足两家，算不出归因的效果。",
            "至少要有两家始终没有上线的门店；没有对照时只能看前后对比(不能归因)。",
        )
    if panel.n_periods < FEWEST_PERIODS:
        raise TooLittleData(f"只有 {panel.n_periods} 个时间段。", f"至少要有 {FEWEST_PERIODS} 个。")
    if not np.isfinite(panel.values).any():
        raise TooLittleData("这段时间这个指标没有数据，算不出。", "换一个有数据的指标，或先导入数据。")


def _residuals(y: NDArray[np.float64], start: NDArray[np.int64]) -> NDArray[np.float64]:
    """Impute every cell from the untreated ones by store and period effects; give observed minus imputed."""
    store, period = _two_way(y, start)
    return y - (store[:, None] + period[None, :])


def _two_way(y: NDArray[np.float64], start: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit store and period effects on untreated cells by least squares; NaN where nothing untreated tells."""
    n, periods = y.shape
    untreated = np.isfinite(y) & (np.arange(periods)[None, :] < start[:, None])
    store, period = np.zeros(n), np.zeros(periods)
    filled = np.where(untreated, y, 0.0)
    per_store, per_period = untreated.sum(axis=1), untreated.sum(axis=0)
    for _ in range(500):
        before = period.copy()
        store = (filled - untreated * period[None, :]).sum(axis=1) / np.maximum(per_store, 1)
        period = (filled - untreated * store[:, None]).sum(axis=0) / np.maximum(per_period, 1)
        if np.abs(period - before).max(initial=0.0) < 1e-10:
            break
    store[per_store == 0], period[per_period == 0] = np.nan, np.nan
    return store, period


def _mean(values: NDArray[np.float64]) -> float:
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if len(kept) else float("nan")


def _placebo_effects(
    y: NDArray[np.float64], start: NDArray[np.int64], control: NDArray[np.int64], stores: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Give what each control store would show had it started as the treated ones did, leave-one-out; shape (c, s)."""
    result = np.full((len(control), len(stores)), np.nan)
    starts = np.unique(start[stores])
    for row, store in enumerate(control):
        for begin in starts:
            pretended = start.copy()
            pretended[store] = begin
            residual = _residuals(y, pretended)
            result[row, start[stores] == begin] = _mean(residual[store, begin:])
    return result


def _standard_error(
    effects: NDArray[np.float64], weights: NDArray[np.float64], placebo: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Give the standard error of the weighted mean effect, its degrees of freedom, and the standard error of one store.

    The spread of one store's effect is taken from the control stores' placebo effects (they have no effect at all, so
    different effects of treated stores do not hide the noise), pooled with the treated stores' own spread when there
    are several. A placebo effect is against the other controls; a leave-one-out fit already carries the controls' share
    of the noise.
    """
    kept = placebo[:, np.isfinite(placebo).all(axis=0)]
    noise = float(np.mean(kept**2)) if kept.size else float("nan")
    c = len(placebo)
    if len(effects) >= 3:
        spread = float(np.var(effects, ddof=1))
        pooled = (c * noise + (len(effects) - 1) * spread) / (c + len(effects) - 1)
        noise, freedom = max(noise, 0.75 * pooled) if spread < noise else pooled, c + len(effects) - 2
    else:
        freedom = c - 1
    own_part = noise * c / (c + 1)  # of the leave-one-out placebo's noise, the part that is the store's own
    variance = own_part * float(weights @ weights) + own_part / c
    return float(np.sqrt(variance)), float(max(1, freedom)), float(np.sqrt(own_part + own_part / c))


def _base(values, residual, stores, start, positive: bool) -> float:
    """Give the mean of what would have been in treated store-periods, units of the value."""
    would = []
    for store in stores:
        after = slice(start[store], None)
        observed, gap = values[store, after], residual[store, after]
        would.append(observed / np.exp(gap) if positive else observed - gap)
    return _mean(np.concatenate(would))


def _pre_trend(y, start, stores, control) -> float:
    """Test whether treated stores drifted apart from controls before they started (slopes per store, Welch's t)."""
    slopes: dict[bool, list[float]] = {True: [], False: []}
    until = int(start[stores].min())
    if until < 4:
        return float("nan")
    centre = np.nanmean(y[np.concatenate([stores, control])], axis=0)
    for group, members in ((True, stores), (False, control)):
        for store in members:
            end = int(start[store]) if group else until
            gap = (y[store] - centre)[:end]
            known = np.isfinite(gap)
            if known.sum() >= 4:
                slopes[group].append(float(np.polyfit(np.flatnonzero(known), gap[known], 1)[0]))
    a, b = slopes[True], slopes[False]
    if len(a) < 1 or len(b) < 2:
        return float("nan")
    if len(a) == 1:
        spread = float(np.std(b, ddof=1)) * np.sqrt(1 + 1 / len(b))
        return float(2 * stats.t.sf(abs(a[0] - float(np.mean(b))) / max(spread, 1e-15), len(b) - 1))
    return float(stats.ttest_ind(a, b, equal_var=False).pvalue)


def _by_time(residual, start, stores, positive, base, standard_error, placebo) -> pd.DataFrame:
    periods = residual.shape[1]
    noise = np.nanstd(residual[start >= periods], ddof=1) if (start >= periods).any() else np.nan
    rows = []
    for offset in range(-int(start[stores].max()), periods - int(start[stores].min())):
        cells = [residual[s, start[s] + offset] for s in stores if 0 <= start[s] + offset < periods]
        cells = [cell for cell in cells if np.isfinite(cell)]
        if not cells:
            continue
        mean, half = float(np.mean(cells)), 1.96 * noise * np.sqrt(1 / len(cells) + 1 / max(1, len(placebo)))
        ends = (mean, mean - half, mean + half)
        shown = _share(np.array(ends), positive, base).tolist()
        rows.append((offset, *shown, len(cells)))
    return pd.DataFrame(rows, columns=["time", "estimate_share", "low_share", "high_share", "stores"])


def _by_store(panel: Panel, stores, effects, lengths, positive: bool, base: float, half: float) -> pd.DataFrame:
    before = [float(np.nanmean(panel.values[s, : panel.start[s]])) for s in stores]
    return pd.DataFrame(
        {
            "unit": [panel.units[s] for s in stores],
            "estimate_share": _share(effects, positive, base),
            "low_share": _share(effects - half, positive, base),
            "high_share": _share(effects + half, positive, base),
            "periods": lengths.astype(int),
            "base": before,
        }
    )


def _by_placebo(panel: Panel, control, effects, positive: bool, base: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"unit": [panel.units[s] for s in control], "estimate_share": _share(effects, positive, base)}
    ).dropna(ignore_index=True)


def _share(effects: NDArray[np.float64], positive: bool, base: float) -> NDArray[np.float64]:
    return np.expm1(effects) if positive else effects / abs(base) if base else np.full(len(effects), np.nan)
