"""Paper: the sheet goes out, is filled as a person fills it, and comes back with every refused cell named."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from datetime import date, timedelta

import openpyxl
import pytest
from sqlmodel import func, select

from fanops.access import vault
from fanops.collect import record_on_behalf as record
from fanops.collect import records_drafts
from fanops.collect import records_quotas as quotas
from fanops.collect import records_surveys as records
from fanops.collect.import_paper import import_paper, preview_paper
from fanops.collect.paper_sheet import paper_columns
from fanops.collect.records_paper import export_paper_sheet
from fanops.collect.records_responses import response_table
from fanops.collect.surveys.definition import read_definition
from fanops.collect.surveys.flow import kept_answers, still_missing, values
from fanops.collect.surveys.paper import paper_questions
from fanops.collect.undo_import import undo_batch
from fanops.content import content_path
from fanops.errors import InvalidInput, NotAllowed, NotFound
from fanops.settings import today
from fanops.tables import Answer, Consent, Fan, FanIdentity, Response, Voice

SURVEY = """
code: paper
title: 纸上问
notice: 只用来改进。
groups:
  - code: g
    title: 一
    questions:
      - {code: q1, kind: single, title: 今天怎么样, required: true, options: [好, 不好], other: 其他}
      - {code: q2, kind: long_text, title: 哪里不好, required: true, show_if: q1 == "不好"}
      - {code: q3, kind: multiple, title: 喜欢什么, max: 2, options: [{code: a, label: 味道}, {code: b, label: 服务}, {code: c, label: 环境}], other: 别的}
      - {code: q4, kind: nps, title: 会推荐吗, jump: [{to: q9, if: q4 >= 9}]}
      - {code: q5, kind: matrix, title: 打分, rows: [快, 准], options: [差, 好]}
      - {code: q6, kind: ranking, title: 排一排, options: [甲, 乙, 丙]}
      - {code: q7, kind: number, title: 等了几分钟, min: 0, max: 60}
      - {code: q8, kind: date, title: 上次来}
      - {code: q9, kind: contact, title: 留个电话, consent: 同意回复我}
