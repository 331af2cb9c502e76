"""The CEO's page and the loop: distinct people, by hand; scope; what stands still is listed and opens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from fanops.access.organisation import brand_of
from fanops.actions import records_backlog as backlog
from fanops.actions import records_fixes
from fanops.actions import records_rollout as rollouts
from fanops.actions.invite_raisers import invite_raisers
from fanops.effect.records import save_measurement
from fanops.fans import records_tellings
from fanops.settings import today
from fanops.summary.records import revenue_by_store
from fanops.summary.records_brief import brief
from fanops.summary.records_loop import actions_of_loop, loop_totals, seven_links, standing_still
from fanops.summary.records_loop_rows import ROWS, link_rows
from fanops.tables import (
    Baseline,
    Fan,
    FanTag,
    Fix,
    Measurement,
    Order,
    ServiceCard,
    Tag,
    Telling,
    Theme,
    ThemeAssignment,
    ThemeRun,
    Transition,
    Unit,
    Voice,
    now,
)  # fmt: skip
from fanops.text.aspects import GENERAL
from fanops.themes.records import totals
from fanops.web.brief_sheet import brief_sheet


@pytest.fixture
def heard(chain) -> int:
    """12 core fans of S1: 8 say 排队太久 (4 of them twice), 4 say nothing of a theme; gives the theme's id."""
    with chain.db.write() as session:
        run = ThemeRun(brand_id=chain.brand_id, input_fingerprint="a", result_fingerprint="b")
        session.add(run)
        session.flush()
        theme = Theme(
            brand_id=chain.brand_id, name="排队太久", born_run_id=run.id, created_at=now() - timedelta(days=40)
        )
        session.add(theme)
        session.flush()
        for place in range(12):
            fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"], level="core",
                      joined_at=now() - timedelta(days=100))  # fmt: skip
            session.add(fan)
            session.flush()
            if place % 2:
                session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fan.id, number=str(place),
                                  placed_at=now() - timedelta(days=3), amount_fen=1000))  # fmt: skip
            for again in range(2 if place < 4 else 1):
                voice = Voice(brand_id=chain.brand_id, store_id=chain.stores["S1"], fan_id=fan.id, source="测试",
                              source_key=f"{place}.{again}", text="排队太久", said_at=now() - timedelta(days=2))  # fmt: skip
                session.add(voice)
                session.flush()
                unit = Unit(voice_id=voice.id, start=0, end=4, polarity=-1)
                session.add(unit)
                session.flush()
                theme_id = theme.id if place < 8 else None
                session.add(ThemeAssignment(unit_id=unit.id, theme_id=theme_id, run_id=run.id, strength=0.9))
        return theme.id


def test_the_page_counts_people_not_mentions(chain, heard):
    with chain.db.read() as session:
        page = brief(session, chain.actors["ceo"])
        other = brief(session, chain.actors["stranger"])
    want = page.wants.iloc[0]
    assert page.wants_of == "core" and (want["people"], want["base"]) == (8, 12)
    assert want["low"] < 8 / 12 < want["high"] and want["negative_share"] == 1
    assert (page.core, page.core_silent) == (12, 6)
    assert (
        page.silent_stores == [name for name in page.silent_stores if "静安" not in name]
        and len(page.silent_stores) == 2
    )
    by_name = {figure.name: figure for figure in page.figures}
    assert len(page.figures) == 5  # no page shows more
    assert (by_name["活跃粉丝"].beside, by_name["营业额"].beside) == ("已识别 12 位", "")
    assert other.wants.empty and other.core == 0


def test_last_year_stands_beside_the_revenue(chain, heard):
    with chain.db.write() as session:
        session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S1"], number="alt",
                          placed_at=now() - timedelta(days=367), amount_fen=4000))  # fmt: skip
    with chain.db.read() as session:
        revenue = brief(session, chain.actors["ceo"]).figures[0]
    assert (revenue.value, revenue.beside) == (6000, "比去年同期 +50.0%")


