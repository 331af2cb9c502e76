"""Reads of the theme registry: counts by distinct fans and stores, trends, and the way back to the sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Select, case, distinct, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, select

from fanops.access import Actor, in_scope
from fanops.errors import NotFound
from fanops.tables import (
    Account,
    Fan,
    Store,
    Theme,
    ThemeAssignment,
    ThemeEvent,
    ThemeLineage,
    ThemeRun,
    Unit,
    Voice,
)
from fanops.text.aspects import GENERAL
from fanops.themes.selection import Selection
from fanops.themes.vague import names_nothing

# A merged fan counts as the fan they were merged into, also where a statement joins the voice's own record.
PERSON = func.coalesce(Fan.merged_into_id, Fan.id)
_OWN_RECORD = aliased(Fan, name="own_record")

EVERYTHING = Selection()


def narrowed(statement: Select[Any], actor: Actor, selection: Selection) -> Select[Any]:
    """Narrow a statement over Unit ⨝ Voice (⟕ Fan, the person, ⟕ Store) to the actor's scope and the selection."""
    statement = in_scope(statement, actor, brand=Voice.brand_id, store=Voice.store_id)
    conditions = {
        "store_id": Voice.store_id,
        "kind": Voice.kind,
        "channel": Voice.channel,
        "batch_id": Voice.import_batch_id,
        "level": Fan.level,
        "region_id": Store.region_id,
    }
    for name, column in conditions.items():
        wanted = getattr(selection, name)
        if wanted is not None:
            statement = statement.where(column == wanted)
    if selection.since is not None:
        statement = statement.where(Voice.said_at >= selection.since)
    if selection.until is not None:
        statement = statement.where(Voice.said_at < selection.until)
    return statement


def _with_person(statement: Select[Any]) -> Select[Any]:
    """Join the fan who said a voice: the record they were merged into, since levels and names are kept there."""
    person = func.coalesce(_OWN_RECORD.merged_into_id, _OWN_RECORD.id)
    return statement.outerjoin(_OWN_RECORD, _OWN_RECORD.id == Voice.fan_id).outerjoin(Fan, Fan.id == person)


def lies_in(theme_id: int) -> ColumnElement[bool]:
    """Tell units of a theme, or of a sub-theme."""
    return (ThemeAssignment.theme_id == theme_id) | (ThemeAssignment.subtheme_id == theme_id)


def joined_units(*columns: Any, no_content: bool = False) -> Select[Any]:
    """Select ``columns`` over units with content (or those set aside for having none), with voice, assignment, person and store beside.

    Copies of a voice (the same text imported twice) are left out: runs leave them out too, so they have no theme.
    """
    statement = (
        select(*columns)
        .select_from(Unit)
        .join(Voice, Voice.id == Unit.voice_id)
        .outerjoin(ThemeAssignment, ThemeAssignment.unit_id == Unit.id)
        .outerjoin(Store, Store.id == Voice.store_id)
        .where(Unit.no_content.is_(no_content), Voice.copy_of_id.is_(None))
    )
    return _with_person(statement)


def counts_of() -> list[Any]:
    """Give the columns that count a group over ``joined_units``: units, voices, distinct fans and stores, pleased, displeased."""
    return [
        func.count(Unit.id).label("units"),
        func.count(distinct(Unit.voice_id)).label("voices"),
        func.count(distinct(PERSON)).label("fans"),
        func.count(distinct(Voice.store_id)).label("stores"),
        func.sum(case((Unit.polarity == 1, 1), else_=0)).label("positive"),
        func.sum(case((Unit.polarity == -1, 1), else_=0)).label("negative"),
    ]


