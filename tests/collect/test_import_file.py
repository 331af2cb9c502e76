"""Imports on real databases: whole or not at all, the same again changes nothing, undone to the beginning."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import func, select

from fanops.access.vault import vault
from fanops.collect.import_file import ImportRequest, import_file, preview_file
from fanops.collect.undo_import import undo_batch
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.tables import (
    Consent,
    Fan,
    FanIdentity,
    FanTag,
    ImportBatch,
    Order,
    OrderItem,
    Product,
    Tag,
    Unit,
    Voice,
    metadata,
)

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
REMEMBERED = {"audit_entry", "import_batch", "import_mapping", "job"}
REVIEWS = (
    "评价编号,评价内容,门店,会员号,手机号,评价时间,评分,平台\n"
    "P1,排队太久了，等了半个小时。珍珠也很硬,静安店,M1,13800138000,2026-11-01 10:00,2,美团\n"
    "P2,打我电话13912345678,西湖店,,,2026-11-02 10:00,1,大众点评\n"
    "P3,没有,天河店,M3,,2026-11-03 10:00,5,美团\n"
)
ORDERS = (
    "订单号,门店,下单时间,实付金额,会员号,商品\n"
    "A1,静安店,2026-11-01 10:00,12.50,M1,芋泥波波×2、四季春\nA2,西湖店,2026-11-02 11:00,9,,四季春\n"
)
MEMBERS = "会员号,手机号,姓名,门店\nM1,13800138000,王小明,静安店\nM2,13800138001,李芳,西湖店\n"


def table_counts(db) -> dict[str, int]:
    with db.read() as session:
        return {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.tables.values()
            if table.name not in REMEMBERED
        }


def bring(chain, kind: str, text: str, login: str = "product", name: str = "文件.csv", **given):
    return import_file(chain.db, chain.actors[login], (text.encode(), name), ImportRequest(kind, **given))


def test_reviews_become_voices_units_and_fans(chain) -> None:
    done = bring(chain, "voices", REVIEWS)
    assert (done.new, done.refused, done.created_fans) == (3, 0, 2)
    with chain.db.read() as session:
        voices = {row.source_key.partition(":")[0]: row for row in session.execute(select(Voice)).scalars()}
        units = session.execute(select(Unit).order_by(Unit.voice_id, Unit.start)).scalars().all()
        fan = session.get_one(Fan, voices["P1"].fan_id)
        kinds = session.execute(select(FanIdentity.kind).where(FanIdentity.fan_id == fan.id)).scalars().all()
    assert (voices["P1"].store_id, voices["P1"].score, voices["P1"].source) == (chain.stores["S1"], 2.0, "美团")
    assert "13912345678" not in voices["P2"].text
    assert voices["P2"].fan_id is None
    assert (voices["P3"].no_content, voices["P1"].no_content) == (True, False)
    assert sorted(kinds) == ["member", "phone"]
    for voice in voices.values():
        cut = [unit for unit in units if unit.voice_id == voice.id]
        assert "".join(voice.text[unit.start : unit.end] for unit in cut) == voice.text
    assert done.units == len(units) > 3


def test_the_same_file_again_changes_nothing(chain) -> None:
    first = bring(chain, "voices", REVIEWS)
    before = table_counts(chain.db)
    again = bring(chain, "voices", REVIEWS, name="别的名字.csv")
    assert (again.already, again.batch_id) == (True, first.batch_id)
    assert table_counts(chain.db) == before


def test_a_longer_file_brings_only_what_is_new(chain) -> None:
    bring(chain, "voices", REVIEWS)
    longer = bring(chain, "voices", REVIEWS + "P4,新出的青提好喝,静安店,,,2026-11-04,5,美团\n")
    assert (longer.new, longer.same) == (1, 3)


def test_one_refused_row_stops_the_file_unless_the_person_chose(chain) -> None:
    text = REVIEWS + "P5,好喝,火星店,,,2026-11-04,5,美团\n"
    before = table_counts(chain.db)
    with pytest.raises(InvalidInput) as refusal:
        bring(chain, "voices", text)
    assert [(problem.row, problem.column) for problem in refusal.value.problems] == [(5, "门店")]
    assert table_counts(chain.db) == before
    done = bring(chain, "voices", text, skip_refused=True)
    assert (done.new, done.refused) == (3, 1)


def test_the_preview_says_what_the_import_does(chain) -> None:
    bring(chain, "orders", ORDERS)
    text = ORDERS.replace("12.50", "13.50") + "A3,静安店,2026-11-03 10:00,8,M9,\nA4,火星店,2026-11-03 10:00,8,,\n"
    request = ImportRequest("orders", skip_refused=True)
    before = table_counts(chain.db)
    preview = preview_file(chain.db, chain.actors["admin"], (text.encode(), "o.csv"), request)
    assert table_counts(chain.db) == before
    done = import_file(chain.db, chain.actors["admin"], (text.encode(), "o.csv"), request)
    told = (preview.new, preview.changed, preview.same, preview.refused)
    assert told == (done.new, done.changed, done.same, done.refused) == (1, 1, 1, 1)
    assert preview.remembered
    assert preview.first_rows[0]["会员号"] == "…1"


def test_orders_with_items_are_exact(chain) -> None:
    bring(chain, "orders", ORDERS)
    with chain.db.read() as session:
        orders = {row.number: row for row in session.execute(select(Order)).scalars()}
        items = session.execute(
            select(Product.name, OrderItem.quantity)
            .join(Product, Product.id == OrderItem.product_id)
            .order_by(OrderItem.id)
        ).all()
    assert (orders["A1"].amount_fen, orders["A2"].amount_fen, orders["A2"].fan_id) == (1250, 900, None)
    assert [tuple(row) for row in items] == [("芋泥波波", 2), ("四季春", 1), ("四季春", 1)]


def test_undo_of_every_kind_gives_the_beginning_back(chain) -> None:
    start = table_counts(chain.db)
    batches = [
        bring(chain, "members", MEMBERS).batch_id, bring(chain, "orders", ORDERS).batch_id,
        bring(chain, "voices", REVIEWS).batch_id,
    ]  # fmt: skip
    assert table_counts(chain.db) != start
    for batch in reversed(batches):
        undo_batch(chain.db, chain.actors["product"], batch)
    assert table_counts(chain.db) == start
    assert bring(chain, "voices", REVIEWS).new == 3  # an undone file can come again


def test_undo_puts_back_what_was_changed(chain) -> None:
    bring(chain, "members", MEMBERS)
    bring(chain, "orders", ORDERS)
    members = bring(
        chain,
        "members",
        MEMBERS.replace("王小明", "王大明").replace("M2,13800138001,李芳,西湖店", "M2,13800138001,李芳,天河店"),
    )
    orders = bring(chain, "orders", ORDERS.replace("12.50", "99.00"))
    assert (members.changed, orders.changed) == (2, 1)

    def state() -> tuple[object, ...]:
        with chain.db.read() as session:
            fans = session.execute(select(Fan).order_by(Fan.id)).scalars().all()
            amount = session.execute(select(Order.amount_fen).where(Order.number == "A1")).scalar_one()
        return amount, [vault().unseal(fan.name_sealed) for fan in fans], [fan.home_store_id for fan in fans]

    stores = chain.stores
    assert state() == (9900, ["王大明", "李芳"], [stores["S1"], stores["S3"]])
    undo_batch(chain.db, chain.actors["product"], orders.batch_id)
    undo_batch(chain.db, chain.actors["product"], members.batch_id)
    assert state() == (1250, ["王小明", "李芳"], [stores["S1"], stores["S2"]])


def test_undo_is_refused_where_a_person_built_on_it(chain) -> None:
    batch = bring(chain, "voices", REVIEWS).batch_id
    with chain.db.write() as session:
        unit, fan = session.execute(
            select(Unit.id, Voice.fan_id)
            .join(Voice, Voice.id == Unit.voice_id)
            .where(Voice.fan_id.is_not(None))
            .limit(1)
        ).one()
        tag = Tag(brand_id=chain.brand_id, name="嫌慢")
        session.add(tag)
        session.flush()
        session.add(FanTag(fan_id=fan, tag_id=tag.id, unit_id=unit))
    before = table_counts(chain.db)
    with pytest.raises(Conflict, match="1 条粉丝标签"):
        undo_batch(chain.db, chain.actors["product"], batch)
    assert table_counts(chain.db) == before


def test_a_batch_changed_by_a_later_one_waits_for_that_one(chain) -> None:
    first = bring(chain, "orders", ORDERS).batch_id
    second = bring(chain, "orders", ORDERS.replace("12.50", "99.00")).batch_id
    with pytest.raises(Conflict, match="后来的导入"):
        undo_batch(chain.db, chain.actors["product"], first)
    undo_batch(chain.db, chain.actors["product"], second)
    undo_batch(chain.db, chain.actors["product"], first)


def test_a_fan_others_speak_of_outlives_the_undo(chain) -> None:
    members = bring(chain, "members", MEMBERS).batch_id
    bring(chain, "orders", ORDERS)
    done = undo_batch(chain.db, chain.actors["product"], members)
    assert (done["fan"], done["kept_fans"]) == (1, 1)


def test_third_party_fans_are_barred_from_contact(chain) -> None:
    with pytest.raises(InvalidInput, match="使用依据"):
        bring(chain, "members", MEMBERS, party="third")
    bring(chain, "members", MEMBERS, party="third", consent_basis="数据合作协议")
    with chain.db.read() as session:
        fans = session.execute(select(Fan)).scalars().all()
        refusals = session.execute(select(Consent.granted).where(Consent.purpose == "contact")).scalars().all()
    assert all(fan.opted_out_at for fan in fans)
    assert refusals == [False, False]


@ONE
def test_copies_are_marked_and_kept(chain) -> None:
    bring(
        chain,
        "voices",
        "评论,时间\n这家店的珍珠奶茶真的特别好喝推荐,2026-11-01\n别的话说得很不一样啊完全不同,2026-11-01\n",
    )
    bring(chain, "voices", "评论,时间\n这家店的珍珠奶茶真的特别好喝，推荐！,2026-11-02\n")
    bring(chain, "voices", "评论,时间\n這家店的珍珠奶茶真的特別好喝推薦,2026-11-03\n")  # in traditional characters
    with chain.db.read() as session:
        copies = session.execute(select(Voice.copy_of_id).order_by(Voice.id)).scalars().all()
        first = session.execute(select(func.min(Voice.id))).scalar_one()
    assert copies == [None, None, first, first]


@ONE
def test_who_may_and_for_which_stores(chain) -> None:
    for login in ("clerk", "ceo"):
        with pytest.raises(NotAllowed):
            bring(chain, "voices", REVIEWS, login=login)
    with pytest.raises(InvalidInput) as refusal:
        bring(chain, "voices", REVIEWS, login="store_manager")
    assert [problem.row for problem in refusal.value.problems] == [3, 4]  # other people's stores
    own = bring(chain, "voices", "评论\n慢\n", login="store_manager")
    with chain.db.read() as session:
        assert session.execute(select(Voice.store_id)).scalars().all() == [chain.stores["S1"]]
    with pytest.raises(NotFound):
        undo_batch(chain.db, chain.actors["region_manager"], own.batch_id)
    with pytest.raises(NotFound):
        undo_batch(chain.db, chain.actors["stranger"], own.batch_id)


@ONE
def test_another_stores_order_is_not_overwritten(chain) -> None:
    bring(chain, "orders", ORDERS)
    text = "订单号,下单时间,实付金额\nA2,2026-11-09 10:00,1\nA7,2026-11-09 10:00,2\n"
    with pytest.raises(InvalidInput, match="1 行"):
        bring(chain, "orders", text, login="store_manager")
    done = bring(chain, "orders", text, login="store_manager", skip_refused=True)
    assert (done.new, done.changed, done.refused) == (1, 0, 1)


@ONE
def test_two_known_fans_in_one_row_are_never_merged(chain) -> None:
    bring(chain, "members", MEMBERS)
    done = bring(chain, "orders", "订单号,门店,时间,金额,会员号,手机号\nB1,静安店,2026-11-01,5,M1,13800138001\n")
    assert done.torn == 1
    with chain.db.read() as session:
        assert session.execute(select(func.count()).select_from(Fan)).scalar_one() == 2


_KILLED = """
import sys
from fanops.access import Actor, Role
from fanops.collect import records_rows, records_voices as voices
from fanops.collect.import_file import ImportRequest, import_file
from fanops.database import database
lines = "".join(f"第{n}次来，排队等了{n}分钟,静安店\\n" for n in range(1500))
def slow(share, doing):
    if share >= 0.8:
        print("writing", flush=True)