def test_the_wants_are_in_the_fans_words(chain, heard):
    ceo = chain.actors["ceo"]
    with chain.db.write() as session:
        voice = session.exec(select(Voice).where(Voice.source_key == "0.0")).one()
        voice.text = "<b>等了四十分钟</b>"
        unit = session.exec(select(Unit).where(Unit.voice_id == voice.id)).one()
        unit.end = len(voice.text)
        session.exec(select(ThemeAssignment).where(ThemeAssignment.unit_id == unit.id)).one().strength = 1.0
    with chain.db.read() as session:
        page = brief(session, ceo)
        brand = brand_of(session, ceo)
        assert page.quotes[["theme_id", "sentence"]].values.tolist() == [[heard, "<b>等了四十分钟</b>"]]
        assert page.said["level"] == "core" and page.said["period"] == "近 28 天"
        assert "&lt;b&gt;等了四十分钟" in brief_sheet(brand, ceo, page).body.decode()
        # what is kept outlives an erasure, so no fan's words stand on it
        assert "等了四十分钟" not in brief_sheet(brand, ceo, page, quoted=False).body.decode()
        assert brief(session, chain.actors["clerk2"]).quotes.empty
    with chain.db.write() as session:
        for unit in session.exec(select(Unit)):
            unit.polarity = 1  # praise asks for nothing
    with chain.db.read() as session:
        assert brief(session, ceo).quotes.empty


def test_figures_and_the_rows_under_them_are_the_same(chain, heard):
    """A voice that was imported twice is in neither; what the stores took adds up to the revenue."""
    ceo = chain.actors["ceo"]
    with chain.db.write() as session:
        first, second = session.exec(select(Voice).order_by(Voice.id)).all()[:2]
        second.copy_of_id = first.id
        for store, fen in (("S3", 700), ("S3", -300)):
            session.add(Order(brand_id=chain.brand_id, store_id=chain.stores[store], number=f"{fen}",
                              placed_at=now() - timedelta(days=3), amount_fen=fen))  # fmt: skip
    with chain.db.read() as session:
        by_name = {figure.name: figure for figure in brief(session, ceo).figures}
        rows = totals(session, ceo)
        assert by_name["听到的原声"].value == rows["voices"] == 15 and by_name["不满占比"].base == rows["units"] == 15
        assert seven_links(session, ceo)["heard"].sum() == 15
        table, _ = revenue_by_store(session, ceo, 28)
        assert table["amount_fen"].sum() == by_name["营业额"].value == 6400
        assert table["orders"].sum() == by_name["营业额"].base and table["amount_fen"].tolist() == [6000, 400]
        assert revenue_by_store(session, chain.actors["clerk2"], 28)[0]["amount_fen"].tolist() == [400]


def test_a_store_sees_its_own_part(chain, heard):
    with chain.db.read() as session:
        near, far = brief(session, chain.actors["store_manager"]), brief(session, chain.actors["clerk2"])
    assert near.core == 12 and near.silent_stores == []
    assert far.core == 0 and len(far.silent_stores) == 1


def test_what_was_done_counts_as_far_as_one_sees(chain, heard):
    """An item shows from its first stage on; of the tellings a store's page counts its own."""
    product, stores = chain.actors["product"], chain.stores
    with chain.db.write() as session:
        fix = records_fixes.open_fix(session, product, heard, [stores["S1"], stores["S2"]], "加人")
        session.get_one(Fix, fix.id).opened_at = now() - timedelta(days=2)
        item = backlog.open_item(session, product, heard, "预点单")
        fans = session.exec(select(Fan.id)).all()
        for place, code in enumerate(("S1", "S1", "S2")):
            session.add(Telling(fix_id=fix.id, fan_id=fans[place], store_id=stores[code]))
        item_id = item.id
    with chain.db.read() as session:
        whole, own = (brief(session, chain.actors[who]).did for who in ("ceo", "store_manager"))
        sheet = brief_sheet(brand_of(session, product), product, brief(session, product)).body.decode()
    shown = ["action_id", "title", "stage", "stores", "done", "due", "told"]
    assert whole[shown].values.tolist() == [[item_id, "预点单", "聆听", 0, 0, 0, 0], [1, "加人", "", 2, 0, 3, 0]]
    assert own[shown].values.tolist() == [[item_id, "预点单", "聆听", 0, 0, 0, 0], [1, "加人", "", 1, 0, 2, 0]]
    assert "聆听</td>" in sheet and "0 / 2 家做完" in sheet


