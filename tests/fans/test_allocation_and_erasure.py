"""37 leads over 5 staff; when one leaves, that person's move; a fan gets what is kept, and is forgotten."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from click.testing import CliRunner
from sqlmodel import select

from fanops.cli import cli
from fanops.collect import records_surveys as surveys
from fanops.collect.import_file import ImportRequest, import_file
from fanops.collect.records_drafts import find_form
from fanops.collect.records_voices import NewVoice, add_voices
from fanops.collect.surveys.definition import read_definition
from fanops.collect.undo_import import undo_batch
from fanops.content import content_path
from fanops.errors import InvalidInput, NotAllowed, NotFound
from fanops.fans import assign_owners as owners
from fanops.fans import erase
from fanops.fans.allocation import share_out
from fanops.fans.identity_records import find_or_create_fan
from fanops.fans.records_contacts import record_contact
from fanops.fans.records_document import fan_document
from fanops.fans.records_promises import owner_moves, owner_of
from fanops.settings import today
from fanops.tables import Answer, Fan, FanIdentity, Order, Response, ServiceCard, Staff, Voice, now


def test_37_leads_over_5_staff():
    given = share_out(list(range(37)), {1: 0, 2: 0, 3: 0, 4: 0, 5: 0})
    assert sorted(Counter(given.values()).values(), reverse=True) == [8, 8, 7, 7, 7]
    # from 5, 0, 1: the second gets one, then both take turns until 4 and 3
    assert Counter(share_out(list(range(6)), {1: 5, 2: 0, 3: 1}).values()) == {2: 4, 3: 2}
    assert share_out([1, 2], {}) == {} and share_out([], {1: 0}) == {}


@pytest.fixture
def leads(chain) -> list[int]:
    """37 fans of S2 and five staff there (E2 of the chain and four more); gives the staff ids by code."""
    with chain.db.write() as session:
        for number in range(4):
            session.add(
                Staff(brand_id=chain.brand_id, store_id=chain.stores["S2"], code=f"N{number}", name=f"新{number}")
            )
        for _ in range(37):
            session.add(Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S2"]))
        session.flush()
        return list(owners.staff_loads(session, chain.actors["product"], chain.stores["S2"]))


def owned(session) -> Counter:
    return Counter(session.exec(select(Fan.owner_staff_id).where(Fan.owner_staff_id.is_not(None))).all())


def test_fans_are_given_handed_over_and_the_history_stays(chain, leads):
    product, store = chain.actors["product"], chain.stores["S2"]
    with chain.db.write() as session:
        assert sorted(owners.plan_owners(session, product, store).values(), reverse=True) == [
            8,
            8,
            7,
            7,
            7,
        ] and not owned(session)
        assert (
            owners.assign_owners(session, product, store) == 37 and owners.assign_owners(session, product, store) == 0
        )
        before = owned(session)
        assert sorted(before.values(), reverse=True) == [8, 8, 7, 7, 7]
        leaving = leads[0]
        theirs = session.exec(select(Fan.id).where(Fan.owner_staff_id == leaving)).all()
        session.get_one(Staff, leaving).left_on = today()
        assert owners.hand_over(session, product, leaving) == len(theirs)
        after = owned(session)
        assert leaving not in after and sum(after.values()) == 37 and max(after.values()) - min(after.values()) <= 1
        history = owners.owner_history(session, product, theirs[0])
        assert [(was, becomes) for _, was, becomes in history] == [(None, leaving), (leaving, history[1][2])]
        with pytest.raises(NotAllowed):
            owners.assign_owners(session, chain.actors["clerk"], store)
        with pytest.raises(NotFound):
            owners.assign_owners(session, chain.actors["store_manager"], store)


def test_follow_up_and_conversion_have_no_rate_without_a_base(chain, leads):
    product = chain.actors["product"]
    with chain.db.write() as session:
        fans = session.exec(select(Fan.id).limit(3)).all()
        for place, (fan_id, state) in enumerate(zip(fans, ("done", "done", "not_done"), strict=True)):
            closed = now() - timedelta(days=20)
            session.add(
                ServiceCard(
                    fan_id=fan_id,
                    store_id=chain.stores["S2"],
                    deed="问候",
                    state=state,
                    staff_id=leads[0],
                    closed_at=closed,
                )
            )
            if place == 0:
                session.add(Order(brand_id=chain.brand_id, store_id=chain.stores["S2"], fan_id=fan_id, number="1", amount_fen=1,
                                  placed_at=closed + timedelta(days=3)))  # fmt: skip
        session.flush()
        figures = owners.staff_figures(session, product).set_index("staff_id")
        assert figures.loc[leads[0], "follow_up"] == pytest.approx(2 / 3) and figures.loc[leads[0], "converted"] == 0.5
        assert figures.loc[leads[1], ["follow_up", "converted"]].isna().all()
        session.get_one(Fan, fans[0]).source = "朋友推荐"
        session.flush()
        by_store = owners.follow_up_by(session, product, "store")
        assert by_store[["done", "not_done"]].values.tolist() == [[2, 1]] and by_store["converted"].tolist() == [0.5]
        by_source = owners.follow_up_by(session, product, "source").set_index("name")
        assert by_source.loc["朋友推荐", ["done", "not_done", "converted"]].tolist() == [1, 0, 1.0]
        assert by_source.loc["未注明", ["done", "not_done", "converted"]].tolist() == [1, 1, 0.0]
        assert owners.follow_up_by(session, product, "store", days=10).empty  # outside the window
        session.add(ServiceCard(fan_id=fans[2], store_id=chain.stores["S2"], deed="问候", state="done", staff_id=leads[1],
                                closed_at=now() - timedelta(days=3)))  # fmt: skip
        session.flush()  # whose 14 days are not over is followed up, but neither came again nor stayed away
        waits = owners.staff_figures(session, product).set_index("staff_id").loc[leads[1]]
        assert waits["follow_up"] == 1.0 and np.isnan(waits["converted"])
        assert owners.follow_up_by(session, chain.actors["store_manager"], "store").empty  # not their store


def test_who_leaves_hands_over_and_keeps_what_they_did(chain, leads):
    product, store = chain.actors["product"], chain.stores["S2"]
    with chain.db.write() as session:
        owners.assign_owners(session, product, store)
        theirs = session.exec(select(Fan.id).where(Fan.owner_staff_id == leads[1])).all()
        assert owners.leave(session, product, leads[1]) == len(theirs)
        assert leads[1] not in owners.staff_loads(session, product, store) and leads[1] not in owned(session)
        moves, left = owner_moves(session, product, theirs[0]), session.get_one(Staff, leads[1]).name
        assert [(before, after) for _, before, after in moves] == [
            ("", left),
            (left, owner_of(session, product, theirs[0])),
        ]
        owners.come_back(session, product, leads[1])
        assert owners.staff_loads(session, product, store)[leads[1]] == 0
        assert owners.leave(session, product, leads[1]) == 0
        with pytest.raises(NotFound):
            owners.leave(session, chain.actors["store_manager"], leads[2])
        with pytest.raises(NotFound):
            owners.leave(session, product, 99_999)
        with pytest.raises(NotAllowed):
            owners.leave(session, chain.actors["clerk"], leads[2])


def test_a_fan_gets_what_is_kept_and_is_forgotten(chain):
    manager, store = chain.actors["store_manager"], chain.stores["S1"]
    with chain.db.write() as session:
        fan = find_or_create_fan(session, chain.brand_id, {"phone": "13800138000"}, store_id=store, name="王小明").id
        session.add(
            Order(brand_id=chain.brand_id, store_id=store, fan_id=fan, number="A1", placed_at=now(), amount_fen=1850)
        )
        survey = read_definition(content_path("surveys", "nps.yaml").read_text("utf-8"))
        version = surveys.publish(session, chain.actors["product"], survey)
        wave = surveys.open_wave(session, chain.actors["product"], version.id, "十一月")
        code = surveys.personal_code(session, chain.actors["product"], wave.id, fan, store)
        add_voices(session, chain.brand_id, [NewVoice("排队太久", "review", "测试", "1", store_id=store, fan_id=fan)])
    with chain.db.write() as session:
        document = fan_document(session, manager, fan)
        assert document["姓名"] == "王小明" and document["号码"] == [{"类别": "手机号", "号码": "+8613800138000"}]
        assert document["订单"][0]["金额_元"] == 18.5 and document["原声"][0]["原话"] == "排队太久"
        for actor, refusal in (("clerk", NotAllowed), ("product", NotAllowed), ("stranger", NotFound)):
            with pytest.raises(refusal):
                fan_document(session, chain.actors[actor], fan)
    with chain.db.write() as session:
        with pytest.raises(InvalidInput, match="还没有确认"):
            erase.erase_fan(session, manager, fan, "是")
        erase.erase_fan(session, manager, fan, " 删除 ")
        assert session.exec(select(FanIdentity)).all() == []
        row = session.get_one(Fan, fan)
        assert row.erased_at is not None and row.name_sealed is None and row.name_masked == ""
        assert session.exec(select(Order.fan_id)).one() is None and session.exec(select(Voice.fan_id)).one() is None
        with pytest.raises(NotFound):
            fan_document(session, manager, fan)
        with pytest.raises(NotFound, match="失效"):
            find_form(session, code)  # the personal link
        again = find_or_create_fan(session, chain.brand_id, {"phone": "13800138000"}, store_id=store)
        assert again.id != fan


def bring(chain, kind: str, text: str) -> int:
    source = (text.encode(), f"{kind}.csv")
    return import_file(chain.db, chain.actors["product"], source, ImportRequest(kind)).batch_id


def test_undoing_an_import_brings_no_erased_name_back(chain):
    bring(chain, "members", "会员号,手机号,姓名,生日,门店\nM1,13800138000,王小明,1990-05-06,静安店\n")
    bring(chain, "orders", "订单号,门店,下单时间,实付金额,会员号\nA1,静安店,2026-11-01 10:00,12.50,M1\n")
    members = bring(chain, "members", "会员号,手机号,姓名,生日,门店\nM1,13800138000,王晓明,1990-06-06,静安店\n")
    orders = bring(chain, "orders", "订单号,门店,下单时间,实付金额,会员号\nA1,静安店,2026-11-01 10:00,13.50,M1\n")
    with chain.db.write() as session:
        fan = session.exec(select(Fan.id)).one()
        erase.erase_fan(session, chain.actors["ceo"], fan, "删除")
    for batch in (orders, members):
        undo_batch(chain.db, chain.actors["product"], batch)
    with chain.db.read() as session:
        row = session.get_one(Fan, fan)
        assert (row.name_sealed, row.birthday_sealed, row.name_masked) == (None, None, "")
        order = session.exec(select(Order)).one()
        assert order.fan_id is None and order.amount_fen == 1250  # the money is put back, whose it was is not


def test_a_number_given_as_an_answer_is_erased_too(chain):
    own, other = "13800138000", "13900139000"
    with chain.db.write() as session:
        fan = find_or_create_fan(session, chain.brand_id, {"phone": own}, store_id=chain.stores["S1"]).id
        survey = read_definition(content_path("surveys", "nps.yaml").read_text("utf-8"))
        version = surveys.publish(session, chain.actors["product"], survey)
        wave = surveys.open_wave(session, chain.actors["product"], version.id, "十一月")
        kept = {}
        for name, whose, phone in (("proven", fan, own), ("unproven", None, own), ("another's", None, other)):
            response = Response(wave_id=wave.id, store_id=chain.stores["S1"], fan_id=whose, state="submitted",
                                submit_key=name)  # fmt: skip
            session.add(response)
            session.flush()
            for code, value in (("q_phone", surveys.sealed_contact(phone)), ("q_score", 9), ("q_words", "sealed")):
                session.add(Answer(response_id=response.id, question_code=code, value=value))
            kept[response.id] = name
        session.flush()
        erase.erase_fan(session, chain.actors["ceo"], fan, "删除")
    with chain.db.read() as session:
        left = session.exec(select(Answer).where(Answer.question_code == "q_phone")).all()
        assert [kept[answer.response_id] for answer in left] == ["another's"]
        assert len(session.exec(select(Answer)).all()) == 7  # the scores and the words stay, as nobody's


def test_only_who_was_not_heard_of_for_years_is_forgotten(chain):
    long_ago, store = now() - timedelta(days=4 * 365), chain.stores["S1"]
    with chain.db.write() as session:
        people = {}
        for name in ("idle", "bought", "spoke", "called", "new", "merged", "kept"):
            fan = Fan(brand_id=chain.brand_id, home_store_id=store, name_masked=name,
                      joined_at=now() if name == "new" else long_ago)  # fmt: skip
            session.add(fan)
            session.flush()
            people[name] = fan.id
        session.get_one(Fan, people["merged"]).merged_into_id = people["kept"]
        for number, (name, at) in enumerate((("bought", now()), ("merged", now()), ("idle", long_ago))):
            session.add(Order(brand_id=chain.brand_id, store_id=store, fan_id=people[name], number=str(number), placed_at=at,
                              amount_fen=1))  # fmt: skip
        said = NewVoice("慢", "review", "测试", "1", store_id=store, fan_id=people["spoke"], said_at=now())
        add_voices(session, chain.brand_id, [said])
        record_contact(session, chain.actors["clerk"], session.get_one(Fan, people["called"]), "service", "in_store")
    command = ["fans", "forget", "--years", "3", "--brand", "山茶"]
    assert "1 位粉丝" in CliRunner().invoke(cli, command).output
    with chain.db.read() as session:
        assert session.exec(select(Fan).where(Fan.erased_at.is_not(None))).all() == []  # only counted
    assert "已删除" in CliRunner().invoke(cli, [*command, "--erase"]).output
    with chain.db.read() as session:
        assert session.exec(select(Fan.id).where(Fan.erased_at.is_not(None))).all() == [people["idle"]]
