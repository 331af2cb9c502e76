"""Checklists to many stores: read and done receipts, the list of those that lack, examples without anybody's fans."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from fanops.access import visible_stores
from fanops.access.organisation import add_store, regions_by_name
from fanops.actions import records_areas, records_fixes
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.fans import records_tellings
from fanops.settings import today
from fanops.tables import Evidence, Fan, FixStore, Telling, Unit, Voice

LINES = ["冰箱温度写在表上", " 取餐柜擦过 ", "", "叫号屏亮着"]


def _rows(session, actor, fix_id):
    return records_fixes.fix_stores(session, actor, fix_id).set_index("store_id")


def test_forty_stores_thirty_eight_have_read_thirty_one_are_done(chain):
    """The page's sentence: 38 read, 31 done, and the 9 that are not, two of them late."""
    admin, product = chain.actors["admin"], chain.actors["product"]
    with chain.db.write() as session:
        region = next(iter(regions_by_name(session, admin)))
        for number in range(40):
            add_store(session, admin, code=f"C{number:02}", name=f"清单{number:02}店", region=region)
        stores = [store.id for store in visible_stores(session, product) if store.code.startswith("C")]
        fix_id = records_fixes.open_fix(
            session, product, None, stores, "开店前检查", checklist=LINES, due_on=today() - timedelta(days=1)
        ).id
        rows = _rows(session, product, fix_id)
        assert len(rows) == 40 and rows["checklist"].iloc[0] == ["冰箱温度写在表上", "取餐柜擦过", "叫号屏亮着"]
        for place, store_id in enumerate(stores):
            row = session.get_one(FixStore, int(rows.loc[store_id, "fix_store_id"]))
            manager = replace(chain.actors["store_manager"], store_id=store_id)
            if place < 31:
                for line in range(3):
                    records_fixes.tick(session, manager, row.id, line)
                records_fixes.note_done(session, manager, row.id)
            elif place < 38:
                records_fixes.note_read(session, manager, row.id)
        table = records_fixes.fix_table(session, product).iloc[0]
        assert table[["stores", "read", "done", "accepted", "overdue"]].tolist() == [40, 38, 31, 0, 9]
        lacking = records_fixes.fix_stores(session, product, fix_id)
        assert lacking[lacking["done_at"].isna()]["store"].tolist() == [
            f"清单{number:02}店" for number in range(31, 40)
        ]


@pytest.fixture
def checklist(chain) -> tuple[int, int, int]:
    """A checklist in S1 and S2: (fix id, row of S1, row of S2)."""
    with chain.db.write() as session:
        product, stores = chain.actors["product"], chain.stores
        fix_id = records_fixes.open_fix(
            session, product, None, [stores["S1"], stores["S2"]], "检查", checklist=LINES
        ).id
        rows = _rows(session, product, fix_id)["fix_store_id"]
        return fix_id, int(rows[stores["S1"]]), int(rows[stores["S2"]])


def test_a_clerk_ticks_says_done_and_takes_it_back(chain, checklist):
    fix_id, mine, other = checklist
    clerk, above = chain.actors["clerk"], chain.actors["region_manager"]
    with chain.db.write() as session:
        assert records_fixes.tick(session, clerk, mine, 0).state == "fixing"
        with pytest.raises(Conflict, match="2 条没有勾"):
            records_fixes.note_done(session, clerk, mine)
        with pytest.raises(InvalidInput):
            records_fixes.tick(session, clerk, mine, 3)
        with pytest.raises(NotFound):
            records_fixes.tick(session, clerk, other, 0)
        records_fixes.tick(session, clerk, mine, 1)
        records_fixes.tick(session, clerk, mine, 2)
        row = records_fixes.note_done(session, clerk, mine, "擦了两遍，找 13812345678 问")
        assert row.done_at is not None and "13812345678" not in row.note
        assert records_fixes.take_back_done(session, clerk, mine).done_at is None
        records_fixes.note_done(session, clerk, mine)
        assert records_fixes.tick(session, clerk, mine, 1, ticked=False).done_at is None
        records_fixes.tick(session, clerk, mine, 1)
        done_at = records_fixes.note_done(session, clerk, mine).done_at
        with pytest.raises(NotAllowed):
            records_fixes.move_fix(session, clerk, mine, "accepted")
        accepted = records_fixes.move_fix(session, above, mine, "accepted")
        assert accepted.done_at == done_at
        with pytest.raises(Conflict):
            records_fixes.tick(session, clerk, mine, 1, ticked=False)
        with pytest.raises(Conflict):
            records_fixes.take_back_done(session, clerk, mine)
        examples = records_fixes.solved_examples(session, chain.actors["clerk2"], fix_id)
        assert examples["note"].tolist() == [row.note] and list(examples) == ["store", "title", "note", "done_at"]
        assert records_fixes.solved_examples(session, clerk, fix_id).empty
        with pytest.raises(NotFound):
            records_fixes.solved_examples(session, chain.actors["stranger"], fix_id)


def test_a_bad_checklist_is_refused_whole(chain):
    product, store = chain.actors["product"], chain.stores["S1"]
    with chain.db.write() as session:
        for lines, why in (([], "清单还是空的"), (["长" * 81], "第 1 条检查项太长"), (["项"] * 31, "太多了")):
            with pytest.raises(InvalidInput, match=why):
                records_fixes.open_fix(session, product, None, [store], "检查", checklist=lines)
        with pytest.raises(InvalidInput, match="至少一家门店"):
            records_fixes.open_fix(session, product, None, [], "检查", checklist=["项"])
        assert records_fixes.fix_table(session, product).empty


