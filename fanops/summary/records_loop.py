"""The loop: heard, themed, acted, told, proved; and what has been standing still for too long."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
from sqlalchemy import case, func, tuple_
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.access.scope import store_ids
from fanops.actions.fix_states import DONE, LABELS
from fanops.actions.gates import LABELS as STAGE_LABELS
from fanops.effect.records_notes import plan_notes
from fanops.tables import (
    BacklogItem,
    Fan,
    FanTag,
    Fix,
    FixStore,
    Measurement,
    Rollout,
    ServiceCard,
    Store,
    Telling,
    Theme,
    ThemeAssignment,
    Transition,
    Trial,
    Unit,
    Voice,
    now,
)  # fmt: skip
from fanops.text.aspects import GENERAL
from fanops.themes.records import PERSON, joined_units

LINKS = {
    "heard": "听到", "themed": "成为主题", "acted": "有了行动", "done": "做完了", "told": "告诉了提出者", "proved": "证明了效果",
}  # fmt: skip
_LEAST_FANS = 10
_PEOPLE = func.count(func.distinct(func.coalesce(PERSON, -Voice.id)))


def loop_totals(session: Session, actor: Actor) -> pd.DataFrame:
    """Count distinct people along the loop: who was heard, whose words are in a theme, in one that is acted on, and so on.

    Returns:
        Rows ``link, people, share`` (of those heard), in the order of LINKS.
    """

    def people(*conditions) -> int:
        statement = joined_units(_PEOPLE).where(*conditions)
        return session.exec(in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id)).one()

    theme, here = ThemeAssignment.theme_id, tuple_(ThemeAssignment.theme_id, Voice.store_id)
    # What a store does, it does for those who said it there: a fix in 4 of 40 stores is none of the other 36's.
    fixed = select(Fix.theme_id, FixStore.store_id).join(FixStore, FixStore.fix_id == Fix.id)
    fixed = fixed.where(Fix.brand_id == actor.brand_id, Fix.theme_id.is_not(None))
    built = select(BacklogItem.theme_id).where(
        BacklogItem.brand_id == actor.brand_id, BacklogItem.theme_id.is_not(None)
    )
    live = (
        select(BacklogItem.theme_id, Rollout.store_id)
        .join(Rollout, Rollout.item_id == BacklogItem.id)
        .where(BacklogItem.brand_id == actor.brand_id, BacklogItem.theme_id.is_not(None), Rollout.state == "live")
    )
    done = fixed.where(FixStore.state.in_(DONE))
    proved_items, proved_fixes = _proved(session, actor)
    told = select(func.count(func.distinct(Telling.fan_id))).join(Fan, Fan.id == Telling.fan_id)
    told = in_scope(told.where(Telling.state == "told"), actor, brand=Fan.brand_id, store=Telling.store_id)
    counts = {
        "heard": people(),
        "themed": people(theme.is_not(None)),
        "acted": people(here.in_(fixed) | theme.in_(built)),
        "done": people(here.in_(done) | here.in_(live)),
        "told": session.exec(told).one(),
        "proved": people(
            here.in_(done.where(Fix.id.in_(proved_fixes))) | here.in_(live.where(BacklogItem.id.in_(proved_items)))
        ),
    }  # fmt: skip
    heard = max(1, counts["heard"])
    return pd.DataFrame(
        [(link, counts[link], counts[link] / heard) for link in LINKS], columns=["link", "people", "share"]
    )


def _proved(session: Session, actor: Actor) -> tuple[list[int], list[int]]:
    """Give the items and the fixes whose newest measurement says 有效, by a plan that was fixed before and is over."""
    newest = (
        select(func.max(Measurement.id))
        .where(Measurement.brand_id == actor.brand_id)
        .group_by(Measurement.item_id, Measurement.fix_id)
    )
    rows = session.exec(select(Measurement).where(Measurement.id.in_(newest), Measurement.verdict == "有效")).all()
    notes = plan_notes(session, rows)
    clear = [row for row in rows if not notes[row.id]]
    return [row.item_id for row in clear if row.item_id], [row.fix_id for row in clear if row.fix_id]


def actions_of_loop(session: Session, actor: Actor) -> pd.DataFrame:
    """Give the rows under the later links: every action with the people whose theme it takes up.

    Returns:
        Rows ``page, key, id, title, theme, people`` (who said it: of an item all, of a fix those in its stores)``, served`` (those
        in stores where it is done)``, done`` (stores in scope)``, stores, proved``, most people first. Who said two things counts
        at both, so rows may add up to more than the link.
    """
    of_theme = joined_units(BacklogItem.id, _PEOPLE).join(BacklogItem, BacklogItem.theme_id == ThemeAssignment.theme_id)
    of_item = of_theme.join(Rollout, (Rollout.item_id == BacklogItem.id) & (Rollout.store_id == Voice.store_id))
    of_fix = joined_units(Fix.id, _PEOPLE).join(Fix, Fix.theme_id == ThemeAssignment.theme_id)
    of_fix = of_fix.join(FixStore, (FixStore.fix_id == Fix.id) & (FixStore.store_id == Voice.store_id))
    is_live, is_done = Rollout.state == "live", FixStore.state.in_(DONE)

    def counted(statement, number) -> dict[int, int]:
        statement = in_scope(statement.group_by(number), actor, brand=Voice.brand_id, store=Voice.store_id)
        return dict(session.exec(statement).all())

    parts = (
        ("backlog.py", "item", _with_stores(session, actor, BacklogItem, Rollout, Rollout.item_id, is_live),
         counted(of_theme, BacklogItem.id), counted(of_item.where(is_live), BacklogItem.id)),
        ("fixes.py", "fix", _with_stores(session, actor, Fix, FixStore, FixStore.fix_id, is_done),
         counted(of_fix, Fix.id), counted(of_fix.where(is_done), Fix.id)),
    )  # fmt: skip
    proved = dict(zip(("item", "fix"), _proved(session, actor), strict=True))
    rows = [
        (page, key, *row, row[0] in proved[key], people.get(row[0], 0), served.get(row[0], 0))
        for page, key, found, people, served in parts
        for row in found
        # A fix is its stores': who sees none of them has nothing to open. An item is the brand's.
        if key == "item" or row[5]
    ]
    columns = ["page", "key", "id", "title", "theme_id", "theme", "done", "stores", "proved", "people", "served"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(["people", "title"], ascending=[False, True], ignore_index=True)


def _with_stores(session: Session, actor: Actor, table, part, link, finished) -> list[tuple]:
    """Give ``id, title, theme_id, theme, done, stores`` of the brand's fixes or items, the last two over the stores in scope."""
    seen = part.store_id.in_(store_ids(actor))
    statement = (
        select(table.id, table.title, Theme.id, Theme.name, func.sum(case((seen & finished, 1), else_=0)),
               func.sum(case((seen, 1), else_=0)))
        .join(Theme, Theme.id == table.theme_id)
        .outerjoin(part, link == table.id)
        .where(table.brand_id == actor.brand_id)
        .group_by(table.id, table.title, Theme.id, Theme.name)
    )  # fmt: skip
    return [tuple(row) for row in session.exec(statement)]


