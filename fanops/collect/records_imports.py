"""Import batches in the database: who may import, what came before, mappings remembered, stores a file may name."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, select

from fanops.access import Actor, Role, require, require_store
from fanops.access.scope import visible_stores
from fanops.collect.check_rows import StoreBook
from fanops.collect.fields import headings_sha256, tidy_heading
from fanops.errors import NotFound
from fanops.tables import Brand, ImportBatch, ImportMapping, now

IMPORTERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.ADMIN)
READERS = (*IMPORTERS, Role.CEO)


def find_live_batch(session: Session, actor: Actor, kind: str, file_sha256: str) -> ImportBatch | None:
    """Give the batch this very file was imported as, None when it was not, or that was undone."""
    query = select(ImportBatch).where(
        ImportBatch.brand_id == actor.brand_id,
        ImportBatch.kind == kind,
        ImportBatch.file_sha256 == file_sha256,
        ImportBatch.state != "undone",
    )
    return session.exec(query).first()


def list_batches(session: Session, actor: Actor, *, limit: int = 100) -> list[ImportBatch]:
    """List import batches, newest first; who sees a part of the chain sees the batches of their own account."""
    require(actor, *READERS)
    query = select(ImportBatch).where(ImportBatch.brand_id == actor.brand_id)
    if not actor.sees_all_stores:
        query = query.where(ImportBatch.account_id == (actor.account_id or -1))
    return list(session.exec(query.order_by(ImportBatch.id.desc()).limit(limit)))


def get_batch(session: Session, actor: Actor, batch_id: int) -> ImportBatch:
    """Give one batch.

    Raises:
        NotFound: No such batch, or not one this actor may see.
    """
    require(actor, *READERS)
    query = select(ImportBatch).where(ImportBatch.id == batch_id, ImportBatch.brand_id == actor.brand_id)
    if not actor.sees_all_stores:
        query = query.where(ImportBatch.account_id == (actor.account_id or -1))
    batch = session.exec(query).first()
    if batch is None:
        raise NotFound("没有这个导入批次，或您看不到它。", "请从导入批次的列表里选择。")
    return batch


def recall_mapping(session: Session, actor: Actor, kind: str, headings: list[str]) -> dict[str, str]:
    """Give the mapping a person used for these headings the last time; empty when there was none."""
    row = session.exec(_mapping_query(actor, kind, headings)).first()
    return dict(row.mapping) if row else {}


def remember_mapping(
    session: Session, actor: Actor, kind: str, headings: list[str], mapping: Mapping[str, str]
) -> None:
    """Remember the mapping for these headings."""
    row = session.exec(_mapping_query(actor, kind, headings)).first()
    if row is None:
        row = ImportMapping(brand_id=actor.brand_id, kind=kind, headings_sha256=headings_sha256(headings))
    row.mapping, row.used_at = dict(mapping), now()
    session.add(row)


def _mapping_query(actor: Actor, kind: str, headings: list[str]):
    return select(ImportMapping).where(
        ImportMapping.brand_id == actor.brand_id,
        ImportMapping.kind == kind,
        ImportMapping.headings_sha256 == headings_sha256(headings),
    )


def store_book(session: Session, actor: Actor, default: str | int | None = None) -> StoreBook:
    """Give the stores this actor's files may name.

    Args:
        session: Any session.
        actor: A store manager's rows belong to the own store where none is named; a region manager must name one.
        default: Code, name or id of the store for rows that name none.

    Raises:
        NotFound: No such store, or not one of this actor's.
    """
    brand = session.get_one(Brand, actor.brand_id)
    ids: dict[str, int] = {}
    for store in visible_stores(session, actor):
        for words in (store.code, store.name, f"{brand.name}{store.name}"):
            ids.setdefault(tidy_heading(words), store.id)
    default_id = actor.store_id
    if isinstance(default, int):
        default_id = require_store(session, actor, default).id
    elif default:
        default_id = StoreBook(ids).find(default)
        if default_id < 0:
            raise NotFound(f"没有“{default}”这家门店，或不归您管。", "用 fanops org show 查看门店编号和名称。")
    return StoreBook(ids, default_id, required=not actor.sees_all_stores)


def visible_store_ids(session: Session, actor: Actor) -> set[int]:
    """Give the ids of the stores the actor sees."""
    return {store.id for store in visible_stores(session, actor)}


def store_names(session: Session, actor: Actor) -> dict[int, str]:
    """Give the names of the stores the actor sees, by id."""
    return {store.id: store.name for store in visible_stores(session, actor)}
