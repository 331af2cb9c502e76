"""The one place that narrows a read to what its actor may see."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, select

from fanops.access.actor import Actor
from fanops.errors import NotFound
from fanops.tables import Store


def in_scope(statement: Any, actor: Actor, *, brand: Any, store: Any = None) -> Any:
    """Narrow ``statement`` to the actor's part of the org tree.

    Args:
        statement: A select, update or delete.
        actor: Who reads.
        brand: The column that holds the brand id.
        store: The column that holds the store id; rows without a store are seen only by actors who see the whole
            brand. None when the thing belongs to the whole brand.

    Returns:
        The narrowed statement.
    """
    statement = statement.where(brand == actor.brand_id)
    if actor.sees_all_stores or store is None:
        return statement
    return statement.where(store.in_(store_ids(actor)))


def store_ids(actor: Actor) -> Any:
    """Select the ids of the stores the actor sees, for use inside ``in_``."""
    query = select(Store.id).where(Store.brand_id == actor.brand_id)
    if actor.store_id is not None:
        query = query.where(Store.id == actor.store_id)
    elif actor.region_id is not None:
        query = query.where(Store.region_id == actor.region_id)
    return query


def visible_stores(session: Session, actor: Actor) -> list[Store]:
    """List the stores the actor sees, by code."""
    return list(session.exec(select(Store).where(Store.id.in_(store_ids(actor))).order_by(Store.code)))


def require_store(session: Session, actor: Actor, store_id: int) -> Store:
    """Give the store, or refuse as if it did not exist.

    Raises:
        NotFound: No such store, or not one of this actor's (deliberately the same).
    """
    store = session.exec(select(Store).where(Store.id == store_id, Store.id.in_(store_ids(actor)))).first()
    if store is None:
        raise NotFound("没有这家门店，或您看不到它。", "请从门店列表里选择。")
    return store
