"""The org tree: brand, regions, stores (直营, 加盟), staff."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any, TypeVar

from sqlmodel import Session, func, select

from fanops.access.actor import Actor, Role, require
from fanops.access.audit import record_audit
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.settings import today
from fanops.tables import Brand, Region, Staff, Store

Chosen = TypeVar("Chosen")
STORE_KINDS = {"direct": "直营", "franchise": "加盟"}


def _named(value: str, word: str, longest: int) -> str:
    value = value.strip()
    if not value:
        raise InvalidInput(f"请填写{word}。")
    if len(value) > longest:
        raise InvalidInput(f"{word}不能超过 {longest} 个字。")
    return value


def add_brand(session: Session, name: str, *, industry: str = "茶饮", is_sample: bool = False) -> Brand:
    """Add a brand (品牌), the root of a chain.

    Raises:
        Conflict: There is one of that name.
    """
    name = _named(name, "品牌名称", 80)
    if session.exec(select(Brand).where(Brand.name == name)).first():
        raise Conflict(f"已经有品牌“{name}”。")
    brand = Brand(name=name, industry=_named(industry, "行业", 20), is_sample=is_sample)
    session.add(brand)
    session.flush()
    record_audit(session, None, "add_brand", f"brand:{brand.id}")
    return brand


def add_region(session: Session, actor: Actor, name: str, *, is_sample: bool = False) -> Region:
    """Add a region (大区).

    Raises:
        Conflict: There is one of that name.
    """
    require(actor, Role.ADMIN)
    name = _named(name, "大区名称", 80)
    if session.exec(select(Region).where(Region.brand_id == actor.brand_id, Region.name == name)).first():
        raise Conflict(f"已经有大区“{name}”。")
    region = Region(brand_id=actor.brand_id, name=name, is_sample=is_sample)
    session.add(region)
    session.flush()
    record_audit(session, actor, "add_region", f"region:{region.id}")
    return region


def add_store(
    session: Session,
    actor: Actor,
    *,
    code: str,
    name: str,
    region: str,
    kind: str = "direct",
    city: str = "",
    is_sample: bool = False,
) -> Store:
    """Add a store (门店).

    Args:
        session: The deed's session.
        actor: An administrator.
        code: The chain's own number for it.
        name: Shown on the screen.
        region: Name of its region.
        kind: ``direct`` (直营) or ``franchise`` (加盟).
        city: Where it is.
        is_sample: Belongs to the sample chain.

    Raises:
        NotFound: No such region.
        Conflict: Code or name is taken.
    """
    require(actor, Role.ADMIN)
    code, name = _named(code, "门店编号", 40), _named(name, "门店名称", 80)
    kind, within = _kind(kind), _region(session, actor, region)
    taken = select(Store).where(Store.brand_id == actor.brand_id, (Store.code == code) | (Store.name == name))
    if session.exec(taken).first():
        raise Conflict(f"门店编号“{code}”或名称“{name}”已经有了。")
    store = Store(
        brand_id=actor.brand_id,
        region_id=within.id,
        code=code,
        name=name,
        kind=kind,
        city=city.strip()[:40],
        is_sample=is_sample,
    )
    session.add(store)
    session.flush()
    record_audit(session, actor, "add_store", f"store:{store.id}")
    return store


def change_store(
    session: Session,
    actor: Actor,
    store_id: int,
    *,
    name: str,
    region: str,
    kind: str,
    city: str,
    closed: bool,
) -> Store:
    """Change a store; a closed one keeps its history and counts no more as silent.

    Raises:
        NotFound: No such store or region.
        Conflict: The name is taken.
    """
    require(actor, Role.ADMIN)
    store = session.exec(select(Store).where(Store.id == store_id, Store.brand_id == actor.brand_id)).first()
    if store is None:
        raise NotFound("没有这家门店。", "请从列表里选择。")
    name = _named(name, "门店名称", 80)
    taken = select(Store.id).where(Store.brand_id == actor.brand_id, Store.name == name, Store.id != store.id)
    if session.exec(taken).first():
        raise Conflict(f"已经有门店“{name}”。")
    now_so = {"name": name, "region_id": _region(session, actor, region).id, "kind": _kind(kind), "city": city.strip()[:40],
              "closed_on": (store.closed_on or today()) if closed else None}  # fmt: skip
    changed = [field for field, value in now_so.items() if getattr(store, field) != value]
    for field in changed:
        setattr(store, field, now_so[field])
    session.add(store)
    if changed:
        record_audit(session, actor, "change_store", f"store:{store.id}", changed=changed, closed=closed)
    return store


def _kind(kind: str) -> str:
    if kind not in STORE_KINDS:
        raise InvalidInput(f"没有“{kind}”这种门店。", "请填 direct（直营）或 franchise（加盟）。")
    return kind


def _region(session: Session, actor: Actor, name: str) -> Region:
    found = session.exec(select(Region).where(Region.brand_id == actor.brand_id, Region.name == name)).first()
    if found is None:
        raise NotFound(f"没有名为“{name}”的大区。", "请先添加大区。")
    return found


def add_staff(
    session: Session,
    actor: Actor,
    *,
    code: str,
    name: str,
    store: str | None = None,
    title: str = "店员",
    is_sample: bool = False,
) -> Staff:
    """Add a staff member (员工).

    Args:
        session: The deed's session.
        actor: An administrator.
        code: The chain's own number for them.
        name: Their name.
        store: Code of their store, None for the head office or a region.
        title: Their post.
        is_sample: Belongs to the sample chain.

    Raises:
        NotFound: No such store.
        Conflict: The code is taken.
    """
    require(actor, Role.ADMIN)
    code, name = _named(code, "员工编号", 40), _named(name, "姓名", 40)
    store_id = None
    if store is not None:
        store_id = session.exec(select(Store.id).where(Store.brand_id == actor.brand_id, Store.code == store)).first()
        if store_id is None:
            raise NotFound(f"没有编号为“{store}”的门店。", "请先添加门店。")
    if session.exec(select(Staff).where(Staff.brand_id == actor.brand_id, Staff.code == code)).first():
        raise Conflict(f"员工编号“{code}”已经有了。")
    staff = Staff(
        brand_id=actor.brand_id, store_id=store_id, code=code, name=name, title=title[:20], is_sample=is_sample
    )
    session.add(staff)
    session.flush()
    record_audit(session, actor, "add_staff", f"staff:{staff.id}")
    return staff


def brand_of(session: Session, actor: Actor) -> Brand:
    """Give the actor's brand."""
    return session.get_one(Brand, actor.brand_id)


