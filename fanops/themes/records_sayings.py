"""What a theme's people say, each saying once (同样的话合在一起): the most typical ones, and all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Select, func, select
from sqlmodel import Session

from fanops.access import Actor
from fanops.tables import Theme, ThemeAssignment, Unit, Voice, unit_text
from fanops.themes.records import EVERYTHING, joined_units, lies_in, narrowed
from fanops.themes.records_evidence import evidence_in_order
from fanops.themes.selection import Selection

TYPICAL = 5
_SENTENCE = func.trim(unit_text())
_ALIKE = (_SENTENCE, ThemeAssignment.theme_id, Unit.polarity)


def _of_theme(actor: Actor, selection: Selection, theme_id: int, *columns: Any) -> Select[Any]:
    statement = narrowed(joined_units(*columns), actor, selection)
    return statement.where(lies_in(theme_id))


def _said(
    actor: Actor, selection: Selection, theme_id: int, polarity: int | None, words: str, *columns: Any
) -> Select[Any]:
    statement = _of_theme(actor, selection, theme_id, *columns)
    if polarity is not None:
        statement = statement.where(Unit.polarity == polarity)
    if words.strip():
        statement = statement.where(_SENTENCE.contains(words.strip(), autoescape=True))
    return statement


def sayings(
    session: Session,
    actor: Actor,
    selection: Selection = EVERYTHING,
    *,
    theme_id: int,
    polarity: int | None = None,
    words: str = "",
    limit: int = 50,
    offset: int = 0,
) -> tuple[pd.DataFrame, int]:
    """Give a theme's sentences, those of the same words and polarity as one.

    Args:
        session: A reading session.
        actor: Who reads; only voices in their scope come back.
        selection: The page's filters.
        theme_id: A theme or a sub-theme.
        polarity: Only −1, 0 or 1.
        words: Only sentences that contain these characters, taken literally.
        limit: At most this many sayings.
        offset: Sayings to skip, for paging.

    Returns:
        The rows (``EVIDENCE_COLUMNS`` of the strongest sentence, and ``times``: how many say the same; strongest
        belonging first, then newest), and how many sayings there are in all.
    """
    order = (ThemeAssignment.strength.desc(), Voice.said_at.desc(), Unit.id)
    inner = _said(
        actor, selection, theme_id, polarity, words,
        Unit.id.label("unit_id"), ThemeAssignment.strength.label("strength"), Voice.said_at.label("said_at"),
        func.row_number().over(partition_by=_ALIKE, order_by=order).label("place"),
        func.count().over(partition_by=_ALIKE).label("times"),
    )  # fmt: skip
    each = inner.subquery()
    first = select(each.c.unit_id, each.c.times).where(each.c.place == 1)
    total = session.execute(select(func.count()).select_from(first.subquery())).scalar_one()
    first = first.order_by(each.c.strength.desc(), each.c.said_at.desc(), each.c.unit_id).limit(limit).offset(offset)
    times = dict(map(tuple, session.execute(first)))
    return evidence_in_order(session, actor, selection, list(times)).assign(times=list(times.values())), int(total)


def said_units(
    session: Session, actor: Actor, selection: Selection, theme_id: int, polarity: int | None = None, words: str = ""
) -> list[int]:
    """Give the unit ids of all sentences that ``sayings`` puts together, in order."""
    found = _said(actor, selection, theme_id, polarity, words, Unit.id)
    return [row[0] for row in session.execute(found.order_by(Unit.id))]


def typical_sayings(session: Session, actor: Actor, selection: Selection, theme: Theme) -> pd.DataFrame:
    """Give the sentences that the latest run found most typical, as far as they are in the theme and the selection still.

    Returns:
        At most ``TYPICAL`` rows of ``EVIDENCE_COLUMNS``, the most typical first, each saying once.
    """
    still = _of_theme(actor, selection, theme.id, Unit.id).where(Unit.id.in_(theme.quote_unit_ids or []))
    known = {row[0] for row in session.execute(still)}
    rows = evidence_in_order(session, actor, selection, [each for each in theme.quote_unit_ids or [] if each in known])
    return rows[~rows["sentence"].str.strip().duplicated()].head(TYPICAL) if len(rows) else rows


def all_alike(
    session: Session, actor: Actor, selection: Selection, theme_id: int, unit_ids: Sequence[int]
) -> list[int]:
    """Give every sentence that says the same as one of these: what was ticked once is meant for all of them."""
    if not unit_ids:
        return []
    ticked = _of_theme(actor, selection, theme_id, *(column.label(f"c{n}") for n, column in enumerate(_ALIKE)))
    ticked = ticked.where(Unit.id.in_(list(unit_ids))).distinct().subquery()
    same = [column.is_not_distinct_from(ticked.c[f"c{n}"]) for n, column in enumerate(_ALIKE)]
    found = _of_theme(actor, selection, theme_id, Unit.id).where(select(1).select_from(ticked).where(*same).exists())
    return [row[0] for row in session.execute(found.order_by(Unit.id))]
