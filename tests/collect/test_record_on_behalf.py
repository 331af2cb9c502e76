"""Recording for a fan: kept after every answer, credited to the fan, the recorder named, one live response per fan and wave."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fanops.collect import record_on_behalf as record
from fanops.collect import records_surveys as records
from fanops.collect.surveys.definition import read_definition
from fanops.errors import Conflict, InvalidInput, NotFound
from fanops.tables import Answer, Fan, Response, Voice

SURVEY = """
code: visit
title: 到店体验
groups:
  - code: g
    title: 一
    questions:
      - {code: q1, kind: single, title: 今天怎么样, required: true, options: [好, 不好], other: 其他}
      - {code: q2, kind: long_text, title: 哪里不好, required: true, show_if: q1 == "不好"}
      - {code: q3, kind: nps, title: 会推荐吗}
      - {code: q4, kind: contact, title: 留个电话, consent: 同意回复我}
"""


@pytest.fixture
def wave(chain) -> int:
    with chain.db.write() as session:
        version = records.publish(session, chain.actors["product"], read_definition(SURVEY))
        return records.open_wave(session, chain.actors["product"], version.id, "十一月").id


def test_a_fan_is_asked_recorded_and_credited(chain, wave):
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        fan = record.add_person(session, clerk, store_id=store, name="王小明", phone="138 0013 8000")
        again = record.add_person(session, clerk, store_id=store, phone="+86 13800138000")
        assert fan.id == again.id
        draft_id = record.start_on_behalf(session, clerk, wave, store_id=store, fan_id=fan.id).id
        assert record.start_on_behalf(session, clerk, wave, store_id=store, fan_id=fan.id).id == draft_id
        assert [q.code for q in record.get_draft(session, clerk, draft_id).questions()] == ["q1", "q3"]
        record.answer_on_behalf(session, clerk, draft_id, "q1", {"q1": ["不好"]})
    with chain.db.write() as session:
        draft = record.get_draft(session, clerk, draft_id)
        assert [q.code for q in draft.questions()] == ["q1", "q2", "q3"] and draft.first_unanswered() == 1
        with pytest.raises(Conflict, match="必答"):
            record.submit_on_behalf(session, clerk, draft_id)
        record.answer_on_behalf(session, clerk, draft_id, "q2", {"q2": ["等位太久"]})
        with pytest.raises(InvalidInput, match="数字"):
            record.answer_on_behalf(session, clerk, draft_id, "q3", {"q3": ["很想"]})
        assert record.unfinished(session, clerk)["answers"].tolist() == [2]
        receipt = record.submit_on_behalf(session, clerk, draft_id)
        assert len(receipt) == 26 and record.submit_on_behalf(session, clerk, draft_id) == ""
    with chain.db.read() as session:
        voice = session.exec(select(Voice)).one()
        assert (voice.text, voice.fan_id, voice.staff_id, voice.store_id) == ("等位太久", fan.id, clerk.staff_id, store)
        assert session.exec(select(Fan)).one().home_store_id == store
        assert record.unfinished(session, clerk).empty


def test_a_second_time_replaces_and_keeps_the_first(chain, wave):
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        fan = record.add_person(session, clerk, store_id=store, phone="13800138000")
        for choice in ("好", "不好"):
            if choice == "不好":
                assert record.answered_at(session, clerk, wave, fan.id) is not None
                with pytest.raises(Conflict, match="已答过"):
                    record.start_on_behalf(session, clerk, wave, store_id=store, fan_id=fan.id)
            draft = record.start_on_behalf(session, clerk, wave, store_id=store, fan_id=fan.id, again=choice == "不好")
            record.answer_on_behalf(session, clerk, draft.id, "q1", {"q1": [choice]})
            if choice == "不好":
                record.answer_on_behalf(session, clerk, draft.id, "q2", {"q2": ["慢"]})
            record.submit_on_behalf(session, clerk, draft.id)
    with chain.db.read() as session:
        assert session.exec(select(Response.state).order_by(Response.id)).all() == ["replaced", "submitted"]


def test_what_is_refused(chain, wave):
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        with pytest.raises(InvalidInput, match="认得出"):
            record.add_person(session, clerk, store_id=store, name="王小明")
        with pytest.raises(NotFound):
            record.add_person(session, clerk, store_id=chain.stores["S3"], phone="13800138000")
        draft = record.start_on_behalf(session, clerk, wave, store_id=store)
        with pytest.raises(Conflict, match="不用问"):
            record.answer_on_behalf(session, clerk, draft.id, "q2", {"q2": ["慢"]})
        for other in ("clerk2", "stranger"):
            with pytest.raises(NotFound):
                record.get_draft(session, chain.actors[other], draft.id)
        record.answer_on_behalf(session, clerk, draft.id, "q1", {"q1": ["other"], "q1.other": ["一般"]})
        record.discard_draft(session, clerk, draft.id)
        assert session.exec(select(Answer)).all() == []
        records.close_wave(session, chain.actors["product"], wave)
        with pytest.raises(Conflict, match="结束"):
            record.start_on_behalf(session, clerk, wave, store_id=store)


def test_what_was_begun_says_of_whom(chain, wave):
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        fan = record.add_person(session, clerk, store_id=store, phone="13800138000")  # no name: not "stays unknown"
        known = record.start_on_behalf(session, clerk, wave, store_id=store, fan_id=fan.id).id
        nobody = record.start_on_behalf(session, clerk, wave, store_id=store).id
        table = record.unfinished(session, clerk).set_index("response_id")
        assert (table.loc[known, "fan_id"], table.loc[known, "tail"]) == (fan.id, "8000")
        assert (table.loc[nobody, "fan_id"], table.loc[nobody, "tail"]) != (fan.id, "8000") and table[
            "fan_id"
        ].isna().sum() == 1
        assert record.get_draft(session, clerk, known).tail == "8000"
        assert record.get_draft(session, clerk, nobody).tail == ""


def test_a_regular_of_another_store_can_be_asked_here(chain, wave):
    clerk, elsewhere = chain.actors["clerk"], chain.actors["clerk2"]
    with chain.db.write() as session:
        fan = record.add_person(session, elsewhere, store_id=chain.stores["S3"], name="王小明", phone="13800138000")
        here = record.add_person(session, clerk, store_id=chain.stores["S1"], phone="13800138000")
        assert here.id == fan.id
        assert record.answered_at(session, clerk, wave, fan.id) is None
        record.start_on_behalf(session, clerk, wave, store_id=chain.stores["S1"], fan_id=fan.id)