# The seven linked parts of operating fans, in the order in which one leads to the next.
SEVEN_LINKS = {
    "asked": ("访谈与问卷", "位粉丝答过问卷或受过访谈"),
    "tagged": ("打标签", "位粉丝有标签"),
    "served": ("近服务", "张服务卡做了"),
    "fixed": ("门店改善", "项改进做完"),
    "built": ("公司改善", "个产品改动上线"),
    "tried": ("请顾客体验", "位来试过并给了评价"),
    "earned": ("门店增收", "元，已测量的行动带来的营业额"),
}


def seven_links(session: Session, actor: Actor) -> pd.DataFrame:
    """Count the loop per store in scope.

    Returns:
        ``store_id, store, heard`` (voices with content), the seven of SEVEN_LINKS (``earned`` in yuan, NaN where nothing was
        measured), ``told``.
    """
    stores = session.exec(
        in_scope(select(Store.id, Store.name), actor, brand=Store.brand_id, store=Store.id).order_by(Store.code)
    ).all()
    frame = pd.DataFrame(stores, columns=["store_id", "store"])

    def per_store(statement, column, brand) -> dict[int, int]:
        return dict(session.exec(in_scope(statement, actor, brand=brand, store=column).group_by(column)).all())

    def people(column):
        return func.count(func.distinct(column))

    fan = Fan.id
    asked = select(Voice.store_id, people(Voice.fan_id)).where(Voice.kind.in_(("interview", "survey")))
    tagged = select(Fan.home_store_id, people(FanTag.fan_id)).join(FanTag, FanTag.fan_id == fan)
    served = select(ServiceCard.store_id, func.count(ServiceCard.id)).join(Fan, fan == ServiceCard.fan_id)
    fixed = select(FixStore.store_id, func.count(FixStore.id)).join(Fix, Fix.id == FixStore.fix_id)
    built = select(Rollout.store_id, func.count(Rollout.id)).join(BacklogItem, BacklogItem.id == Rollout.item_id)
    tried = select(Trial.store_id, people(Trial.fan_id)).join(Fan, fan == Trial.fan_id)
    told = select(Telling.store_id, people(Telling.fan_id)).join(Fan, fan == Telling.fan_id)
    heard = (  # as the voices page counts: what says nothing, or the same once more, is not heard
        select(Voice.store_id, people(Voice.id))
        .join(Unit, Unit.voice_id == Voice.id)
        .where(Unit.no_content.is_(False), Voice.copy_of_id.is_(None))
    )
    columns = {
        "heard": per_store(heard, Voice.store_id, Voice.brand_id),
        "asked": per_store(asked, Voice.store_id, Voice.brand_id),
        "tagged": per_store(tagged.where(FanTag.removed_at.is_(None)), Fan.home_store_id, Fan.brand_id),
        "served": per_store(served.where(ServiceCard.state == "done"), ServiceCard.store_id, Fan.brand_id),
        "fixed": per_store(fixed.where(FixStore.done_at.is_not(None)), FixStore.store_id, Fix.brand_id),
        "built": per_store(built.where(Rollout.state == "live"), Rollout.store_id, BacklogItem.brand_id),
        "tried": per_store(tried.where(Trial.verdict != ""), Trial.store_id, Fan.brand_id),
        "told": per_store(told.where(Telling.state == "told"), Telling.store_id, Fan.brand_id),
    }
    for name, counts in columns.items():
        frame[name] = frame["store_id"].map(counts).fillna(0).astype(int)
    frame["earned"] = frame["store"].map(_earned(session, actor)).astype(float)
    return frame[["store_id", "store", "heard", *SEVEN_LINKS, "told"]]


