"""A large chain: 200,000 fans and 3,000,000 orders; how long levels, RFM, activity and one fan's page take.

    python tests/bench/bench_fans.py OUT_FOLDER [FANS] [ORDERS]

Rows are drawn (seeded) and inserted as imports insert them. Writes ``fans.json``.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd


def _keep(db, actor) -> None:
    """Fit the brand's model and keep it, as the night does."""
    from fanops.fans.records_outlook import fit_model, keep_model

    with db.read() as session:
        fit = fit_model(session, actor)
    with db.write() as session:
        keep_model(session, actor, fit)


def name_the_fans(db, actor, fans: int, draw) -> None:
    """Give each fan a sealed name and birthday and nine in ten a phone; 1 % are the record before them again, without a phone."""
    from sqlalchemy import bindparam, update

    from fanops.access import vault
    from fanops.database import insert_many
    from fanops.tables import Fan, FanIdentity

    key = vault()
    surnames = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
    given = [chr(0x4E00 + place) for place in range(800)]
    names = ["".join((surnames[int(19.99 * draw.random() ** 2)], *draw.choice(given, 2))) for _ in range(fans)]
    birthdays = [f"{draw.integers(1, 13):02d}-{draw.integers(1, 29):02d}" for _ in range(fans)]
    again = draw.random(fans) < 0.01
    for place in np.flatnonzero(again[1:]) + 1:
        names[place], birthdays[place] = names[place - 1], birthdays[place - 1]
    phones = [f"+861{number}" for number in draw.integers(3 * 10**9, 10**10, fans)]
    statement = (
        update(Fan.__table__)
        .where(Fan.__table__.c.id == bindparam("of"))
        .values(name_sealed=bindparam("n"), birthday_sealed=bindparam("b"))
    )
    with db.write() as session:
        session.connection().execute(
            statement, [{"of": n + 1, "n": key.seal(names[n]), "b": key.seal(birthdays[n])} for n in range(fans)]
        )
        insert_many(session, FanIdentity, ({"brand_id": actor.brand_id, "fan_id": n + 1, "kind": "phone", "masked": "1**",
                                            "lookup_hash": f"{n:064d}", "sealed": key.seal(phones[n])}
                                           for n in range(fans) if not again[n] and draw.random() < 0.9))  # fmt: skip


def main() -> None:
    out = Path(sys.argv[1])
    fans, orders = (int(value) for value in sys.argv[2:4]) if len(sys.argv) > 3 else (200_000, 3_000_000)
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="fanops-fans-"))
    os.environ |= {"FANOPS_DATA": str(folder / "data"), "FANOPS_KEY_FILE": str(folder / "key")}

    from fanops.access.accounts import owner_actor
    from fanops.access.organisation import add_brand, add_region, add_store
    from fanops.database import insert_many, ready_database
    from fanops.fans import records, records_cards, records_timeline
    from fanops.fans.levels import rfm_of
    from fanops.fans.records_behaviour import order_facts_of
    from fanops.fans.records_lifecycle import refresh_lifecycle
    from fanops.fans.records_matches import refresh_matches
    from fanops.fans.refresh import refresh_activity, refresh_levels
    from fanops.tables import Fan, Order, now

    db, draw, moment = ready_database(), np.random.default_rng(1), now()
    with db.write() as session:
        add_brand(session, "山茶")
        actor = owner_actor(session)
        add_region(session, actor, "华东")
        stores = [add_store(session, actor, code=f"S{n}", name=f"店{n}", region="华东").id for n in range(200)]
    homes = draw.choice(stores, fans).tolist()
    with db.write() as session:
        insert_many(session, Fan, ({"id": n + 1, "brand_id": actor.brand_id, "home_store_id": homes[n], "name_masked": "王**",
                                    "level": "identified", "level_reason": "", "source": "", "joined_at": moment} for n in range(fans)))  # fmt: skip
    who = (draw.pareto(1.2, orders) * fans / 40).astype(int) % fans
    days = draw.uniform(0, 365, orders)
    with db.write() as session:
        insert_many(session, Order, ({"brand_id": actor.brand_id, "store_id": homes[fan], "fan_id": fan + 1, "number": str(n),
                                      "channel": "到店", "amount_fen": 1800, "placed_at": moment - timedelta(days=day)}
                                     for n, (fan, day) in enumerate(zip(who.tolist(), days.tolist(), strict=True))))  # fmt: skip
    result: dict[str, object] = {"fans": fans, "orders": orders}

    def timed(name: str, work) -> None:
        began = time.perf_counter()
        work()
        result[name] = round(time.perf_counter() - began, 2)

    timed("levels_s", lambda: refresh_levels(db, actor))

    def scores() -> None:
        with db.read() as session:
            rfm_of(order_facts_of(session, actor, pd.Timestamp(moment)), pd.Timestamp(moment))

    timed("rfm_s", scores)
    timed("activity_s", lambda: refresh_activity(db, actor))
    timed("lifecycle_s", lambda: refresh_lifecycle(db, actor))
    timed("who_still_comes_s", lambda: _keep(db, actor))
    name_the_fans(db, actor, fans, draw)
    timed("likely_matches_s", lambda: result.update(matches=refresh_matches(db, actor)))
    busiest = int(np.bincount(who).argmax()) + 1

    def page(fan_id: int) -> None:
        with db.read() as session:
            records.get_fan(session, actor, fan_id)
            records.identities(session, actor, fan_id)
            records.tags_of(session, actor, fan_id)
            records_cards.card_lines(session, actor, fan_id)
            records_timeline.timeline(session, actor, fan_id)

    page(1)
    timed("page_of_the_busiest_fan_s", lambda: page(busiest))
    timed("page_of_a_fan_s", lambda: page(77))

    def listed() -> None:
        with db.read() as session:
            records.fan_table(session, actor, limit=30)

    timed("list_of_fans_s", listed)
    result["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    (out / "fans.json").write_text(json.dumps(result, indent=1), "utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
