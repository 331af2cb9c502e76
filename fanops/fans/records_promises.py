"""What a fan raised, what was promised to them and whether it was kept, and who looks after them."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
from sqlalchemy import case, func
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.fans.assign_owners import owner_history
from fanops.fans.records import get_fan
from fanops.fans.records_person import person_ids
from fanops.tables import BacklogItem, Fix, Staff, Telling, Theme, ThemeAssignment, Trial, Unit, Voice

VERDICTS = {"like": "会买", "unsure": "看情况", "dislike": "不会买"}
ANSWERS = {"yes": "说真的改好了", "no": "说还没改好"}


def raised_themes(session: Session, actor: Actor, fan_id: int) -> pd.DataFrame:
    """List the themes a fan spoke of.

    Returns:
        Rows ``theme_id, theme, sentences, minded`` (displeased ones)``, said_at`` (last), the last first.

    Raises:
        NotFound: A fan that this actor doesn't see.
    """
    fan = get_fan(session, actor, fan_id)
    me = person_ids(fan.id)
    last = func.max(Voice.said_at)
    rows = session.exec(
        select(Theme.id, Theme.name, func.count(Unit.id), func.sum(case((Unit.polarity == -1, 1), else_=0)), last)
        .join(ThemeAssignment, ThemeAssignment.theme_id == Theme.id)
        .join(Unit, Unit.id == ThemeAssignment.unit_id)
        .join(Voice, Voice.id == Unit.voice_id)
        .where(Voice.fan_id.in_(me), Unit.no_content.is_(False))
        .group_by(Theme.id, Theme.name)
        .order_by(last.desc(), Theme.id)
    ).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=["theme_id", "theme", "sentences", "minded", "said_at"])


def promises(session: Session, actor: Actor, fan_id: int) -> pd.DataFrame:
    """List what a fan is to be told or was asked to try, and whether it was done.

    Returns:
        Rows ``what`` (告知 or 请来试)``, title, kept`` (whether done)``, said`` (what they said, empty)``, at`` (when done, None
        before); what is open first.

    Raises:
        NotFound: A fan that this actor doesn't see.
    """
    fan = get_fan(session, actor, fan_id)
    me = person_ids(fan.id)
    told = session.exec(
        select(func.coalesce(BacklogItem.title, Fix.title), Telling.state, Telling.really_fixed, Telling.told_at)
        .outerjoin(BacklogItem, BacklogItem.id == Telling.item_id)
        .outerjoin(Fix, Fix.id == Telling.fix_id)
        .where(Telling.fan_id.in_(me))
        .order_by(Telling.id)
    )
    rows = [("告知", title, state == "told", ANSWERS.get(answer, ""), at) for title, state, answer, at in told]
    tried = session.exec(
        select(BacklogItem.title, Trial.verdict, Trial.came_at)
        .join(BacklogItem, BacklogItem.id == Trial.item_id)
        .where(Trial.fan_id.in_(me))
        .order_by(Trial.id)
    )
    rows += [("请来试", title, bool(verdict), VERDICTS.get(verdict, ""), at) for title, verdict, at in tried]
    frame = pd.DataFrame(rows, columns=["what", "title", "kept", "said", "at"])
    return frame.sort_values("kept", kind="stable", ignore_index=True)


def owner_of(session: Session, actor: Actor, fan_id: int) -> str:
    """Say who looks after a fan now, empty for nobody.

    Raises:
        NotFound: A fan that this actor doesn't see.
    """
    fan = get_fan(session, actor, fan_id)
    return session.exec(select(Staff.name).where(Staff.id == fan.owner_staff_id)).first() or ""


def owner_moves(session: Session, actor: Actor, fan_id: int) -> list[tuple[datetime, str, str]]:
    """Give who looked after a fan before, from the log of the whole brand (which takes a while in a large chain).

    Returns:
        (When, from whom, to whom), oldest first; empty names for nobody.

    Raises:
        NotFound: A fan that this actor doesn't see.
    """
    fan = get_fan(session, actor, fan_id)
    names = dict(session.exec(select(Staff.id, Staff.name).where(Staff.brand_id == actor.brand_id)).all())
    moves = owner_history(session, actor, fan.id)
    return [(at, names.get(before, ""), names.get(after, "")) for at, before, after in moves]
