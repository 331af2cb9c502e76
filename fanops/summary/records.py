"""What the overview shows: five numbers with base and change, what waits for whom, how far the loop has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
from sqlalchemy import case, distinct, func
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope
from fanops.effect.metrics import METRICS
from fanops.effect.records_notes import plan_notes
from fanops.intervals import wilson
from fanops.settings import today
from fanops.summary.records_period import Period, periods
from fanops.summary.records_period import period_end as period_end
from fanops.tables import (
    BacklogItem,
    Fan,
    Finding,
    Fix,
    FixStore,
    Job,
    Measurement,
    Order,
    Store,
    Telling,
    ThemeAssignment,
    ThemeLineage,
    ThemeRun,
    Transition,
    Trial,
    Unit,
    Voice,
    is_purchase,
    now,
)  # fmt: skip

_SPARK_POINTS = 8


@dataclass(frozen=True)
class KeyFigure:
    """关键数字.

    Attributes:
        name: Chinese name.
        value: In this period; NaN with an empty base.
        before: In the period before.
        base: What it stands on.
        unit: ``位``, ``条``, ``%`` (value is a share 0–1) or ``¥`` (value is fen).
        low: Lower end of the interval, None where there is none.
        high: Upper end.
        series: The last eight periods, oldest first.
        page: File of the page that opens the rows under it.
        meaning: One Chinese sentence: how it is counted.
        query: What that page is asked for, so that it shows these rows and no others; empty where it has no such choice.
        leads_to: Words of the way there.
        since: Begin of the period it is of, None where it is of a day.
        until: Its end, exclusive.
        beside: A second number in words, shown small under it; empty where there is none.
    """

    name: str
    value: float
    before: float
    base: int
    unit: str
    page: str
    meaning: str
    low: float | None = None
    high: float | None = None
    series: tuple[float, ...] = ()
    query: dict[str, str] = field(default_factory=dict)
    leads_to: str = "看明细"
    since: datetime | None = None
    until: datetime | None = None
    beside: str = ""


def key_figures(session: Session, actor: Actor, days: int = 28, until: datetime | None = None) -> list[KeyFigure]:
    """Give the five numbers of the last ``days`` in the actor's scope; see ``periods`` for where these end.

    ``before`` is NaN where the data do not reach the period's end: there is nothing to compare.
    """
    found = periods(session, actor, days, until)
    edges = {
        source: [period.until - timedelta(days=days * n) for n in range(_SPARK_POINTS, -1, -1)]
        for source, period in found.items()
    }
    orders = _order_counts(session, actor, edges["orders"])
    voices = _voice_counts(session, actor, edges["voices"])
    revenue, buyers, again = orders["revenue"], orders["buyers"], orders["again"]
    repeat = np.divide(again, buyers, out=np.full(len(buyers), np.nan), where=buyers > 0)
    negative = np.divide(
        voices["negative"], voices["units"], out=np.full(len(buyers), np.nan), where=voices["units"] > 0
    )
    low, high = wilson(again, buyers)
    worse_low, worse_high = wilson(voices["negative"], voices["units"])
    # Other choices that the reader made on those pages before are taken back, or the rows would be fewer than the number.
    same_days = until is None and days in (7, 28, 90)
    came = {"came": str(days), "store": "0", "level": "all", "away": "0"} if same_days else {}
    said = (
        {"period": f"近 {days} 天", "store": "all", "level": "all", "kind": "all", "pile": "全部"} if same_days else {}
    )
    sold = {"see": "门店营业额", "days": str(days)} if same_days else {"see": "门店营业额"}
    figures = [
        KeyFigure("营业额", revenue[-1], revenue[-2], int(orders["orders"][-1]), "¥", "fan_insights.py",
                  "这段时间全部订单的金额合计，退款已减去。", series=tuple(revenue), leads_to="看每家门店", query=sold),
        KeyFigure("复购率", repeat[-1], repeat[-2], int(buyers[-1]), "%", "fans.py",
                  "这段时间下过单的已识别顾客里，下过两单及以上的比例。", float(low[-1]), float(high[-1]), tuple(repeat),
                  came),
        KeyFigure("活跃粉丝", buyers[-1], buyers[-2], int(buyers[-1]), "位", "fans.py",
                  "这段时间下过单的已识别顾客，同一个人只算一次。", series=tuple(buyers), query=came),
        KeyFigure("听到的原声", voices["voices"][-1], voices["voices"][-2], int(voices["voices"][-1]), "条", "voices.py",
                  "这段时间说的评价、问卷与访谈。", series=tuple(voices["voices"]), query=said),
        KeyFigure("不满占比", negative[-1], negative[-2], int(voices["units"][-1]), "%", "voices.py",
                  "这段时间的语义单元里，不满的比例。", float(worse_low[-1]), float(worse_high[-1]), tuple(negative),
                  said | {"pile": "不满"} if said else {}, "看不满的话"),
    ]  # fmt: skip
    kinds = ("orders", "orders", "orders", "voices", "voices")
    return [_of_period(figure, found[kind]) for figure, kind in zip(figures, kinds, strict=True)]


def revenue_by_store(session: Session, actor: Actor, days: int) -> tuple[pd.DataFrame, Period]:
    """Give the rows under the revenue of the last ``days``: what each store in scope took, which adds up to that figure.

    Returns:
        Rows ``store, amount_fen, orders, before_fen`` (the period before; NaN where the data do not reach the end), most first,
        and the period.
    """
    period = periods(session, actor, days)["orders"]
    start = period.since - timedelta(days=days)
    now_in = Order.placed_at >= period.since
    statement = (
        select(
            Store.name,
            func.sum(case((now_in, Order.amount_fen), else_=0)),
            func.sum(case((now_in & is_purchase(), 1), else_=0)),
            func.sum(case((now_in, 0), else_=Order.amount_fen)),
        )
        .join(Store, Store.id == Order.store_id)
        .where(Order.placed_at >= start, Order.placed_at < period.until)
        .group_by(Store.id, Store.name)
    )
    rows = session.exec(in_scope(statement, actor, brand=Order.brand_id, store=Order.store_id)).all()
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["store", "amount_fen", "orders", "before_fen"])
    frame = frame.astype({"amount_fen": float, "orders": int, "before_fen": float})
    if not period.whole:
        frame["before_fen"] = np.nan
    return frame.sort_values(["amount_fen", "store"], ascending=[False, True], ignore_index=True), period


def _of_period(figure: KeyFigure, period: Period) -> KeyFigure:
    before = figure.before if period.whole else float("nan")
    return replace(figure, before=before, since=period.since, until=period.until)


def _order_counts(session: Session, actor: Actor, edges: list[datetime]) -> dict[str, np.ndarray]:
    result = {name: np.zeros(_SPARK_POINTS) for name in ("revenue", "orders", "buyers", "again")}
    for place, (since, until) in enumerate(pairwise(edges)):
        window = (Order.placed_at >= since, Order.placed_at < until)
        sums = select(func.coalesce(func.sum(Order.amount_fen), 0), func.sum(case((is_purchase(), 1), else_=0))).where(
            *window
        )
        total, count = session.exec(in_scope(sums, actor, brand=Order.brand_id, store=Order.store_id)).one()
        person = func.coalesce(Fan.merged_into_id, Order.fan_id)
        per_fan = select(person.label("fan"), func.count(Order.id).label("times")).join(Fan, Fan.id == Order.fan_id)
        per_fan = (
            in_scope(per_fan.where(*window, is_purchase()), actor, brand=Order.brand_id, store=Order.store_id)
            .group_by(person)
            .subquery()
        )
        buyers, again = session.exec(
            select(func.count(), func.sum(case((per_fan.c.times >= 2, 1), else_=0))).select_from(per_fan)
        ).one()
        for name, value in {"revenue": total, "orders": count or 0, "buyers": buyers, "again": again or 0}.items():
            result[name][place] = value
    return result


def _voice_counts(session: Session, actor: Actor, edges: list[datetime]) -> dict[str, np.ndarray]:
    result = {name: np.zeros(_SPARK_POINTS) for name in ("voices", "units", "negative")}
    for place, (since, until) in enumerate(pairwise(edges)):
        statement = (
            select(
                func.count(distinct(Voice.id)), func.count(Unit.id), func.sum(case((Unit.polarity == -1, 1), else_=0))
            )
            .join(Unit, Unit.voice_id == Voice.id)
            .where(Voice.said_at >= since, Voice.said_at < until, Unit.no_content.is_(False),
                   Voice.copy_of_id.is_(None))
        )  # fmt: skip
        found = session.exec(in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id)).one()
        for name, value in zip(result, found, strict=True):
            result[name][place] = value or 0
    return result


@dataclass(frozen=True)
class Waiting:
    """等我处理的事: what, how many, and the page where it is done, with what its address carries."""

    what: str
    count: int
    page: str
    query: Mapping[str, str] = field(default_factory=dict)


def waiting(session: Session, actor: Actor) -> list[Waiting]:
    """List what waits for this actor, only what their role can do, nothing that is empty."""
    found: list[Waiting] = []

    def fix_count(*conditions) -> int:
        statement = select(func.count(FixStore.id)).join(Fix, Fix.id == FixStore.fix_id).where(*conditions)
        return session.exec(in_scope(statement, actor, brand=Fix.brand_id, store=FixStore.store_id)).one()

    todo = FixStore.state.in_(["found", "assigned", "fixing", "reopened"])
    if actor.role in (Role.CLERK, Role.STORE_MANAGER):
        found.append(Waiting("项服务改进还没有读", fix_count(todo, FixStore.read_at.is_(None)), "fixes.py"))
        found.append(Waiting("项服务改进要做", fix_count(todo), "fixes.py"))
    else:
        late = (FixStore.due_on < today(), FixStore.done_at.is_(None))  # as the page of fixes counts
        found.append(Waiting("家次服务改进已过期", fix_count(*late), "fixes.py", {"which": "过期"}))
        again = fix_count(FixStore.state == "reopened")
        found.append(Waiting("家次服务改进又出现了", again, "fixes.py", {"which": "又出现"}))
        ready = (FixStore.state == "fixing", FixStore.done_at.is_not(None))
        found.append(Waiting("家次服务改进做完了，等验收", fix_count(*ready), "fixes.py", {"which": "等验收"}))
    tellings = select(func.count(Telling.id)).join(Fan, Fan.id == Telling.fan_id).where(Telling.state == "due")
    count = session.exec(in_scope(tellings, actor, brand=Fan.brand_id, store=Telling.store_id)).one()
    found.append(Waiting("位粉丝等我们告知", count, "today.py", {"tab": "要告知"}))
    trials = select(func.count(Trial.id)).join(Fan, Fan.id == Trial.fan_id).where(Trial.verdict == "")
    count = session.exec(in_scope(trials, actor, brand=Fan.brand_id, store=Trial.store_id)).one()
    found.append(Waiting("位粉丝受邀试用，还没有评价", count, "today.py", {"tab": "来试的"}))
    if actor.role in (Role.PRODUCT, Role.CEO, Role.ADMIN):
        found += _for_head_office(session, actor)
    return [entry for entry in found if entry.count]


def _for_head_office(session: Session, actor: Actor) -> list[Waiting]:
    newest = select(func.max(ThemeRun.id)).where(ThemeRun.brand_id == actor.brand_id).scalar_subquery()
    grey = session.exec(
        select(func.count(ThemeLineage.id)).where(
            ThemeLineage.run_id == newest, ThemeLineage.grey.is_(True), ThemeLineage.decided_at.is_(None)
        )
    ).one()
    unsure = session.exec(
        select(func.count(ThemeAssignment.id))
        .join(Unit, Unit.id == ThemeAssignment.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .where(Voice.brand_id == actor.brand_id, ThemeAssignment.unsure.is_(True))
    ).one()
    judged = session.exec(
        select(func.count(Finding.id)).where(Finding.brand_id == actor.brand_id, Finding.state == "open")
    ).one()
    failed = session.exec(
        select(func.count(Job.id)).where(
            Job.brand_id == actor.brand_id, Job.state == "failed", Job.ended_at > now() - timedelta(days=7)
        )
    ).one()
    last = select(func.max(Transition.id)).where(Transition.item_id.is_not(None)).group_by(Transition.item_id)
    returned = session.exec(
        select(func.count(Transition.id))
        .join(BacklogItem, BacklogItem.id == Transition.item_id)
        .where(BacklogItem.brand_id == actor.brand_id, Transition.id.in_(last), Transition.from_state == "closed")
    ).one()
    return [
        Waiting("个需求条目关闭后又出现了", returned, "backlog.py"),
        Waiting("条发现等您判断", judged, "findings.py"),
        Waiting("个主题的对应要人确认", grey, "themes.py"),
        Waiting("句话的归类拿不准", unsure, "voices.py", {"pile": "拿不准", "period": "全部时间"}),
        Waiting("个后台任务失败了", failed, "work.py"),
    ]


def latest_verdicts(session: Session, actor: Actor, limit: int = 8) -> pd.DataFrame:
    """Give the newest measurement of each action: ``kind, title, metric, verdict, measured_at, estimate_share, low, high, action``.

    ``metric`` is what was looked at, in words; ``verdict`` carries in brackets what it must be read with (``plan_notes``);
    ``action`` is how the effect page names it (``fix-3``).
    """
    rows = session.exec(
        select(Measurement, BacklogItem.title, Fix.title)
        .outerjoin(BacklogItem, BacklogItem.id == Measurement.item_id)
        .outerjoin(Fix, Fix.id == Measurement.fix_id)
        .where(Measurement.brand_id == actor.brand_id)
        .order_by(Measurement.id.desc())
    ).all()
    newest = {}
    for row, item_title, fix_title in rows:
        newest.setdefault((row.item_id, row.fix_id), (row, item_title or fix_title))
    kept = list(newest.values())[:limit]
    notes = plan_notes(session, [row for row, _ in kept])
    found = []
    for row, title in kept:
        numbers = row.result if row.method == "did" else row.result.get("all", {})
        metric = METRICS.get(row.result.get("metric"))
        found.append((
            "需求条目" if row.item_id else "服务改进", title, metric.name if metric else "",
            f"{row.verdict}（{notes[row.id]}）" if notes[row.id] else row.verdict, row.measured_at,
            numbers.get("estimate_share", numbers.get("change_share")),
            _no_lower(numbers.get("low_share", numbers.get("low"))), numbers.get("high_share", numbers.get("high")),
            f"item-{row.item_id}" if row.item_id else f"fix-{row.fix_id}",
        ))  # fmt: skip
    columns = ["kind", "title", "metric", "verdict", "measured_at", "estimate_share", "low", "high", "action"]
    return pd.DataFrame(found, columns=columns)


def _no_lower(share: float | None) -> float | None:
    """Nothing falls by more than all of it, whatever the interval's arithmetic says."""
    return None if share is None else max(share, -1.0)
