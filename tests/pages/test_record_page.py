"""替顾客记答卷 on the page: nothing typed is lost on any way out, a number stays, nobody is replaced without a word."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fanops.collect import record_on_behalf as record
from fanops.collect import records_drafts as drafts
from fanops.collect import records_surveys as surveys
from fanops.collect.surveys.definition import read_definition
from fanops.errors import Conflict, NotFound
from fanops.tables import Answer, Response, now

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
SURVEY = """
code: visit
title: 到店体验
groups:
  - code: g
    title: 一
    questions:
      - {code: q1, kind: rating, title: 满意吗}
      - {code: q2, kind: multiple, title: 喜欢什么, options: [味道, 服务], other: 其他}
      - {code: q3, kind: single, title: 怎么来的, options: [走路, 开车], other: 别的}
      - {code: q4, kind: contact, title: 留个电话, consent: 同意回复我}
"""
WAYS = {"上一题": "record.back", "先存着，以后再记": "record.later"}


def words_on(at) -> str:
    boxes = [*at.markdown, *at.caption, *at.error, *at.success, *at.info, *at.warning, *at.subheader]
    return " ".join(str(box.value) for box in boxes)


def given(chain) -> dict[str, tuple]:
    with chain.db.read() as session:
        return {each.question_code: (each.value, each.other_text) for each in session.exec(select(Answer))}


def tap(at, label: str):
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception
    return at


@pytest.fixture
def wave(chain) -> int:
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], read_definition(SURVEY))
        return surveys.open_wave(session, chain.actors["product"], version.id, "十一月").id


@pytest.fixture
def draft(chain, wave) -> int:
    """An anonymous draft with its first question answered."""
    with chain.db.write() as session:
        clerk = chain.actors["clerk"]
        begun = record.start_on_behalf(session, clerk, wave, store_id=chain.stores["S1"]).id
        record.answer_on_behalf(session, clerk, begun, "q1", {"q1": ["4"]})
        return begun


@pytest.mark.parametrize("way", WAYS)
def test_what_is_typed_is_kept_by_every_way_out(open_page, chain, draft, way) -> None:
    at = open_page("clerk", "record.py", draft=draft)
    at.button_group(key=f"record.{draft}.q2").set_value(["味道"])
    at.text_input(key=f"record.{draft}.q2.text").set_value("杯子好看")
    at.button(key=f"{WAYS[way]}.q2").click().run()
    assert not at.exception and not at.error
    assert given(chain)["q2"][1] == "杯子好看" and len(given(chain)["q2"][0]) == 2
    if way == "上一题":
        assert "满意吗" in words_on(at)
    else:
        assert "已经存好" in words_on(at)
        tap(at, next(b.label for b in at.button if (b.key or "").startswith("record.resume.")))
        at = tap(at, "上一题")
        assert at.text_input(key=f"record.{draft}.q2.text").value == "杯子好看"


def test_own_words_at_a_single_choice_are_kept_too(open_page, chain, draft) -> None:
    at = tap(open_page("clerk", "record.py", draft=draft), "跳过")
    at.text_input(key=f"record.{draft}.q3.other.text").set_value("坐船")
    at.button(key="record.later.q3").click().run()
    assert not at.exception and given(chain)["q3"] == ("other", "坐船")


def test_skipping_keeps_nothing_new(open_page, chain, draft) -> None:
    at = open_page("clerk", "record.py", draft=draft)
    at.text_input(key=f"record.{draft}.q2.text").set_value("随手")
    tap(at, "跳过")
    assert "q2" not in given(chain)


def test_what_cannot_be_kept_holds_the_question_open(open_page, chain, draft) -> None:
    at = tap(tap(open_page("clerk", "record.py", draft=draft), "跳过"), "跳过")
    at.text_input(key=f"record.{draft}.q4").set_value("13800138000")
    at.button(key="record.later.q4").click().run()
    assert any("勾选同意" in box.value for box in at.error) and "已经存好" not in words_on(at)
    assert at.text_input(key=f"record.{draft}.q4").value == "13800138000"


def test_the_number_stays_until_it_is_taken_out(open_page, chain, draft) -> None:
    at = tap(tap(open_page("clerk", "record.py", draft=draft), "跳过"), "跳过")
    at.text_input(key=f"record.{draft}.q4").set_value("13800138000")
    at.checkbox(key=f"record.{draft}.q4.consent").check()
    tap(at, "下一题")
    kept = given(chain)["q4"]
    assert kept[0]["masked"] == "138****8000" and "138\\*\\*\\*\\*8000" in words_on(at)
    tap(at, "回去改")
    for label in ("下一题", "跳过", "跳过"):
        tap(at, label)
    assert "138\\*\\*\\*\\*8000" in words_on(at)
    assert at.text_input(key=f"record.{draft}.q4").value == ""
    tap(at, "下一题")
    assert given(chain)["q4"] == kept
    tap(at, "回去改")
    for label in ("下一题", "跳过", "跳过"):
        tap(at, label)
    at.checkbox(key=f"record.{draft}.q4.gone").check()
    tap(at, "下一题")
    assert "q4" not in given(chain)


def test_the_ends_of_a_scale_have_words(open_page, chain, wave) -> None:
    with chain.db.write() as session:
        begun = record.start_on_behalf(session, chain.actors["clerk"], wave, store_id=chain.stores["S1"]).id
    said = words_on(open_page("clerk", "record.py", draft=begun))
    assert "很不满意" in said and "很满意" in said


@pytest.fixture
def answered(chain, wave) -> int:
    """A fan who answered the wave before."""
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        fan = record.add_person(session, clerk, store_id=store, name="王小明", phone="13800138000").id
        begun = record.start_on_behalf(session, clerk, wave, store_id=store, fan_id=fan).id
        record.answer_on_behalf(session, clerk, begun, "q1", {"q1": ["4"]})
        record.submit_on_behalf(session, clerk, begun)
        return fan


def test_a_second_recording_is_said_before_it_begins(open_page, chain, answered) -> None:
    at = open_page("clerk", "record.py")
    at.text_input(key="record.look_for").set_value("13800138000").run()
    at.button(key=f"record.fan.{answered}").click().run()
    assert not at.exception and "已答过；再记会替换那一份" in words_on(at)
    at.button(key="record.again.no").click().run()
    with chain.db.read() as session:
        assert session.exec(select(Response.state)).all() == ["submitted"]
    at.text_input(key="record.look_for").set_value("13800138000").run()
    at.button(key=f"record.fan.{answered}").click().run()
    at.button(key="record.again.yes").click().run()
    assert not at.exception and "满意吗" in words_on(at)
    for label in ("跳过", "跳过", "跳过"):
        tap(at, label)
    assert "交上去会替换那一份" in words_on(at)
    tap(at, "交上去")
    with chain.db.read() as session:
        assert session.exec(select(Response.state).order_by(Response.id)).all() == ["replaced", "submitted"]


def test_the_number_looked_for_is_in_the_new_persons_field(open_page, chain, wave) -> None:
    at = open_page("clerk", "record.py")
    at.text_input(key="record.look_for").set_value("13900139000").run()
    assert at.text_input(key="record.new.phone.13900139000").value == "13900139000"
    at.text_input(key="record.look_for").set_value("13900139001").run()
    assert at.text_input(key="record.new.phone.13900139001").value == "13900139001"


def test_the_receipt_stays_until_the_fan_has_it(open_page, chain, draft) -> None:
    at = open_page("clerk", "record.py", draft=draft)
    for label in ("跳过", "跳过", "跳过", "交上去"):
        tap(at, label)
    [code] = at.code
    assert len(code.value) == 26
    assert [caption for image in at.image for caption in image.captions] == ["顾客扫一下就有回执码"]
    at.run()
    assert [each.value for each in at.code] == [code.value]
    tap(at, "给过了，下一位")
    assert not at.code and any(box.key == "record.look_for" for box in at.text_input)


def test_a_page_loaded_anew_gives_another_receipt_and_the_lost_one_stands_for_nothing(open_page, chain, draft) -> None:
    at = open_page("clerk", "record.py", draft=draft)
    for label in ("跳过", "跳过", "跳过", "交上去"):
        tap(at, label)
    lost = at.code[0].value
    assert at.query_params["draft"] == str(draft)  # what a reload starts from
    at = open_page("clerk", "record.py", draft=draft)
    assert "已经交了" in words_on(at) and not at.code
    tap(at, "再给一个回执码")
    renewed = at.code[0].value
    with chain.db.read() as session:
        assert drafts.find_receipt(session, renewed).id == draft
        with pytest.raises(NotFound):
            drafts.find_receipt(session, lost)
    tap(at, "给过了，下一位")
    assert "draft" not in at.query_params
    at = open_page("store_manager", "record.py", draft=draft)  # who did not hand it in
    at.button(key="record.receipt.renew").click().run()
    assert "不能再给回执码" in words_on(at) and not at.code


def test_what_a_fan_handed_in_gives_staff_no_receipt(chain, wave) -> None:
    with chain.db.write() as session:
        own = Response(wave_id=wave, store_id=chain.stores["S1"], state="submitted", submit_key="k", submitted_at=now())
        session.add(own)
        session.flush()
        with pytest.raises(Conflict):
            record.renew_receipt(session, chain.actors["clerk"], own.id)