def test_the_list_of_areas_is_the_brands_own(chain, checklist):
    product = chain.actors["product"]
    with chain.db.write() as session:
        assert list(records_areas.areas(session, product).values()) == ["品质", "服务", "清洁"]
        with pytest.raises(Conflict, match="服务"):
            records_areas.set_areas(session, product, ["品质", "陈列"])
        with pytest.raises(InvalidInput):
            records_areas.set_areas(session, product, ["服务", "服务"])
        assert records_areas.set_areas(session, product, ["服务", "陈列"]) == {"service": "服务", "陈列": "陈列"}
        store = chain.stores["S1"]
        fix = records_fixes.open_fix(session, product, None, [store], "堆头", checklist=["摆齐"], area="陈列")
        assert fix.area == "陈列"
        with pytest.raises(NotAllowed):
            records_areas.set_areas(session, chain.actors["store_manager"], ["服务", "陈列"])
        assert records_areas.areas(session, chain.actors["stranger"])["quality"] == "品质"


def test_a_manager_names_who_sees_to_it(chain, checklist):
    fix_id, mine, other = checklist
    manager = chain.actors["store_manager"]
    with chain.db.write() as session:
        people = records_fixes.staff_of(session, manager, mine)
        assert sorted(people) == sorted([chain.staff["E1"], chain.staff["M1"]])
        assert records_fixes.assign_owner(session, manager, mine, chain.staff["E1"]).state == "assigned"
        rows = records_fixes.fix_stores(session, manager, fix_id)
        assert rows["owner"].tolist() == [people[chain.staff["E1"]]]
        with pytest.raises(NotFound):
            records_fixes.assign_owner(session, manager, mine, chain.staff["E2"])
        with pytest.raises(NotFound):
            records_fixes.assign_owner(session, manager, other, chain.staff["E2"])
        with pytest.raises(NotAllowed):
            records_fixes.assign_owner(session, chain.actors["clerk"], mine, chain.staff["E1"])


def test_an_acceptance_taken_back_leaves_the_stores_receipt_and_nobody_to_be_told(chain):
    above, clerk = chain.actors["region_manager"], chain.actors["clerk"]
    store = chain.stores["S1"]
    with chain.db.write() as session:
        voice = Voice(
            brand_id=chain.brand_id, store_id=store, text="排队太久", kind="review", source="点评", source_key="1"
        )
        fan = Fan(brand_id=chain.brand_id, home_store_id=store, name_masked="王**")
        session.add(fan)
        session.flush()
        voice.fan_id = fan.id
        session.add(voice)
        session.flush()
        unit = Unit(voice_id=voice.id, start=0, end=4)
        session.add(unit)
        session.flush()
        fix = records_fixes.open_fix(session, above, None, [store], "加人", checklist=["加人"])
        session.add(Evidence(fix_id=fix.id, unit_id=unit.id))
        key = int(_rows(session, above, fix.id)["fix_store_id"].iloc[0])
        records_fixes.tick(session, clerk, key, 0)
        records_fixes.note_done(session, clerk, key, "加了一位")
        noted = session.get_one(FixStore, key).done_at
        records_fixes.move_fix(session, above, key, "accepted")
        assert [each.state for each in session.exec(select(Telling))] == ["due"]
        row = records_fixes.move_fix(session, above, key, "fixing")
        assert (row.done_at, row.note) == (noted, "加了一位")
        assert session.exec(select(Telling)).all() == []
        records_fixes.move_fix(session, above, key, "accepted")
        assert [each.state for each in session.exec(select(Telling))] == ["due"]
        records_fixes.move_fix(session, above, key, "fixing")
        row = records_fixes.move_fix(session, above, key, "assigned", "柜子还没到")
        assert (row.done_at, row.note) == (None, "柜子还没到")


def test_who_says_it_is_not_mended_is_told_again_and_nobody_hears_of_a_fix_that_is_open(chain):
    above, clerk, store = chain.actors["product"], chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        fix = records_fixes.open_fix(session, above, None, [store], "加人", checklist=["加人"])
        for place in range(3):
            fan = Fan(brand_id=chain.brand_id, name_masked="王**", home_store_id=store)
            session.add(fan)
            session.flush()
            voice = Voice(
                brand_id=chain.brand_id, store_id=store, fan_id=fan.id, text="排队太久", source_key=f"v{place}"
            )
            session.add(voice)
            session.flush()
            unit = Unit(voice_id=voice.id, start=0, end=4)
            session.add(unit)
            session.flush()
            session.add(Evidence(fix_id=fix.id, unit_id=unit.id))
        key = int(_rows(session, above, fix.id)["fix_store_id"].iloc[0])
        for to in ("fixing", "accepted"):
            records_fixes.move_fix(session, above, key, to)
        yes, no, _ = records_tellings.telling_table(session, clerk)["telling_id"]
        records_tellings.record_told(session, clerk, int(yes), "yes")
        records_tellings.record_told(session, clerk, int(no), "no")
        for to in ("reasked", "reopened"):
            records_fixes.move_fix(session, above, key, to)
        assert records_tellings.telling_table(session, clerk).empty  # it is open: there is nothing to tell
        assert _rows(session, above, fix.id)["not_fixed"].tolist() == [1]
        for to in ("fixing", "accepted"):
            records_fixes.move_fix(session, above, key, to)
        due = records_tellings.telling_table(session, clerk)
        assert int(no) in set(due["telling_id"]) and len(due) == 2
        assert records_tellings.telling_table(session, clerk, "told")["telling_id"].tolist() == [yes]
        records_tellings.record_told(session, clerk, int(no), "yes")
        assert _rows(session, above, fix.id)["not_fixed"].tolist() == [0]
