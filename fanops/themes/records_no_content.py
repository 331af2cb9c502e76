"""What was set aside because it says nothing (无内容): to look through, and to put back where that was wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Select, func, select, update
from sqlmodel import Session

from fanops.access import Actor, record_audit, require
from fanops.errors import Conflict
from fanops.tables import Unit, Voice, unit_text
from fanops.themes.edit import MOVERS
from fanops.themes.records import EVERYTHING, joined_units, narrowed
from fanops.themes.records_edit import own_units
from fanops.themes.selection import Selection

_SENTENCE = func.trim(unit_text())


def _set_aside(actor: Actor, selection: Selection, words: str, *columns: Any) -> Select[Any]:
    statement = joined_units(*columns, no_content=True)
    if words.strip():
        statement = statement.where(Voice.text.contains(words.strip(), autoescape=True))
    return narrowed(statement, actor, selection)


def no_content_sayings(
    session: Session,
    actor: Actor,
    selection: Selection = EVERYTHING,
    *,
    words: str = "",
    limit: int = 20,
    offset: int = 0,
) -> tuple[pd.DataFrame, int, int]:
    """Give the sentences that were set aside, those of the same words as one, the longest first: mistakes are there.

    Args:
        session: A reading session.
        actor: Who reads; only sentences in their scope come back.
        selection: The page's filters.
        words: Only voices that contain these characters.
        limit: At most this many rows.
        offset: Rows to skip, for paging.

    Returns:
        Rows ``sentence, times, unit_id`` (the first of them), how many rows there are in all, and how many sentences.
    """
    grouped = _set_aside(
        actor,
        selection,
        words,
        _SENTENCE.label("sentence"),
        func.count(Unit.id).label("times"),
        func.min(Unit.id).label("unit_id"),
    )
    each = grouped.group_by(_SENTENCE).subquery()
    total, units = session.execute(select(func.count(), func.coalesce(func.sum(each.c.times), 0))).one()
    order = (func.length(each.c.sentence).desc(), each.c.times.desc(), each.c.sentence)
    rows = session.execute(select(each).order_by(*order).limit(limit).offset(offset)).all()
    return pd.DataFrame([tuple(row) for row in rows], columns=["sentence", "times", "unit_id"]), int(total), int(units)


def put_back(
    session: Session, actor: Actor, sentence: str, selection: Selection = EVERYTHING, words: str = ""
) -> dict[str, list[int]]:
    """Say that a sentence does say something: every one of these words in the actor's scope and selection comes back.

    It is 未归类 until the next new voices or the next run place it.

    Returns:
        What ``set_aside_again`` needs: the ``units``, and the ``voices`` that had been set aside whole.

    Raises:
        NotAllowed: The role may not sort sentences.
        Conflict: Nothing like it is set aside any more.
    """
    require(actor, *MOVERS)
    found = session.execute(
        _set_aside(actor, selection, words, Unit.id, Unit.voice_id).where(_SENTENCE == sentence).order_by(Unit.id)  # noqa: SIM300
    ).all()
    if not found:
        raise Conflict("这句话已经放回了。", "请刷新页面。")
    units = [row[0] for row in found]
    whole = (
        select(Voice.id).where(Voice.id.in_({row[1] for row in found}), Voice.no_content.is_(True)).order_by(Voice.id)
    )
    done = {"units": units, "voices": list(session.execute(whole).scalars())}
    _mark(session, done, no_content=False)
    record_audit(session, actor, "put_back_content", f"unit:{units[0]}", units=len(units))
    return done


def set_aside_again(session: Session, actor: Actor, done: Mapping[str, Sequence[int]]) -> None:
    """Take ``put_back`` back, exactly.

    Raises:
        NotAllowed: The role may not sort sentences.
        NotFound: Sentences are gone, or not in the actor's stores.
    """
    require(actor, *MOVERS)
    units = own_units(session, actor, done["units"])
    _mark(session, done, no_content=True)
    record_audit(session, actor, "set_aside_content", f"unit:{units[0]}", units=len(units))


def _mark(session: Session, done: Mapping[str, Sequence[int]], *, no_content: bool) -> None:
    for table, ids in ((Unit, done["units"]), (Voice, done["voices"])):
        session.execute(update(table).where(table.id.in_(list(ids))).values(no_content=no_content))
    session.expire_all()