def _earned(session: Session, actor: Actor) -> dict[str, float]:
    """Give by store name the revenue that the newest measurement of each action found."""
    newest = (
        select(func.max(Measurement.id))
        .where(Measurement.brand_id == actor.brand_id)
        .group_by(Measurement.item_id, Measurement.fix_id)
    )
    found: dict[str, float] = {}
    for result in session.exec(select(Measurement.result).where(Measurement.id.in_(newest))):
        for row in (result.get("value") or {}).get("by_store", []):
            found[row["unit"]] = found.get(row["unit"], 0.0) + row["value"]
    return found


def standing_still(session: Session, actor: Actor, days: int = 14) -> pd.DataFrame:
    """List what has not moved for more than ``days``, oldest first.

    Returns:
        Rows ``what, title, where, since, page, key, id``: ``page`` opens it with query ``key=id``.
    """
    before = now() - timedelta(days=days)
    rows = [
        *_themes_without_action(session, actor, before),
        *_fixes(session, actor, before),
        *_items(session, actor, before),
        *_unproved(session, actor),
    ]
    frame = pd.DataFrame(rows, columns=["what", "title", "where", "since", "page", "key", "id"])
    frame["since"] = pd.to_datetime(frame["since"], utc=True)
    return frame.sort_values(["since", "title"], ignore_index=True)


