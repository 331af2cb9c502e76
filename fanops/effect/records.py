"""Effects in the database: the plan frozen before rollout, panels from orders and voices, measurements kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require
from fanops.effect.checks import match_controls
from fanops.errors import InvalidInput, NotFound
from fanops.settings import settings
from fanops.tables import (
    BacklogItem,
    Baseline,
    Fix,
    FixStore,
    Measurement,
    Order,
    Rollout,
    Store,
    ThemeAssignment,
    Unit,
    Voice,
    now,
)  # fmt: skip

PLANNERS = (Role.PRODUCT, Role.CEO, Role.ADMIN)
METRICS = {
    "revenue": ("营业额", "每家店每周的订单金额合计（元）", True),
    "orders": ("订单数", "每家店每周的订单笔数", True),
    "repeat_share": ("复购率", "当周下单的已识别顾客中，此前 90 天内买过的比例", True),
    "mention_share": ("主题提及率", "当周原声中说到这个主题的比例", False),
}
_REPEAT_WINDOW_DAYS = 90


@dataclass(frozen=True)
class Plan:
    """效果方案, frozen before rollout.

    Attributes:
        metric: One of METRICS.
        starts_on: First day of the window (history included).
        ends_on: Last day.
        treated: Store ids that get the change.
        controls: Store ids to compare with.
        smallest_share: Smallest relative effect worth having.
        pass_share: Relative effect that must be reached.
    """

    metric: str
    starts_on: date
    ends_on: date
    treated: tuple[int, ...]
    controls: tuple[int, ...]
    smallest_share: float = 0.02
    pass_share: float = 0.0

    def sha256(self) -> str:
        """Hash of the whole plan, 64 hexadecimal digits."""
        return hashlib.sha256(json.dumps(asdict(self), default=str, sort_keys=True).encode()).hexdigest()


def freeze_plan(
    session: Session, actor: Actor, plan: Plan, *, item_id: int | None = None, fix_id: int | None = None
) -> Baseline:
    """Freeze a plan; a later one supersedes it and shows it, nothing is ever changed.

    Raises:
        InvalidInput: Unknown metric, empty or overlapping stores, a window that ends before it starts.
    """
    require(actor, *PLANNERS)
    if plan.metric not in METRICS:
        raise InvalidInput("没有这个指标。", f"可用：{'、'.join(word for word, _, _ in METRICS.values())}。")
    if not plan.treated or set(plan.treated) & set(plan.controls):
        raise InvalidInput("上线门店不能空着，也不能同时是对照门店。")
    if plan.starts_on >= plan.ends_on:
        raise InvalidInput("结束日期要晚于开始日期。")
    before = session.exec(
        select(Baseline).where(Baseline.item_id == item_id, Baseline.fix_id == fix_id).order_by(Baseline.id.desc())
    ).first()
    row = Baseline(
        brand_id=actor.brand_id, item_id=item_id, fix_id=fix_id, supersedes_id=before.id if before else None,
        metric=plan.metric, starts_on=plan.starts_on, ends_on=plan.ends_on,
        plan=json.loads(json.dumps(asdict(plan), default=str)), sha256=plan.sha256(), account_id=actor.account_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record_audit(session, actor, "freeze_plan", f"baseline:{row.id}", sha256=row.sha256)
    return row


def suggest_controls(
    session: Session, actor: Actor, metric: str, treated: Sequence[int], before: date, theme_id: int | None = None,
    most: int = 8, weeks: int = 16,
) -> list[int]:  # fmt: skip
    """Give the stores whose last weeks were most like those of the treated ones, the most alike first.

    Args:
        session: A reading session.
        actor: Whose stores.
        metric: One of METRICS.
        treated: Stores that get the change.
        before: The first day that no longer counts.
        theme_id: For ``mention_share``.
        most: Stores at most.
        weeks: Weeks looked at.
    """
    frame = weekly_panel(session, actor, metric, before - timedelta(weeks=weeks), before - timedelta(days=1), theme_id)
    wide = frame.pivot(index="store_id", columns="week", values="value")
    chosen = wide.index.isin(list(treated))
    if wide.empty or not chosen.any() or chosen.all():
        return []
    stores = wide.index.to_numpy()
    return [int(stores[place]) for place in match_controls(wide.to_numpy(dtype=float), chosen, most)]


def plan_of(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None
) -> Baseline | None:
    """Give the plan in force of an item or a fix, None when none was frozen."""
    statement = select(Baseline).where(
        Baseline.brand_id == actor.brand_id, Baseline.item_id == item_id, Baseline.fix_id == fix_id
    )
    return session.exec(statement.order_by(Baseline.id.desc())).first()


def treated_since(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None
) -> dict[int, date]:
    """Give the day from which each store of an item (live) or a fix (done) counts as treated."""
    if item_id is not None:
        statement = (
            select(Rollout.store_id, Rollout.live_on)
            .join(BacklogItem, BacklogItem.id == Rollout.item_id)
            .where(Rollout.item_id == item_id, Rollout.live_on.is_not(None), BacklogItem.brand_id == actor.brand_id)
        )
        return dict(session.exec(statement).all())
    statement = (
        select(FixStore.store_id, FixStore.done_at)
        .join(Fix, Fix.id == FixStore.fix_id)
        .where(FixStore.fix_id == fix_id, FixStore.done_at.is_not(None), Fix.brand_id == actor.brand_id)
    )
    return {store: done.astimezone(settings().zone).date() for store, done in session.exec(statement)}


def weekly_panel(
    session: Session, actor: Actor, metric: str, starts_on: date, ends_on: date, theme_id: int | None = None
) -> pd.DataFrame:
    """Build a store × week panel within the actor's scope.

    Args:
        session: A reading session.
        actor: Whose stores.
        metric: One of METRICS.
        starts_on: First day, moved to its Monday.
        ends_on: Last day; the week it lies in counts only when it is whole.
        theme_id: For ``mention_share``.

    Returns:
        Rows ``store_id, store, week`` (Monday), ``value``; revenue in yuan, shares 0–1 (NaN without a base).
    """
    first = starts_on - timedelta(days=starts_on.weekday())
    last = ends_on + timedelta(days=1)
    last = last - timedelta(days=last.weekday())
    names = dict(
        session.exec(in_scope(select(Store.id, Store.name), actor, brand=Store.brand_id, store=Store.id)).all()
    )
    weeks = [first + timedelta(weeks=n) for n in range(max(0, (last - first).days // 7))]
    index = pd.MultiIndex.from_product([sorted(names), weeks], names=["store_id", "week"])
    if metric == "mention_share":
        values = _mentions(session, actor, first, last, theme_id).reindex(index)
    else:
        history = first - timedelta(days=_REPEAT_WINDOW_DAYS if metric == "repeat_share" else 0)
        values = _order_metric(_orders(session, actor, history, last), metric, first).reindex(index)
        values = values.fillna(0.0) if metric in ("revenue", "orders") else values
    frame = values.rename("value").reset_index()
    frame.insert(1, "store", frame["store_id"].map(names))
    return frame


def _bounds(first: date, last: date) -> tuple[datetime, datetime]:
    zone = settings().zone
    return tuple(datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first, last))


def _weeks(moments: pd.Series) -> pd.Series:
    local = pd.to_datetime(moments, utc=True).dt.tz_convert(str(settings().zone))
    days = local.dt.normalize() - pd.to_timedelta(local.dt.day_of_week, unit="D")
    return days.dt.date


def _orders(session: Session, actor: Actor, first: date, last: date) -> pd.DataFrame:
    since, until = _bounds(first, last)
    statement = select(Order.store_id, Order.fan_id, Order.placed_at, Order.amount_fen).where(
        Order.placed_at >= since, Order.placed_at < until
    )
    rows = session.exec(in_scope(statement, actor, brand=Order.brand_id, store=Order.store_id)).all()
    frame = pd.DataFrame(rows, columns=["store_id", "fan_id", "placed_at", "amount_fen"])
    return frame.assign(week=_weeks(frame["placed_at"])) if len(frame) else frame.assign(week=[])


def _order_metric(orders: pd.DataFrame, metric: str, first: date) -> pd.Series:
    if metric == "repeat_share":
        known = orders[orders["fan_id"].notna()].sort_values("placed_at")
        gap = known.groupby("fan_id")["placed_at"].diff()
        known = known.assign(again=gap.notna() & (gap <= pd.Timedelta(days=_REPEAT_WINDOW_DAYS)))
        weekly = known.groupby(["store_id", "week", "fan_id"])["again"].max().groupby(["store_id", "week"]).mean()
        return weekly[weekly.index.get_level_values("week") >= first].astype(float)
    grouped = orders.groupby(["store_id", "week"])["amount_fen"]
    return grouped.sum() / 100 if metric == "revenue" else grouped.count().astype(float)


def _mentions(session: Session, actor: Actor, first: date, last: date, theme_id: int | None) -> pd.Series:
    since, until = _bounds(first, last)
    statement = (
        select(Voice.store_id, Voice.id, Voice.said_at, ThemeAssignment.theme_id)
        .join(Unit, Unit.voice_id == Voice.id)
        .outerjoin(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .where(Voice.said_at >= since, Voice.said_at < until, Voice.store_id.is_not(None), Unit.no_content.is_(False))
    )
    rows = session.exec(in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id)).all()
    frame = pd.DataFrame(rows, columns=["store_id", "voice_id", "said_at", "theme_id"])
    if frame.empty:
        return pd.Series(dtype=float, index=pd.MultiIndex.from_arrays([[], []], names=["store_id", "week"]))
    frame = frame.assign(week=_weeks(frame["said_at"]), said=frame["theme_id"] == theme_id)
    return (
        frame.groupby(["store_id", "week", "voice_id"])["said"].max().groupby(["store_id", "week"]).mean().astype(float)
    )


def save_measurement(
    session: Session, actor: Actor, method: str, verdict: str, result: dict[str, Any], *, baseline_id: int | None,
    item_id: int | None = None, fix_id: int | None = None,
) -> Measurement:  # fmt: skip
    """Keep a computed result."""
    plain = json.loads(
        json.dumps(result, default=_plain, allow_nan=True).replace("NaN", "null").replace("Infinity", "null")
    )
    row = Measurement(
        brand_id=actor.brand_id, baseline_id=baseline_id, item_id=item_id, fix_id=fix_id, method=method, verdict=verdict,
        result=plain, measured_at=now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)


def measurements(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None
) -> list[Measurement]:
    """List measurements of an item or a fix, newest first."""
    statement = select(Measurement).where(
        Measurement.brand_id == actor.brand_id, Measurement.item_id == item_id, Measurement.fix_id == fix_id
    )
    return list(session.exec(statement.order_by(Measurement.id.desc())))


def measured(session: Session, actor: Actor) -> set[str]:
    """Give which actions have been measured, as ``item-3`` or ``fix-5``."""
    rows = session.exec(
        select(Measurement.item_id, Measurement.fix_id).where(Measurement.brand_id == actor.brand_id).distinct()
    )
    return {f"item-{item_id}" if item_id else f"fix-{fix_id}" for item_id, fix_id in rows}


def subject(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None
) -> BacklogItem | Fix:
    """Give the item or fix of the actor's brand.

    Raises:
        NotFound: No such one.
    """
    table, key = (BacklogItem, item_id) if item_id is not None else (Fix, fix_id)
    row = session.exec(select(table).where(table.id == key, table.brand_id == actor.brand_id)).first()
    if row is None:
        raise NotFound("没有这项行动。", "请从列表里选择。")
    return row
