"""A theme that returns at a store opens its fix again by itself, and an item that was closed; the note says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, record_audit
from fanops.actions.fix_states import DONE
from fanops.database import Database
from fanops.fans.records_tellings import drop_due
from fanops.sending.records import record_event
from fanops.settings import settings
from fanops.tables import BacklogItem, Fix, FixStore, Rollout, ThemeAssignment, Transition, Unit, Voice, now
from fanops.themes.records import PERSON, joined_units

WATCHED_DAYS = 28
LEAST_PEOPLE = 5
BACK_TO = 0.5  # of the share before: at this much a theme has returned


@dataclass(frozen=True)
class Heard:
    """How many distinct people complained of a theme, of those heard."""

    people: int
    base: int

    @property
    def share(self) -> float:
        """Share of people, 0–1; 0 where nobody was heard."""
        return self.people / self.base if self.base else 0.0


def has_returned(before: Heard, after: Heard) -> bool:
    """Say whether a theme has returned: at least five people, and at least half the share there was before."""
    return after.people >= LEAST_PEOPLE and after.share >= BACK_TO * before.share and after.share > 0


def _heard(session: Session, theme_id: int, stores: list[int], since: datetime, until: datetime) -> Heard:
    person = func.count(func.distinct(func.coalesce(PERSON, -Voice.id)))
    within = (Voice.store_id.in_(stores), Voice.said_at >= since, Voice.said_at < until)
    people = session.exec(
        joined_units(person).where(*within, ThemeAssignment.theme_id == theme_id, Unit.polarity == -1)
    ).one()
    return Heard(people, session.exec(joined_units(person).where(*within)).one())


def _note(before: Heard, after: Heard) -> str:
    return (
        f"又出现了：近 {WATCHED_DAYS} 天有 {after.people} 人不满（占 {after.share:.1%}），"
        f"改之前 {WATCHED_DAYS} 天占 {before.share:.1%}。"
    )


def _numbers(before: Heard, after: Heard) -> dict[str, Any]:
    return {"days": WATCHED_DAYS, "people": after.people, "base": after.base, "people_before": before.people,
            "base_before": before.base}  # fmt: skip


def reopen_returned(
    db: Database,
    actor: Actor,
    parameters: Mapping[str, Any] | None = None,
    progress: Callable[[float, str], None] = lambda share, doing: None,
    at: datetime | None = None,
) -> dict[str, int]:
    """Reopen what has returned (a nightly job).

    A store's fix is looked at from four weeks after it was done, a closed item from four weeks after it went live.

    Args:
        db: The database.
        actor: On whose behalf; all stores of the brand are looked at.
        parameters: None are taken; jobs hand them over.
        progress: Called with share done and what is being done.
        at: The moment that days are counted back from, now by default.

    Returns:
        ``fixes`` (stores) and ``items`` reopened.
    """
    moment = at or now()
    progress(0.1, "看有没有又出现的")
    with db.write() as session:
        counts = {"fixes": _fixes(session, actor, moment), "items": _items(session, actor, moment)}
        if any(counts.values()):
            record_audit(session, actor, "reopen_returned", "", **counts)
    progress(1.0, "完成")
    return counts


def _fixes(session: Session, actor: Actor, at: datetime) -> int:
    window, reopened = timedelta(days=WATCHED_DAYS), 0
    statement = (
        select(FixStore, Fix)
        .join(Fix, Fix.id == FixStore.fix_id)
        .where(Fix.brand_id == actor.brand_id, Fix.theme_id.is_not(None), FixStore.state.in_(DONE))
        .where(FixStore.done_at <= at - window)
    )
    for row, fix in session.exec(statement).all():
        until = min(fix.opened_at, row.done_at)  # what was done already may be written down afterwards
        before = _heard(session, fix.theme_id, [row.store_id], until - window, until)
        after = _heard(session, fix.theme_id, [row.store_id], at - window, at)
        if not has_returned(before, after):
            continue
        note = _note(before, after)
        session.add(
            Transition(fix_store_id=row.id, account_id=None, from_state=row.state, to_state="reopened", note=note)
        )
        row.state, row.note, row.done_at, row.closed_at, row.read_at = "reopened", note, None, None, None
        row.ticks = {}  # as when a person opens it again: the checklist begins anew
        session.add(row)
        drop_due(session, row.store_id, fix_id=fix.id)
        about = {"fix_id": fix.id, "title": fix.title, "theme_id": fix.theme_id}
        record_event(session, actor, "theme.returned", about | _numbers(before, after), [row.store_id])
        reopened += 1
    return reopened


def _items(session: Session, actor: Actor, at: datetime) -> int:
    window, reopened = timedelta(days=WATCHED_DAYS), 0
    items = session.exec(
        select(BacklogItem).where(
            BacklogItem.brand_id == actor.brand_id, BacklogItem.stage == "closed", BacklogItem.theme_id.is_not(None)
        )
    ).all()
    for item in items:
        live = session.exec(
            select(Rollout.store_id, Rollout.live_on).where(
                Rollout.item_id == item.id, Rollout.state == "live", Rollout.live_on <= (at - window).date()
            )
        ).all()
        if not live:
            continue
        stores = [store_id for store_id, _ in live]
        first_live = datetime.combine(min(day for _, day in live), time(), settings().zone)
        until = min(item.opened_at, first_live)
        before = _heard(session, item.theme_id, stores, until - window, until)
        after = _heard(session, item.theme_id, stores, at - window, at)
        if has_returned(before, after):
            note = _note(before, after)
            session.add(Transition(item_id=item.id, account_id=None, from_state="closed", to_state="review", note=note))
            item.stage, item.closed_at = "review", None
            session.add(item)
            about = {"item_id": item.id, "title": item.title, "theme_id": item.theme_id}
            record_event(session, actor, "theme.returned", about | _numbers(before, after), stores)
            reopened += 1
    return reopened