def regions_by_name(session: Session, actor: Actor) -> dict[str, int]:
    """Give region ids by name, of the actor's brand, in the order they were added."""
    query = select(Region.name, Region.id).where(Region.brand_id == actor.brand_id).order_by(Region.id)
    return dict(session.exec(query).all())


def org_tree(session: Session, actor: Actor) -> dict[str, object]:
    """Give the brand with its regions, stores and staff as plain values, sorted by code."""
    brand = session.get_one(Brand, actor.brand_id)
    regions = session.exec(select(Region).where(Region.brand_id == brand.id).order_by(Region.id)).all()
    stores = session.exec(select(Store).where(Store.brand_id == brand.id).order_by(Store.code)).all()
    staff = session.exec(select(Staff).where(Staff.brand_id == brand.id).order_by(Staff.code)).all()

    def people(store_id: int | None) -> list[dict[str, object]]:
        return [{"code": s.code, "name": s.name, "title": s.title} for s in staff if s.store_id == store_id]

    return {
        "brand": brand.name,
        "industry": brand.industry,
        "is_sample": brand.is_sample,
        "staff": people(None),
        "regions": [
            {
                "name": region.name,
                "stores": [
                    {"code": s.code, "name": s.name, "kind": s.kind, "city": s.city, "staff": people(s.id)}
                    for s in stores
                    if s.region_id == region.id
                ],
            }
            for region in regions
        ],
    }


def store_table(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """List the brand's stores, by region and code.

    Returns:
        Rows ``store_id, code, name, region, kind, city, staff`` (who work there now)``, closed_on``.
    """
    staff = func.count(Staff.id)
    statement = (
        select(Store.id, Store.code, Store.name, Region.name, Store.kind, Store.city, staff, Store.closed_on)
        .join(Region, Region.id == Store.region_id)
        .outerjoin(Staff, (Staff.store_id == Store.id) & Staff.left_on.is_(None))
        .where(Store.brand_id == actor.brand_id)
        .group_by(Store.id, Store.code, Store.name, Region.id, Region.name, Store.kind, Store.city, Store.closed_on)
        .order_by(Region.id, Store.code)
    )
    columns = ["store_id", "code", "name", "region", "kind", "city", "staff", "closed_on"]
    return [dict(zip(columns, row, strict=True)) for row in session.exec(statement)]


def brand_choice(session: Session, actor: Actor, name: str, default: Chosen) -> Chosen:
    """Give the numbers that a brand may change (weights, windows, cuts) as it has changed them.

    Args:
        session: Open session.
        actor: Who asks.
        name: Which numbers, for example ``finding_weights``.
        default: A dataclass of the program's own values.
    """
    chosen = session.get_one(Brand, actor.brand_id).settings.get(name, {})
    known = {each.name for each in fields(default)}
    return replace(default, **{key: value for key, value in chosen.items() if key in known})


def set_brand_choice(session: Session, actor: Actor, name: str, value: object) -> None:
    """Keep a brand's own numbers in place of the program's; head office only, logged with what they were before."""
    require(actor, Role.PRODUCT, Role.CEO, Role.ADMIN)
    brand = session.get_one(Brand, actor.brand_id)
    before = brand.settings.get(name)
    brand.settings = {**brand.settings, name: asdict(value)}
    session.add(brand)
    record_audit(session, actor, "set_brand_choice", f"brand:{brand.id}", name=name, before=before, after=asdict(value))
