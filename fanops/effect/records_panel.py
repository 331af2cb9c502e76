"""What the database knows, as panels: one value per store and week, within the actor's scope."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pandas as pd
from sqlalchemy import case, func
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.settings import settings
from fanops.tables import Answer, Order, Question, Response, Store, ThemeAssignment, Unit, Voice, Wave

_REPEAT_WINDOW_DAYS = 90


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
        Rows ``store_id, store, week`` (Monday), ``value``; revenue in yuan, shares 0–1 (NaN without a base). Revenue and orders
        begin with the first whole week that there are orders of: before it nothing is known, which is not zero; the same holds
        for each store.
    """
    first = starts_on - timedelta(days=starts_on.weekday())
    last = ends_on + timedelta(days=1)
    last = last - timedelta(days=last.weekday())
    names = dict(
        session.exec(in_scope(select(Store.id, Store.name), actor, brand=Store.brand_id, store=Store.id)).all()
    )
    weeks = [first + timedelta(weeks=n) for n in range(max(0, (last - first).days // 7))]
    index = pd.MultiIndex.from_product([sorted(names), weeks], names=["store_id", "week"])
    if metric in ("mention_share", "complaint_share"):
        said = (ThemeAssignment.theme_id == theme_id) if metric == "mention_share" else (Unit.polarity == -1)
        values = _share_of_voices(session, actor, first, last, said).reindex(index)
    elif metric in ("rating", "nps"):
        values = (_ratings if metric == "rating" else _net_promoters)(session, actor, first, last).reindex(index)
    else:
        history = first - timedelta(days=_REPEAT_WINDOW_DAYS if metric == "repeat_share" else 0)
        values = _order_metric(_orders(session, actor, history, last), metric, first).reindex(index)
        if metric in ("revenue", "orders"):
            values = _since_first_order(session, actor, values.fillna(0.0))
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


def _since_first_order(session: Session, actor: Actor, values: pd.Series) -> pd.Series:
    """Drop the weeks before the first whole one with orders; before a store's own first whole week nothing is known."""
    statement = select(Order.store_id, func.min(Order.placed_at)).group_by(Order.store_id)
    found = dict(session.exec(in_scope(statement, actor, brand=Order.brand_id, store=Order.store_id)).all())
    if not found:
        return values.iloc[:0]
    first = {store: at.astimezone(settings().zone).date() for store, at in found.items()}
    stores, weeks = (values.index.get_level_values(name) for name in ("store_id", "week"))
    known = [week >= first.get(store, date.max) for store, week in zip(stores, weeks, strict=True)]
    return values.where(known)[[week >= min(first.values()) for week in weeks]]


def _order_metric(orders: pd.DataFrame, metric: str, first: date) -> pd.Series:
    if metric == "repeat_share":
        known = orders[orders["fan_id"].notna()].sort_values("placed_at")
        gap = known.groupby("fan_id")["placed_at"].diff()
        known = known.assign(again=gap.notna() & (gap <= pd.Timedelta(days=_REPEAT_WINDOW_DAYS)))
        weekly = known.groupby(["store_id", "week", "fan_id"])["again"].max().groupby(["store_id", "week"]).mean()
        return weekly[weekly.index.get_level_values("week") >= first].astype(float)
    grouped = orders.groupby(["store_id", "week"])["amount_fen"]
    return grouped.sum() / 100 if metric == "revenue" else grouped.count().astype(float)


def _share_of_voices(session: Session, actor: Actor, first: date, last: date, said) -> pd.Series:
    """Give the share of a week's voices with a unit of which ``said`` is true."""
    since, until = _bounds(first, last)
    flag = func.max(case((said, 1), else_=0))
    statement = (
        select(Voice.store_id, Voice.said_at, flag)
        .join(Unit, Unit.voice_id == Voice.id)
        .outerjoin(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .where(Voice.said_at >= since, Voice.said_at < until, Voice.store_id.is_not(None), Unit.no_content.is_(False))
        .group_by(Voice.id, Voice.store_id, Voice.said_at)
    )
    return _weekly_mean(session.exec(in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id)).all())


def _ratings(session: Session, actor: Actor, first: date, last: date) -> pd.Series:
    since, until = _bounds(first, last)
    statement = select(Voice.store_id, Voice.said_at, Voice.score).where(
        Voice.said_at >= since, Voice.said_at < until, Voice.store_id.is_not(None), Voice.score.is_not(None),
        Voice.copy_of_id.is_(None),
    )  # fmt: skip
    return _weekly_mean(session.exec(in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id)).all())


def _net_promoters(session: Session, actor: Actor, first: date, last: date) -> pd.Series:
    since, until = _bounds(first, last)
    statement = (
        select(Response.store_id, Response.submitted_at, Answer.value)
        .join(Answer, Answer.response_id == Response.id)
        .join(Wave, Wave.id == Response.wave_id)
        .join(Question, (Question.version_id == Wave.version_id) & (Question.code == Answer.question_code))
        .where(Question.kind == "nps", Response.state == "submitted", Response.store_id.is_not(None))
        .where(Response.submitted_at >= since, Response.submitted_at < until)
    )
    rows = session.exec(in_scope(statement, actor, brand=Wave.brand_id, store=Response.store_id)).all()
    scores = [(store, at, float(value)) for store, at, value in rows if isinstance(value, int | float)]
    return _weekly_mean([(store, at, 100.0 * ((score >= 9) - (score <= 6))) for store, at, score in scores])


def _weekly_mean(rows: list) -> pd.Series:
    """Give the mean per store and week of rows (store id, moment, value)."""
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["store_id", "at", "value"])
    if frame.empty:
        return pd.Series(dtype=float, index=pd.MultiIndex.from_arrays([[], []], names=["store_id", "week"]))
    return frame.assign(week=_weeks(frame["at"])).groupby(["store_id", "week"])["value"].mean().astype(float)