import_file(database(), Actor(role=Role.ADMIN, brand_id=int(sys.argv[1])), (("评论,门店\\n" + lines).encode(), "a.csv"),
            ImportRequest("voices"), slow)
print("done", flush=True)
"""


@ONE
@pytest.mark.parametrize("after_s", [0.0, 0.15])
def test_killed_in_the_middle_of_writing_nothing_is_half_there(chain, after_s: float) -> None:
    start = table_counts(chain.db)
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(chain.brand_id)], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout.readline() == "writing\n"
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    finished = "done" in process.communicate()[0]
    now = table_counts(chain.db)
    with chain.db.read() as session:
        batches = session.execute(select(func.count()).select_from(ImportBatch)).scalar_one()
        assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    if batches == 0:
        assert not finished
        assert now == start
    else:
        assert now["voice"] == start["voice"] + 1500


def test_a_failure_while_storing_leaves_nothing(chain, monkeypatch) -> None:
    from fanops.collect import import_file as module

    start = table_counts(chain.db)

    def fail(*_args, **_given):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(module.records, "remember_mapping", fail)
    with pytest.raises(RuntimeError):
        bring(chain, "voices", REVIEWS)
    assert table_counts(chain.db) == start


def test_members_say_where_they_came_from(chain) -> None:
    table = "会员号,姓名,来源\nM901,王小明,达人探店\nM902,李雷,\n"
    first = bring(chain, "members", table)
    with chain.db.read() as session:
        assert sorted(session.execute(select(Fan.source)).scalars().all()) == ["会员", "达人探店"]
    later = bring(chain, "members", table.replace("M902,李雷,", "M902,李雷,朋友推荐"))
    assert (later.changed, later.same) == (1, 1)
    with chain.db.read() as session:
        assert sorted(session.execute(select(Fan.source)).scalars().all()) == ["朋友推荐", "达人探店"]
    undo_batch(chain.db, chain.actors["product"], later.batch_id)
    with chain.db.read() as session:
        assert sorted(session.execute(select(Fan.source)).scalars().all()) == ["会员", "达人探店"]
    assert first.new == 2


@ONE
@pytest.mark.parametrize(
    "text",
    [
        "排队太久了，等了半个小时,静安店,2026-11-01 10:00\n珍珠很硬,西湖店,2026-11-02 10:00\n",
        "13800138000,好喝\n13800138001,太甜\n",
        "静安店,慢\n西湖店,甜\n",
        "这家的奶茶真的太好喝了下次还来\n太甜\n",
    ],
)
def test_a_first_row_of_data_is_not_taken_for_headings(chain, text) -> None:
    with pytest.raises(InvalidInput, match="第一行像数据，不像列名") as refused:
        bring(chain, "voices", text)
    assert "加一行列名" in refused.value.hint
    heading = text.split("\n")[0].split(",")[-1]
    assert bring(chain, "voices", text, mapping={"text": heading}).new == 1  # who knows better says so


@ONE
@pytest.mark.parametrize(
    "heading", ["您对我们的服务有什么建议，或者想说的话？", "想说的话", "服务评价", "客人说了什么"]
)
def test_unusual_headings_stay_headings(chain, heading) -> None:
    assert bring(chain, "voices", f"{heading}\n排队太久了\n").new == 1