def test_the_loop_goes_on_link_by_link(chain, heard):
    product, store = chain.actors["product"], chain.stores["S1"]

    def people() -> dict[str, int]:
        with chain.db.read() as session:
            return loop_totals(session, product).set_index("link")["people"].to_dict()

    assert people() == {"heard": 12, "themed": 8, "acted": 0, "done": 0, "told": 0, "proved": 0}
    with chain.db.write() as session:
        item = backlog.open_item(session, product, heard, "预点单")
        rollouts.plan_stores(session, product, item.id, [store])
    assert people()["acted"] == 8 and people()["done"] == 0
    with chain.db.write() as session:
        backlog.get_item(session, product, item.id).stage = "pilot"
        rollouts.set_rollout(session, product, item.id, store, "live")
        first = int(records_tellings.telling_table(session, product).iloc[0]["telling_id"])
        records_tellings.record_told(session, product, first)
        session.add(Measurement(brand_id=chain.brand_id, item_id=item.id, method="did", verdict="有效", result={}))
        item_id = item.id
    assert people() == {"heard": 12, "themed": 8, "acted": 8, "done": 8, "told": 1, "proved": 8}
    with chain.db.read() as session:
        rows = actions_of_loop(session, product)
        far = actions_of_loop(session, chain.actors["clerk2"])
        elsewhere = loop_totals(session, chain.actors["clerk2"]).set_index("link")["people"]
    assert rows[["page", "id", "people", "done", "stores", "proved"]].values.tolist() == [
        ["backlog.py", item_id, 8, 1, 1, True]
    ]
    assert far[["people", "stores"]].values.tolist() == [[0, 0]] and elsewhere["done"] == 0
    for later in (
        {"verdict": "未显示效果"},
        {"verdict": "有效", "baseline": True},
    ):  # a newer word, and a plan made too late
        with chain.db.write() as session:
            plan = None
            if later.pop("baseline", None):
                plan = Baseline(brand_id=chain.brand_id, item_id=item_id, metric="revenue", plan={"treated": [store]}, sha256="a",
                                starts_on=today() - timedelta(days=90), ends_on=today() - timedelta(days=1),
                                frozen_at=now() + timedelta(days=1))  # fmt: skip
                session.add(plan)
                session.flush()
            session.add(Measurement(brand_id=chain.brand_id, item_id=item_id, method="did", result={},
                                    baseline_id=plan and plan.id, **later))  # fmt: skip
        assert people()["proved"] == 0


def test_a_fix_counts_for_those_who_said_it_in_its_stores(chain, heard):
    """8 people said it in S1 and 1 in S2; what S2 has done is done for one person."""
    product, stores = chain.actors["product"], chain.stores
    with chain.db.write() as session:
        voice = Voice(brand_id=chain.brand_id, store_id=stores["S2"], source="测试", source_key="b", text="排队太久",
                      said_at=now())  # fmt: skip
        session.add(voice)
        session.flush()
        unit = Unit(voice_id=voice.id, start=0, end=4, polarity=-1)
        session.add(unit)
        session.flush()
        session.add(ThemeAssignment(unit_id=unit.id, theme_id=heard, strength=0.9))
        fix = records_fixes.open_fix(session, product, heard, [stores["S1"], stores["S2"]], "加人")
        second = records_fixes.fix_stores(session, product, fix.id).set_index("store_id")["fix_store_id"][stores["S2"]]
        for to in ("fixing", "accepted"):
            records_fixes.move_fix(session, product, int(second), to)
        session.add(Measurement(brand_id=chain.brand_id, fix_id=fix.id, method="did", verdict="有效", result={}))
    with chain.db.read() as session:
        people = loop_totals(session, product).set_index("link")["people"]
        rows = actions_of_loop(session, product)
    assert people[["acted", "done", "proved"]].tolist() == [9, 1, 1]
    assert rows[["people", "served", "done", "stores"]].values.tolist() == [[9, 1, 1, 2]]


