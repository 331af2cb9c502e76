"""The fan's page over HTTP: notice first, resumes, refuses kindly, one response per person, receipt, hostile posts."""

from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest
from sqlmodel import select

from fanops.collect import records_surveys as records
from fanops.collect.form_limits import UNKNOWN_ALLOWED
from fanops.collect.records_responses import response_table
from fanops.collect.surveys.definition import read_definition
from fanops.content import content_path
from fanops.errors import Conflict
from fanops.tables import Answer, Consent, Fan, Response, Unit, Voice


@pytest.fixture
def code(chain) -> str:
    """The open code of a store for the shipped store-visit survey."""
    survey = read_definition(content_path("surveys", "store_visit.yaml").read_text("utf-8"))
    with chain.db.write() as session:
        version = records.publish(session, chain.actors["product"], survey)
        wave = records.open_wave(session, chain.actors["product"], version.id, "十一月")
        return records.place_code(session, chain.actors["product"], wave.id, chain.stores["S1"], "3 号桌")


def answer_all(client, code: str) -> str:
    client.post(f"/s/{code}/start")
    client.post(f"/s/{code}", data={"at": 0, "overall": "2", "go": "next"})
    data = {"at": 1, "wrong": ["等得太久", "价格"], "say": "排队等了半小时，店员很热情", "go": "next"}
    return client.post(f"/s/{code}", data=data).text


def test_a_fan_answers_resumes_and_gets_a_receipt(browser, code, chain):
    client = browser()
    first = client.get(f"/s/{code}")
    assert first.status_code == 200 and "删除" in first.text and len(first.content) < 30_000
    assert "<script" not in first.text
    with chain.db.read() as session:
        assert session.exec(select(Response)).all() == []  # looking is not answering
    assert client.post(f"/s/{code}/start").status_code == 303
    screen = client.get(f"/s/{code}").text
    assert "今天整体满意吗" in screen
    lacking = client.post(f"/s/{code}", data={"at": 0, "go": "next"})
    assert lacking.status_code == 422 and "需要回答" in lacking.text
    assert client.post(f"/s/{code}", data={"at": 0, "overall": "2", "go": "next"}).status_code == 303
    resumed = client.get(f"/s/{code}").text  # closed and opened again: where it stopped
    assert "哪里没做好" in resumed and "哪里做得好" not in resumed
    wrong = client.post(
        f"/s/{code}", data={"at": 1, "wrong": ["等得太久"], "contact": "123", "say": "排队太久", "go": "next"}
    )
    assert (
        wrong.status_code == 422 and "11 位" in wrong.text and "排队太久" in wrong.text and 'value="123"' in wrong.text
    )
    done = client.post(f"/s/{code}", data={
        "at": 1, "wrong": ["等得太久"], "wrong.other": "", "say": "排队太久，店员很热情", "contact": "138 0013 8000",
        "contact.consent": "yes", "go": "next"})  # fmt: skip
    receipt = re.search(r'class="receipt">([A-Z2-9]{26})<', done.text)[1]
    with chain.db.read() as session:
        response = session.exec(select(Response).where(Response.state == "submitted")).one()
        fan = session.exec(select(Fan)).one()
        assert response.fan_id == fan.id and session.exec(select(Consent.granted)).one()
        assert session.exec(select(Voice.text)).all() == ["排队太久，店员很热情"]
        assert len(session.exec(select(Unit)).all()) == 2
        contact = session.exec(select(Answer.value).where(Answer.question_code == "contact")).one()
        assert contact["masked"] == "138****8000" and "13800138000" not in str(contact)
    again = client.post(f"/s/{code}", data={"at": 1, "say": "再交一次", "go": "next"})
    assert "已经交过" in again.text
    assert receipt in client.get(f"/s/{code}").text  # the thanks may be lost on the way: this browser can ask once more
    assert receipt not in browser().get(f"/s/{code}").text
    seen = client.post("/s/receipt", data={"receipt": receipt.lower()})
    assert "排队太久" in seen.text and "138****8000" in seen.text
    asked = client.post("/s/receipt", data={"receipt": receipt, "deed": "erase"}).text
    assert "确定删除" in asked and "不能恢复" in asked
    assert "排队太久" in client.post("/s/receipt", data={"receipt": receipt}).text  # asking erases nothing
    erased = client.post("/s/receipt", data={"receipt": receipt, "deed": "erase_now"})
    assert "已经删除" in erased.text
    with chain.db.read() as session:
        assert session.exec(select(Voice)).all() == [] and session.exec(select(Answer)).all() == []
    assert client.post("/s/receipt", data={"receipt": receipt}).status_code == 404


