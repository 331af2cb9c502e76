"""Raisers against similar fans, by hand; credit that follows the evidence and goes back with an unmerge."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from fanops.actions import merge_items, records_backlog, records_fixes
from fanops.effect.measure import mentions_before_after
from fanops.effect.raisers import contrast, match_fans
from fanops.effect.records import save_measurement
from fanops.effect.records_credit import credit_table
from fanops.effect.records_raisers import compare_raisers
from fanops.errors import TooLittleData
from fanops.settings import settings
from fanops.tables import Fan, FanActivity, Order, Staff, Theme, ThemeAssignment, Unit, Voice


def fans(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["fan_id", "store_id", "level", "bought", "days_since"]).set_index("fan_id")


def test_matches_are_of_the_same_store_and_level_and_nobody_serves_twice():
    raisers = fans((1, 1, "fan", 5, 10), (2, 1, "fan", 5, 10), (3, 2, "fan", 5, 10), (4, 1, "core", 5, 10))
    others = fans((11, 1, "fan", 5, 11), (12, 1, "fan", 6, 10), (13, 1, "fan", 50, 90), (14, 2, "core", 5, 10))
    assert match_fans(raisers, others) == {1: [11, 13], 2: [12]}
    assert match_fans(raisers, others.iloc[::-1]) == {1: [11, 13], 2: [12]}
    assert match_fans(raisers, others.iloc[:0]) == {}


def test_the_contrast_by_hand():
    outcome = pd.Series({1: 3.0, 2: 1.0, 3: 2.0, 11: 1.0, 12: 2.0, 13: 1.0, 14: np.nan})
    found = contrast(outcome, {1: [11, 12], 2: [13], 3: [14]})
    assert (found.raisers, found.others, found.difference, found.base) == (2.0, 1.25, 0.75, 2)
    assert found.low == pytest.approx(
        0.75 - 12.7062 * 0.75, abs=1e-3
    )  # gaps 1.5 and 0: sd 1.0607, se 0.75, t(1) = 12.706
    assert contrast(outcome, {3: [14]}).base == 0


@pytest.fixture
def asked(chain) -> tuple[int, int]:
    """A fix in S1, done 40 days ago: 6 raisers who all came again twice, 12 alike who came again once or not at all."""
    zone = settings().zone
    done = datetime.now(zone).replace(hour=3, minute=0, second=0, microsecond=0) - timedelta(days=40)
    store = chain.stores["S1"]
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name="排队太久")
        session.add(theme)
        session.flush()
        for place in range(18):
            fan = Fan(brand_id=chain.brand_id, home_store_id=store, level="fan", name_masked="王**")
            session.add(fan)
            session.flush()
            raised = place < 6
            days = [-20, -10] + ([5, 15] if raised else [5] if place % 2 else [])
            for day in days:
                session.add(Order(brand_id=chain.brand_id, store_id=store, fan_id=fan.id, number=f"{place}/{day}", amount_fen=2000,
                                  placed_at=done + timedelta(days=day)))  # fmt: skip
            for on, score in ((-5, 40.0), (20, 50.0 if raised else 42.0)):
                measured = (done + timedelta(days=on)).date()
                session.add(
                    FanActivity(
                        fan_id=fan.id, measured_on=measured, frequency=0, quality=0, breadth=0, duration=0, score=score
                    )
                )
            if raised:
                _say(
                    session,
                    chain,
                    store,
                    theme.id,
                    f"说{place}",
                    fan_id=fan.id,
                    said_at=done - timedelta(days=30 - place),
                )
        fix = records_fixes.open_fix(session, chain.actors["product"], theme.id, [store], "加人")
        row = int(records_fixes.fix_stores(session, chain.actors["product"], fix.id).iloc[0]["fix_store_id"])
        for state in ("fixing", "accepted"):
            records_fixes.move_fix(session, chain.actors["product"], row, state, happened_at=done)
        return fix.id, theme.id


def _say(session, chain, store, theme_id, key, *, fan_id=None, staff_id=None, kind="review", said_at=None) -> int:
    voice = Voice(brand_id=chain.brand_id, store_id=store, fan_id=fan_id, staff_id=staff_id, kind=kind, text="排队太久",
                  source_key=key, said_at=said_at)  # fmt: skip
    session.add(voice)
    session.flush()
    unit = Unit(voice_id=voice.id, start=0, end=4, polarity=-1)
    session.add(unit)
    session.flush()
    session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme_id, strength=0.9))
    session.flush()
    return voice.id


def test_raisers_who_came_back_are_seen_against_those_alike(chain, asked):
    fix_id, _ = asked
    with chain.db.read() as session:
        found = compare_raisers(session, chain.actors["product"], fix_id=fix_id)
        assert (found.raisers, found.matched, found.days) == (6, 6, 40)
        assert sum(map(len, found.matches.values())) == 12
        again, orders, activity = (found.outcomes[name] for name in ("again", "orders", "activity"))
        assert (again.raisers, again.others, again.base) == (1.0, pytest.approx(0.5), 6)
        assert (orders.raisers, orders.others) == (2.0, pytest.approx(0.5)) and orders.low > 0
        assert activity.difference == pytest.approx(8.0)
        with pytest.raises(TooLittleData, match="太短"):
            compare_raisers(session, chain.actors["product"], fix_id=fix_id,
                            until=(datetime.now(settings().zone) - timedelta(days=35)).date())  # fmt: skip
        with pytest.raises(TooLittleData):
            compare_raisers(session, replace(chain.actors["product"], store_id=chain.stores["S2"]), fix_id=fix_id)


def test_mentions_before_and_after_by_store(chain, asked):
    fix_id, _ = asked
    with chain.db.read() as session:
        found = mentions_before_after(session, chain.actors["product"], fix_id=fix_id)
        assert found["unit"].tolist() == ["静安店"]
        assert found["before"].tolist() == [1.0] and found["after"].isna().all()  # nobody spoke at all since
        with pytest.raises(TooLittleData):
            mentions_before_after(
                session, replace(chain.actors["product"], store_id=chain.stores["S2"]), item_id=None, fix_id=fix_id
            )


def test_credit_goes_to_who_wrote_it_down_first_and_back_with_an_unmerge(chain):
    product, store = chain.actors["product"], chain.stores["S1"]
    moment = datetime.now(settings().zone) - timedelta(days=100)
    with chain.db.write() as session:
        people = [
            Staff(brand_id=chain.brand_id, store_id=store, code=f"K{n}", name=name) for n, name in enumerate("甲乙")
        ]
        themes = [Theme(brand_id=chain.brand_id, name=name) for name in ("排队", "等位")]
        session.add_all([*people, *themes])
        session.flush()
        early, late = people
        _say(session, chain, store, themes[0].id, "评", said_at=moment - timedelta(days=9))  # a review: nobody's credit
        _say(session, chain, store, themes[0].id, "甲", staff_id=early.id, kind="interview", said_at=moment)
        _say(
            session,
            chain,
            store,
            themes[1].id,
            "乙",
            staff_id=late.id,
            kind="survey",
            said_at=moment + timedelta(days=3),
        )
        one = records_backlog.open_item(session, product, themes[0].id, "预点单").id
        two = records_backlog.open_item(session, product, themes[1].id, "叫号").id
        worth = {"value": {"total": 1200.0, "low": 300.0, "high": 2100.0}}
        save_measurement(session, product, "did", "有效", worth, baseline_id=None, item_id=two)
        before = credit_table(session, product)
        assert before[["staff", "title", "verdict"]].values.tolist() == [["乙", "叫号", "有效"], ["甲", "预点单", ""]]
        assert before["value"].iloc[0] == 1200.0 and pd.isna(before["value"].iloc[1])
        merge_items.merge_items(session, product, one, two)
        assert credit_table(session, product)[["staff", "title", "value"]].values.tolist() == [["甲", "叫号", 1200.0]]
        merge_items.unmerge_item(session, product, one)
        pd.testing.assert_frame_equal(credit_table(session, product), before)
        assert credit_table(session, chain.actors["clerk2"]).empty
        assert credit_table(session, chain.actors["stranger"]).empty