def test_what_stands_still_is_listed(chain, heard):
    product, store = chain.actors["product"], chain.stores["S1"]
    with chain.db.read() as session:
        assert standing_still(session, product).empty  # eight fans are fewer than ten
    with chain.db.write() as session:
        fix = records_fixes.open_fix(session, product, heard, [store], "加人")
        session.get_one(Fix, fix.id).opened_at = now() - timedelta(days=20)
        for row in session.exec(select(Transition)):
            row.changed_at = now() - timedelta(days=20)
            session.add(row)
    with chain.db.read() as session:
        stuck = standing_still(session, product, 14)
        assert stuck[["what", "title", "page", "id"]].values.tolist() == [["改进没有动", "加人", "fixes.py", fix.id]]
        assert standing_still(session, product, 30).empty
        assert standing_still(session, chain.actors["clerk2"], 14).empty


def test_the_seven_links_by_hand(chain, heard):
    product, store = chain.actors["product"], chain.stores["S1"]
    with chain.db.write() as session:
        fans = session.exec(select(Fan.id).where(Fan.home_store_id == store).order_by(Fan.id)).all()
        tag = Tag(brand_id=chain.brand_id, name="嫌慢")
        session.add(tag)
        session.flush()
        session.add_all(FanTag(fan_id=fan_id, tag_id=tag.id) for fan_id in fans[:3])
        session.add(ServiceCard(fan_id=fans[0], store_id=store, deed="先上", state="done"))
        session.add(ServiceCard(fan_id=fans[1], store_id=store, deed="先上"))
        for place in range(2):
            session.add(
                Voice(
                    brand_id=chain.brand_id,
                    store_id=store,
                    fan_id=fans[0],
                    kind="interview",
                    text="排队",
                    source_key=f"i{place}",
                )
            )
        fix = records_fixes.open_fix(session, product, heard, [store], "加人")
        row = int(records_fixes.fix_stores(session, product, fix.id).iloc[0]["fix_store_id"])
        records_fixes.note_done(session, chain.actors["clerk"], row)
        records_fixes.move_fix(session, product, row, "accepted")
        for verdict, worth in (("有效", 900.0), ("有效", 1500.0)):  # the newest counts
            result = {"value": {"by_store": [{"unit": "静安店", "value": worth}]}}
            save_measurement(session, product, "did", verdict, result, baseline_id=None, fix_id=fix.id)
        told = records_tellings.telling_table(session, product)
        assert len(told) == 8 and set(told["title"]) == {"加人"}
        records_tellings.record_told(session, chain.actors["clerk"], int(told.iloc[0]["telling_id"]), "no")
        assert records_fixes.told_by_store(session, product, fix.id).loc[store].tolist() == [7, 1, 0, 1]
        item = backlog.open_item(session, product, heard, "预点单")
        invite_raisers(session, product, item.id)
        backlog.record_verdict(
            session, product, int(backlog.trial_table(session, product, item.id).iloc[0]["trial_id"]), "like"
        )
        rollouts.plan_stores(session, product, item.id, [store])
        backlog.get_item(session, product, item.id).stage = "pilot"
        rollouts.set_rollout(session, product, item.id, store, "live")
        links = seven_links(session, product).set_index("store_id").loc[store]
        # two interviews have no unit yet: not heard until they are read; two cards: the one that was there, and the one that asked to come and was ticked with the verdict
        assert links.drop("store").tolist() == [16, 1, 3, 2, 1, 1, 1, 1500.0, 1]
        assert len(seven_links(session, chain.actors["clerk2"])) == 1
        under = {link: link_rows(session, product, link, store) for link in ROWS}
        assert {link: len(rows) for link, rows in under.items()} == dict.fromkeys(ROWS, 1)  # as many rows as counted
        assert under["fixed"][["title", "state"]].values.tolist() == [["加人", "已验收"]]
        assert under["tried"][["title", "verdict"]].values.tolist() == [["预点单", "会买"]]
        assert under["earned"][["title", "value"]].values.tolist() == [["加人", 1500.0]]
        assert all(link_rows(session, chain.actors["clerk2"], link, store).empty for link in ROWS)


