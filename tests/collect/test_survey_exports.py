"""Exports of 问卷星 and 腾讯问卷: recognised, matched, checked, imported once, taken back; or their words as voices."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import text
from sqlmodel import func, select

from fanops.collect import records_surveys
from fanops.collect.export_problems import export_problems
from fanops.collect.import_file import ImportRequest, import_file, preview_file
from fanops.collect.import_survey_export import ExportRequest, import_survey_export, preview_survey_export
from fanops.collect.read_file import read_content
from fanops.collect.survey_exports import (
    duration_of,
    guess_questions,
    open_questions,
    read_form,
    recognise,
    without_addresses,
)
from fanops.collect.surveys.answers import BadAnswer
from fanops.collect.surveys.definition import read_definition
from fanops.collect.undo_import import undo_batch
from fanops.collect.uploads import keep_upload
from fanops.errors import Conflict, InvalidInput, NotAllowed, NotFound
from fanops.tables import Answer, Fan, Response, Voice

SURVEY = """
code: visit
title: 到店体验
groups:
  - code: all
    title: 全部
    questions:
      - {code: overall, kind: rating, title: 今天整体满意吗？, required: true}
      - {code: drink, kind: single, title: 今天喝的是什么？, options: [奶茶, 果茶, 纯茶], other: 其他，请说明}
      - {code: liked, kind: multiple, title: 您喜欢我们哪里？, options: [茶好喝, 店近, 店员热情], other: 其他，请说明}
      - {code: clean, kind: matrix, title: 请评价店里, rows: [环境, 服务], options: [好, 一般, 差]}
      - {code: order, kind: ranking, title: 请排一排重要性, options: [味道, 价格, 速度]}
      - {code: say, kind: long_text, title: 想对我们说点什么？一句就好。, max: 500}
      - {code: contact, kind: contact, title: 愿意留下手机号吗？, consent: 我同意}
