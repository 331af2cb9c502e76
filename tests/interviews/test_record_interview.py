"""An interview is kept while it is typed, becomes the fan's voices, is coded, compared and taken out."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from xml.etree import ElementTree as xml

import pandas as pd
import pytest
from sqlmodel import select

from fanops.collect import record_interview as record
from fanops.collect import record_on_behalf
from fanops.collect import records_coding as coding
from fanops.collect.export_codings import export_codings
from fanops.collect.undo_finish_interview import reopen_interview
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.fans.merge import merge_fans
from fanops.tables import Fan, Interview, Staff, Theme, Turn, Unit, Voice

GUIDE = "core_fan_interview"


@pytest.fixture
def held(chain) -> int:
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        fan = record_on_behalf.add_person(session, clerk, store_id=store, name="王小明", phone="13800138000")
        return record.start_interview(session, clerk, GUIDE, store_id=store, fan_id=fan.id).id


def finished(chain, held: int) -> list[Turn]:
    clerk = chain.actors["clerk"]
    with chain.db.write() as session:
        record.keep_note(session, clerk, held, "love", "said", "珍珠煮得软，店员也记得我😊不加糖", 10)
        record.keep_note(session, clerk, held, "wish", "said", "排队太久，等了半小时", 11)
        record.keep_note(session, clerk, held, "wish", "note", "她赶时间", 12)
        assert record.finish_interview(session, clerk, held) == 2
        assert record.finish_interview(session, clerk, held) == 0
        return [turn for turn in record.turns_of(session, clerk, held) if turn.speaker == "fan"]


def test_later_typing_wins_whatever_arrives_first(chain, held):
    clerk = chain.actors["clerk"]
    with chain.db.write() as session:
        record.keep_note(session, clerk, held, "love", "said", "珍珠很软", 200)
        record.keep_note(session, clerk, held, "love", "said", "珍", 100)
        assert session.get_one(Interview, held).notes["love"]["said"] == "珍珠很软"
        record.keep_note(session, clerk, held, "love", "said", "打 13800138000 给我", 300)
        assert "13800138000" not in session.get_one(Interview, held).notes["love"]["said"]
        with pytest.raises(InvalidInput, match="没有这一栏"):
            record.keep_note(session, clerk, held, "nothing", "said", "x", 400)
        with pytest.raises(InvalidInput, match="最多"):
            record.keep_note(session, clerk, held, "love", "said", "长" * 4001, 400)
        with pytest.raises(NotFound):
            record.keep_note(session, chain.actors["clerk2"], held, "love", "said", "x", 400)


def test_the_fans_words_become_voices_and_notes_do_not(chain, held):
    with chain.db.write() as session, pytest.raises(InvalidInput, match="顾客的原话"):
        record.finish_interview(session, chain.actors["clerk"], held)
    finished(chain, held)
    with chain.db.write() as session:
        voices = session.exec(select(Voice).order_by(Voice.id)).all()
        assert [voice.text for voice in voices] == ["珍珠煮得软，店员也记得我😊不加糖", "排队太久，等了半小时"]
        assert all(
            voice.fan_id and voice.turn_id and voice.staff_id == chain.actors["clerk"].staff_id for voice in voices
        )
        figures = record.quality(session, chain.actors["clerk"], held)
        assert figures.informative_share == 1 and 0.8 < figures.own_words_share < 0.9 and figures.copied == 0
        with pytest.raises(Conflict):
            record.keep_note(session, chain.actors["clerk"], held, "love", "said", "改", 999)
        # The same words by the slower way, after the end: they are kept, so that the device lets go of its copy.
        record.keep_note(session, chain.actors["clerk"], held, "love", "said", "珍珠煮得软，店员也记得我😊不加糖", 10)
        with pytest.raises(Conflict):
            record.discard_interview(session, chain.actors["clerk"], held)
    with chain.db.read() as session:
        table, total = record.interview_table(session, chain.actors["clerk"])
        assert table["turns"].tolist() == [2] and total == 1
        assert record.interview_table(session, chain.actors["clerk2"])[0].empty


def test_an_old_interview_is_found_in_a_long_list(chain, held):
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        finished_at = session.get_one(Interview, held).started_at
        for place in range(5):
            record.start_interview(session, clerk, GUIDE, store_id=store).started_at = finished_at + timedelta(
                days=place
            )
    with chain.db.write() as session:
        table, total = record.interview_table(session, clerk, limit=3)
        assert held not in table["interview_id"].tolist() and (len(table), total) == (3, 6)
        session.get_one(Fan, session.get_one(Interview, held).fan_id).name_masked = "钱**"  # the clerk is a 王 too
        session.flush()
        for words in ("8000", "13800138000", "钱", "钱多多", "钱**"):
            table, total = record.interview_table(session, clerk, words, limit=3)
            assert table["interview_id"].tolist() == [held] and total == 1, words
            assert (table["fan"][0], table["tail"][0]) == ("钱**", "8000")
        staff = session.get_one(Staff, clerk.staff_id).name
        assert record.interview_table(session, clerk, staff)[1] == 6
        assert (
            record.interview_table(session, clerk, "%")[1] == record.interview_table(session, clerk, "没有这人")[1] == 0
        )
        assert record.interview_table(session, chain.actors["clerk2"], "8000")[1] == 0


def test_who_was_asked_is_said_also_of_a_record_that_was_merged(chain, held):
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        other = record_on_behalf.add_person(session, clerk, store_id=store, name="", phone="13900139001")
        merge_fans(
            session, chain.actors["store_manager"], session.get_one(Interview, held).fan_id, other.id, "说是同一个人"
        )
        nobody = record.start_interview(session, clerk, GUIDE, store_id=store)
        assert record.who_was_asked(session, nobody) is None
        name, tail = record.who_was_asked(session, session.get_one(Interview, held))
        assert not name and "9001" in tail


def test_an_interview_ended_too_early_goes_on_unless_its_words_are_used(chain, held):
    clerk = chain.actors["clerk"]
    finished(chain, held)
    with chain.db.write() as session:
        theme = Theme(brand_id=chain.brand_id, name="珍珠", quote_unit_ids=session.exec(select(Unit.id)).all())
        session.add(theme)
        with pytest.raises(NotFound):
            reopen_interview(session, chain.actors["clerk2"], held)
        reopen_interview(session, clerk, held)
        session.refresh(theme)
        assert theme.quote_unit_ids == [] and not session.exec(select(Voice)).all() + session.exec(select(Turn)).all()
        assert reopen_interview(session, clerk, held).state == "live"  # twice is once
        record.keep_note(session, clerk, held, "love", "said", "珍珠煮得软，奶茶也香", 20)
        assert record.finish_interview(session, clerk, held) == 2
        assert [voice.text for voice in session.exec(select(Voice).order_by(Voice.id))] == [
            "珍珠煮得软，奶茶也香",
            "排队太久，等了半小时",
        ]
        turn = next(each for each in record.turns_of(session, clerk, held) if each.speaker == "fan")
        code = coding.save_code(session, chain.actors["product"], name="口感")
        coding.code_passage(session, chain.actors["product"], turn.id, code.id, 0, 2)
        with pytest.raises(Conflict, match="已经有人用了"):
            reopen_interview(session, clerk, held)


def test_two_coders_compared_merged_and_taken_back(chain, held):
    first, second = finished(chain, held)
    product, ceo = chain.actors["product"], chain.actors["ceo"]
    with chain.db.write() as session:
        waiting = coding.save_code(session, product, name="等位", definition="等得久").id
        staff = coding.save_code(session, product, name="店员").id
        with pytest.raises(Conflict, match="已经有编码"):
            coding.save_code(session, product, name=" 等位 ")
        with pytest.raises(NotAllowed):
            coding.save_code(session, chain.actors["clerk"], name="别的")
        mine = coding.code_passage(session, product, second.id, waiting, 0, 4, "急")
        assert mine.quoted == "排队太久"
        with pytest.raises(Conflict, match="已经在"):
            coding.code_passage(session, product, second.id, waiting, 0, 4)
        for start, end in ((3, 3), (0, 999), (-1, 2)):
            with pytest.raises(InvalidInput):
                coding.code_passage(session, product, second.id, waiting, start, end)
        coding.code_passage(session, ceo, second.id, waiting, 0, 4)
        coding.code_passage(session, ceo, first.id, staff, 6, 16)
        codes, differ = coding.compare_coders(session, product, product.account_id, ceo.account_id)
        by_code = codes.set_index("code")
        assert by_code.loc["等位", "kappa"] == pytest.approx(1) and by_code.loc["店员", "kappa"] == pytest.approx(0)
        assert differ["code"].tolist() == ["店员"]
        assert len(coding.codings(session, product, held, mine=True)) == 1
        with pytest.raises(NotFound):
            coding.withdraw_coding(session, ceo, mine.id)
        moved = coding.merge_codes(session, product, staff, waiting)
        assert set(coding.codings(session, product)["code"]) == {"等位"}
        coding.unmerge_codes(session, product, staff, moved)
        assert coding.codings(session, product)["code"].tolist() == ["店员", "等位", "等位"]
        assert coding.grid(session, product).iloc[0][["等位", "店员"]].tolist() == [2, 1]
        assert coding.codings(session, chain.actors["stranger"]).empty


def test_a_code_is_deleted_when_nothing_is_under_it(chain, held):
    first, _ = finished(chain, held)
    product = chain.actors["product"]
    with chain.db.write() as session:
        store = coding.save_code(session, product, name="门店", definition="说到店里")
        passage = coding.code_passage(session, product, first.id, store.id, 0, 2)
        table = coding.grid(session, product)  # a code may be called what a column is called
        assert table.loc[0, ["访谈", "门店（编码）"]].tolist() == [held, 1] and table.loc[0, "粉丝"] == "王**"
        with pytest.raises(Conflict, match="1 段"):
            coding.delete_code(session, product, store.id)
        with pytest.raises(NotAllowed):
            coding.delete_code(session, chain.actors["store_manager"], store.id)
        coding.withdraw_coding(session, product, passage.id)
        was = coding.delete_code(session, product, store.id)
        assert coding.codebook(session, product).empty
        again = coding.save_code(session, product, **was)
        assert again.definition == "说到店里"
        other = coding.save_code(session, product, name="店面")
        coding.merge_codes(session, product, other.id, again.id)
        with pytest.raises(Conflict, match="已经合并到“门店”"):
            coding.save_code(session, product, name="店面")
        with pytest.raises(Conflict, match="合并到了"):
            coding.delete_code(session, product, again.id)


def test_other_tools_can_read_it(chain, held):
    first, _ = finished(chain, held)
    product = chain.actors["product"]
    with chain.db.write() as session:
        code = coding.save_code(session, product, name="店员", definition="说到人", example="记得我")
        coding.code_passage(session, product, first.id, code.id, 6, 16)
    _, _, content = export_codings(chain.db, product, {"as": "qdc"})
    book = xml.fromstring(content)
    assert book.tag == "{urn:QDA-XML:codebook:1.0}CodeBook"
    assert [each.get("name") for each in book.iter("{urn:QDA-XML:codebook:1.0}Code")] == ["店员"]
    _, _, content = export_codings(chain.db, product, {"as": "qdpx"})
    archive = zipfile.ZipFile(io.BytesIO(content))
    project = xml.fromstring(archive.read("project.qde"))
    [source] = project.iter("{urn:QDA-XML:project:1.0}TextSource")
    text = archive.read("sources/" + source.get("plainTextPath").removeprefix("internal://")).decode("utf-8-sig")
    [passage] = source
    assert text[int(passage.get("startPosition")) : int(passage.get("endPosition"))] == "店员也记得我😊不加糖"
    _, _, content = export_codings(chain.db, product, {})
    sheets = pd.read_excel(io.BytesIO(content), sheet_name=None, engine="openpyxl")
    assert list(sheets) == ["编码段", "粉丝×编码", "按门店", "按分层", "编码本"] and sheets["编码段"][
        "原话"
    ].tolist() == ["店员也记得我😊不加糖"]