def theme_table(session: Session, actor: Actor, selection: Selection = EVERYTHING) -> pd.DataFrame:
    """List the live themes with their counts.

    Returns:
        One row per theme, most distinct fans (then voices) first, general remarks (笼统评价) last: ``theme_id, name, aspect,
        keywords, pinned,
        named_by_hand, stability, units, voices, fans, stores, positive, negative, unsure, negative_share``.
        ``general`` says that a theme has no subject, ``vague`` that most of it names no thing.
        ``negative_share`` is of units, NaN without units.
    """
    unsure = func.sum(case((ThemeAssignment.unsure, 1), else_=0)).label("unsure")
    grouped = joined_units(ThemeAssignment.theme_id, *counts_of(), unsure).where(ThemeAssignment.theme_id.is_not(None))
    grouped = narrowed(grouped, actor, selection).group_by(ThemeAssignment.theme_id)
    counts = {row.theme_id: row._asdict() for row in session.exec(grouped)}
    themes = session.exec(
        select(Theme).where(Theme.brand_id == actor.brand_id, Theme.state == "active", Theme.parent_id.is_(None))
    )
    columns = [
        "theme_id", "name", "aspect", "keywords", "pinned", "named_by_hand", "stability",
        "units", "voices", "fans", "stores", "positive", "negative", "unsure",
    ]  # fmt: skip
    rows = []
    for theme in themes:
        row = counts.get(theme.id)
        if row is None and not theme.pinned:
            continue
        known = {name: getattr(theme, name) for name in columns[1:7]}
        rows.append({"theme_id": theme.id, **known, **{name: (row or {}).get(name, 0) for name in columns[7:]}})
    frame = pd.DataFrame(rows, columns=columns)
    frame["negative_share"] = frame["negative"] / frame["units"].where(frame["units"] > 0)
    frame["general"] = frame["aspect"] == GENERAL
    frame["vague"] = frame["general"] | frame["keywords"].map(names_nothing).astype(bool)
    order = ["general", "fans", "voices", "theme_id"]
    return frame.sort_values(order, ascending=[True, False, False, True], ignore_index=True)


def totals(session: Session, actor: Actor, selection: Selection = EVERYTHING) -> dict[str, int]:
    """Count what the selection stands on: ``units, voices, fans, stores, unassigned, no_content, copies``.

    ``no_content`` are units that were set aside, also out of voices that say something else, ``copies`` are voices.
    """
    unassigned = func.sum(case((ThemeAssignment.theme_id.is_(None), 1), else_=0)).label("unassigned")
    row = session.exec(narrowed(joined_units(*counts_of(), unassigned), actor, selection)).one()._asdict()
    counts = {name: int(row[name] or 0) for name in ("units", "voices", "fans", "stores", "unassigned")}
    aside = narrowed(joined_units(func.count(Unit.id), no_content=True), actor, selection)
    copied = select(func.count(Voice.id)).select_from(Voice).outerjoin(Store, Store.id == Voice.store_id)
    copied = narrowed(_with_person(copied).where(Voice.copy_of_id.is_not(None)), actor, selection)
    return counts | {"no_content": session.exec(aside).one(), "copies": session.exec(copied).one()}


def get_theme(session: Session, actor: Actor, theme_id: int) -> Theme:
    """Give a theme of the actor's brand.

    Raises:
        NotFound: No such theme, or one of another brand.
    """
    theme = session.exec(select(Theme).where(Theme.id == theme_id, Theme.brand_id == actor.brand_id)).first()
    if theme is None:
        raise NotFound("没有这个主题。", "它可能已被合并或撤销，请回到主题列表查看。")
    return theme


def subtheme_table(session: Session, actor: Actor, theme_id: int, selection: Selection = EVERYTHING) -> pd.DataFrame:
    """List a theme's sub-themes with ``theme_id, name, units, voices, fans, stores, positive, negative``."""
    grouped = joined_units(ThemeAssignment.subtheme_id, *counts_of()).where(
        ThemeAssignment.theme_id == theme_id, ThemeAssignment.subtheme_id.is_not(None)
    )
    grouped = narrowed(grouped, actor, selection).group_by(ThemeAssignment.subtheme_id)
    counts = [row._asdict() for row in session.exec(grouped)]
    names = dict(session.exec(select(Theme.id, Theme.name).where(Theme.parent_id == theme_id)).all())
    frame = pd.DataFrame(counts, columns=["subtheme_id", "units", "voices", "fans", "stores", "positive", "negative"])
    frame = frame.rename(columns={"subtheme_id": "theme_id"})
    frame.insert(1, "name", frame["theme_id"].map(names).fillna(""))
    return frame.sort_values(["units", "theme_id"], ascending=[False, True], ignore_index=True)