def test_general_remarks_are_no_demand(chain, heard):
    """笼统评价: people say it, but it asks for nothing, so it is neither wanted nor standing still."""
    product = chain.actors["product"]
    with chain.db.write() as session:
        for place in range(4):  # twelve fans: enough to stand still
            unit = session.exec(
                select(Unit.id)
                .join(Voice)
                .where(Voice.source_key == f"{8 + place}.0", Voice.brand_id == chain.brand_id)
            ).one()
            session.exec(select(ThemeAssignment).where(ThemeAssignment.unit_id == unit)).one().theme_id = heard
    with chain.db.read() as session:
        assert brief(session, product).wants["theme"].tolist() == ["排队太久"]
        assert "主题还没有行动" in set(standing_still(session, product)["what"])
    with chain.db.write() as session:
        session.get_one(Theme, heard).aspect = GENERAL
    with chain.db.read() as session:
        page = brief(session, product)
        assert page.wants.empty and page.core == 12
        assert standing_still(session, product).empty


def test_what_most_praise_is_no_want(chain, heard):
    """Three of four are pleased: one who asks for a chair does not make the kind staff a want."""
    with chain.db.write() as session:
        run = session.exec(select(ThemeRun.id)).first()
        theme = Theme(brand_id=chain.brand_id, name="小姐姐太热情", born_run_id=run)
        session.add(theme)
        session.flush()
        units = session.exec(select(Unit).order_by(Unit.id)).all()
        for unit, polarity in zip(units[-4:], (1, 1, 1, 0), strict=True):
            unit.polarity = polarity
            session.exec(select(ThemeAssignment).where(ThemeAssignment.unit_id == unit.id)).one().theme_id = theme.id
    with chain.db.read() as session:
        assert brief(session, chain.actors["ceo"]).wants["theme"].tolist() == ["排队太久"]
    with chain.db.write() as session:
        session.exec(select(Unit).order_by(Unit.id)).all()[-4].polarity = -1
    with chain.db.read() as session:  # two praise, one complains, one asks
        assert brief(session, chain.actors["ceo"]).wants["theme"].tolist() == ["排队太久"]
    with chain.db.write() as session:
        session.exec(select(Unit).order_by(Unit.id)).all()[-1].polarity = -1
    with chain.db.read() as session:  # as many pleased as displeased
        assert "小姐姐太热情" in brief(session, chain.actors["ceo"]).wants["theme"].tolist()


def test_the_sheet_keeps_base_and_interval(chain, heard):
    ceo = chain.actors["ceo"]
    with chain.db.read() as session:
        page = brief(session, ceo)
        sheet = brief_sheet(brand_of(session, ceo), ceo, page).body.decode()
    repeat = next(figure for figure in page.figures if figure.name == "复购率")
    assert f"样本不足 n=6，{repeat.low:.1%} 到 {repeat.high:.1%}" in sheet
    want = page.wants.iloc[0]
    assert "12 人，样本不足 n=12" in sheet and f"{100 * want['low']:.0f}–{100 * want['high']:.0f}%" in sheet


def test_a_voice_that_says_nothing_is_not_heard(chain, heard):
    with chain.db.write() as session:
        session.exec(select(Unit).order_by(Unit.id)).first().no_content = True
        session.add(
            Voice(brand_id=chain.brand_id, store_id=chain.stores["S1"], text="", source_key="empty", said_at=now())
        )
    with chain.db.read() as session:
        seen = seven_links(session, chain.actors["ceo"]).set_index("store_id")["heard"]
    assert seen[chain.stores["S1"]] == 15  # of 16 with words, one without content
