"""The product master (商品库): one product under all its names; a merge is an alias that points, taken back it leaves no trace."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import Session, select

from fanops.access import Actor, Role, in_scope, record_audit, require
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.fans.likeness import one_apart
from fanops.tables import Order, OrderItem, Product, ProductAlias, is_purchase

KEEPERS = (Role.PRODUCT, Role.CEO, Role.ADMIN)
NAME_LIMIT = 80
_SHORTEST = 3  # characters of names that are compared for a slip


def product_family(product_id: int) -> Any:
    """Select the ids of a product and of those whose name is an alias of it."""
    names = select(ProductAlias.alias).where(ProductAlias.product_id == product_id)
    brand = select(Product.brand_id).where(Product.id == product_id).scalar_subquery()
    return select(Product.id).where(
        (Product.id == product_id) | (Product.name.in_(names) & (Product.brand_id == brand))
    )


def with_canonical(statement: Any) -> tuple[Any, Any]:
    """Join a statement over Product to the product that its name is an alias of.

    Returns:
        The joined statement, and the column with the canonical name.
    """
    whole = aliased(Product)
    joined = statement.outerjoin(
        ProductAlias, (ProductAlias.alias == Product.name) & (ProductAlias.brand_id == Product.brand_id)
    ).outerjoin(whole, whole.id == ProductAlias.product_id)
    return joined, func.coalesce(whole.name, Product.name)


def product_table(session: Session, actor: Actor) -> pd.DataFrame:
    """List the brand's products with all their names and what was sold in the actor's scope.

    Returns:
        Rows ``product_id, name, aliases`` (list)``, quantity, orders``, the best sold first; merged ones under their product.
    """
    sold = (
        select(OrderItem.product_id, func.sum(OrderItem.quantity), func.count(func.distinct(Order.id)))
        .join(Order, Order.id == OrderItem.order_id)
        .where(is_purchase())
        .group_by(OrderItem.product_id)
    )
    counts = {
        product: (int(quantity), orders)
        for product, quantity, orders in session.exec(
            in_scope(sold, actor, brand=Order.brand_id, store=Order.store_id)
        )
    }  # fmt: skip
    products = session.exec(select(Product.id, Product.name).where(Product.brand_id == actor.brand_id)).all()
    pointers = session.exec(
        select(ProductAlias.alias, ProductAlias.product_id)
        .where(ProductAlias.brand_id == actor.brand_id)
        .order_by(ProductAlias.id)
    ).all()
    points, aliases = dict(pointers), {}
    for alias, product_id in pointers:
        aliases.setdefault(product_id, []).append(alias)
    sums: dict[int, list[int]] = {}
    for product_id, name in products:
        own = sums.setdefault(points.get(name, product_id), [0, 0])
        quantity, orders = counts.get(product_id, (0, 0))
        own[0] += quantity
        own[1] += orders
    rows = [
        (product_id, name, aliases.get(product_id, []), *sums.get(product_id, (0, 0)))
        for product_id, name in products
        if name not in points
    ]
    frame = pd.DataFrame(rows, columns=["product_id", "name", "aliases", "quantity", "orders"])
    return frame.sort_values(["quantity", "name"], ascending=[False, True], ignore_index=True)


def alike_products(table: pd.DataFrame, limit: int = 10) -> list[tuple[int, int]]:
    """Give pairs of products whose names are one slip apart (芋泥啵啵, 芋泥波波): (the less sold one, the better sold one).

    Args:
        table: As ``product_table`` gives it.
        limit: At most so many.
    """
    rows = [(int(row.product_id), row.name, row.quantity) for row in table.itertuples() if len(row.name) >= _SHORTEST]
    found = [
        (later[0], earlier[0])
        for place, earlier in enumerate(rows)
        for later in rows[place + 1 :]
        if one_apart(earlier[1], later[1]) or _doubled_apart(earlier[1], later[1])
    ]
    return found[:limit]


def _doubled_apart(one: str, other: str) -> bool:
    """Tell whether two names differ in one character that is written twice in a row in both (波波, 啵啵)."""
    if len(one) != len(other):
        return False
    apart = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return (
        len(apart) == 2 and apart[1] == apart[0] + 1 and one[apart[0]] == one[apart[1]] and other[apart[0]] == other[apart[1]]
    )  # fmt: skip


def _own(session: Session, actor: Actor, product_id: int) -> Product:
    row = session.exec(select(Product).where(Product.id == product_id, Product.brand_id == actor.brand_id)).first()
    if row is None:
        raise NotFound("没有这个商品。", "请从列表里选择。")
    return row


def merge_products(session: Session, actor: Actor, product_id: int, into_id: int) -> None:
    """Count one product as another: its name becomes an alias, its orders stay as they are.

    Raises:
        Conflict: The same product, or one that others are merged into, or that is merged itself.
    """
    require(actor, *KEEPERS)
    product, into = _own(session, actor, product_id), _own(session, actor, into_id)
    if product.id == into.id:
        raise Conflict("这是同一个商品。", "请选另一个。")
    add_alias(session, actor, into.id, product.name)


def add_alias(session: Session, actor: Actor, product_id: int, alias: str) -> None:
    """Let a name mean this product, in orders that came and that will come.

    Raises:
        InvalidInput: Empty or too long.
        Conflict: The name means another product already, or this product is itself merged into another.
    """
    require(actor, *KEEPERS)
    product, alias = _own(session, actor, product_id), alias.strip()
    if not 0 < len(alias) <= NAME_LIMIT or alias == product.name:
        raise InvalidInput(f"别名要有 1 到 {NAME_LIMIT} 个字，和商品名不同。", "例如：芋泥啵啵。")
    brand = ProductAlias.brand_id == actor.brand_id
    if session.exec(select(ProductAlias.id).where(brand, ProductAlias.alias == product.name)).first() is not None:
        raise Conflict(f"“{product.name}”自己已经并到别的商品。", "请选它并到的那个商品。")
    if session.exec(select(ProductAlias.id).where(brand, ProductAlias.alias == alias)).first() is not None:
        raise Conflict(f"“{alias}”已经是一个商品的别名。", "请先把它拆开。")
    own = select(Product.id).where(Product.brand_id == actor.brand_id, Product.name == alias)
    if session.exec(select(ProductAlias.id).where(ProductAlias.product_id.in_(own))).first() is not None:
        raise Conflict(f"已经有别的名字并到“{alias}”。", "请先拆开它们，或者反过来并。")
    session.add(ProductAlias(brand_id=actor.brand_id, product_id=product.id, alias=alias))
    record_audit(session, actor, "add_product_alias", f"product:{product.id}", alias=alias)


def remove_alias(session: Session, actor: Actor, alias: str) -> int:
    """Take an alias away; a product of that name is counted for itself again.

    Returns:
        The product it meant, for undo.

    Raises:
        NotFound: No such alias.
    """
    require(actor, *KEEPERS)
    row = session.exec(
        select(ProductAlias).where(ProductAlias.brand_id == actor.brand_id, ProductAlias.alias == alias)
    ).first()
    if row is None:
        raise NotFound(f"没有别名“{alias}”。", "请从列表里选择。")
    product_id = row.product_id
    session.delete(row)
    record_audit(session, actor, "remove_product_alias", f"product:{product_id}", alias=alias)
    return product_id
