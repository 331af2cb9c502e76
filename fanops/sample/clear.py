"""Clear the sample chain: exactly its rows go; what real data stands on is kept, and said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Table, delete, exists, func, or_, select, update
from sqlmodel import Session
from sqlmodel import select as select_rows

from fanops.access.sessions import revoke_sessions
from fanops.collect.undo_import import remove_batch
from fanops.database import Database, take_turn
from fanops.tables import (
    Account,
    BacklogItem,
    Brand,
    Contact,
    Evidence,
    Fan,
    FanTag,
    Fix,
    ImportBatch,
    Invitation,
    Panel,
    Region,
    Response,
    Staff,
    Store,
    Unit,
    Voice,
    metadata,
    now,
)

_NEVER = {"audit_entry"}  # the log outlives what it speaks of


@dataclass(frozen=True)
class Cleared:
    """What was cleared.

    Attributes:
        removed: Rows removed by table; tables without any are left out.
        kept: What real data stands on, by table (``brand``, ``store``, ``staff``, ``account``); empty when all went.
    """

    removed: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)


def find_sample_brand(session: Session) -> Brand | None:
    """Give the sample chain's brand, None when it is not loaded."""
    return session.exec(select_rows(Brand).where(Brand.is_sample).order_by(Brand.id)).first()


def is_loaded(db: Database) -> bool:
    """Say whether the sample chain is loaded whole (a load that was cut off is not)."""
    with db.read() as session:
        brand = find_sample_brand(session)
        if brand is None:
            return False
        last = select_rows(ImportBatch.id).where(
            ImportBatch.brand_id == brand.id, ImportBatch.kind == "interviews", ImportBatch.is_sample
        )
        return session.exec(last).first() is not None


def clear_sample(db: Database) -> Cleared:
    """Remove the sample chain, in one transaction."""
    with db.write() as session:
        brand = find_sample_brand(session)
        if brand is None:
            return Cleared()
        take_turn(session, f"import {brand.id}")
        before = _count_all(session)
        kept = _clear_beside_real(session, brand) if _has_real_data(session, brand.id) else {}
        if not kept:
            _remove_brand(session, brand.id)
        after = _count_all(session)
    removed = {name: before[name] - after[name] for name in before if before[name] != after[name]}
    return Cleared(removed, kept)


def _count_all(session: Session) -> dict[str, int]:
    tables = [table for name, table in metadata.tables.items() if name not in _NEVER]
    return {table.name: session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def _has_real_data(session: Session, brand_id: int) -> bool:
    """Say whether anything in the brand came from a real file or a real person."""
    asked = (
        exists().where(ImportBatch.brand_id == brand_id, ~ImportBatch.is_sample, ImportBatch.state != "undone"),
        exists().where(Voice.brand_id == brand_id, Voice.import_batch_id.is_(None)),
        exists().where(Fan.brand_id == brand_id, Fan.import_batch_id.is_(None)),
        exists().where(Account.brand_id == brand_id, ~Account.is_sample),
    )
    return bool(session.execute(select(or_(*asked))).scalar_one())


# --- the whole brand --------------------------------------------------------------------------------------------


def _remove_brand(session: Session, brand_id: int) -> None:
    """Remove every row that belongs to the brand, children first."""
    for table in reversed(metadata.sorted_tables):
        mine = _belongs(table, brand_id)
        if mine is None or table.name in _NEVER:
            continue
        loops = [column for column in table.columns if _points_to(column, table) and column.nullable]
        if loops:
            session.execute(update(table).where(mine).values({column.name: None for column in loops}))
        session.execute(delete(table).where(mine))
    session.execute(delete(Brand.__table__).where(Brand.id == brand_id))


def _points_to(column: Column[Any], table: Table) -> bool:
    return any(key.column.table is table for key in column.foreign_keys)


def _belongs(table: Table, brand_id: int) -> Any:
    """Give the condition under which a row belongs to the brand, through its parents where it names none."""
    if "brand_id" in table.columns:
        return table.c.brand_id == brand_id
    ways = []
    for column in table.columns:
        for key in column.foreign_keys:
            parent = key.column.table
            if parent is table or parent.name == "brand":
                continue
            within = _belongs(parent, brand_id)
            if within is not None:
                ways.append(column.in_(select(key.column).where(within)))
    return or_(*ways) if ways else None


# --- beside real data -------------------------------------------------------------------------------------------


def _clear_beside_real(session: Session, brand: Brand) -> dict[str, int]:
    """Remove the sample's rows from a brand that also holds real ones; give what had to be kept."""
    batches = session.exec(
        select_rows(ImportBatch)
        .where(ImportBatch.brand_id == brand.id, ImportBatch.is_sample)
        .order_by(ImportBatch.id.desc())
    ).all()
    units = (
        select(Unit.id)
        .join(Voice, Voice.id == Unit.voice_id)
        .where(Voice.import_batch_id.in_([batch.id for batch in batches]))
    )
    session.execute(delete(FanTag.__table__).where(FanTag.unit_id.in_(units)))
    session.execute(delete(Evidence.__table__).where(Evidence.unit_id.in_(units)))
    for action, key in ((Fix, Evidence.fix_id), (BacklogItem, Evidence.item_id)):
        mine = select(Account.id).where(Account.is_sample)
        session.execute(
            delete(action.__table__).where(
                action.brand_id == brand.id,
                or_(action.account_id.is_(None), action.account_id.in_(mine)),
                ~exists().where(key == action.id),
            )
        )
    # A panel is a list of fans: one that a sample account made would keep every sample fan on it.
    made_by = select(Account.id).where(Account.is_sample)
    by_sample = or_(Panel.account_id.is_(None), Panel.account_id.in_(made_by))
    session.execute(delete(Panel.__table__).where(Panel.brand_id == brand.id, by_sample))
    # So would its invitations, and that they were asked.
    made = select(Fan.id).where(Fan.import_batch_id.in_([batch.id for batch in batches]))
    unanswered = ~exists().where(Response.invitation_id == Invitation.id)
    session.execute(delete(Invitation.__table__).where(Invitation.fan_id.in_(made), unanswered))
    session.execute(delete(Contact.__table__).where(Contact.fan_id.in_(made), Contact.kind == "survey"))
    for batch in batches:
        remove_batch(session, batch)
        batch.state, batch.undone_at = "undone", now()
    session.flush()
    kept = {"brand": 1}
    for account in session.exec(select_rows(Account).where(Account.brand_id == brand.id, Account.is_sample)):
        revoke_sessions(session, account.id)
        account.disabled_at = now()  # its password is known to everybody
        session.add(account)
    session.flush()
    for table in (Account, Staff, Store, Region):
        kept_rows = _remove_free(session, table.__table__, brand.id)
        if kept_rows:
            kept[table.__tablename__] = kept_rows
    return kept


def _remove_free(session: Session, table: Table, brand_id: int) -> int:
    """Remove the sample rows of a table that nothing refers to; give how many are kept."""
    mine = (table.c.brand_id == brand_id) & table.c.is_sample
    referring = [
        exists().where(column == table.c.id)
        for other in metadata.tables.values()
        if other.name != "sign_in_session"
        for column in other.columns
        if _points_to(column, table)
    ]
    session.execute(delete(table).where(mine, ~or_(*referring)))
    return session.execute(select(func.count()).select_from(table).where(mine)).scalar_one()