def test_a_correction_replaces_and_keeps_the_first(browser, code, chain):
    client = browser()
    receipt = re.search(r'class="receipt">(\w{26})<', answer_all(client, code))[1]
    moved = client.post("/s/receipt", data={"receipt": receipt, "deed": "correct"})
    assert moved.status_code == 303
    client.post(f"/s/{code}", data={"at": 0, "overall": "5", "go": "next"})
    client.post(f"/s/{code}", data={"at": 1, "right": ["出品快"], "say": "其实很好", "go": "next"})
    with chain.db.read() as session:
        states = sorted(session.exec(select(Response.state)).all())
        assert states == ["replaced", "submitted"]
        assert session.exec(select(Voice.text)).all() == ["其实很好"]


def test_erasing_takes_every_version(browser, code, chain):
    client = browser()
    first = re.search(r'class="receipt">(\w{26})<', answer_all(client, code))[1]
    client.post("/s/receipt", data={"receipt": first, "deed": "correct"})
    client.post(f"/s/{code}", data={"at": 0, "overall": "5", "go": "next"})
    done = client.post(f"/s/{code}", data={"at": 1, "right": ["出品快"], "say": "其实很好", "go": "next"}).text
    second = re.search(r'class="receipt">(\w{26})<', done)[1]
    client.post("/s/receipt", data={"receipt": second, "deed": "correct"})  # begun, never handed in
    other = browser("10.0.0.9")
    answer_all(other, code)
    client.post("/s/receipt", data={"receipt": second, "deed": "erase_now"})
    with chain.db.read() as session:
        states = session.exec(select(Response.state).order_by(Response.id)).all()
        assert states == ["erased", "erased", "erased", "submitted"]
        kept = session.exec(select(Response.id).where(Response.state == "submitted")).one()
        assert set(session.exec(select(Answer.response_id)).all()) == {kept}
        assert len(session.exec(select(Voice)).all()) == 1
    for receipt in (first, second):
        assert client.post("/s/receipt", data={"receipt": receipt}).status_code == 404


def test_a_number_that_is_only_typed_replaces_nobody(browser, code, chain):
    said = {"at": 1, "wrong": ["等得太久"], "contact": "13800138000", "contact.consent": "yes", "go": "next"}
    receipts = []
    for place, words in enumerate(("排队太久", "我冒充一下")):
        client = browser(f"10.0.1.{place}")
        client.post(f"/s/{code}/start")
        client.post(f"/s/{code}", data={"at": 0, "overall": "2", "go": "next"})
        done = client.post(f"/s/{code}", data=said | {"say": words}).text
        receipts.append(re.search(r'class="receipt">(\w{26})<', done)[1])
    with chain.db.read() as session:
        fan = session.exec(select(Fan)).one()
        rows = session.exec(select(Response.state, Response.fan_id).order_by(Response.id)).all()
        assert rows == [("submitted", fan.id), ("submitted", None)]
        assert session.exec(select(Voice.text, Voice.fan_id).order_by(Voice.id)).all() == [
            ("排队太久", fan.id),
            ("我冒充一下", None),
        ]
        assert len(session.exec(select(Consent)).all()) == 1
        wave = records.waves(session, chain.actors["product"])[0]
        _, _, table = response_table(session, chain.actors["product"], wave.id)
        assert ["没有核实" in note for note in table.sort_values("编号")["备注"]] == [False, True]
    # Whose number it is, and that they answered, is told to nobody.
    assert "核实" not in browser("10.0.1.9").post("/s/receipt", data={"receipt": receipts[1]}).text


def test_the_receipt_is_told_for_an_hour_and_the_phone_can_be_passed_on(browser, code, chain):
    client = browser()
    receipt = re.search(r'class="receipt">(\w{26})<', answer_all(client, code))[1]
    with chain.db.write() as session:
        response = session.exec(select(Response)).one()
        response.submitted_at -= timedelta(minutes=61)
        session.add(response)
    later = client.get(f"/s/{code}").text
    assert receipt not in later and "已经交过" in later
    assert client.post(f"/s/{code}/start").status_code == 303  # a reload of the start is no new person
    assert "已经交过" in client.get(f"/s/{code}").text
    assert client.post(f"/s/{code}/start", data={"next": "yes"}).status_code == 303
    assert "今天整体满意吗" in client.get(f"/s/{code}").text
    with chain.db.read() as session:
        assert sorted(session.exec(select(Response.state)).all()) == ["draft", "submitted"]


