"""Measure an item or a fix: the frozen plan where there is one, else before and after, which proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from fanops.access import Actor
from fanops.effect import records
from fanops.effect.before_after import LABEL, compare_stores
from fanops.effect.checks import placebo_date
from fanops.effect.did import Effect, estimate_effect
from fanops.effect.metrics import METRICS
from fanops.effect.panel import Panel
from fanops.effect.records_panel import weekly_panel
from fanops.effect.synthetic import synthetic_control
from fanops.effect.value import value_of
from fanops.effect.verdict import TOO_LITTLE, verdict
from fanops.errors import NotAllowed, TooLittleData
from fanops.intervals import holm
from fanops.settings import today
from fanops.tables import Measurement

_HISTORY_WEEKS = 12
_LEAST_KNOWN = 0.7  # of a metric's store-weeks, for it to be estimated at all


@dataclass(frozen=True)
class Computed:
    """A result that is not kept yet.

    Attributes:
        method: ``did`` or ``before_after``.
        verdict: In words.
        result: The numbers.
        baseline_id: The plan that it was measured by, None without one.
    """

    method: str
    verdict: str
    result: dict[str, Any]
    baseline_id: int | None


def measure(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None, metric: str = "revenue",
    until: date | None = None,
) -> Measurement:  # fmt: skip
    """Measure what an action changed and keep the result; see ``compute`` for what it does and refuses.

    Where people wait, call ``compute`` while reading and ``keep`` while writing: the calculation takes seconds.
    """
    found = compute(session, actor, item_id=item_id, fix_id=fix_id, metric=metric, until=until)
    return keep(session, actor, found, item_id=item_id, fix_id=fix_id)


def keep(
    session: Session, actor: Actor, found: Computed, *, item_id: int | None = None, fix_id: int | None = None
) -> Measurement:
    """Keep a computed result."""
    return records.save_measurement(
        session, actor, found.method, found.verdict, found.result, baseline_id=found.baseline_id, item_id=item_id,
        fix_id=fix_id,
    )  # fmt: skip


def compute(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None, metric: str = "revenue",
    until: date | None = None,
) -> Computed:  # fmt: skip
    """Compute what an action changed.

    With a frozen plan that names controls the result is a difference-in-differences with a verdict; without, it is a
    comparison before and after, labelled as such. The verdict is the brand's: nobody makes it from a part of the stores.

    Args:
        session: A reading session.
        actor: Who measures; sees all stores.
        item_id: The backlog item, or
        fix_id: the service fix.
        metric: Used when no plan is frozen.
        until: Last day, yesterday by default.

    Raises:
        NotAllowed: The actor sees a part of the stores only.
        TooLittleData: No store has the change yet, or there are too few weeks.
    """
    if not actor.sees_all_stores:
        raise NotAllowed(
            "您只看得到一部分门店，不能测量：结论是全品牌的。", "请总部的同事（看得到全部门店）来测量，结果在这里看。"
        )
    about = {"item_id": item_id, "fix_id": fix_id}
    thing = records.subject(session, actor, **about)
    since = records.treated_since(session, actor, **about)
    if not since:
        raise TooLittleData("还没有门店上线或完成，量不出效果。", "上线之后再来。")
    baseline = records.plan_of(session, actor, **about)
    plan = baseline.plan if baseline else {}
    metric = records.known_metric(plan.get("metric", metric))
    first = date.fromisoformat(plan["starts_on"]) if plan else min(since.values()) - timedelta(weeks=_HISTORY_WEEKS)
    last = until or today() - timedelta(days=1)
    if plan:
        last = min(last, date.fromisoformat(plan["ends_on"]))
    stores = set(plan["treated"]) | set(plan["controls"]) if plan else None

    def panel_of(name: str) -> Panel:
        return _panel(weekly_panel(session, actor, name, first, last, thing.theme_id), since, stores)

    panel = panel_of(metric)
    common = {"metric": metric, "first": first, "last": last, "weeks": panel.n_periods}
    if plan and len(plan["controls"]) >= 2:
        word, result = _by_plan(panel_of, panel, metric, plan, thing.theme_id)
        return Computed("did", word, common | result, baseline.id)
    bounds = METRICS[metric].least, METRICS[metric].most
    changes = compare_stores(panel.values, panel.start, list(panel.units), *bounds)
    if changes.empty:
        raise TooLittleData("上线前后的整周还不够，量不出变化。", "至少要有上线前、上线后各两个整周。")
    result = common | {"label": LABEL, "stores": changes.to_dict("records"), "all": _together(panel, *bounds)}
    return Computed("before_after", LABEL, result, baseline.id if baseline else None)


def _by_plan(
    panel_of: Callable[[str], Panel], panel: Panel, metric: str, plan: dict[str, Any], theme_id: int | None
) -> tuple[str, dict[str, Any]]:
    """Give verdict and numbers of a difference-in-differences; 数据不足 with the reason where it can't be had."""
    try:
        found = estimate_effect(panel)
    except TooLittleData as refusal:
        return TOO_LITTLE, {"note": f"{refusal.message}{refusal.hint}"}
    word = verdict(
        found, higher_is_better=METRICS[metric].higher_is_better, smallest_share=plan["smallest_share"],
        pass_share=plan["pass_share"],
    )  # fmt: skip
    result = _effect_result(found) | _checks(panel)
    seen = {metric: (panel, found)} | _other_effects(panel_of, metric, theme_id)
    result["others"] = _corrected(seen, metric)
    if "revenue" in seen:
        worth = value_of(*seen["revenue"])
        result["value"] = asdict(worth) | {"by_store": worth.by_store.to_dict("records")}
    return word, result


