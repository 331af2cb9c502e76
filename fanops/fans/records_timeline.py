"""One line of time per fan: orders, voices with their themes, contacts, promises and whether they were kept."""

from __future__ import annotations

from datetime import datetime, time

import pandas as pd
from sqlalchemy import Select, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.fans.behaviour import STAGES
from fanops.fans.records import get_fan
from fanops.fans.records_person import person_ids
from fanops.fans.records_promises import promises
from fanops.settings import settings
from fanops.tables import (
    Contact,
    Fan,
    FanTag,
    LifecycleChange,
    Order,
    Referral,
    ServiceCard,
    Store,
    Tag,
    Theme,
    ThemeAssignment,
    Unit,
    Voice,
)  # fmt: skip

PROMISED = ("告知", "请来试")


def timeline(session: Session, actor: Actor, fan_id: int, limit: int = 200) -> pd.DataFrame:
    """Give everything of a fan in one line.

    Returns:
        Rows ``at`` (None: not yet, or unknown)``, kind, what, store``: promises that are still open, then the newest first. A voice
        stands with the themes that it is about.

    Raises:
        NotFound: A fan that this actor doesn't see.
    """
    fan = get_fan(session, actor, fan_id)
    me = person_ids(fan.id)
    brought = aliased(Fan)
    sources = {
        "订单": select(Order.placed_at, Order.amount_fen, Store.name)
        .outerjoin(Store, Store.id == Order.store_id).where(Order.fan_id.in_(me)).order_by(Order.placed_at.desc()),
        "联系": select(Contact.contacted_at, Contact.subject, Store.name)
        .outerjoin(Store, Store.id == Contact.store_id).where(Contact.fan_id.in_(me), Contact.kind != "telling"),
        "标签": select(FanTag.tagged_at, Tag.name, Store.name)
        .join(Tag, Tag.id == FanTag.tag_id).outerjoin(Store, Store.id == -1).where(FanTag.fan_id.in_(me)),
        "服务卡": select(ServiceCard.closed_at, ServiceCard.deed + "：没做，" + ServiceCard.why_not, Store.name)
        .outerjoin(Store, Store.id == ServiceCard.store_id)
        .where(ServiceCard.fan_id.in_(me), ServiceCard.state == "not_done"),
        "推荐": select(Referral.referred_at, func.coalesce(brought.name_masked, ""), Store.name)
        .join(brought, brought.id == Referral.fan_id).outerjoin(Store, Store.id == brought.home_store_id)
        .where(Referral.referrer_fan_id.in_(me)),
    }  # fmt: skip
    rows = [*_said(session, me, limit), *_promised(session, actor, fan.id)]
    for kind, statement in sources.items():
        for at, what, store in session.exec(statement.limit(limit)):
            shown = f"¥{what / 100:,.2f}" if kind == "订单" else str(what or "")
            rows.append((at, kind, f"带来了 {shown}" if kind == "推荐" else shown, store or ""))
    stages = select(LifecycleChange.changed_on, LifecycleChange.from_stage, LifecycleChange.to_stage)
    stages = stages.where(LifecycleChange.fan_id == fan.id).order_by(LifecycleChange.changed_on.desc())
    for day, before, after in session.exec(stages.limit(limit)):
        at = datetime.combine(day, time.min, tzinfo=settings().zone)
        rows.append((at, "生命周期", f"{STAGES[before]} → {STAGES[after]}" if before else STAGES[after], ""))
    frame = pd.DataFrame(rows, columns=["at", "kind", "what", "store"])
    frame = frame.sort_values("at", ascending=False, na_position="last", kind="stable")
    is_open = frame["kind"].isin(PROMISED) & frame["at"].isna()
    return pd.concat([frame[is_open], frame[~is_open]], ignore_index=True).head(limit)


def _said(session: Session, me: Select, limit: int) -> list[tuple]:
    voices = session.exec(
        select(Voice.id, Voice.said_at, Voice.text, Store.name)
        .outerjoin(Store, Store.id == Voice.store_id)
        .where(Voice.fan_id.in_(me))
        .order_by(Voice.said_at.desc(), Voice.id.desc())
        .limit(limit)
    ).all()
    themes: dict[int, list[str]] = {}
    about = (
        select(Unit.voice_id, Theme.name)
        .join(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .join(Theme, Theme.id == ThemeAssignment.theme_id)
        .where(Unit.voice_id.in_([voice_id for voice_id, *_ in voices]))
        .distinct()
        .order_by(Theme.name)
    )
    for voice_id, name in session.exec(about):
        themes.setdefault(voice_id, []).append(f"“{name}”")
    return [
        (at, "原声", f"{text}（{''.join(themes[voice_id])}）" if voice_id in themes else text, store or "")
        for voice_id, at, text, store in voices
    ]


def _promised(session: Session, actor: Actor, fan_id: int) -> list[tuple]:
    return [
        (row.at, row.what, f"{row.title}：{row.said or ('做了' if row.kept else '还没有')}", "")
        for row in promises(session, actor, fan_id).itertuples()
    ]