def test_a_personal_code_gives_one_response(browser, code, chain):
    with chain.db.write() as session:
        fan = Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"])
        session.add(fan)
        session.flush()
        wave = records.waves(session, chain.actors["product"])[0]
        personal = records.personal_code(session, chain.actors["product"], wave.id, fan.id, chain.stores["S1"])
        assert records.personal_code(session, chain.actors["product"], wave.id, fan.id, None) == personal
    answer_all(browser(), personal)
    answer_all(browser("10.0.0.2"), personal)  # another phone, the same person
    with chain.db.read() as session:
        states = sorted(session.exec(select(Response.state).where(Response.fan_id == fan.id)).all())
        assert states == ["replaced", "submitted"]
        assert len(session.exec(select(Voice)).all()) == 1


def test_a_closed_wave_and_unknown_codes(browser, code, chain):
    client = browser()
    assert client.get("/s/nothing").status_code == 404
    with chain.db.write() as session:
        wave = records.waves(session, chain.actors["product"])[0]
        records.close_wave(session, chain.actors["product"], wave.id)
    closed = client.get(f"/s/{code}")
    assert closed.status_code == 409 and "已经结束" in closed.text


def test_who_began_before_the_end_may_hand_in_and_nobody_begins_after_it(browser, code, chain):
    begun, late = browser(), browser("10.0.0.2")
    begun.post(f"/s/{code}/start")
    begun.post(f"/s/{code}", data={"at": 0, "overall": "2", "go": "next"})
    with chain.db.write() as session:
        wave = records.waves(session, chain.actors["product"])[0]
        assert records.wave_reach(session, chain.actors["product"], wave.id) == (1, 1, 0, 1)
        records.close_wave(session, chain.actors["product"], wave.id)
    assert "哪里没做好" in begun.get(f"/s/{code}").text
    done = begun.post(f"/s/{code}", data={"at": 1, "wrong": ["等得太久"], "say": "排队等了半小时", "go": "next"})
    assert done.status_code == 200 and 'class="receipt"' in done.text
    assert late.post(f"/s/{code}/start").status_code == 409
    assert begun.post(f"/s/{code}/start", data={"next": "yes"}).status_code == 409
    with chain.db.read() as session:
        assert session.exec(select(Response.state)).all() == ["submitted"]


def test_a_wave_of_several_stores_is_ended_by_who_sees_them_all(code, chain):
    manager = chain.actors["store_manager"]
    with chain.db.write() as session:
        wave = records.waves(session, manager)[0]
        records.close_wave(session, manager, wave.id)  # so far only her own store
        records.close_wave(session, manager, wave.id, closed=False)
        records.place_code(session, chain.actors["product"], wave.id, chain.stores["S3"])
        with pytest.raises(Conflict, match="2 家门店收集，您只管其中 1 家"):
            records.close_wave(session, manager, wave.id)
        assert records.is_open(wave)
        records.close_wave(session, chain.actors["product"], wave.id)


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_guessing_is_slowed_and_real_codes_are_not(browser, code):
    client = browser("10.9.9.9")
    answers = [client.get(f"/s/guess{n}").status_code for n in range(UNKNOWN_ALLOWED + 2)]
    assert answers[-1] == 429 and set(answers) == {404, 429}
    assert client.get(f"/s/{code}").status_code == 200


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_five_hundred_hostile_posts(browser, code, chain):
    client = browser()
    rng = random.Random(4)
    nasty = ["", "x" * 6000, "\x00", "' OR 1=1 --", "<script>alert(1)</script>", "../../etc", "９９", "-1", "1e999", "NaN",
             "😀" * 50, "\u202e反", "${jndi:x}", "{{7*7}}", "on", "other", "yes", "2", "等得太久"]  # fmt: skip
    fields = [
        "overall",
        "wrong",
        "wrong.other",
        "right",
        "say",
        "contact",
        "contact.consent",
        "at",
        "go",
        "draft",
        "x.y",
    ]
    client.post(f"/s/{code}/start")
    for number in range(500):
        data = {
            name: [rng.choice(nasty) for _ in range(rng.randint(1, 3))]
            for name in rng.sample(fields, rng.randint(0, 6))
        }
        path = rng.choice([f"/s/{code}", f"/s/{code}", f"/s/{code}/start", "/s/receipt"])
        status = client.post(path, data=data).status_code
        assert status < 500, (number, path, data)
    assert client.post(f"/s/{code}", content=b"a" * 100_000).status_code == 413
    assert "<script>alert" not in client.get(f"/s/{code}?at=1").text
    with chain.db.read() as session:
        for answer in session.exec(select(Answer)):
            allowed = {"overall": {1, 2, 3, 4, 5}}.get(answer.question_code)
            assert allowed is None or answer.value in allowed