"""
WJX = """序号,提交答卷时间,所用时间,来源,来源详情,来自IP,1、今天整体满意吗？,2、今天喝的是什么？【单选题】,3、您喜欢我们哪里？,4、请评价店里—环境,4、请评价店里—服务,5、请排一排重要性,6、想对我们说点什么？一句就好。,7、您的手机号码,8、您去的是哪家门店,总分
1,2026/11/20 10:08:30,45秒,微信,N/A,203.0.113.7(上海-上海),5,奶茶,茶好喝┋店近,好,一般,味道→速度→价格,排队太久，等了半小时,13800138000,静安店,5
2,2026/11/20 11:00:00,2分3秒,链接,直接访问,203.0.113.8,2,其他〖冰沙〗,其他〖有插座〗┋店员热情,差,差,(跳过),(空),,静安店,2
3,2026/11/21 09:00:00,30秒,微信,N/A,203.0.113.9,九分,奶茶,茶好喝,好,好,,珍珠很硬,,静安店,0
4,2026/11/21 09:30:00,30秒,微信,N/A,203.0.113.9,4,咖啡,茶好喝,好,好,,,,火星店,0
5,时间不明,30秒,微信,N/A,203.0.113.9,4,纯茶,,,,,太吵了，听不见叫号,,,0
"""
TENCENT = """编号,开始答题时间,结束答题时间,答题时长,用户类型,IP,省份,城市,Q1.今天整体满意吗？,Q2.今天喝的是什么？,Q3.您喜欢我们哪里？-茶好喝,Q3.您喜欢我们哪里？-店近,Q3.您喜欢我们哪里？-其他，请说明,Q4.想对我们说点什么？一句就好。
1,2026-11-20 10:00:00,2026-11-20 10:01:05,1分5秒,匿名用户,203.0.113.7,上海,上海,5,奶茶,茶好喝,,有插座,杯子有点漏
2,2026-11-20 11:00:00,2026-11-20 11:00:20,20秒,匿名用户,203.0.113.8,上海,上海,1,,,店近,,
"""
OPTION_COLUMNS = (
    "序号,提交答卷时间,所用时间,3、您喜欢我们哪里？(茶好喝),3、(店近),3、(店员热情)\n1,2026/11/20 10:08,9秒,1,0,1\n"
)


def table_of(content: str, name: str = "导出.csv"):
    return without_addresses(read_content(content.encode("gb18030"), name))


@pytest.fixture
def wave(chain) -> int:
    with chain.db.write() as session:
        version = records_surveys.publish(session, chain.actors["product"], read_definition(SURVEY))
        return records_surveys.open_wave(session, chain.actors["product"], version.id, "十一月").id


def answers(chain, batch_id: int) -> list[dict]:
    with chain.db.read() as session:
        found = []
        for response in session.exec(
            select(Response).where(Response.import_batch_id == batch_id).order_by(Response.started_at)
        ):
            rows = session.exec(select(Answer).where(Answer.response_id == response.id))
            found.append({row.question_code: (row.value, row.other_text) for row in rows})
        return found


# --- pure -------------------------------------------------------------------------------------------------------


def test_layouts_are_told_by_their_headings() -> None:
    assert recognise(["评论", "门店"]) is None and recognise(["序号", "提交答卷时间", "评论"]) is None
    wjx = recognise(table_of(WJX).headings)
    assert (wjx.layout, len(wjx.questions)) == ("wjx", 8)
    assert wjx.question("4").title == "请评价店里" and list(wjx.question("4").columns.values()) == ["环境", "服务"]
    tencent = recognise(table_of(TENCENT).headings)
    assert tencent.layout == "tencent"
    assert list(tencent.question("3").columns.values()) == ["茶好喝", "店近", "其他，请说明"]
    split = recognise(table_of(OPTION_COLUMNS).headings).question("3")
    assert split.title == "您喜欢我们哪里？" and list(split.columns.values()) == ["茶好喝", "店近", "店员热情"]


def test_where_the_device_was_is_dropped_at_once() -> None:
    for content in (WJX, TENCENT):
        table = table_of(content)
        assert "203.0.113" not in table.rows.to_csv()
        assert not {"来自IP", "来源详情", "IP", "省份", "城市"} & set(table.headings)


def test_questions_are_matched_by_title_then_by_options() -> None:
    survey = read_definition(SURVEY)
    assert guess_questions(recognise(table_of(WJX).headings), survey) == {
        "1": "overall", "2": "drink", "3": "liked", "4": "clean", "5": "order", "6": "say",
    }  # fmt: skip
    nameless = "序号,提交答卷时间,3、(茶好喝),3、(店近),3、(店员热情)\n1,2026/11/20 10:08,1,0,1\n"
    assert guess_questions(recognise(table_of(nameless).headings), survey) == {"3": "liked"}


def test_cells_become_what_the_fans_page_would_send() -> None:
    survey = read_definition(SURVEY)
    table = table_of(WJX)
    export, rows = recognise(table.headings), list(table.rows.to_dict("index").values())

    def form(number: str, code: str, place: int) -> dict:
        return read_form(survey.question(code), export.question(number), rows[place])

    drinks = {option.label: option.code for option in survey.question("drink").options}
    liked = {option.label: option.code for option in survey.question("liked").options}
    assert form("2", "drink", 0) == {"drink": [drinks["奶茶"]]}
    assert form("2", "drink", 1) == {"drink": ["other"], "drink.other": ["冰沙"]}
    assert form("3", "liked", 1) == {"liked": ["other", liked["店员热情"]], "liked.other": ["有插座"]}
    assert form("5", "order", 1) == {} and form("6", "say", 1) == {}
    assert sorted(form("5", "order", 0).values()) == [["1"], ["2"], ["3"]]
    with pytest.raises(BadAnswer, match="“咖啡”不是这一题的选项"):
        form("2", "drink", 3)
    split = table_of(OPTION_COLUMNS)
    row = next(iter(split.rows.to_dict("index").values()))
    chosen = read_form(survey.question("liked"), recognise(split.headings).question("3"), row)
    assert chosen == {"liked": [liked["茶好喝"], liked["店员热情"]]}


def test_open_questions_are_guessed_and_private_ones_never() -> None:
    table = table_of(WJX)
    assert open_questions(recognise(table.headings), table.rows) == ["6"]
    table = table_of(TENCENT)
    assert open_questions(recognise(table.headings), table.rows) == ["4"]


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [("45秒", 45), ("2分3秒", 123), ("1小时2分", 3720), ("00:02:03", 123), ("", None), ("很久", None)],
)
def test_durations(cell: str, seconds: int | None) -> None:
    assert duration_of(cell) == (None if seconds is None else timedelta(seconds=seconds))


# --- answers of a wave ------------------------------------------------------------------------------------------


def test_a_whole_export_is_previewed_imported_once_and_taken_back(chain, wave) -> None:
    manager, source = chain.actors["product"], (WJX.encode("gb18030"), "问卷星.csv")
    preview = preview_survey_export(chain.db, manager, source, ExportRequest(wave))
    assert (preview.layout, preview.rows, preview.new, preview.same, preview.refused) == ("问卷星", 5, 2, 0, 3)
    assert preview.roles == {"store": "8", "phone": "7"}
    reasons = {(problem.row, problem.why) for problem in preview.problems}
    assert {
        (4, "请填写数字。"),
        (5, "“咖啡”不是这一题的选项。"),
        (5, "没有这家门店，或不归您管"),
        (6, "看不懂这个时间"),
    } <= reasons
    with chain.db.read() as session:  # a look stores nothing
        assert session.exec(select(func.count()).select_from(Response)).one() == 0
        assert session.exec(select(func.count()).select_from(Fan)).one() == 0
    with pytest.raises(InvalidInput, match="什么都没有存"):
        import_survey_export(chain.db, manager, source, ExportRequest(wave))
    done = import_survey_export(chain.db, manager, source, ExportRequest(wave, skip_refused=True))
    assert (done.new, done.refused, done.created_fans) == (2, 3, 1)
    first, second = answers(chain, done.batch_id)
    assert first["overall"] == (5, "") and first["say"] == ("排队太久，等了半小时", "")
    assert second["drink"] == ("other", "冰沙") and second["liked"][1] == "有插座" and "say" not in second
    assert len(first["clean"][0]) == 2 and len(first["order"][0]) == 3
    with chain.db.read() as session:
        rows = session.exec(select(Response).order_by(Response.submitted_at)).all()
        assert [row.store_id for row in rows] == [chain.stores["S1"]] * 2 and rows[0].fan_id and not rows[1].fan_id
        assert rows[0].submitted_at - rows[0].started_at == timedelta(seconds=45)
        voices = set(session.exec(select(Voice.text)))
        assert voices == {"排队太久，等了半小时", "冰沙", "有插座"}
    again = import_survey_export(chain.db, manager, source, ExportRequest(wave, skip_refused=True))
    assert again.already
    # A later export has the same answers and one more: only that one is new.
    later = [*WJX.splitlines()[:3], "6,2026/11/22 10:00:00,20秒,微信,N/A,203.0.113.9,3,果茶,,,,,,,静安店,3"]
    more = import_survey_export(chain.db, manager, ("\n".join(later).encode(), "后来.csv"), ExportRequest(wave))
    assert (more.new, more.same) == (1, 2)
    undo_batch(chain.db, manager, more.batch_id)
    undo_batch(chain.db, manager, done.batch_id)
    with chain.db.read() as session:
        for left in (Response, Answer, Voice, Fan):
            assert session.exec(select(func.count()).select_from(left)).one() == 0, left
    assert import_survey_export(chain.db, manager, source, ExportRequest(wave, skip_refused=True)).new == 2


def test_nothing_of_the_device_is_stored(chain, wave) -> None:
    source = (TENCENT.encode(), "腾讯.csv")
    done = import_survey_export(chain.db, chain.actors["product"], source, ExportRequest(wave))
    assert (done.new, done.refused) == (2, 0)
    first, second = answers(chain, done.batch_id)
    assert first["liked"][1] == "有插座" and len(second["liked"][0]) == 1
    with chain.db.read() as session:
        for table in ("response", "answer", "voice", "import_batch", "import_mapping", "audit_entry"):
            rows = session.execute(text(f"SELECT * FROM {table}")).fetchall()
            assert "203.0.113" not in repr(rows), table


def test_a_person_may_match_otherwise(chain, wave) -> None:
    product, source = chain.actors["product"], (TENCENT.encode(), "腾讯.csv")
    preview = preview_survey_export(chain.db, product, source, ExportRequest(wave, {"1": "overall", "4": ""}))
    assert preview.questions == {"1": "overall"}
    for questions, why in (
        ({"1": "overall", "2": "overall"}, "对应了两次"),
        ({"1": "contact"}, "没有可以对应的题"),
        ({"9": "overall"}, "没有一道题"),
    ):
        with pytest.raises(InvalidInput, match=why):
            preview_survey_export(chain.db, product, source, ExportRequest(wave, questions))
    import_survey_export(chain.db, product, source, ExportRequest(wave, {"1": "overall", "4": "say"}))
    recalled = preview_survey_export(
        chain.db, product, (TENCENT.replace("杯子有点漏", "杯子又漏").encode(), "下次.csv"), ExportRequest(wave)
    )
    assert recalled.questions == {"1": "overall", "4": "say"} and recalled.same == 2


def test_who_may_and_which_stores(chain, wave) -> None:
    source = (WJX.encode(), "问卷星.csv")
    with pytest.raises(NotAllowed):
        preview_survey_export(chain.db, chain.actors["clerk"], source, ExportRequest(wave))
    with pytest.raises(NotFound):
        preview_survey_export(chain.db, chain.actors["stranger"], source, ExportRequest(wave))
    with pytest.raises(InvalidInput, match="没有认出"):
        preview_survey_export(chain.db, chain.actors["product"], ("评论\n好\n".encode(), "x.csv"), ExportRequest(wave))
    foreign = WJX.replace("静安店", "西湖店")
    seen = preview_survey_export(
        chain.db, chain.actors["store_manager"], (foreign.encode(), "x.csv"), ExportRequest(wave)
    )
    assert seen.new == 0 and any("不归您管" in problem.why for problem in seen.problems)


def test_the_refused_rows_can_be_taken_out_to_mend(chain, wave) -> None:
    product = chain.actors["product"]
    upload = keep_upload(WJX.encode("gb18030"), product)
    asked = {"upload": upload, "filename": "问卷星.csv", "kind": "responses", "wave": str(wave), "questions": "null",
             "roles": "null", "store": "null"}  # fmt: skip
    name, _, content = export_problems(chain.db, product, asked)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert name == "不能导入的行-问卷星.csv.xlsx" and [row[0] for row in rows[1:]] == ["4", "5", "6"]
    assert "来自IP" not in rows[0]
    with pytest.raises(NotFound):  # whole as it was brought, so for nobody else
        export_problems(chain.db, chain.actors["admin"], asked)
    for broken in ({**asked, "wave": "x"}, {name: asked[name] for name in ("upload", "kind")}):
        with pytest.raises(InvalidInput):
            export_problems(chain.db, product, broken)


# --- words only -------------------------------------------------------------------------------------------------


def test_without_a_survey_the_words_become_voices(chain) -> None:
    product, source = chain.actors["product"], (WJX.encode("gb18030"), "问卷星.csv")
    request = ImportRequest("voices", voice_kind="survey", skip_refused=True)
    preview = preview_file(chain.db, product, source, request)
    assert (preview.new, preview.refused) == (2, 1) and preview.problems[0].row == 6
    assert "203.0.113" not in repr(preview)
    done = import_file(chain.db, product, source, request)
    with chain.db.read() as session:
        voices = session.exec(select(Voice).order_by(Voice.said_at)).all()
        assert [voice.text for voice in voices] == ["排队太久，等了半小时", "珍珠很硬"]
        assert {(voice.source, voice.kind, voice.store_id) for voice in voices} == {
            ("问卷星", "survey", chain.stores["S1"])
        }
        assert voices[0].fan_id and not voices[1].fan_id
    assert import_file(chain.db, product, source, request).already
    chosen = ImportRequest("voices", voice_kind="survey", skip_refused=True, questions=("2", "6"))
    assert preview_file(chain.db, product, (WJX.encode(), "b.csv"), chosen).rows == 8
    assert undo_batch(chain.db, product, done.batch_id)["voice"] == 2
    with pytest.raises(Conflict):
        undo_batch(chain.db, product, done.batch_id)