def _panel(frame: pd.DataFrame, since: dict[int, date], stores: set[int] | None) -> Panel:
    if stores is not None:
        frame = frame[frame["store_id"].isin(stores)]
    wide = frame.pivot(index="store_id", columns="week", values="value")
    weeks = list(wide.columns)
    start = [
        next((n for n, week in enumerate(weeks) if week >= since[store]), len(weeks)) if store in since else len(weeks)
        for store in wide.index
    ]
    names = frame.drop_duplicates("store_id").set_index("store_id")["store"]
    units = tuple(str(names[store]) for store in wide.index)
    return Panel(units, tuple(str(w) for w in weeks), wide.to_numpy(dtype=float), np.array(start, dtype=np.int64))


def _effect_result(found: Effect) -> dict[str, Any]:
    frames = {name: getattr(found, name).to_dict("records") for name in ("by_time", "by_store", "by_placebo")}
    return asdict(found) | frames


def _checks(panel: Panel) -> dict[str, Any]:
    false_start = placebo_date(panel)
    ends = [false_start.estimate_share, false_start.low_share, false_start.high_share] if false_start else None
    return {"placebo_date": ends, "synthetic": _synthetic(panel)}


def _synthetic(panel: Panel) -> dict[str, Any] | None:
    """A second opinion where few stores are treated; None where it can't be had."""
    try:
        found = synthetic_control(panel)
    except TooLittleData:
        return None
    return asdict(found) | {name: getattr(found, name).to_dict("records") for name in ("weights", "by_time")}


def _other_effects(
    panel_of: Callable[[str], Panel], planned: str, theme_id: int | None
) -> dict[str, tuple[Panel, Effect]]:
    """Estimate the metrics that the plan did not name, over the same stores, where there is enough to."""
    found = {}
    for name, metric in METRICS.items():
        if name == planned or (metric.needs_theme and theme_id is None):
            continue
        panel = panel_of(name)
        if np.isfinite(panel.values).mean() < _LEAST_KNOWN:
            continue
        try:
            found[name] = (panel, estimate_effect(panel))
        except TooLittleData:
            continue
    return found


def _corrected(seen: dict[str, tuple[Panel, Effect]], planned: str) -> list[dict[str, Any]]:
    """Give all metrics with their p values corrected together."""
    rows = [
        {"metric": name, "estimate_share": effect.estimate_share, "low_share": effect.low_share,
         "high_share": effect.high_share, "p": effect.p, "planned": name == planned}
        for name, (_, effect) in seen.items()
    ]  # fmt: skip
    return [
        row | {"p_corrected": value} for row, value in zip(rows, holm([row["p"] for row in rows]).tolist(), strict=True)
    ]


def _together(panel: Panel, least: float, most: float) -> dict[str, float]:
    """Compare the treated stores taken together, aligned at their own starts."""
    started = [s for s in range(len(panel.units)) if 0 < panel.start[s] < panel.n_periods]
    before = min(int(panel.start[s]) for s in started)
    after = min(panel.n_periods - int(panel.start[s]) for s in started)
    aligned = np.array([panel.values[s, panel.start[s] - before : panel.start[s] + after] for s in started])
    return (
        compare_stores(np.nanmean(aligned, axis=0)[None, :], np.array([before]), ["合计"], least, most)
        .iloc[0]
        .drop("unit")
        .to_dict()
    )


def mentions_before_after(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None, weeks: int = 8
) -> pd.DataFrame:
    """Give per store how often the theme was mentioned before and after; what ``compare_stores`` gives, shares of voices 0–1.

    Args:
        session: A reading session.
        actor: Whose stores.
        item_id: The backlog item, or
        fix_id: the service fix.
        weeks: Weeks looked at on either side of each store's start, at most.

    Raises:
        TooLittleData: Nothing done yet, or an action without a theme.
    """
    about = {"item_id": item_id, "fix_id": fix_id}
    theme_id = records.subject(session, actor, **about).theme_id
    since = records.treated_since(session, actor, **about)
    if theme_id is None or not since:
        raise TooLittleData("还没有门店上线或完成，或它不来自一个主题。", "上线之后再来。")
    first = min(since.values()) - timedelta(weeks=weeks)
    frame = weekly_panel(session, actor, "mention_share", first, today() - timedelta(days=1), theme_id)
    panel = _panel(frame, since, set(since))
    values = panel.values.copy()
    for store, start in enumerate(panel.start):
        values[store, : max(0, start - weeks)] = np.nan
        values[store, start + weeks :] = np.nan
    return compare_stores(values, panel.start, list(panel.units), 0.0, 1.0)
