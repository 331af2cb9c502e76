"""What is measured in the database: every metric says something or refuses, weeks without data are no zeros."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fanops.access.organisation import brand_of
from fanops.actions import records_fixes
from fanops.effect import records
from fanops.effect.measure import compute, measure
from fanops.effect.metrics import METRICS
from fanops.effect.records_notes import LATE_PLAN, NOT_OVER, plan_notes
from fanops.effect.records_panel import weekly_panel
from fanops.errors import TooLittleData
from fanops.settings import settings, today
from fanops.summary.records import latest_verdicts
from fanops.summary.records_brief import brief
from fanops.tables import Order, Theme
from fanops.web.brief_sheet import brief_sheet

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
WEEKS = 10


@pytest.fixture
def bought(chain) -> int:
    """Three stores, ten weeks of orders (¥10 a week each, S1 ¥15 since its fix five weeks ago); gives the fix."""
    product, zone = chain.actors["product"], settings().zone
    monday = today() - timedelta(days=today().weekday())
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name="排队太久")
        session.add(theme)
        session.flush()
        fix = records_fixes.open_fix(session, product, theme.id, [chain.stores["S1"]], "加人", checklist=["看"])
        row = int(records_fixes.fix_stores(session, product, fix.id).iloc[0]["fix_store_id"])
        done = datetime.combine(monday - timedelta(weeks=5), datetime.min.time(), zone)
        for state in ("fixing", "accepted"):
            records_fixes.move_fix(session, product, row, state, happened_at=done)
        for week in range(WEEKS):
            for place, (code, store) in enumerate(list(chain.stores.items())[:3]):
                placed = datetime.combine(monday - timedelta(weeks=WEEKS - week), datetime.min.time(), zone)
                fen = 1000 + 7 * ((3 * week + 5 * place) % 4) + (500 if code == "S1" and week >= 5 else 0)
                session.add(
                    Order(
                        brand_id=chain.brand_id,
                        store_id=store,
                        number=f"{week}{code}",
                        placed_at=placed,
                        amount_fen=fen,
                    )
                )
        return fix.id


def plan(chain, metric: str, weeks: int) -> records.Plan:
    own, *rest = (chain.stores[code] for code in ("S1", "S2", "S3"))
    return records.Plan(metric, today() - timedelta(weeks=weeks), today() - timedelta(days=1), (own,), tuple(rest))


@ONE
@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_says_something_or_refuses(chain, bought, metric):
    product, own = chain.actors["product"], [chain.stores["S1"]]
    controls = [chain.stores["S2"], chain.stores["S3"]]
    with chain.db.write() as session:
        theme_id = records.subject(session, product, fix_id=bought).theme_id
        try:
            least = records.power(session, product, metric, own, controls, today() - timedelta(weeks=5), 3, theme_id)
            assert least == least and metric in ("revenue", "orders")
        except TooLittleData as refusal:
            assert refusal.hint and metric not in ("revenue", "orders")
        records.freeze_plan(session, product, plan(chain, metric, 30), fix_id=bought)
        row = measure(session, product, fix_id=bought)
    assert ("estimate_share" in row.result) == (metric in ("revenue", "orders"))
    assert row.verdict != "数据不足" or row.result["note"]


@ONE
def test_weeks_before_the_first_order_are_not_zero(chain, bought):
    product = chain.actors["product"]
    with chain.db.write() as session:
        records.freeze_plan(session, product, plan(chain, "revenue", 30), fix_id=bought)
        long = compute(session, product, fix_id=bought).result
        records.freeze_plan(session, product, plan(chain, "revenue", WEEKS), fix_id=bought)
        short = compute(session, product, fix_id=bought).result
        assert long["estimate_share"] == pytest.approx(short["estimate_share"])
        assert 0.4 < long["estimate_share"] < 0.6 and long["weeks"] == WEEKS
        late = session.get_one(Order, 1)  # one store's first week: it was not open
        session.delete(late)
        session.flush()
        frame = weekly_panel(session, product, "revenue", today() - timedelta(weeks=30), today())
    values = frame[frame["store_id"] == late.store_id]["value"]
    assert values.isna().tolist() == [True] + [False] * (WEEKS - 1) and len(frame) == 3 * WEEKS


@ONE
def test_a_plan_made_late_and_a_window_not_over_are_said_beside_the_verdict(chain, bought):
    product = chain.actors["product"]
    with chain.db.write() as session:
        made = records.freeze_plan(session, product, plan(chain, "orders", WEEKS), fix_id=bought)
        row = measure(session, product, fix_id=bought)
        assert plan_notes(session, [row]) == {row.id: LATE_PLAN}
        told = latest_verdicts(session, product).iloc[0]
        assert told["metric"] == "订单数" and told["verdict"] == f"{row.verdict}（{LATE_PLAN}）"
        sheet = brief_sheet(brand_of(session, product), product, brief(session, product)).body.decode()
        assert "订单数" in sheet and LATE_PLAN in sheet
        made.frozen_at -= timedelta(weeks=6)
        session.flush()
        assert plan_notes(session, [row]) == {row.id: ""}
        still = replace(plan(chain, "orders", WEEKS), ends_on=today() + timedelta(weeks=1))
        records.freeze_plan(session, product, still, fix_id=bought)
        row = measure(session, product, fix_id=bought)
        assert plan_notes(session, [row]) == {row.id: f"{LATE_PLAN}；{NOT_OVER}"}


@ONE
def test_who_sees_a_part_of_the_stores_sees_no_figures_of_the_others(chain, bought):
    ceo, far = chain.actors["ceo"], chain.actors["clerk2"]
    with chain.db.write() as session:
        without = measure(session, ceo, fix_id=bought).result
        records.freeze_plan(session, ceo, plan(chain, "revenue", WEEKS), fix_id=bought)
        row = measure(session, ceo, fix_id=bought)
        whole = row.result
        assert records.within_scope(session, ceo, whole) == whole and whole["value"]["total"] > 0
        for result, name in ((whole, "by_store"), (without, "stores")):
            mine = records.within_scope(session, chain.actors["store_manager"], result)
            others = records.within_scope(session, far, result)
            assert [each["unit"] for each in mine[name]] == ["静安店"] and others[name] == []
            assert "静安店" not in str(others) and "by_placebo" not in others and "value" not in others
        mine = records.within_scope(session, chain.actors["region_manager"], whole)
        assert [each["unit"] for each in mine["value"]["by_store"]] == ["静安店"] and "total" not in mine["value"]
        assert mine["estimate_share"] == whole["estimate_share"]  # the verdict is the brand's


@ONE
def test_a_store_whose_fix_is_open_again_does_not_become_a_control(chain, bought):
    """The same plan gives the same numbers after the theme has returned, and a late plan stays late."""
    product = chain.actors["product"]
    with chain.db.write() as session:
        records.freeze_plan(session, product, plan(chain, "orders", WEEKS), fix_id=bought)
        before = measure(session, product, fix_id=bought)
        row = int(records_fixes.fix_stores(session, product, bought).iloc[0]["fix_store_id"])
        for state in ("reasked", "reopened"):
            records_fixes.move_fix(session, product, row, state)
        again = measure(session, product, fix_id=bought)
        assert again.result["n_treated"] == 1 and again.result == before.result
        for state in ("fixing", "accepted"):  # mended over again today: it began when it was first done
            records_fixes.move_fix(session, product, row, state)
        assert measure(session, product, fix_id=bought).result == before.result
        assert plan_notes(session, [before]) == {before.id: LATE_PLAN}
