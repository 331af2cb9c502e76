"""Rules of levels, RFM and stages: changed by the brand with a preview, counted by hand; nominations; the log of stages."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from sqlmodel import select

from fanops.errors import InvalidInput, NotAllowed
from fanops.fans import records_levels as rules
from fanops.fans import records_lifecycle, records_timeline
from fanops.fans.behaviour import StageRules, flow_of, lifecycle
from fanops.fans.levels import LevelRules, RfmRules, rfm, rfm_words
from fanops.fans.records_behaviour import orders_of
from fanops.fans.refresh import refresh_fans, refresh_levels
from fanops.tables import Fan, LifecycleChange, Order, now


@pytest.fixture
def fans(chain) -> list[int]:
    """Ten fans of S1: fan n has n + 1 orders, one every ten days, the newest yesterday."""
    with chain.db.write() as session:
        found = []
        for place in range(10):
            fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"], name_masked=f"{place}")
            session.add(fan)
            session.flush()
            found.append(fan.id)
            for number in range(place + 1):
                session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fan.id, number=f"{place}-{number}",
                                  placed_at=now() - timedelta(days=1 + 10 * number), amount_fen=2000))  # fmt: skip
    return found


def test_rfm_of_ten_by_cuts():
    """Ten customers by hand: recency 1…10 days, 10…1 orders, ¥10 each order."""
    rows = [(fan, f"2026-01-{20 - fan}", 1_000) for fan in range(1, 11) for _ in range(11 - fan)]
    orders = pd.DataFrame(rows, columns=["fan_id", "placed_at", "amount_fen"])
    orders["placed_at"] = pd.to_datetime(orders["placed_at"])
    cuts = RfmRules(recency_days=(1, 3, 6, 8), frequency=(2, 4, 6, 9), money_yuan=(20, 40, 60, 100))
    found = rfm(orders, pd.Timestamp("2026-01-20"), rules=cuts)
    assert found["r"].tolist() == [5, 4, 4, 3, 3, 3, 2, 2, 1, 1]
    assert found["f"].tolist() == [5, 5, 4, 4, 4, 3, 3, 2, 2, 1]
    assert found["m"].tolist() == [5, 4, 4, 4, 4, 3, 3, 2, 2, 1]
    by_rank = rfm(orders, pd.Timestamp("2026-01-20"))
    assert by_rank["f"].tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert rules.read_cuts("7、14 30,60") == (7, 14, 30, 60) and rules.read_cuts(" ") == ()
    for wrong in ("7、14、30", "7、7、30、60", "7、x、30、60"):
        with pytest.raises(InvalidInput):
            rules.read_cuts(wrong)
    assert "1 天内 5 分" in rfm_words(cuts)[0] and "9 单起 5 分" in rfm_words(cuts)[1]


def test_a_preview_counts_who_would_move_and_saving_moves_them(chain, fans):
    product = chain.actors["product"]
    assert refresh_levels(chain.db, product) == {"identified": 1, "repeat": 4, "fan": 5}
    wanted = LevelRules(fan_orders=4)
    with chain.db.write() as session:
        moves = rules.preview_levels(session, product, wanted)
        assert moves.values.tolist() == [["repeat", "fan", 2]]  # those with 4 and 5 orders
        with pytest.raises(InvalidInput, match="核心"):
            rules.preview_levels(session, product, LevelRules(fan_orders=8, core_orders=5))
        with pytest.raises(NotAllowed):
            rules.save_rules(session, chain.actors["store_manager"], rules.LEVEL_RULES, wanted)
        rules.save_rules(session, product, rules.LEVEL_RULES, wanted)
        rules.save_rules(session, product, rules.RFM_RULES, RfmRules(recency_days=(7, 14, 30, 60)))
        assert rules.rfm_rules(session, product).recency_days == (7, 14, 30, 60)
        with pytest.raises(InvalidInput):
            rules.save_rules(session, product, rules.STAGE_RULES, StageRules(new_days=50))
    assert refresh_levels(chain.db, product) == {"identified": 1, "repeat": 2, "fan": 7}
    with chain.db.read() as session:
        assert rules.preview_levels(session, product, wanted).empty


def test_a_nomination_stays_until_it_is_taken_back(chain, fans):
    manager, product = chain.actors["store_manager"], chain.actors["product"]
    refresh_levels(chain.db, product)
    with chain.db.write() as session:
        with pytest.raises(InvalidInput, match="为什么"):
            rules.nominate(session, manager, fans[0], "core", "意见领袖", " ")
        with pytest.raises(InvalidInput):
            rules.nominate(session, manager, fans[0], "core", "朋友", "熟")
        with pytest.raises(NotAllowed):
            rules.nominate(session, chain.actors["clerk"], fans[0], "core", "意见领袖", "小红书有三万人看")
        was = rules.nominate(session, manager, fans[0], "core", "意见领袖", "小红书有三万人看")
        assert was == ("identified", "")
    refresh_levels(chain.db, product)
    with chain.db.write() as session:
        fan = session.get_one(Fan, fans[0])
        assert (fan.level, fan.level_reason) == ("core", "意见领袖：小红书有三万人看")
        rules.put_level_back(session, manager, fans[0])
        assert (session.get_one(Fan, fans[0]).level, session.get_one(Fan, fans[0]).level_reason) == ("identified", "")
        rules.nominate(session, manager, fans[9], "core", "发烧友", "次次都来")
        rules.put_level_back(session, manager, fans[9])
        assert session.get_one(Fan, fans[9]).level == "fan"  # ten orders: by the rules


def test_the_database_finds_the_stages_that_the_orders_have(chain):
    draw = np.random.default_rng(9)
    with chain.db.write() as session:
        rows = [Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"]) for _ in range(80)]
        session.add_all(rows)
        session.flush()
        for number in range(240):
            session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], number=str(number), amount_fen=1,
                              fan_id=rows[int(draw.integers(80))].id, placed_at=now() - timedelta(days=float(draw.uniform(0, 400)))))  # fmt: skip
        rows[3].merged_into_id = rows[5].id
        session.add(rows[3])
    product = chain.actors["product"]
    for back in (0, 30, 100):
        today = pd.Timestamp(now()) - pd.Timedelta(days=back)
        with chain.db.read() as session:
            counted = pd.Series(records_lifecycle.found_stages(session, product, today))
            pure = lifecycle(orders_of(session, product), today)
        assert counted.sort_index().to_dict() == pure.sort_index().to_dict()
        assert set(counted) >= {"active", "asleep", "lost", "returned"}


def test_the_log_is_written_once_a_day_and_stands_on_the_timeline(chain, fans):
    product, today = chain.actors["product"], pd.Timestamp(now())
    later = today + pd.Timedelta(days=60)
    first = records_lifecycle.refresh_lifecycle(chain.db, product, today)
    assert first == {"new": 3, "active": 7, "changed": 10}  # first orders 1, 11, 21 days ago; the others longer
    assert records_lifecycle.refresh_lifecycle(chain.db, product, today)["changed"] == 10  # the same day again
    second = records_lifecycle.refresh_lifecycle(chain.db, product, later)
    assert second == {"asleep": 10, "changed": 10}
    assert records_lifecycle.refresh_lifecycle(chain.db, product, later + pd.Timedelta(days=1))["changed"] == 0
    with chain.db.read() as session:
        assert len(session.exec(select(LifecycleChange)).all()) == 20
        log = records_lifecycle.lifecycle_log(session, product, later.date(), later.date() + timedelta(days=1))
        assert sorted(log.values.tolist()) == [["active", "asleep", 7], ["new", "asleep", 3]]
        line = records_timeline.timeline(session, chain.actors["clerk"], fans[0])
        assert line[line["kind"] == "生命周期"]["what"].tolist() == ["新客 → 沉睡", "新客"]
        assert records_lifecycle.current_stages(session, chain.actors["stranger"]) == {}


def test_who_moved_from_where_to_where():
    before = pd.Series({1: "new", 2: "active", 3: "active"})
    after = pd.Series({1: "active", 2: "asleep", 3: "active", 4: "new"})
    assert flow_of(before, after, ["new", "active", "asleep"]).values.tolist() == [
        ["new", "active", 1], ["active", "active", 1], ["active", "asleep", 1], ["", "new", 1],
    ]  # fmt: skip


def test_the_night_does_all_of_it(chain, fans):
    done = refresh_fans(chain.db, chain.actors["product"], {}, lambda share, doing: None)
    assert done["stages"]["changed"] == 10 and done["buyers"] == 10 and done["matches"] == 0
    assert done["tags"] == {"added": 0, "kept": 0, "ended": 0}