"""
TODAY = today()
HEAD = {"纸卷编号": "A001", "门店": "静安店", "日期": TODAY, "记录人": "王小明"}


@pytest.fixture
def wave(chain) -> int:
    with chain.db.write() as session:
        version = records.publish(session, chain.actors["product"], read_definition(SURVEY))
        return records.open_wave(session, chain.actors["product"], version.id, "纸上的一期").id


@pytest.fixture
def filled(chain, wave) -> Callable[..., bytes]:
    """Fill the downloaded sheet, one mapping per paper: heading or its beginning → what is written."""

    def fill(*papers: dict, login: str = "store_manager") -> bytes:
        _, _, content = export_paper_sheet(chain.db, chain.actors[login], {"wave": str(wave)})
        book = openpyxl.load_workbook(io.BytesIO(content))
        sheet = book["填写"]
        places = {cell.value.partition("｜")[0]: cell.column for cell in sheet[1]}
        for row, paper in enumerate(papers, 2):
            for name, value in paper.items():
                sheet.cell(row, places[name], value)
        target = io.BytesIO()
        book.save(target)
        return target.getvalue()

    return fill


def test_there_and_back(chain, wave, filled):
    """Two papers: one that goes all the way, one that jumps to the end."""
    manager = chain.actors["store_manager"]
    content = filled(
        HEAD | {"q1": "不好", "q2": "等位太久", "q3.a": "√", "q3.other.words": "杯子", "q4": 6, "q5.快": "差", "q5.准": "好",
                "q6.乙": 1, "q6.甲": 2, "q6.丙": 3, "q7": 25, "q8": date(2026, 11, 2), "q9": 13800138000,
                "q9.consent": "同意"},
        HEAD | {"纸卷编号": 2, "日期": f"{TODAY:%Y/%m/%d}", "q1": "其他", "q1.other.words": "一般般", "q3.b": "1", "q3.c": "是",
                "q4": "9", "记录人": None},
    )  # fmt: skip
    preview = preview_paper(chain.db, manager, wave, content)
    assert (preview.rows, preview.new, preview.same, preview.problems) == (2, 2, 0, ())
    done = import_paper(chain.db, manager, wave, content, "十一月.xlsx")
    assert (done.new, done.same, done.refused) == (2, 0, 0)
    with chain.db.read() as session:
        one, two = session.exec(select(Response).order_by(Response.id)).all()
        assert one.fan_id and two.fan_id is None
        assert (one.staff_id, two.staff_id) == (chain.staff["E1"], None)
        assert one.submitted_at.date() <= TODAY + timedelta(days=1) and one.store_id == chain.stores["S1"]
        given = {code: each.value for code, each in records_drafts.answers_of(session, one).items()}
        contact = given.pop("q9")
        assert given == {
            "q1": "不好", "q2": "等位太久", "q3": ["a", "other"], "q4": 6, "q5": {"快": "差", "准": "好"},
            "q6": ["乙", "甲", "丙"], "q7": 25, "q8": "2026-11-02",
        }  # fmt: skip
        assert (
            contact["masked"] == "138****8000" and vault().unseal(bytes.fromhex(contact["sealed"])) == "+8613800138000"
        )
        given = records_drafts.answers_of(session, two)
        assert (given["q1"].value, given["q1"].other, given["q4"].value) == ("other", "一般般", 9)
        assert set(given) == {"q1", "q3", "q4"}
        assert sorted(session.exec(select(Voice.text))) == ["一般般", "杯子", "等位太久"]
        assert session.exec(select(Consent.purpose)).all() == ["reply"]
        assert session.exec(select(FanIdentity.masked)).all() == ["138****8000"]
        _, _, table = response_table(session, manager, wave)
        assert table["今天怎么样"].tolist() == ["不好", "其他"] and table["喜欢什么：服务"].tolist() == [0, 1]
        assert quotas.store_progress(session, manager, wave)["answered"].tolist() == [2]
    again = import_paper(chain.db, manager, wave, content, "十一月.xlsx")
    assert (again.batch_id, again.new, again.same) == (None, 0, 2)
    more = filled(HEAD | {"纸卷编号": 2, "q1": "其他", "q1.other.words": "一般般", "q3.b": "√", "q3.c": "√", "q4": 9, "记录人": None},
                  HEAD | {"纸卷编号": "3", "q1": "好"})  # fmt: skip
    later = import_paper(chain.db, manager, wave, more, "十二月.xlsx")
    assert (later.new, later.same) == (1, 1)
    undo_batch(chain.db, manager, done.batch_id)
    with chain.db.read() as session:
        assert session.exec(select(func.count(Response.id))).one() == 1
        assert session.exec(select(Fan)).all() == []
    assert import_paper(chain.db, manager, wave, content, "十一月.xlsx").new == 2  # what was undone can come again


def test_every_refused_cell_is_named(chain, wave, filled):
    manager = chain.actors["store_manager"]
    content = filled(
        HEAD | {"q1": "好", "q2": "这题不该答"},
        HEAD | {"纸卷编号": "B2", "门店": "西湖店", "日期": TODAY + timedelta(days=3), "记录人": "没有这人", "q1": "好"},
        HEAD | {"纸卷编号": "B3", "q1": "不错", "q3.a": "嗯", "q4": 11, "q6.甲": 1, "q6.乙": 1, "q7": 99, "q9": 13800138000},
        HEAD | {"纸卷编号": "B3", "q4": 5},
        HEAD | {"纸卷编号": None, "q1": "好", "q4": 10, "q7": 5},
        HEAD | {"纸卷编号": "B6", "q1": "好", "q1.other.words": "没选其他", "q3.a": "√", "q3.b": "√", "q3.c": "√"},
        HEAD | {"纸卷编号": "B7", "q1": "不好"},
        HEAD | {"纸卷编号": "B8", "q1": "好"},
    )  # fmt: skip
    preview = preview_paper(chain.db, manager, wave, content)
    found = {(each.row, each.column.partition("｜")[0]): (each.why, each.value) for each in preview.problems}
    assert found[(2, "q2")] == ("这道题不用答，却有答案：第 1 题选“不好”才答", "这题不该答")
    assert found[(3, "门店")] == ("没有这家门店，或不归您管", "西湖店")
    assert found[(3, "日期")][0] == "还没有到这一天" and "没有这位员工" in found[(3, "记录人")][0]
    assert found[(4, "q1")] == ("没有这个选项；可填：好、不好、其他", "不错")
    assert found[(4, "q3.a")] == ("选了填 √，没选空着", "嗯")
    assert "0 到 10" in found[(4, "q4")][0] and found[(4, "q4")][1] == "11"
    assert "第 1 名选了两项" in found[(4, "q6.甲")][0] and "0 到 60" in found[(4, "q7")][0]
    assert "勾选同意" in found[(4, "q9")][0] and "13800138000" not in str(preview.problems)
    assert found[(5, "纸卷编号")] == ("和第 4 行的编号一样", "B3") and found[(5, "q1")][0] == "必答题没有答案"
    assert found[(6, "纸卷编号")][0] == "每张纸要有编号"
    assert found[(6, "q7")] == ("这道题不用答，却有答案：前面的回答已经跳过它", "5")
    assert "最多选 2 项" in found[(7, "q3.a")][0] and found[(7, "q1.other.words")][0] == "没有选“其他”，却写了话"
    assert found[(8, "q2")][0] == "必答题没有答案"
    assert (preview.rows, preview.new, preview.refused) == (8, 1, 7)
    with pytest.raises(InvalidInput, match="7 行不能收"):
        import_paper(chain.db, manager, wave, content, "坏.xlsx")
    with chain.db.read() as session:
        assert session.exec(select(func.count(Answer.id))).one() == 0
    done = import_paper(chain.db, manager, wave, content, "坏.xlsx", skip_refused=True)
    assert (done.new, done.refused) == (1, 7)


def test_a_number_with_other_answers_and_a_fan_who_answered(chain, wave, filled):
    manager = chain.actors["store_manager"]
    import_paper(chain.db, manager, wave, filled(HEAD | {"q1": "好", "会员号": "m1001"}), "一.xlsx")
    changed = filled(HEAD | {"q1": "不好", "q2": "慢"}, HEAD | {"纸卷编号": "A2", "q1": "好", "会员号": "M1001"},
                     HEAD | {"纸卷编号": "A3", "q1": "好"})  # fmt: skip
    preview = preview_paper(chain.db, manager, wave, changed)
    assert [(each.row, each.column) for each in preview.problems] == [(2, "纸卷编号")]
    assert "答案不一样" in preview.problems[0].why
    done = import_paper(chain.db, manager, wave, changed, "二.xlsx", skip_refused=True)
    assert (done.new, done.refused) == (1, 2)
    assert any("已有一份答卷" in each.why for each in done.problems)


def test_undo_takes_the_consent_back_and_leaves_a_fan_who_was_known(chain, wave, filled):
    manager = chain.actors["store_manager"]
    with chain.db.write() as session:
        known = record.add_person(session, manager, store_id=chain.stores["S1"], phone="13800138000").id
        session.add(Consent(fan_id=known, purpose="reply", granted=True))
    paper = filled(HEAD | {"q1": "好", "q9": "138 0013 8000", "q9.consent": "同意"})
    done = import_paper(chain.db, manager, wave, paper, "一.xlsx")
    with chain.db.read() as session:
        assert session.exec(select(Response.fan_id)).one() == known
        assert session.exec(select(func.count(Consent.id))).one() == 2
    undo_batch(chain.db, manager, done.batch_id)
    with chain.db.read() as session:
        assert session.exec(select(Fan.id)).all() == [known]
        assert session.exec(select(Consent.fan_id)).all() == [known]


def test_what_is_no_such_sheet(chain, wave, filled):
    manager = chain.actors["store_manager"]
    good = filled(HEAD | {"q1": "好"})
    with pytest.raises(NotAllowed):
        preview_paper(chain.db, chain.actors["clerk"], wave, good)
    with pytest.raises(NotFound):
        preview_paper(chain.db, chain.actors["stranger"], wave, good)

    def altered(change) -> bytes:
        book = openpyxl.load_workbook(io.BytesIO(good))
        change(book)
        target = io.BytesIO()
        book.save(target)
        return target.getvalue()

    def strange(book) -> None:
        book["填写"].cell(1, 40, "多出来的列")

    def headless(book) -> None:
        book["填写"].cell(1, 1, "编号？")

    def twice(book) -> None:
        book["填写"].cell(1, 40, "门店")

    def other_version(book) -> None:
        book["说明"]["B3"] = "paper 第 9 版 000000000000"

    for content, words in (
        (b"nothing", "打不开"),
        (altered(strange), "对不上"),
        (altered(headless), "对不上"),
        (altered(twice), "列名一样"),
        (altered(other_version), "另一版"),
        (altered(lambda book: book.remove(book["填写"])), "没有“填写”"),
    ):
        with pytest.raises(InvalidInput, match=words):
            preview_paper(chain.db, manager, wave, content)
    with chain.db.write() as session:
        version = records.publish(
            session, chain.actors["product"], read_definition(SURVEY.replace("纸上问", "纸上再问"))
        )
        second = records.open_wave(session, chain.actors["product"], version.id, "又一期").id
    with pytest.raises(InvalidInput, match="另一版"):
        preview_paper(chain.db, manager, second, good)
    assert preview_paper(chain.db, manager, wave, altered(lambda book: book.remove(book["说明"]))).new == 1


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_the_sheet_offers_only_ones_own_stores_and_lists_to_choose_from(chain, wave):
    _, _, content = export_paper_sheet(chain.db, chain.actors["region_manager"], {"wave": str(wave)})
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["填写", "选项", "说明", "题目"] and book["选项"].sheet_state == "hidden"
    headings = [cell.value for cell in book["填写"][1]]
    assert headings[:6] == ["纸卷编号", "门店", "日期", "记录人", "手机号", "会员号"]
    assert "q3.a｜3. 喜欢什么：味道" in headings and "q5.快｜5. 打分：快" in headings
    assert [cell.value for cell in book["选项"]["B"] if cell.value] == ["静安店", "西湖店"]
    rules = book["填写"].data_validations.dataValidation
    assert sum(rule.type == "list" for rule in rules) == sum(
        bool(column.ticked or column.values) or column.question.kind in ("nps", "ranking")
        for column in paper_columns(read_definition(SURVEY))
    ) + 2  # fmt: skip
    assert any(rule.type == "custom" and "COUNTIF" in rule.formula1 for rule in rules)


def test_logic_in_words():
    shown = {each.question.code: each for each in paper_questions(read_definition(SURVEY))}
    assert shown["q2"].only_if == "第 1 题选“不好”" and shown["q4"].then == ("第 4 题至少 9：请跳到第 9 题",)
    assert shown["q1"].group == "一" and shown["q2"].group == "" and shown["q4"].points == tuple(range(11))
    other = SURVEY.replace('show_if: q1 == "不好"', "show_if: \"(has(q3, 'a') or count(q3) > 1) and not answered(q4)\"")
    other = other.replace("title: 会推荐吗", 'title: "说{q1}的您，会推荐吗"')
    words = {each.question.code: each for each in paper_questions(read_definition(other))}
    assert words["q2"].only_if == "（第 3 题选“味道”，或者第 3 题选的项数大于 1），并且不是“第 4 题答了”"
    assert words["q4"].title == "说（您在第 1 题的回答）的您，会推荐吗"
    assert words["q4"].then == ("第 4 题至少 9：请跳到第 9 题",)


def test_every_shipped_survey_can_be_put_on_paper():
    for file in sorted(content_path("surveys").rglob("*.yaml")):
        survey = read_definition(file.read_text("utf-8"))
        columns = paper_columns(survey)
        assert len({column.key for column in columns}) == len(columns), file.name
        for each in paper_questions(survey):
            assert "==" not in each.only_if and "{" not in each.title, (file.name, each.only_if)


@pytest.mark.parametrize("db", ["sqlite"], indirect=True)
def test_whatever_is_written_it_is_taken_rightly_or_refused(chain, wave, filled):
    """120 papers of odd cells: no crash, and what is taken passes the same checks again."""
    odd = ["=1+1", "<script>", "é" * 6_000, -1, 1e300, True, False, date(1900, 1, 1), "是", "好", "不好", "其他", 9, "11", 0.5,
           "√", "２", " ", "q1", "13800138000", None, None, None, None]  # fmt: skip
    lots = random.Random(5)
    keys = [column.key for column in paper_columns(read_definition(SURVEY))]
    papers = [HEAD | {"纸卷编号": f"N{place}"} | {key: lots.choice(odd) for key in keys} for place in range(100)]
    papers += [{name: lots.choice(odd) for name in (*HEAD, "手机号", "会员号", *keys)} for _ in range(20)]
    papers.append(HEAD | {"纸卷编号": "fine", "q1": "好"})
    manager, content = chain.actors["store_manager"], filled(*papers)
    done = import_paper(chain.db, manager, wave, content, "怪.xlsx", skip_refused=True)
    assert done.new >= 1 and done.refused >= 100 and done.new + done.refused <= 121
    assert all(len(problem.value or "") <= 20 for problem in done.problems)
    with chain.db.read() as session:
        survey = read_definition(SURVEY)
        for response in session.exec(select(Response)):
            given = records_drafts.answers_of(session, response)
            assert set(given) == set(kept_answers(survey, values(given)))
            assert still_missing(survey, given) == []
