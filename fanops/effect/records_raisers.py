"""What the fans who asked did afterwards, against similar fans of the same stores who had not asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd
from sqlalchemy import case, func
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.actions.records import evidence_fans
from fanops.effect.raisers import FEWEST_RAISERS, Contrast, contrast, match_fans
from fanops.effect.records import subject, treated_since
from fanops.errors import TooLittleData
from fanops.settings import settings, today
from fanops.tables import Fan, FanActivity, Order, ThemeAssignment, Unit, Voice

OUTCOMES = {
    "again": ("再次购买", "上线后这段时间里至少买过一次的比例"),
    "orders": ("购买次数", "上线后这段时间里每人的订单笔数"),
    "activity": ("活跃指数变化", "上线后最近一次的活跃指数减上线前最近一次的"),
}
_BEFORE_DAYS, _MOST_DAYS, _LEAST_DAYS = 180, 60, 14


@dataclass(frozen=True)
class RaisersAfter:
    """提出者之后怎么样.

    Attributes:
        raisers: Fans behind the action in stores where it is done.
        matched: Of them, those with at least one similar fan.
        days: Days looked at after each store's start.
        outcomes: By name of OUTCOMES.
        matches: Similar fans by raiser, so that the number can be opened.
    """

    raisers: int
    matched: int
    days: int
    outcomes: dict[str, Contrast]
    matches: dict[int, list[int]]


def compare_raisers(
    session: Session, actor: Actor, *, item_id: int | None = None, fix_id: int | None = None, until: date | None = None
) -> RaisersAfter:
    """Compare raisers with fans of the same store and level who bought as often and as lately, and did not raise it.

    Args:
        session: A reading session.
        actor: Whose stores.
        item_id: The backlog item, or
        fix_id: the service fix.
        until: Last day known, yesterday by default.

    Raises:
        TooLittleData: Nothing done yet, too short a time after it, or fewer than five raisers with a match.
    """
    thing = subject(session, actor, item_id=item_id, fix_id=fix_id)
    last = until or today() - timedelta(days=1)
    since = treated_since(session, actor, item_id=item_id, fix_id=fix_id)
    days = min([_MOST_DAYS, *((last - start).days + 1 for start in since.values())]) if since else 0
    if days < _LEAST_DAYS:
        raise TooLittleData("上线后的时间还太短，比不出提出者之后怎么样。", f"上线满 {_LEAST_DAYS} 天后再看。")
    asked = evidence_fans(session, item_id=item_id, fix_id=fix_id)
    said = _raised(session, actor, thing.theme_id) | set(asked)
    known = pd.concat([_fans_of(session, actor, store, start, days) for store, start in since.items()])
    raisers = known[known.index.isin(asked)]
    matches = match_fans(raisers, known[~known.index.isin(said)])
    if len(matches) < FEWEST_RAISERS:
        raise TooLittleData(
            f"能配上相似粉丝的提出者只有 {len(matches)} 位，至少要 {FEWEST_RAISERS} 位。", "等更多提出者被识别。"
        )
    results = {name: contrast(known[name].astype(float), matches) for name in OUTCOMES}
    return RaisersAfter(len(raisers), len(matches), days, results, matches)


def _raised(session: Session, actor: Actor, theme_id: int | None) -> set[int]:
    statement = (
        select(Voice.fan_id)
        .join(Unit, Unit.voice_id == Voice.id)
        .join(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .where(ThemeAssignment.theme_id == theme_id, Voice.fan_id.is_not(None), Voice.brand_id == actor.brand_id)
    )
    return set(session.exec(statement.distinct()))


def _fans_of(session: Session, actor: Actor, store_id: int, start: date, days: int) -> pd.DataFrame:
    """Give a store's own fans, by id: ``store_id, level, bought, days_since`` before, ``again, orders, activity`` after."""
    begin = datetime(start.year, start.month, start.day, tzinfo=settings().zone)
    end, first = begin + timedelta(days=days), begin - timedelta(days=_BEFORE_DAYS)
    before = case((Order.placed_at < begin, 1), else_=0)
    latest = func.max(case((Order.placed_at < begin, Order.placed_at)))
    statement = (
        select(Fan.id, Fan.level, func.sum(before), latest, func.sum(1 - before))
        .join(Order, Order.fan_id == Fan.id)
        .where(Fan.home_store_id == store_id, Fan.merged_into_id.is_(None), Fan.erased_at.is_(None))
        .where(Order.placed_at >= first, Order.placed_at < end)
        .group_by(Fan.id, Fan.level)
    )
    rows = session.exec(in_scope(statement, actor, brand=Fan.brand_id, store=Fan.home_store_id)).all()
    frame = pd.DataFrame([tuple(r) for r in rows], columns=["fan_id", "level", "bought", "last", "after"])
    frame = frame[frame["bought"].astype(float) > 0].set_index("fan_id")
    seen = pd.to_datetime(frame["last"], utc=True)
    scores = _activity(session, store_id, start)
    return pd.DataFrame(
        {
            "store_id": store_id, "level": frame["level"], "again": (frame["after"].astype(int) > 0).astype(float),
            "days_since": (pd.Timestamp(begin) - seen).dt.total_seconds() / 86_400,
            "bought": frame["bought"].astype(int), "orders": frame["after"].astype(int), "activity": scores.reindex(frame.index),
        }
    )  # fmt: skip


def _activity(session: Session, store_id: int, start: date) -> pd.Series:
    """Give each fan's last activity index minus the last one before the start; only fans who have both."""
    statement = (
        select(FanActivity.fan_id, FanActivity.measured_on, FanActivity.score)
        .join(Fan, Fan.id == FanActivity.fan_id)
        .where(Fan.home_store_id == store_id)
        .order_by(FanActivity.measured_on)
    )
    rows = [tuple(row) for row in session.exec(statement)]
    frame = pd.DataFrame(rows, columns=["fan_id", "on", "score"])
    early = pd.to_datetime(frame["on"]) < pd.Timestamp(start)
    last = frame[~early].groupby("fan_id")["score"].last()
    return last - frame[early].groupby("fan_id")["score"].last().reindex(last.index)