def theme_by_store(
    session: Session, actor: Actor, selection: Selection = EVERYTHING, theme_id: int | None = None
) -> pd.DataFrame:
    """Count themes per store.

    Returns:
        Rows ``theme_id, store_id, store, units, voices, fans, negative, store_units, independent``; ``store_units`` is the
        base: all units of that store in the selection. ``independent`` is how many units of different people these units are
        worth (Kish's effective number): ten of one person are 1. Voices without a store are left out.
    """
    base = narrowed(joined_units(Voice.store_id, func.count(Unit.id).label("store_units")), actor, selection)
    base = base.where(Voice.store_id.is_not(None)).group_by(Voice.store_id)
    bases = dict(session.exec(base).all())
    statement = joined_units(ThemeAssignment.theme_id, Voice.store_id, Store.name.label("store"), *counts_of())
    statement = narrowed(statement, actor, selection).where(
        ThemeAssignment.theme_id.is_not(None), Voice.store_id.is_not(None)
    )
    if theme_id is not None:
        statement = statement.where(ThemeAssignment.theme_id == theme_id)
    grouped = statement.group_by(ThemeAssignment.theme_id, Voice.store_id, Store.name)
    columns = ["theme_id", "store_id", "store", "units", "voices", "fans", "negative"]
    frame = pd.DataFrame([row._asdict() for row in session.exec(grouped)], columns=[*columns, "stores", "positive"])
    frame["store_units"] = frame["store_id"].map(bases)
    each = (
        statement.with_only_columns(ThemeAssignment.theme_id, Voice.store_id, func.count(Unit.id).label("said"))
        .group_by(ThemeAssignment.theme_id, Voice.store_id, func.coalesce(PERSON, -Voice.id))
        .subquery()
    )
    squares = select(each.c.theme_id, each.c.store_id, func.sum(each.c.said * each.c.said)).group_by(
        each.c.theme_id, each.c.store_id
    )
    worth = pd.DataFrame(session.exec(squares).all(), columns=["theme_id", "store_id", "squares"])
    frame = frame.merge(worth, how="left", on=["theme_id", "store_id"])
    frame["independent"] = frame["units"] ** 2 / frame["squares"].astype(float)
    return frame[[*columns, "store_units", "independent"]].sort_values(["theme_id", "store_id"], ignore_index=True)


def theme_times(
    session: Session, actor: Actor, selection: Selection = EVERYTHING, theme_id: int | None = None
) -> pd.DataFrame:
    """Give when things were said: rows ``theme_id`` (None 未归类), ``voice_id, person, said_at, polarity``."""
    statement = joined_units(
        ThemeAssignment.theme_id, Unit.voice_id, PERSON.label("person"), Voice.said_at, Unit.polarity
    ).where(Voice.said_at.is_not(None))
    if theme_id is not None:
        statement = statement.where(ThemeAssignment.theme_id == theme_id)
    rows = session.exec(narrowed(statement, actor, selection)).all()
    return pd.DataFrame(rows, columns=["theme_id", "voice_id", "person", "said_at", "polarity"])


