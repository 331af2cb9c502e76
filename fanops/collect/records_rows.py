"""Checked rows against the database, and into it: which are new, changed, known; orders, members and voices stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import update
from sqlmodel import Session, select

from fanops.access import Actor
from fanops.access.vault import mask_name, vault
from fanops.collect.parse_cells import items_of
from fanops.collect.records_imports import visible_store_ids
from fanops.database import insert_many
from fanops.database.reserve import reserve_ids
from fanops.errors import Problem
from fanops.fans.identity_records import Found, Person, find_or_create_fans
from fanops.tables import (
    Consent,
    Fan,
    FanIdentity,
    ImportChange,
    Order,
    OrderItem,
    Product,
    ProductAlias,
    Voice,
    now,
)

WHO = ("member", "phone", "openid")
MEMBER = (*WHO, "mail")
_ASKED_AT_ONCE = 5_000
_MANY = 20_000
_CHUNK = 20_000


@dataclass(frozen=True)
class Plan:
    """What an import would do.

    Attributes:
        rows: The checked rows, with ``what``: ``new``, ``changed`` or ``same``; refused ones are gone.
        known: Rows of the database that ``changed`` and ``same`` rows stand for, by row id (orders) or fan id.
        problems: Rows refused because of what the database holds.
    """

    rows: pd.DataFrame
    known: pd.DataFrame
    problems: tuple[Problem, ...] = ()

    def count(self, what: str) -> int:
        """Count the rows of one kind."""
        return int((self.rows["what"] == what).sum())


def people_of(rows: pd.DataFrame) -> tuple[list[Person], NDArray[np.int64]]:
    """Give each combination of identifiers once, and per row the place of its combination."""
    kinds = [kind for kind in MEMBER if kind in rows]
    keys = pd.MultiIndex.from_frame(rows[kinds])
    codes, unique = pd.factorize(keys)
    first = np.full(len(unique), -1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    when = "time" if "time" in rows else "joined"
    joined = rows[when].groupby(codes).min().tolist()
    some = rows.iloc[first]
    columns = [some[name].tolist() if name in some else [""] * len(some) for name in ("name", "birthday", "level")]
    # Only members say where they came from: the source of an order or a voice is its platform.
    columns.append(some["source"].tolist() if "joined" in some else [""] * len(some))
    people = [
        Person(
            {kind: value for kind, value in zip(kinds, who, strict=True) if value},
            name=name, store_id=store if store > 0 else None, joined_at=moment_of(at), birthday=birthday, level=level,
            source=came_by,
        )
        for who, store, at, name, birthday, level, came_by in zip(
            zip(*(some[kind].tolist() for kind in kinds), strict=True), some["store_id"].tolist(), joined, *columns,
            strict=True,
        )
    ]  # fmt: skip
    return people, codes


def moment_of(value: Any) -> datetime | None:
    """Give a plain aware datetime, None for NaT."""
    return None if value is None or pd.isna(value) else value.to_pydatetime()


def find_fans(
    session: Session, actor: Actor, rows: pd.DataFrame, *, source: str, batch_id: int | None, barred: bool
) -> tuple[NDArray[np.int64], Found]:
    """Give the fan of each row (−1 for none), making those that are new; third-party ones may not be contacted."""
    people, codes = people_of(rows)
    found = find_or_create_fans(session, actor.brand_id, people, source=source, import_batch_id=batch_id)
    if barred and found.created:
        moment = now()
        created = sorted(found.created)
        for start in range(0, len(created), _ASKED_AT_ONCE):
            some = created[start : start + _ASKED_AT_ONCE]
            session.execute(update(Fan).where(Fan.id.in_(some)).values(opted_out_at=moment))
        refusal = {"purpose": "contact", "granted": False, "notice_version": "", "basis": "三方数据，不得联系"}
        insert_many(session, Consent, ({"fan_id": fan_id, "given_at": moment, **refusal} for fan_id in created))
    return found.fan_ids[codes], found


# --- orders -----------------------------------------------------------------------------------------------------


def plan_orders(session: Session, actor: Actor, rows: pd.DataFrame, default_source: str) -> Plan:
    """Compare orders with those in the database, by source and number."""
    rows = rows.assign(source=rows["source"].where(rows["source"] != "", default_source or "pos"))
    known = _known_orders(session, actor, rows)
    if known.empty:
        return Plan(rows.assign(what="new"), known)
    merged = rows.merge(known, on=["source", "number"], how="left", suffixes=("", "_known"))
    is_known = merged["id"].notna().to_numpy()
    visible = visible_store_ids(session, actor)
    foreign = is_known & ~merged["store_id_known"].isin(visible).to_numpy()
    problems = tuple(
        Problem("这个订单号已经属于别的门店", int(row), None, None) for row in merged.loc[foreign, "row"].head(1_000)
    )
    named = (merged[list(WHO)] != "").any(axis=1).to_numpy()
    differs = (
        (merged["store_id"] != merged["store_id_known"])
        | (merged["amount_fen"] != merged["amount_fen_known"])
        | (merged["time"] != merged["time_known"])
    ).to_numpy() | (named & merged["fan_id"].isna().to_numpy())
    merged["what"] = np.where(~is_known, "new", np.where(differs, "changed", "same"))
    return Plan(merged[~foreign].reset_index(drop=True), known, problems)


def _known_orders(session: Session, actor: Actor, rows: pd.DataFrame) -> pd.DataFrame:
    columns = (Order.id, Order.source, Order.number, Order.store_id, Order.amount_fen, Order.placed_at, Order.fan_id)
    query = select(*columns).where(Order.brand_id == actor.brand_id)
    found: list[Any] = []
    for source, part in rows.groupby("source", sort=False):
        within = query.where(Order.source == source)
        if len(part) > _MANY:
            wanted = set(part["number"])
            found += [row for row in session.exec(within) if row.number in wanted]
            continue
        numbers = part["number"].tolist()
        for start in range(0, len(numbers), _ASKED_AT_ONCE):
            found += session.exec(within.where(Order.number.in_(numbers[start : start + _ASKED_AT_ONCE]))).all()
    names = ["id", "source", "number", "store_id", "amount_fen", "time", "fan_id"]
    frame = pd.DataFrame([tuple(row) for row in found], columns=names)
    return frame.astype({"source": "str", "number": "str", "time": "datetime64[us, UTC]", "fan_id": "Float64"})


_ORDER_COLUMNS = ("store_id", "fan", "source", "number", "channel", "amount_fen", "time", "items")


def store_orders(
    session: Session, actor: Actor, plan: Plan, batch_id: int, *, source: str, barred: bool
) -> dict[str, int]:
    """Store new orders with their items, and bring changed ones up to date."""
    rows = plan.rows
    fans, found = find_fans(session, actor, rows, source=source, batch_id=batch_id, barred=barred)
    rows = rows.assign(fan=fans)
    new = rows.loc[rows["what"] == "new", [*_ORDER_COLUMNS]]
    ids = reserve_ids(session, Order, len(new))
    insert_many(session, Order, _order_rows(actor.brand_id, batch_id, new, ids))
    _store_items(session, actor, new, ids, batch_id)
    changed = rows[rows["what"] == "changed"]
    for row in changed.itertuples():
        fan_id = None if pd.isna(row.fan_id) else int(row.fan_id)
        before = {
            "store_id": int(row.store_id_known), "amount_fen": int(row.amount_fen_known),
            "placed_at": row.time_known.isoformat(), "fan_id": fan_id,
        }  # fmt: skip
        session.add(ImportChange(batch_id=batch_id, subject="order", row_id=int(row.id), before=before))
        session.execute(
            update(Order)
            .where(Order.id == int(row.id))
            .values(
                store_id=row.store_id, amount_fen=row.amount_fen, placed_at=row.time.to_pydatetime(),
                fan_id=fan_id if row.fan < 0 else int(row.fan),
            )
        )  # fmt: skip
    return {"created_fans": len(found.created), "torn": len(found.torn)}


def _order_rows(brand_id: int, batch_id: int, new: pd.DataFrame, ids: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    names = _ORDER_COLUMNS[:6]
    for start in range(0, len(new), _CHUNK):
        part = new.iloc[start : start + _CHUNK]
        columns = (ids[start : start + _CHUNK].tolist(), *(part[name].tolist() for name in names))
        times = part["time"].dt.to_pydatetime().tolist()
        for order_id, store_id, fan_id, source, number, channel, fen, placed_at in zip(*columns, times, strict=True):
            yield {
                "id": order_id, "brand_id": brand_id, "store_id": store_id, "fan_id": fan_id if fan_id > 0 else None,
                "source": source, "number": number, "channel": channel or "store", "placed_at": placed_at,
                "amount_fen": fen, "import_batch_id": batch_id,
            }  # fmt: skip


def _store_items(session: Session, actor: Actor, new: pd.DataFrame, ids: NDArray[np.int64], batch_id: int) -> None:
    names = dict.fromkeys(name for cell in new["items"].unique() if cell for name, _ in items_of(cell))
    if not names:
        return
    products = _products(session, actor, list(names), batch_id)
    insert_many(
        session,
        OrderItem,
        (
            {"order_id": order_id, "product_id": products[name], "quantity": quantity, "amount_fen": 0}
            for start in range(0, len(new), _CHUNK)
            for order_id, cell in zip(
                ids[start : start + _CHUNK].tolist(), new["items"].iloc[start : start + _CHUNK].tolist(), strict=True
            )
            if cell
            for name, quantity in items_of(cell)
        ),
    )


def _products(session: Session, actor: Actor, names: list[str], batch_id: int) -> dict[str, int]:
    brand = actor.brand_id
    known = dict(
        session.exec(select(ProductAlias.alias, ProductAlias.product_id).where(ProductAlias.brand_id == brand)).all()
    )
    known |= dict(session.exec(select(Product.name, Product.id).where(Product.brand_id == brand)).all())
    fresh = [name for name in names if name not in known]
    ids = reserve_ids(session, Product, len(fresh)).tolist()
    insert_many(
        session,
        Product,
        [
            {"id": product_id, "brand_id": brand, "name": name, "category": ""}
            for product_id, name in zip(ids, fresh, strict=True)
        ],
    )
    made = [{"batch_id": batch_id, "subject": "product", "row_id": product_id, "before": {}} for product_id in ids]
    insert_many(session, ImportChange, made)
    return known | dict(zip(fresh, ids, strict=True))


# --- members ----------------------------------------------------------------------------------------------------


def plan_members(session: Session, actor: Actor, rows: pd.DataFrame) -> Plan:
    """Compare members with the fans in the database."""
    people, codes = people_of(rows)
    found = find_or_create_fans(session, actor.brand_id, people, create=False)
    fans = found.fan_ids[codes]
    known: dict[int, Fan] = {}
    wanted = sorted({int(fan_id) for fan_id in fans if fan_id > 0})
    kinds: dict[int, set[str]] = {}
    for start in range(0, len(wanted), _ASKED_AT_ONCE):
        some = wanted[start : start + _ASKED_AT_ONCE]
        known.update({fan.id: fan for fan in session.exec(select(Fan).where(Fan.id.in_(some)))})
        identities = select(FanIdentity.fan_id, FanIdentity.kind).where(FanIdentity.fan_id.in_(some))
        for fan_id, kind in session.exec(identities):
            kinds.setdefault(fan_id, set()).add(kind)
    visible = visible_store_ids(session, actor)
    what, changes = [], []
    for fan_id, row in zip(fans.tolist(), rows.to_dict("records"), strict=True):
        fan = known.get(fan_id)
        values = {} if fan is None or not _is_mine(fan, actor, visible) else _fan_changes(fan, row)
        added = fan is not None and any(row[who] and who not in kinds.get(fan_id, set()) for who in MEMBER)
        what.append("new" if fan is None else "changed" if values or added else "same")
        changes.append(values)
    planned = rows.assign(what=what, fan=fans, changes=changes)
    return Plan(planned, pd.DataFrame({"id": wanted}))


def _is_mine(fan: Fan, actor: Actor, visible: set[int]) -> bool:
    return actor.sees_all_stores or fan.home_store_id in visible


def _fan_changes(fan: Fan, row: dict[str, Any]) -> dict[str, Any]:
    """Give the columns of a known fan that a row brings something else for; what a row leaves empty is kept."""
    key = vault()
    changes: dict[str, Any] = {}
    if row["name"] and (fan.name_sealed is None or key.unseal(fan.name_sealed) != row["name"]):
        changes |= {"name_sealed": key.seal(row["name"]), "name_masked": mask_name(row["name"])[:40]}
    if row["birthday"] and (fan.birthday_sealed is None or key.unseal(fan.birthday_sealed) != row["birthday"]):
        changes["birthday_sealed"] = key.seal(row["birthday"])
    if row["store_id"] > 0 and row["store_id"] != fan.home_store_id:
        changes["home_store_id"] = int(row["store_id"])
    joined = moment_of(row["joined"])
    if joined is not None and joined != fan.joined_at:
        changes["joined_at"] = joined
    if row["source"] and row["source"] != fan.source:
        changes["source"] = row["source"]
    return changes


def store_members(
    session: Session, actor: Actor, plan: Plan, batch_id: int, *, source: str, barred: bool
) -> dict[str, int]:
    """Store new members and bring changed ones up to date."""
    rows = plan.rows
    fans, found = find_fans(session, actor, rows, source=source, batch_id=batch_id, barred=barred)
    for fan_id, what, changes in zip(fans.tolist(), rows["what"], rows["changes"], strict=True):
        if what != "changed" or not changes:
            continue
        fan = session.get_one(Fan, fan_id)
        before = {name: _plain(getattr(fan, name)) for name in changes}
        session.add(ImportChange(batch_id=batch_id, subject="fan", row_id=fan_id, before=before))
        for name, value in changes.items():
            setattr(fan, name, value)
        session.add(fan)
    session.flush()
    return {"created_fans": len(found.created), "torn": len(found.torn)}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    return {"moment": value.isoformat()} if isinstance(value, datetime) else value


# --- voices -----------------------------------------------------------------------------------------------------


def voice_keys(rows: pd.DataFrame, default_source: str) -> pd.DataFrame:
    """Give rows their source and the key that names them in it for good.

    With a number the key is the number and the words (an order may be spoken of twice); without, it is what the row
    says: words, store, person, moment, and how many equal rows came before. Keyed hashes: a phone can't be tried out.
    """
    key = vault()
    source = rows["source"].where(rows["source"] != "", default_source or "导入").str.slice(0, 40)
    same = ["text", "store_id", *WHO, "time", "number"]
    nth = rows.groupby([*same], sort=False, dropna=False).cumcount()
    keys = []
    for row, before in zip(rows[same].itertuples(index=False), nth, strict=True):
        if row.number:
            keys.append(f"{row.number[:50]}:{key.lookup_hash('voice', row.text)[:24]}")
        else:
            said = "\x1f".join(str(part) for part in (*row, before))
            keys.append(key.lookup_hash("voice", said)[:48])
    return rows.assign(source=source, source_key=pd.Series(keys, index=rows.index, dtype="str"))


def plan_voices(session: Session, actor: Actor, rows: pd.DataFrame) -> Plan:
    """Compare voices, with their keys, with those in the database; a voice stored is never rewritten."""
    known: set[tuple[str, str]] = set()
    for source, part in rows.groupby("source", sort=False):
        keys = part["source_key"].tolist()
        for start in range(0, len(keys), _ASKED_AT_ONCE):
            query = select(Voice.source_key).where(
                Voice.brand_id == actor.brand_id,
                Voice.source == source,
                Voice.source_key.in_(keys[start : start + _ASKED_AT_ONCE]),
            )
            known.update((source, key) for key in session.exec(query))
    pairs = list(zip(rows["source"], rows["source_key"], strict=True))
    what = ["same" if pair in known else "new" for pair in pairs]
    return Plan(rows.assign(what=what), pd.DataFrame())
