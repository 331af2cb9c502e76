"""Segments are counted afresh and compared with intervals; a merge is a pointer and an unmerge leaves no trace but the log."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from sqlmodel import select

from fanops.access import vault
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.fans import merge
from fanops.fans import records_cards as cards
from fanops.fans import records_segments as segments
from fanops.fans.identity_records import find_or_create_fan
from fanops.fans.levels import order_facts
from fanops.fans.records import fan_table, identities, reveal
from fanops.fans.records_behaviour import activity_of, order_facts_of, orders_of
from fanops.fans.records_contacts import record_contact, why_not_contact
from fanops.fans.records_document import fan_document
from fanops.fans.records_segments import Conditions
from fanops.fans.refresh import refresh_activity, refresh_fans
from fanops.tables import Fan, FanIdentity, FanMerge, Order, Unit, Voice, metadata, now


@pytest.fixture
def fans(chain) -> dict[str, int]:
    """40 core fans of S1 with 6 orders each, 60 others of S3 with one order or none."""
    with chain.db.write() as session:
        found = {}
        for place in range(100):
            core = place < 40
            fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1" if core else "S3"], name_masked=f"{place}",
                      level="core" if core else "repeat")  # fmt: skip
            session.add(fan)
            session.flush()
            found[f"{place}"] = fan.id
            for number in range(6 if core else place % 2):
                session.add(Order(brand_id=chain.brand_id, store_id=fan.home_store_id, fan_id=fan.id, number=f"{place}-{number}",
                                  placed_at=now() - timedelta(days=5 + 10 * number), amount_fen=2000))  # fmt: skip
    return found


def test_a_segment_is_counted_and_said_in_words(chain, fans):
    product = chain.actors["product"]
    with chain.db.write() as session:
        wanted = Conditions(levels=("core",), store_id=chain.stores["S1"], orders_from=6, spent_from=120, last_to=30)
        assert segments.count_members(session, product, wanted) == 40
        assert segments.count_members(session, product, Conditions()) == 100
        assert segments.count_members(session, chain.actors["store_manager"], Conditions()) == 40
        assert segments.count_members(session, product, Conditions(last_from=6)) == 0
        assert segments.count_members(session, product, Conditions(spent_from=121)) == 0
        assert segments.condition_words(session, product, wanted).startswith("核心粉丝、常去")
        row = segments.save_segment(session, product, " 常客 ", wanted)
        assert segments.read_conditions(row.conditions | {"from_a_later_release": 1}) == wanted
        assert [each.name for each in segments.segments(session, product)] == ["常客"]
        assert segments.segments(session, chain.actors["stranger"]) == []
        with pytest.raises(InvalidInput, match="名字"):
            segments.save_segment(session, product, "  ", wanted)
        with pytest.raises(InvalidInput, match="要小于"):
            segments.save_segment(session, product, "空", Conditions(last_from=30, last_to=20))
        with pytest.raises(NotAllowed):
            segments.save_segment(session, chain.actors["clerk"], "我的", wanted)
        # A store's manager changes and removes what he or she made, not what all stores use.
        manager = chain.actors["store_manager"]
        with pytest.raises(Conflict, match="别人建的"):
            segments.save_segment(session, manager, "常客", Conditions(orders_from=1))
        with pytest.raises(Conflict, match="别人建的"):
            segments.remove_segment(session, manager, row.id)
        own = segments.save_segment(session, manager, "我店的", wanted)
        segments.save_segment(session, manager, "我店的", Conditions(orders_from=1))
        segments.remove_segment(session, manager, own.id)
        segments.remove_segment(session, product, row.id)
        with pytest.raises(NotFound):
            segments.remove_segment(session, product, row.id)


def test_two_segments_are_compared_with_intervals(chain, fans):
    product = chain.actors["product"]
    with chain.db.read() as session:
        table = segments.compare(
            session, product, Conditions(levels=("core",)), Conditions(levels=("repeat",))
        ).set_index("measure")
        repeat = table.loc["近 90 天复购率"]
        assert (repeat["a"], repeat["a_base"], repeat["b"], repeat["b_base"]) == (1.0, 40, 0.0, 30) and repeat[
            "differs"
        ]
        came = table.loc["近 90 天来过的比例"]
        assert came["b"] == 0.5 and came["b_low"] < 0.5 < came["b_high"]
        assert not table.loc["说的话里不满的比例", "differs"]
        with pytest.raises(Conflict):
            segments.compare(session, product, Conditions(), Conditions())


def snapshot(session, brand_id: int) -> dict[str, list]:
    kept = {
        name: table for name, table in metadata.tables.items() if name not in ("audit_entry", "fan_merge", "revision")
    }
    return {
        name: sorted(map(str, session.exec(select(table)).all()))
        for name, table in kept.items()
        if "brand_id" in table.c or name.startswith("fan")
    }


def test_merge_then_unmerge_is_the_start_but_for_the_log(chain):
    manager, store = chain.actors["store_manager"], chain.stores["S1"]
    with chain.db.write() as session:
        one = find_or_create_fan(session, chain.brand_id, {"phone": "13800138000"}, store_id=store, name="王小明").id
        two = find_or_create_fan(session, chain.brand_id, {"member": "M1"}, store_id=store, name="王小明").id
        find_or_create_fan(session, chain.brand_id, {"member": "M2"}, store_id=store, name="王小红")
        find_or_create_fan(session, chain.brand_id, {"phone": "13900139000"}, store_id=store, name="王小明")
        session.add(
            Order(brand_id=chain.brand_id, store_id=store, fan_id=two, number="1", placed_at=now(), amount_fen=1)
        )
    with chain.db.write() as session:
        before = snapshot(session, chain.brand_id)
        likely = merge.likely_same(session, manager, one)
        assert likely["fan_id"].tolist() == [two] and likely["orders"].tolist() == [
            1
        ]  # another phone contradicts, another name too
        with pytest.raises(InvalidInput, match="原因"):
            merge.merge_fans(session, manager, two, one, " ")
        with pytest.raises(Conflict):
            merge.merge_fans(session, manager, one, one, "同")
        merged = merge.merge_fans(session, manager, two, one, "顾客说的")
        assert orders_of(session, manager)["fan_id"].tolist() == [one]
        with pytest.raises((Conflict, NotFound)):
            merge.merge_fans(session, manager, one, two, "反过来")
        assert merge.merged_into(session, manager, one) == [
            (merged.id, session.get_one(Fan, two).name_masked, "顾客说的")
        ]
        with pytest.raises(NotAllowed):
            merge.unmerge_fans(session, chain.actors["clerk"], merged.id)
        merge.unmerge_fans(session, manager, merged.id)
        session.flush()
        assert snapshot(session, chain.brand_id) == before
        assert session.exec(select(FanMerge.undone_at)).one() is not None
        assert vault().unseal(session.exec(select(FanIdentity)).first().sealed)


def test_the_database_counts_what_the_pure_function_counts(chain):
    draw = np.random.default_rng(6)
    with chain.db.write() as session:
        rows = [Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"]) for _ in range(30)]
        session.add_all(rows)
        session.flush()
        for number in range(200):
            session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1" if number % 3 else "S2"], number=str(number),
                              fan_id=rows[int(draw.integers(0, 25))].id if number % 11 else None, amount_fen=int(draw.integers(100, 5000)),
                              placed_at=now() - timedelta(days=float(draw.uniform(0, 300)))))  # fmt: skip
        for fan, into in ((3, 5), (4, 5), (9, 28)):
            rows[fan].merged_into_id = rows[into].id
            session.add(rows[fan])
    since = pd.Timestamp(now()) - pd.Timedelta(days=90)
    with chain.db.read() as session:
        counted = order_facts_of(session, chain.actors["product"], since)
        pure = order_facts(orders_of(session, chain.actors["product"]), since)
    assert len(counted) == len(pure)
    for name in ("first", "second", "last", "orders", "recent", "money_fen"):
        assert (counted[name].reindex(pure.index).fillna(0) == pure[name].fillna(0)).all(), name


def test_activity_is_kept_by_day_and_recomputed_the_same(chain, fans):
    product = chain.actors["product"]
    assert refresh_activity(chain.db, product) == 70
    assert refresh_activity(chain.db, product) == 70
    with chain.db.read() as session:
        history = activity_of(session, product, fans["0"])
        assert len(history) == 1 and history["frequency"].iloc[0] == 50.0
        with pytest.raises(NotFound):
            activity_of(session, chain.actors["clerk2"], fans["0"])
    done = refresh_fans(chain.db, product, {}, lambda share, doing: None)
    assert done["activity"] == 70 and sum(done["levels"].values()) == 100


def test_what_was_said_or_done_under_either_record_holds_for_the_person(chain):
    owner, store = chain.actors["ceo"], chain.stores["S1"]
    with chain.db.write() as session:
        kept = find_or_create_fan(session, chain.brand_id, {"phone": "13800138000"}, store_id=store)
        other = find_or_create_fan(session, chain.brand_id, {"member": "M7"}, store_id=store)
        voice = Voice(brand_id=chain.brand_id, store_id=store, fan_id=other.id, source_key="1", text="排队等了一小时。",
                      said_at=now())  # fmt: skip
        session.add(voice)
        session.flush()
        session.add(Unit(voice_id=voice.id, start=0, end=8, polarity=-1))
        for fan, number in ((kept, 1), (other, 2), (other, 3)):
            session.add(Order(brand_id=chain.brand_id, store_id=store, fan_id=fan.id, number=str(number), amount_fen=1_000,
                              placed_at=now()))  # fmt: skip
            record_contact(session, owner, fan, "service", "in_store")
        assert (why_not_contact(session, kept), why_not_contact(session, other)) == ("", "")
        row = merge.merge_fans(session, owner, other.id, kept.id, "都是她的号码")
        assert why_not_contact(session, kept) == why_not_contact(session, other) == "近 30 天已联系 3 次"
        assert ("提过", "“排队等了一小时”") in cards.card_lines(session, owner, kept.id)
        document = fan_document(session, owner, kept.id)
        assert [each["原话"] for each in document["原声"]] == ["排队等了一小时。"]
        assert len(document["号码"]) == 2 and len(document["联系"]) == 3
        found, count = fan_table(session, owner, look_for="M7")
        assert (count, found["fan_id"].tolist()) == (1, [kept.id])
        assert found[["orders", "spent_fen", "voices"]].values.tolist() == [[3, 3_000, 1]]
        assert [kind for _, kind, _ in identities(session, owner, kept.id)] == ["phone", "member"]
        assert reveal(session, owner, identities(session, owner, kept.id)[1][0]) == "M7"
        assert segments.count_members(session, owner, Conditions(orders_from=3)) == 1
        other.opted_out_at = now()
        session.add(other)
        session.flush()
        assert why_not_contact(session, kept) == "已退订"
        merge.unmerge_fans(session, owner, row.id)
        assert (why_not_contact(session, kept), why_not_contact(session, other)) == ("", "已退订")
        assert segments.count_members(session, owner, Conditions(orders_from=3)) == 0
        assert "提过" not in dict(cards.card_lines(session, owner, kept.id))