def _themes_without_action(session: Session, actor: Actor, before) -> list[tuple]:
    fans = func.count(func.distinct(PERSON))
    statement = (
        joined_units(Theme.id, Theme.name, fans, Theme.created_at)
        .join(Theme, Theme.id == ThemeAssignment.theme_id)
        .where(Theme.state == "active", Theme.created_at < before, Theme.aspect != GENERAL)
        .where(Theme.id.not_in(select(Fix.theme_id).where(Fix.theme_id.is_not(None))))
        .where(Theme.id.not_in(select(BacklogItem.theme_id).where(BacklogItem.theme_id.is_not(None))))
    )
    statement = in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id)
    statement = statement.group_by(Theme.id, Theme.name, Theme.created_at).having(fans >= _LEAST_FANS)
    return [
        ("主题还没有行动", name, f"{count} 位粉丝说过", since, "theme.py", "theme", theme_id)
        for theme_id, name, count, since in session.exec(statement)
    ]


def _fixes(session: Session, actor: Actor, before) -> list[tuple]:
    moved = select(func.max(Transition.changed_at)).where(Transition.fix_store_id == FixStore.id).correlate(FixStore)
    since = func.coalesce(moved.scalar_subquery(), Fix.opened_at)
    statement = (
        select(Fix.id, Fix.title, Store.name, FixStore.state, since)
        .join(Fix, Fix.id == FixStore.fix_id)
        .join(Store, Store.id == FixStore.store_id)
        .where(FixStore.state.not_in(DONE), since < before)
    )
    statement = in_scope(statement, actor, brand=Fix.brand_id, store=FixStore.store_id)
    return [
        ("改进没有动", title, f"{store} · {LABELS[state]}", at, "fixes.py", "fix", fix_id)
        for fix_id, title, store, state, at in session.exec(statement)
    ]


def _items(session: Session, actor: Actor, before) -> list[tuple]:
    if not actor.sees_all_stores:
        return []
    moved = select(func.max(Transition.changed_at)).where(Transition.item_id == BacklogItem.id).correlate(BacklogItem)
    since = func.coalesce(moved.scalar_subquery(), BacklogItem.opened_at)
    statement = select(BacklogItem.id, BacklogItem.title, BacklogItem.stage, since).where(
        BacklogItem.brand_id == actor.brand_id, BacklogItem.closed_at.is_(None), BacklogItem.merged_into_id.is_(None),
        since < before,
    )  # fmt: skip
    return [
        ("条目没有动", title, f"停在{STAGE_LABELS.get(stage, stage)}", at, "backlog.py", "item", item_id)
        for item_id, title, stage, at in session.exec(statement)
    ]


def _unproved(session: Session, actor: Actor) -> list[tuple]:
    """Items that have been live for four weeks and were never measured."""
    if not actor.sees_all_stores:
        return []
    first = func.min(Rollout.live_on)
    statement = (
        select(BacklogItem.id, BacklogItem.title, first)
        .join(Rollout, Rollout.item_id == BacklogItem.id)
        .where(BacklogItem.brand_id == actor.brand_id, Rollout.state == "live", Rollout.live_on.is_not(None))
        .where(BacklogItem.id.not_in(select(Measurement.item_id).where(Measurement.item_id.is_not(None))))
        .group_by(BacklogItem.id, BacklogItem.title)
        .having(first < (now() - timedelta(days=28)).date())
    )
    return [
        ("上线四周还没有测效果", title, "", pd.Timestamp(at, tz="UTC"), "effects.py", "action", f"item-{item_id}")
        for item_id, title, at in session.exec(statement)
    ]
