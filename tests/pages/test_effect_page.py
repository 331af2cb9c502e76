"""The effect page: a plan that is replaced stays to be seen."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest

from fanops.actions import records_fixes
from fanops.effect import records
from fanops.effect.measure import measure
from fanops.effect.records import Plan, freeze_plan
from fanops.errors import NotAllowed
from fanops.settings import settings, today
from fanops.tables import Order, Store
from fanops.ui.effect import effect_words
from tests.pages.test_domain_pages import ONE, words_on


@ONE
def test_a_new_plan_shows_the_one_it_takes_the_place_of(open_page, chain):
    product, day = chain.actors["product"], today()
    with chain.db.write() as session:
        fix_id = records_fixes.open_fix(session, product, None, [chain.stores["S1"]], "检查", checklist=["看冰箱"]).id
        for line in (0.03, 0.05):
            stores = (chain.stores["S1"],), (chain.stores["S2"], chain.stores["S3"])
            plan = Plan("revenue", day - timedelta(weeks=9), day, *stores, pass_share=line)
            freeze_plan(session, product, plan, fix_id=fix_id)
    said = words_on(open_page("ceo", "effects.py", action=f"fix-{fix_id}"))
    assert said.index("效果方案已冻结") >= 0 and "被取代的方案" in said
    assert "达标线 5%" in said and "达标线 3%" in said
    assert "指纹" not in said


@ONE
def test_the_verdict_is_measured_by_who_sees_all_stores(open_page, chain):
    product, ceo, day = chain.actors["product"], chain.actors["ceo"], datetime.now(settings().zone)
    with chain.db.write() as session:
        fix_id = records_fixes.open_fix(session, product, None, [chain.stores["S1"]], "检查", checklist=["看冰箱"]).id
        row = int(records_fixes.fix_stores(session, product, fix_id).iloc[0]["fix_store_id"])
        for state in ("fixing", "accepted"):
            records_fixes.move_fix(session, product, row, state, happened_at=day - timedelta(weeks=5))
        for week in range(10):
            session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], number=str(week), amount_fen=1000 + week,
                              placed_at=day - timedelta(weeks=week)))  # fmt: skip
    for role in ("store_manager", "region_manager"):
        with chain.db.write() as session, pytest.raises(NotAllowed, match="全品牌"):
            measure(session, chain.actors[role], fix_id=fix_id)
        at = open_page(role, "effects.py", action=f"fix-{fix_id}")
        assert not at.exception and "由看得到全部门店的同事" in words_on(at)
        assert "effects.measure" not in [button.key for button in at.button]
    at = open_page("ceo", "effects.py", action=f"fix-{fix_id}")
    at.button(key="effects.measure").click().run()
    assert not at.exception and "前后相比" in words_on(at)
    with chain.db.read() as session:
        assert len(records.measurements(session, ceo, fix_id=fix_id)) == 1


@ONE
@pytest.mark.parametrize("planned", [False, True])
def test_a_manager_reads_the_verdict_and_own_stores_only(open_page, chain, planned):
    ceo, day = chain.actors["ceo"], datetime.now(settings().zone)
    with chain.db.write() as session:
        another = Store(brand_id=chain.brand_id, region_id=chain.regions["华南"], code="S4", name="珠江店")
        session.add(another)
        session.flush()
        stores = {code: chain.stores[code] for code in ("S1", "S2", "S3")} | {"S4": another.id}
        treated = stores["S1"], stores["S3"]
        fix_id = records_fixes.open_fix(session, ceo, None, list(treated), "检查", checklist=["看冰箱"]).id
        for row in records_fixes.fix_stores(session, ceo, fix_id)["fix_store_id"]:
            for state in ("fixing", "accepted"):
                records_fixes.move_fix(session, ceo, int(row), state, happened_at=day - timedelta(weeks=5))
        for week in range(12):
            for place, (code, store) in enumerate(stores.items()):
                session.add(Order(brand_id=chain.brand_id, store_id=store, number=f"{code}{week}",
                                  amount_fen=1000 + 7 * ((3 * week + 5 * place) % 4), placed_at=day - timedelta(weeks=week)))  # fmt: skip
        if planned:
            first, controls = today() - timedelta(weeks=11), (stores["S2"], stores["S4"])
            freeze_plan(session, ceo, Plan("revenue", first, today(), treated, controls), fix_id=fix_id)
        measure(session, ceo, fix_id=fix_id)
        unseen = session.get_one(Store, stores["S3"]).name
    for role, sees in (("ceo", True), ("store_manager", False)):
        at = open_page(role, "effects.py", action=f"fix-{fix_id}")
        shown = words_on(at) + " ".join(table.value.to_string() for table in at.dataframe)
        assert not at.exception and (unseen in shown) == sees, role
        assert ("至今带来的营业额" in [each.label for each in at.metric]) == (sees and planned)
        assert ("方案在上线后才定" in shown) == planned


def test_the_pictures_say_what_was_found():
    times = pd.DataFrame({"周": [-2, -1, 0, 1, 2], "差异": [0.01, -0.01, 0.05, 0.06, -0.02]})
    assert (
        effect_words.over_time(times[:4], "营业额", 0.4)
        == "上线后 2 周，上线门店的营业额每周都比对照高；上线前看不出差别"
    )
    assert (
        effect_words.over_time(times, "营业额", 0.01)
        == "上线后 3 周，上线门店的营业额有 2 周比对照高；但上线前就不一样"
    )
    assert "比对照低" in effect_words.over_time(times.assign(差异=-1), "不满率", None)
    assert "还没有整周" in effect_words.over_time(times[:2], "营业额", None)
    assert effect_words.among_controls(0, 8).endswith("没有一家变这么多") and "有 2 家" in effect_words.among_controls(
        2, 8
    )


def test_an_interval_that_says_nothing_says_so():
    assert effect_words.range_words(-1.92, 0.934) == "太宽，看不出"  # nothing can fall by 192 %
    assert effect_words.range_words(-1.3, -0.4) == "-100.0% 到 -40.0%"
    assert effect_words.range_words(0.064, 0.101) == "+6.4% 到 +10.1%" and effect_words.range_words(None, 0.1) == "—"
    assert (effect_words.chance_words(0.0002), effect_words.chance_words(0.618)) == ("不到 0.1%", "61.8%")


@ONE
def test_a_frozen_plan_is_taken_back_unless_a_store_has_begun(open_page, chain):
    product = chain.actors["product"]
    with chain.db.write() as session:
        stores = [chain.stores["S1"]]
        fix_id = records_fixes.open_fix(session, product, None, stores, "检查", checklist=["看冰箱"]).id
    at = open_page("product", "effects.py", action=f"fix-{fix_id}")
    at.multiselect(key=f"plan.treated.fix_id{fix_id}").set_value(stores).run()
    at.button(key=f"plan.freeze.fix_id{fix_id}").click().run()
    assert not at.exception and "效果方案已冻结" in words_on(at)
    at.button(key="done.undo").click().run()
    assert "还没有效果方案" in words_on(at)
    with chain.db.write() as session:
        row = int(records_fixes.fix_stores(session, product, fix_id).iloc[0]["fix_store_id"])
        for state in ("fixing", "accepted"):
            records_fixes.move_fix(session, product, row, state)
    at = open_page("product", "effects.py", action=f"fix-{fix_id}")
    assert "冻结后不能撤销" in words_on(at)
    at.button(key=f"plan.freeze.fix_id{fix_id}").click().run()
    assert "效果方案已冻结" in words_on(at) and "done.undo" not in [each.key for each in at.button]
