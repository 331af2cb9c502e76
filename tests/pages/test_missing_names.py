"""Rows with and without a name, a store or a recorder side by side: the page opens for everybody, and says what is missing."""

from __future__ import annotations

import pytest

from fanops.collect import record_interview as interviews
from fanops.collect import record_on_behalf as record
from fanops.collect import records_coding as coding
from fanops.collect import records_surveys as surveys
from fanops.collect.surveys.definition import read_definition
from fanops.tables import BacklogItem, Fan, Referral, Telling, Trial, Turn

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
SURVEY = """
code: visit
title: 到店体验
groups:
  - code: g
    title: 一
    questions:
      - {code: q1, kind: nps, title: 会推荐吗}
"""


def words_on(at) -> str:
    links = [str(link.proto.label) for link in at.get("page_link")] + [str(button.label) for button in at.button]
    return " ".join([*(str(box.value) for box in (*at.markdown, *at.caption)), *links])


@pytest.fixture
def fans(chain) -> list[int]:
    """One with a name and a store, one with neither."""
    with chain.db.write() as session:
        made = [
            Fan(brand_id=chain.brand_id, home_store_id=chain.stores["S1"], name_masked="王**", level="fan"),
            Fan(brand_id=chain.brand_id, level="fan"),
        ]
        session.add_all(made)
        session.flush()
        return [fan.id for fan in made]


@ONE
def test_one_anonymous_interview_leaves_the_page_open(open_page, chain, fans) -> None:
    guide = next(iter(interviews.guides()))
    with chain.db.write() as session:
        for login, fan in (("clerk", fans[0]), ("clerk", None), ("product", None)):
            interviews.start_interview(session, chain.actors[login], guide, store_id=chain.stores["S1"], fan_id=fan)
    at = open_page("product", "interviews.py")
    assert not at.exception
    said = words_on(at)
    assert "王" in said and said.count("未识别的顾客") == 2 and "王小明" in said and "未注明店员" in said


@ONE
def test_a_named_and_an_anonymous_draft_side_by_side(open_page, chain, fans) -> None:
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        version = surveys.publish(session, chain.actors["product"], read_definition(SURVEY))
        wave = surveys.open_wave(session, chain.actors["product"], version.id, "十一月").id
        for fan in (fans[0], None):
            record.start_on_behalf(session, clerk, wave, store_id=store, fan_id=fan)
    at = open_page("clerk", "record.py")
    assert not at.exception
    labels = [button.label for button in at.button if (button.key or "").startswith("record.resume.")]
    assert len(labels) == 2 and labels[0].startswith("不留身份的顾客") and labels[1].startswith("王")


@ONE
def test_tellings_and_trials_without_a_store(open_page, chain, fans) -> None:
    with chain.db.write() as session:
        item = BacklogItem(brand_id=chain.brand_id, title="预点单")
        session.add(item)
        session.flush()
        for fan, store in zip(fans, (chain.stores["S1"], None), strict=True):
            session.add(Telling(item_id=item.id, fan_id=fan, store_id=store))
            session.add(Trial(item_id=item.id, fan_id=fan, store_id=store))
    at = open_page("ceo", "today.py")
    assert not at.exception
    said = words_on(at)
    assert "静安店" in said and "nan" not in said and said.count("未留姓名") == 2  # told, and asked to try


@ONE
def test_referrals_and_a_search_with_and_without_a_name(open_page, chain, fans) -> None:
    with chain.db.write() as session:
        third = Fan(brand_id=chain.brand_id, name_masked="李*")
        session.add(third)
        session.flush()
        for fan in fans:
            session.add(Referral(fan_id=fan, referrer_fan_id=third.id))
    at = open_page("ceo", "fan.py", fan=third.id)
    assert not at.exception
    assert "介绍来 未留姓名" in words_on(at)


@ONE
def test_codes_of_any_name_are_seen_by_fan_and_deleted_with_a_way_back(open_page, chain, fans) -> None:
    product, store = chain.actors["product"], chain.stores["S1"]
    with chain.db.write() as session:
        used = coding.save_code(session, product, name="门店")
        for fan in (fans[1], None):
            held = interviews.start_interview(
                session, product, next(iter(interviews.guides())), store_id=store, fan_id=fan
            )
            turn = Turn(interview_id=held.id, position=0, speaker="fan", text="排队太久")
            session.add(turn)
            session.flush()
            coding.code_passage(session, product, turn.id, used.id, 0, 2)
        unused = coding.save_code(session, product, name="写错的").id
    at = open_page("product", "codebook.py")
    assert not at.exception
    shown = next(each.value for each in at.dataframe if "粉丝" in each.value)
    assert sorted(shown["粉丝"]) == ["未留姓名", "未识别"] and shown["门店（编码）"].tolist() == [1, 1]
    at.selectbox(key="codebook.code").select(used.id).run()
    assert not [button for button in at.button if button.key == f"codebook.delete.{used.id}"]
    at.selectbox(key="codebook.code").select(unused).run()
    at.button(key=f"codebook.delete.{unused}").click().run()
    assert not at.exception and not at.error
    at.button(key="done.undo").click().run()
    with chain.db.read() as session:
        assert coding.codebook(session, product)["name"].tolist() == ["写错的", "门店"]
