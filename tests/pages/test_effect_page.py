"""The effect page: a plan that is replaced stays to be seen."""

from __future__ import annotations

from datetime import timedelta

from fanops.actions import records_fixes
from fanops.effect.records import Plan, freeze_plan
from fanops.settings import today
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
