"""Quotas of a wave (配额): wanted per store and staff member, answered so far, who is full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import func
from sqlmodel import Session, select

from fanops.access import Actor, in_scope, record_audit, require, require_store, visible_stores
from fanops.access.scope import store_ids
from fanops.collect import records_surveys as records
from fanops.database.frames import frame_of
from fanops.errors import InvalidInput, NotAllowed, NotFound
from fanops.tables import Fan, Quota, Response, Staff, Store, Wave

MOST = 100_000


@dataclass(frozen=True)
class Share:
    """How far somebody is: ``answered`` responses of ``wanted`` (None: no quota was set)."""

    name: str
    answered: int
    wanted: int | None

    @property
    def is_full(self) -> bool:
        """Whether what was wanted is there."""
        return self.wanted is not None and self.answered >= self.wanted

    @property
    def done_share(self) -> float:
        """How much of the quota is done, 0–1; 0 without a quota."""
        return 0.0 if self.wanted is None else 1.0 if self.wanted == 0 else min(1.0, self.answered / self.wanted)


def _check(wanted: int | None) -> None:
    if wanted is not None and not 0 <= wanted <= MOST:
        raise InvalidInput("配额要是 0 以上的整数。", f"最多 {MOST:,}；不设配额就留空。")


def set_default_quota(session: Session, actor: Actor, wave_id: int, wanted: int | None) -> None:
    """Set how many responses a wave wants from every store that has no quota of its own; None takes it away.

    Raises:
        NotAllowed: The actor sees only a part of the stores.
        InvalidInput: Not a possible number.
    """
    require(actor, *records.WAVE_KEEPERS)
    if not actor.sees_all_stores:
        raise NotAllowed("全部门店的配额由总部定。", "您可以给自己的门店和员工单独定。")
    _check(wanted)
    wave = records.get_wave(session, actor, wave_id)
    wave.store_quota = wanted
    session.add(wave)
    record_audit(session, actor, "set_quota", f"wave:{wave.id}", wanted=wanted)


def set_quota(
    session: Session, actor: Actor, wave_id: int, wanted: int | None, *, store_id: int | None = None,
    staff_id: int | None = None,
) -> None:  # fmt: skip
    """Set how many responses a wave wants from one store or one staff member; None takes the quota away.

    Raises:
        NotFound: The store or the staff member is not in the actor's scope.
        InvalidInput: Not a possible number, or not exactly one of store and staff member.
    """
    require(actor, *records.WAVE_KEEPERS)
    _check(wanted)
    wave = records.get_wave(session, actor, wave_id)
    if (store_id is None) == (staff_id is None):
        raise InvalidInput("配额要么给一家门店，要么给一位员工。", "请选其中一个。")
    if store_id is not None:
        about = Quota.store_id == require_store(session, actor, store_id).id
    else:
        about = Quota.staff_id == _require_staff(session, actor, staff_id).id
    row = session.exec(select(Quota).where(Quota.wave_id == wave.id, about)).first()
    if wanted is None:
        if row is not None:
            session.delete(row)
    else:
        row = row or Quota(wave_id=wave.id, store_id=store_id, staff_id=staff_id, wanted=wanted)
        row.wanted = wanted
        session.add(row)
    session.flush()
    subject = f"store:{store_id}" if store_id is not None else f"staff:{staff_id}"
    record_audit(session, actor, "set_quota", f"wave:{wave.id}", about=subject, wanted=wanted)


def _staff(actor: Actor):
    statement = select(Staff).where(Staff.brand_id == actor.brand_id, Staff.left_on.is_(None))
    return statement if actor.sees_all_stores else statement.where(Staff.store_id.in_(store_ids(actor)))


def _require_staff(session: Session, actor: Actor, staff_id: int) -> Staff:
    row = session.exec(_staff(actor).where(Staff.id == staff_id)).first()
    if row is None:
        raise NotFound("没有这位员工，或不归您管。", "请从名单里选择。")
    return row


def staff_in_scope(session: Session, actor: Actor) -> list[Staff]:
    """List the staff of the stores that the actor sees, by code."""
    return list(session.exec(_staff(actor).order_by(Staff.code)))


def _answered(session: Session, wave_id: int, column) -> dict[int, int]:
    statement = select(column, func.count(Response.id)).where(
        Response.wave_id == wave_id, Response.state == "submitted", column.is_not(None)
    )
    return dict(session.exec(statement.group_by(column)).all())


def _wanted(session: Session, wave: Wave) -> tuple[dict[int, int], dict[int, int]]:
    rows = session.exec(select(Quota).where(Quota.wave_id == wave.id)).all()
    return (
        {row.store_id: row.wanted for row in rows if row.store_id is not None},
        {row.staff_id: row.wanted for row in rows if row.staff_id is not None},
    )


def store_progress(session: Session, actor: Actor, wave_id: int) -> pd.DataFrame:
    """Give each store's quota and what came in.

    Returns:
        Rows ``store_id, store, wanted, is_own, answered, missing`` by code; ``wanted`` and ``missing`` are NaN without
        a quota, ``is_own`` tells a quota of the store's own from the default of the wave.
    """
    wave = records.get_wave(session, actor, wave_id)
    own, _ = _wanted(session, wave)
    answered = _answered(session, wave.id, Response.store_id)
    rows = [
        (store.id, store.name, own.get(store.id, wave.store_quota), store.id in own, answered.get(store.id, 0))
        for store in visible_stores(session, actor)
    ]
    return _table(rows, ["store_id", "store", "wanted", "is_own", "answered"])


def staff_progress(session: Session, actor: Actor, wave_id: int) -> pd.DataFrame:
    """Give the quota and the recorded responses of each staff member who has either: ``staff_id, staff, store, wanted,
    answered, missing``; a clerk finds only themselves."""
    wave = records.get_wave(session, actor, wave_id)
    _, wanted = _wanted(session, wave)
    answered = _answered(session, wave.id, Response.staff_id)
    stores = {store.id: store.name for store in visible_stores(session, actor)}
    people = staff_in_scope(session, actor)
    if actor.role not in records.WAVE_KEEPERS:
        people = [each for each in people if each.id == actor.staff_id]
    rows = [
        (each.id, each.name, stores.get(each.store_id, ""), wanted.get(each.id), answered.get(each.id, 0))
        for each in people
        if each.id in wanted or each.id in answered
    ]
    return _table(rows, ["staff_id", "staff", "store", "wanted", "answered"])


def who_answered(
    session: Session, actor: Actor, wave_id: int, *, store_id: int | None = None, staff_id: int | None = None
) -> tuple[pd.DataFrame, int]:
    """List whose responses stand behind a store's or a staff member's count.

    Returns:
        Rows ``fan_id, fan, store, level`` of the fans in the actor's scope, and how many responses are not of one of
        these (nobody known, or a fan at home elsewhere).
    """
    wave = records.get_wave(session, actor, wave_id)
    if store_id is not None:
        about = Response.store_id == require_store(session, actor, store_id).id
    else:
        about = Response.staff_id == _require_staff(session, actor, staff_id or 0).id
    mine = (Response.wave_id == wave.id, Response.state == "submitted", about)
    total = session.exec(select(func.count(Response.id)).where(*mine)).one()
    known = (
        select(Fan.id, Fan.name_masked, Store.name, Fan.level)
        .join(Response, Response.fan_id == Fan.id)
        .outerjoin(Store, Store.id == Fan.home_store_id)
        .where(*mine)
        .order_by(Fan.id)
    )
    rows = session.exec(in_scope(known, actor, brand=Fan.brand_id, store=Fan.home_store_id)).all()
    table = frame_of(rows, ["fan_id", "fan", "store", "level"])
    return table, total - len(table)


def _table(rows: list[tuple], columns: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=columns)
    table["wanted"] = pd.to_numeric(table["wanted"]).astype(float)
    table["missing"] = (table["wanted"] - table["answered"]).clip(lower=0)
    return table


def own_shares(session: Session, actor: Actor, wave_id: int, store_id: int) -> list[Share]:
    """Give how far the actor and the store are in a wave: only those for whom a quota was set."""
    wave = records.get_wave(session, actor, wave_id)
    store = require_store(session, actor, store_id)
    of_stores, of_staff = _wanted(session, wave)
    shares = []
    if actor.staff_id in of_staff:
        mine = _answered(session, wave.id, Response.staff_id).get(actor.staff_id, 0)
        shares.append(Share("我", mine, of_staff[actor.staff_id]))
    wanted = of_stores.get(store.id, wave.store_quota)
    if wanted is not None:
        there = _answered(session, wave.id, Response.store_id).get(store.id, 0)
        shares.append(Share(store.name, there, wanted))
    return shares


def still_wanted(session: Session, wave: Wave) -> Mapping[int, int | None]:
    """Give how many responses are still wanted per store of the brand, None where there is no quota."""
    own, _ = _wanted(session, wave)
    answered = _answered(session, wave.id, Response.store_id)
    known = set(own) | set(answered)
    found: dict[int, int | None] = {}
    for store_id in known:
        wanted = own.get(store_id, wave.store_quota)
        found[store_id] = None if wanted is None else max(0, wanted - answered.get(store_id, 0))
    return _WithDefault(found, wave.store_quota)


class _WithDefault(dict):
    """Quotas by store; a store that nobody spoke of has the wave's default."""

    def __init__(self, known: dict[int, int | None], default: int | None) -> None:
        super().__init__(known)
        self.default = default

    def __missing__(self, _store_id: int) -> int | None:
        return self.default
