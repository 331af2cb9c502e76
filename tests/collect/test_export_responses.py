"""The answers as a table: one row per response, one column per option, other words beside, nothing of other stores."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from fanops.collect import record_on_behalf as record
from fanops.collect import records_surveys as records
from fanops.collect.export_responses import export_responses
from fanops.collect.invite_fans import export_links
from fanops.collect.records_responses import answers_over_waves
from fanops.collect.surveys.definition import read_definition
from fanops.errors import NotFound

SURVEY = """
code: visit
title: 到店体验
groups:
  - code: g
    title: 一
    questions:
      - {code: q1, kind: multiple, title: 喜欢什么, options: [味道, 服务], other: 其他}
      - {code: q2, kind: rating, title: 打几分}
      - {code: q3, kind: long_text, title: 还想说}
"""


@pytest.fixture
def wave(chain) -> int:
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    with chain.db.write() as session:
        version = records.publish(session, chain.actors["product"], read_definition(SURVEY))
        wave_id = records.open_wave(session, chain.actors["product"], version.id, "十一月").id
        fan = record.add_person(session, clerk, store_id=store, phone="13800138000")
        for fan_id, answers in (
            (fan.id, {"q1": {"q1": ["味道", "other"], "q1.other": ["=1+1"]}, "q3": {"q3": ["想要燕麦奶"]}}),
            (None, {"q2": {"q2": ["4"]}}),
        ):
            draft = record.start_on_behalf(session, clerk, wave_id, store_id=store, fan_id=fan_id)
            for code, form in answers.items():
                record.answer_on_behalf(session, clerk, draft.id, code, form)
            record.submit_on_behalf(session, clerk, draft.id)
    return wave_id


def test_excel_has_a_column_per_option_and_the_words_beside(chain, wave):
    name, _, content = export_responses(chain.db, chain.actors["ceo"], {"wave": str(wave)})
    sheets = pd.read_excel(io.BytesIO(content), sheet_name=None, engine="openpyxl")
    assert name == "十一月.xlsx" and list(sheets) == ["答卷", "题目"]
    first, second = sheets["答卷"].to_dict("records")
    assert (first["喜欢什么：味道"], first["喜欢什么：服务"], first["喜欢什么：其他"]) == (1, 0, 1)
    assert first["喜欢什么（其他）"] == "'=1+1" and first["还想说"] == "想要燕麦奶" and first["分层"] == "已识别"
    assert second["打几分"] == 4 and pd.isna(second["喜欢什么：味道"])
    assert "138" not in content.decode("latin-1") and not any("13800138000" in str(cell) for cell in first.values())


def test_csv_opens_in_excel_and_only_own_stores_are_in_it(chain, wave):
    _, _, content = export_responses(chain.db, chain.actors["ceo"], {"wave": str(wave), "as": "csv"})
    assert content.startswith(b"\xef\xbb\xbf")
    _, _, content = export_responses(chain.db, chain.actors["clerk2"], {"wave": str(wave), "as": "csv"})
    assert "燕麦奶" not in content.decode("utf-8-sig")
    for actor, asked in (("stranger", str(wave)), ("ceo", "x"), ("ceo", "999")):
        with pytest.raises(NotFound):
            export_responses(chain.db, chain.actors[actor], {"wave": asked})


@pytest.mark.parametrize("export", [export_responses, export_links])
@pytest.mark.parametrize("asked", ["", "9" * 20, "-1", "七"])
def test_what_can_be_no_row_is_refused_in_words(chain, export, asked):
    with pytest.raises(NotFound):
        export(chain.db, chain.actors["ceo"], {"wave": asked, "fan": asked})


def test_answers_over_waves_are_those_of_the_same_question_in_scope(chain, wave):
    clerk, store = chain.actors["clerk"], chain.stores["S1"]
    other = SURVEY.replace("[味道, 服务]", "[味道, 环境]")
    with chain.db.write() as session:
        for text, title in ((SURVEY, "十二月"), (other, "一月")):
            version = records.publish(session, chain.actors["product"], read_definition(text))
            later = records.open_wave(session, chain.actors["product"], version.id, title).id
            draft = record.start_on_behalf(session, clerk, later, store_id=store)
            record.answer_on_behalf(session, clerk, draft.id, "q1", {"q1": ["味道"]})
            record.answer_on_behalf(session, clerk, draft.id, "q2", {"q2": ["2"]})
            record.submit_on_behalf(session, clerk, draft.id)
    with chain.db.read() as session:
        values, waves = answers_over_waves(session, chain.actors["ceo"], wave, "q2")
        assert list(zip(waves, values, strict=True)) == [("十一月", None), ("十一月", 4), ("十二月", 2), ("一月", 2)]
        _, waves = answers_over_waves(session, chain.actors["ceo"], wave, "q1")
        assert waves == ["十一月", "十一月", "十二月"]  # 一月 offered something else
        assert answers_over_waves(session, chain.actors["clerk2"], wave, "q2") == ([], [])


def test_points_of_another_scale_are_not_compared(chain, wave):
    wider = SURVEY.replace("title: 打几分}", "title: 打几分, max: 10}")
    with chain.db.write() as session:
        version = records.publish(session, chain.actors["product"], read_definition(wider))
        later = records.open_wave(session, chain.actors["product"], version.id, "十二月").id
        clerk = chain.actors["clerk"]
        draft = record.start_on_behalf(session, clerk, later, store_id=chain.stores["S1"])
        record.answer_on_behalf(session, clerk, draft.id, "q2", {"q2": ["10"]})
        record.submit_on_behalf(session, clerk, draft.id)
        assert set(answers_over_waves(session, chain.actors["ceo"], wave, "q2")[1]) == {"十一月"}


def test_questions_of_one_title_keep_a_column_each(chain):
    """“为什么？” may be asked twice, and a title may be a word that heads another column."""
    text = SURVEY.replace("喜欢什么", "门店").replace("打几分", "为什么？").replace("还想说", "为什么？")
    clerk = chain.actors["clerk"]
    with chain.db.write() as session:
        version = records.publish(session, chain.actors["product"], read_definition(text))
        made = records.open_wave(session, chain.actors["product"], version.id, "同名").id
        draft = record.start_on_behalf(session, clerk, made, store_id=chain.stores["S1"])
        for code, given in (("q2", "4"), ("q3", "想要燕麦奶")):
            record.answer_on_behalf(session, clerk, draft.id, code, {code: [given]})
        record.submit_on_behalf(session, clerk, draft.id)
    _, _, content = export_responses(chain.db, chain.actors["ceo"], {"wave": str(made)})
    (row,) = pd.read_excel(io.BytesIO(content), engine="openpyxl").to_dict("records")
    assert row["为什么？（q2）"] == 4 and row["为什么？（q3）"] == "想要燕麦奶"
    assert isinstance(row["门店"], str) and "门店（q1）：味道" in row
