"""What the quality view reads: the themes of each interview, and how themes agree with a person's codes."""

from __future__ import annotations

import pandas as pd
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.tables import Code, Coding, Interview, Theme, ThemeAssignment, Turn, Unit, Voice


def themes_of_interviews(session: Session, actor: Actor) -> list[set[int]]:
    """Give the live themes that occurred in each interview, in the order they were held; an interview without any is empty.

    Whoever heard nothing new in an interview has heard that too: leaving it out would make the others look too few.
    """
    live = (ThemeAssignment.theme_id == Theme.id) & (Theme.state == "active")
    statement = (
        select(Interview.id, Theme.id)
        .outerjoin(Turn, Turn.interview_id == Interview.id)
        .outerjoin(Voice, Voice.turn_id == Turn.id)
        .outerjoin(Unit, Unit.voice_id == Voice.id)
        .outerjoin(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .outerjoin(Theme, live)
        .where(Interview.state == "done")
        .distinct()
        .order_by(Interview.id)
    )
    found: dict[int, set[int]] = {}
    for interview_id, theme_id in session.exec(
        in_scope(statement, actor, brand=Interview.brand_id, store=Interview.store_id)
    ):
        found.setdefault(interview_id, set()).update([] if theme_id is None else [theme_id])
    return list(found.values())


def codes_and_themes(session: Session, actor: Actor) -> pd.DataFrame:
    """Give units that a person coded, with their theme: rows ``unit_id, code, theme`` (a unit in several passages several times)."""
    statement = (
        select(Unit.id, Code.name, Theme.name)
        .join(Voice, Voice.id == Unit.voice_id)
        .join(Turn, Turn.id == Voice.turn_id)
        .join(Coding, (Coding.turn_id == Turn.id) & (Coding.start < Unit.end) & (Coding.end > Unit.start))
        .join(Code, Code.id == Coding.code_id)
        .join(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .join(Theme, Theme.id == ThemeAssignment.theme_id)
        .where(Coding.withdrawn_at.is_(None))
        .distinct()
    )
    rows = session.exec(in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=["unit_id", "code", "theme"])
