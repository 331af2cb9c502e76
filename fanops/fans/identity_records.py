"""Fans found or created by their identifiers, one at a time or by the hundred thousand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, select

from fanops.access.vault import mask_identifier, mask_name, vault
from fanops.database import insert_many, take_turn
from fanops.database.reserve import reserve_ids
from fanops.fans.identity import KINDS, gather_people, tidy_identifier
from fanops.fans.records_person import merged_records
from fanops.tables import Fan, FanIdentity, now

_ASKED_AT_ONCE = 5_000


@dataclass(frozen=True)
class Person:
    """What a row says about a fan: tidy identifiers by kind, and what is kept when the fan is new.

    ``source`` is where the fan came from by the row's own word; empty, that of the whole call counts.
    """

    identities: Mapping[str, str]
    name: str = ""
    store_id: int | None = None
    joined_at: datetime | None = None
    birthday: str = ""
    level: str = ""
    source: str = ""


@dataclass(frozen=True)
class Found:
    """The fans of many rows.

    Attributes:
        fan_ids: Per row, −1 for a row without any identifier.
        created: Ids of the fans that are new.
        torn: Places of rows whose identifiers lead to different fans; the strongest identifier decided, nothing was
            merged.
    """

    fan_ids: NDArray[np.int64]
    created: frozenset[int] = frozenset()
    torn: tuple[int, ...] = field(default=())


def find_or_create_fan(
    session: Session,
    brand_id: int,
    identities: Mapping[str, str],
    *,
    store_id: int | None = None,
    source: str = "",
    name: str = "",
) -> Fan:
    """Give the fan with these identifiers, made when there is none; identifiers new to the fan are added.

    Args:
        session: The deed's session.
        brand_id: The brand.
        identities: By kind (``phone``, ``openid``, ``wecom``, ``member``, ``card``), as given.
        store_id: Home store of a new fan.
        source: Where a new fan came from.
        name: Name of a new fan.

    Raises:
        InvalidInput: An identifier can't be one.
    """
    tidy = {kind: tidy_identifier(kind, value) for kind, value in identities.items() if value.strip()}
    found = find_or_create_fans(session, brand_id, [Person(tidy, name=name, store_id=store_id)], source=source)
    return session.get_one(Fan, int(found.fan_ids[0]))


def known_fans(session: Session, brand_id: int, people: Sequence[Person]) -> dict[tuple[str, str], int]:
    """Give the fan by (kind, keyed hash) for those identifiers that are known; merged fans lead to the one kept."""
    hashes = {
        (kind, vault().lookup_hash(kind, value))
        for person in people
        for kind, value in person.identities.items()
        if value
    }
    wanted = sorted({digest for _, digest in hashes})
    known: dict[tuple[str, str], int] = {}
    for start in range(0, len(wanted), _ASKED_AT_ONCE):
        query = select(FanIdentity.kind, FanIdentity.lookup_hash, FanIdentity.fan_id).where(
            FanIdentity.brand_id == brand_id, FanIdentity.lookup_hash.in_(wanted[start : start + _ASKED_AT_ONCE])
        )
        known.update({(kind, digest): fan_id for kind, digest, fan_id in session.exec(query)})
    merged = merged_records(session, brand_id)
    return {key: merged.get(fan_id, fan_id) for key, fan_id in known.items()}


def find_or_create_fans(
    session: Session,
    brand_id: int,
    people: Sequence[Person],
    *,
    source: str = "",
    import_batch_id: int | None = None,
    create: bool = True,
) -> Found:
    """Give the fans of many rows, making those that are new.

    Rows that share an identifier are one person. Where identifiers lead to two known fans nothing is merged (a person
    decides that): the strongest identifier counts.

    Args:
        session: The deed's session.
        brand_id: The brand.
        people: One per row; give each combination once when there are very many rows.
        source: Where new fans came from.
        import_batch_id: Names the batch on new fans and identities, so that it can be undone.
        create: False only looks: new people get −2.
    """
    take_turn(session, f"fans {brand_id}")
    key = vault()
    known = known_fans(session, brand_id, people)
    groups = gather_people(person.identities for person in people)
    fan_ids = np.full(len(people), -1, dtype=np.int64)
    torn: list[int] = []
    by_group: dict[int, int] = {}
    for place, person in enumerate(people):
        leads = [
            known[at]
            for kind in KINDS
            if (value := person.identities.get(kind, "")) and (at := (kind, key.lookup_hash(kind, value))) in known
        ]
        if leads:
            fan_ids[place] = leads[0]
            by_group.setdefault(int(groups[place]), leads[0])
            if len(set(leads)) > 1:
                torn.append(place)
    waiting = [p for p in range(len(people)) if groups[p] >= 0 and fan_ids[p] < 0]
    fresh = [g for g in dict.fromkeys(int(groups[p]) for p in waiting) if g not in by_group]
    created: list[int] = []
    if create:
        created = [int(fan_id) for fan_id in reserve_ids(session, Fan, len(fresh))]
        by_group.update(zip(fresh, created, strict=True))
    else:
        by_group.update(dict.fromkeys(fresh, -2))
    for place in waiting:
        fan_ids[place] = by_group[int(groups[place])]
    if create:
        first = dict(reversed(list(zip(fan_ids.tolist(), people, strict=True))))
        _insert_fans(session, brand_id, [(fan_id, first[fan_id]) for fan_id in created], source, import_batch_id)
        _insert_identities(session, brand_id, people, fan_ids, set(known), import_batch_id)
    return Found(fan_ids, frozenset(created), tuple(torn))


def _insert_fans(
    session: Session, brand_id: int, new: list[tuple[int, Person]], source: str, import_batch_id: int | None
) -> None:
    key, moment = vault(), now()
    insert_many(
        session,
        Fan,
        (
            {
                "id": fan_id, "brand_id": brand_id, "home_store_id": person.store_id,
                "name_sealed": key.seal(person.name) if person.name else None, "name_masked": mask_name(person.name)[:40],
                "level": person.level or "identified", "level_reason": "导入时给出" if person.level else "",
                "source": (person.source or source)[:40], "birthday_sealed": key.seal(person.birthday) if person.birthday else None,
                "joined_at": person.joined_at or moment, "import_batch_id": import_batch_id,
            }
            for fan_id, person in new
        ),
    )  # fmt: skip


def _insert_identities(
    session: Session,
    brand_id: int,
    people: Sequence[Person],
    fan_ids: NDArray[np.int64],
    known: set[tuple[str, str]],
    import_batch_id: int | None,
) -> None:
    key = vault()
    rows: list[dict[str, Any]] = []
    for fan_id, person in zip(fan_ids.tolist(), people, strict=True):
        for kind, value in person.identities.items():
            if not value or (at := (kind, key.lookup_hash(kind, value))) in known:
                continue
            known.add(at)
            rows.append(
                {
                    "brand_id": brand_id, "fan_id": fan_id, "kind": kind, "lookup_hash": at[1],
                    "sealed": key.seal(value), "masked": mask_identifier(kind, value)[:60],
                    "import_batch_id": import_batch_id,
                }
            )  # fmt: skip
    insert_many(session, FanIdentity, rows)