def recent_change(
    session: Session, actor: Actor, until: datetime, days: int = 28, selection: Selection = EVERYTHING
) -> pd.DataFrame:
    """Count what was said in the last ``days`` and in the ``days`` before, per theme.

    Returns:
        Rows ``theme_id, voices, base, voices_before, base_before``; the bases are the voices of all themes and of none.
    """
    since = until - timedelta(days=days)
    counts, bases, voices = [], {}, func.count(distinct(Unit.voice_id))
    for name, (start, end) in {"": (since, until), "_before": (since - timedelta(days=days), since)}.items():
        period = replace(selection, since=start, until=end)
        counted = narrowed(joined_units(ThemeAssignment.theme_id, voices), actor, period)
        counted = counted.where(ThemeAssignment.theme_id.is_not(None)).group_by(ThemeAssignment.theme_id)
        rows = session.exec(counted).all()
        counts.append(pd.DataFrame(rows, columns=["theme_id", f"voices{name}"]).set_index("theme_id"))
        bases[f"base{name}"] = session.exec(narrowed(joined_units(voices), actor, period)).one()
    return counts[0].join(counts[1], how="outer").fillna(0).astype(int).assign(**bases).reset_index()


def latest_run(session: Session, actor: Actor) -> ThemeRun | None:
    """Give the brand's newest theme run, None before the first."""
    statement = select(ThemeRun).where(ThemeRun.brand_id == actor.brand_id).order_by(ThemeRun.id.desc()).limit(1)
    return session.exec(statement).first()


def came_since_run(session: Session, actor: Actor) -> int:
    """Count the actor's units that came after the newest run, and were put into the themes there were."""
    statement = narrowed(joined_units(func.count(Unit.id)), actor, EVERYTHING)
    return session.exec(statement.where(ThemeAssignment.id.is_not(None), ThemeAssignment.run_id.is_(None))).one()


def lineage(session: Session, actor: Actor, theme_id: int | None = None) -> pd.DataFrame:
    """Give what runs did: rows ``run_id, run_at, theme_id, name, from_theme_id, kind, grey, shared_units, units``.

    A run counts the whole brand: for an actor who doesn't see all stores ``shared_units`` and ``units`` are NaN.
    """
    statement = (
        select(
            ThemeLineage.id, ThemeLineage.run_id, ThemeRun.created_at, ThemeLineage.theme_id, Theme.name,
            ThemeLineage.from_theme_id, ThemeLineage.kind, ThemeLineage.grey, ThemeLineage.shared_units,
            ThemeLineage.units, ThemeLineage.decided_at,
        )
        .join(ThemeRun, ThemeRun.id == ThemeLineage.run_id)
        .join(Theme, Theme.id == ThemeLineage.theme_id)
        .where(ThemeRun.brand_id == actor.brand_id)
        .order_by(ThemeLineage.id)
    )  # fmt: skip
    if theme_id is not None:
        statement = statement.where((ThemeLineage.theme_id == theme_id) | (ThemeLineage.from_theme_id == theme_id))
    columns = [
        "lineage_id", "run_id", "run_at", "theme_id", "name", "from_theme_id", "kind", "grey", "shared_units",
        "units", "decided_at",
    ]  # fmt: skip
    frame = pd.DataFrame(session.exec(statement).all(), columns=columns)
    return frame if actor.sees_all_stores else frame.assign(shared_units=float("nan"), units=float("nan"))


def edit_history(session: Session, actor: Actor, theme_id: int | None = None) -> pd.DataFrame:
    """Give the hand edits, newest first: rows ``event_id, theme_id, name, kind, detail, made_at, author, undone_at``."""
    statement = (
        select(
            ThemeEvent.id, ThemeEvent.theme_id, Theme.name, ThemeEvent.kind, ThemeEvent.detail, ThemeEvent.made_at,
            Account.display_name, ThemeEvent.undone_at,
        )
        .join(Theme, Theme.id == ThemeEvent.theme_id)
        .outerjoin(Account, Account.id == ThemeEvent.account_id)
        .where(ThemeEvent.brand_id == actor.brand_id)
        .order_by(ThemeEvent.id.desc())
    )  # fmt: skip
    if theme_id is not None:
        statement = statement.where(ThemeEvent.theme_id == theme_id)
    columns = ["event_id", "theme_id", "name", "kind", "detail", "made_at", "author", "undone_at"]
    return pd.DataFrame(session.exec(statement).all(), columns=columns)
