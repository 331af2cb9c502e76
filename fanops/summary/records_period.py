"""The period that figures are of: it ends where the data end, so that what is not imported yet is no collapse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.settings import settings, today
from fanops.tables import Order, Voice

SOURCES = {"orders": "订单", "voices": "原声"}
_FRESH = timedelta(days=14)
_QUIET = timedelta(days=1)  # a day on which nobody said anything is no gap in the data


@dataclass(frozen=True)
class Period:
    """一段时间, of one source.

    Attributes:
        since: Its begin.
        until: Its end, exclusive, a midnight.
        last: Last day of the brand with data of this source, None without any.
        whole: Whether there are data up to the end; a change against the period before means something only then.
    """

    since: datetime
    until: datetime
    last: date | None = None
    whole: bool = True


def period_end(day: date | None = None) -> datetime:
    """Give the end of the current period: the coming midnight in the stores' time zone."""
    return _midnight((day or today()) + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=settings().zone)


def periods(session: Session, actor: Actor, days: int, until: datetime | None = None) -> dict[str, Period]:
    """Give the last ``days`` of each source of the actor's brand.

    Args:
        session: A reading session.
        actor: Whose brand.
        days: Length.
        until: A fixed end (a named week stays that week); without it a period ends after the last day with data, when that is
            at most 14 days ago, else today.

    Returns:
        ``orders`` and ``voices`` → Period.
    """
    found = {}
    for source, moment, brand in (
        ("orders", Order.placed_at, Order.brand_id),
        ("voices", Voice.said_at, Voice.brand_id),
    ):
        end = until or period_end()
        newest = session.exec(select(func.max(moment)).where(brand == actor.brand_id, moment < end)).one()
        last = newest.astimezone(settings().zone).date() if newest else None
        after = _midnight(last + timedelta(days=1)) if last else end
        if until is None and end - after <= _FRESH:
            end = min(end, after)
        found[source] = Period(end - timedelta(days=days), end, last, end - after <= _QUIET)
    return found


def freshness_words(found: Mapping[str, Period]) -> str:
    """Say up to when there are data, and what that means for the figures; one or two sentences."""
    parts = []
    for source, label in SOURCES.items():
        period = found[source]
        if period.last is None:
            parts.append(f"还没有{label}")
        else:
            ends = f"{label}到 {period.last.month}月{period.last.day}日"
            parts.append(ends if period.whole else f"{ends}（之后没有数据，不比变化）")
    moved = any(period.last and period.whole and period.until < period_end() for period in found.values())
    return "，".join(parts) + "。" + ("这段时间从最后有数据的那天往回数。" if moved else "")
