"""A survey as a table: shipped ones survive the way there and back; Excel and pasted text become surveys or say the row."""

from __future__ import annotations

import pandas as pd
import pytest

from fanops.collect.surveys.check import check_survey
from fanops.collect.surveys.definition import read_definition
from fanops.collect.surveys.table import from_table, read_pasted, to_table
from fanops.content import content_path
from fanops.errors import InvalidInput

SHIPPED = sorted(content_path("surveys").rglob("*.yaml"))


def asked(survey) -> list[tuple]:
    return [(q.code, q.kind, q.title, q.required, q.options, q.rows, q.other, q.minimum, q.maximum, q.jumps, q.probes, q.pattern,
             q.consent, q.random_order) for _, q in survey.questions()]  # fmt: skip


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_there_and_back_asks_the_same(file):
    survey = read_definition(file.read_text("utf-8"))
    again = from_table(to_table(survey), survey.title, base=survey)
    assert (again.code, again.title, again.notice, again.is_guide) == (
        survey.code,
        survey.title,
        survey.notice,
        survey.is_guide,
    )
    assert asked(again) == asked(survey)
    assert not [issue for issue in check_survey(again) if issue.serious]


PASTED = """到店满意度问卷
1. 您今天满意吗？[单选题] *
A. 很满意
B. 一般
C. 不满意
2、您喜欢我们哪些地方？（可多选）
○ 味道
○ 服务
○ 其他____
第3题：您会推荐我们吗 [NPS量表]
4. 请给环境打分
1
5. 您的建议 [填空题]
6）您的手机号是？
"""


def test_pasted_text_becomes_a_survey():
    pasted = read_pasted(PASTED)
    assert pasted.title == "到店满意度问卷"
    assert pasted.table["题型"].tolist() == ["单选", "多选", "推荐度", "长文字", "短文字", "联系方式"]
    assert [bool(each) for each in pasted.table["必答"]] == [True, False, False, False, False, False]
    survey = from_table(pasted.table, pasted.title)
    first, second = (question for _, question in list(survey.questions())[:2])
    assert [option.label for option in first.options] == ["很满意", "一般", "不满意"] and first.required
    assert second.other == "其他，请说明" and survey.question("q6").consent
    assert not [issue for issue in check_survey(survey) if issue.serious]


def test_options_need_no_letter_where_the_question_says_that_it_is_one_of_choice():
    text = "1. 满意吗？（单选）\n（说第一感觉）\nA 满意\nB 不满意\n2. 哪里不好？（多选）\n口味\n等位\n其他\n3. 想说什么\n都可以"
    survey = from_table(read_pasted(text).table, "到店")
    first, second, third = (question for _, question in survey.questions())
    assert [option.label for option in first.options] == ["满意", "不满意"] and first.help == "（说第一感觉）"
    assert [option.label for option in second.options] == ["口味", "等位"] and second.other == "其他，请说明"
    assert not third.options and third.help == "都可以"


def test_a_choice_without_options_is_named_with_its_row():
    table = pd.DataFrame(
        {"题目": ["满意吗？", "各方面", "想说什么"], "题型": ["单选", "矩阵", ""], "选项": ["好", "好、差", ""]}
    )
    with pytest.raises(InvalidInput) as refused:
        from_table(table, "到店")
    assert [(each.row, each.column, each.value) for each in refused.value.problems] == [
        (2, "选项", "满意吗？"), (3, "矩阵行", "各方面"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "没有题目的一段话", "\n\n", "A. 只有选项"])
def test_text_without_questions_says_how_to_write_them(text):
    with pytest.raises(InvalidInput, match="没有读到题目"):
        read_pasted(text)


def test_a_table_says_the_row_that_is_wrong():
    table = pd.DataFrame({"题目": ["满意吗", "", "打分", "再问"], "题型": ["单选", "单选", "评分", "怪题"], "选项": ["好、不好", "", "", ""],
                          "最多": [None, None, "五", None], "题号": ["a", "b", "a", "d"]})  # fmt: skip
    with pytest.raises(InvalidInput) as refusal:
        from_table(table, "问卷")
    assert {(p.row, p.column) for p in refusal.value.problems} == {
        (3, "题目"), (3, "选项"), (4, "最多"), (4, "题号"), (5, "题型"),
    }  # fmt: skip
    with pytest.raises(InvalidInput, match="没有“题目”"):
        from_table(pd.DataFrame({"问题": ["满意吗"]}), "问卷")
    with pytest.raises(InvalidInput, match="一道题也没有"):
        from_table(pd.DataFrame({"题目": [None, ""]}), "问卷")
    with pytest.raises(InvalidInput):
        from_table(pd.DataFrame({"题目": ["满意吗"], "题型": ["单选"], "选项": ["好"]}), "问卷")


def test_an_excel_table_with_numbers_and_blanks_is_read():
    table = pd.DataFrame({"题目": ["满意吗", "几分", None], "选项": ["好;不好;一般", None, None], "题型": [None, "评分", None], "最多": [None, 10.0, None],
                          "必答": ["是", None, None], "什么时候问": [None, 'q1 == "好"', None]})  # fmt: skip
    survey = from_table(table, "Excel 问卷")
    assert [(q.code, q.kind, q.required) for _, q in survey.questions()] == [
        ("q1", "single", True),
        ("q2", "rating", False),
    ]
    assert survey.question("q2").maximum == 10 and survey.question("q2").show_if is not None


def test_a_row_put_in_between_stays_there_and_gets_a_number_of_its_own():
    table = pd.DataFrame({"题号": ["q1", "q2", "", "q3", "b1"], "题组": ["甲", "甲", "", "甲", "乙"],
                          "题目": ["一", "二", "新", "三", "四"]})  # fmt: skip
    survey = from_table(table, "到店")
    assert [question.title for _, question in survey.questions()] == ["一", "二", "新", "三", "四"]
    codes = [question.code for _, question in survey.questions()]
    assert len(set(codes)) == 5 and codes[:2] + codes[3:] == ["q1", "q2", "q3", "b1"]
    assert [group.title for group in survey.groups] == ["甲", "乙"]
    without = table.drop(index=3).reset_index(drop=True)  # 三 taken out: the new one is not taken for it
    assert "q3" not in [question.code for _, question in from_table(without, "到店", base=survey).questions()]


@pytest.mark.parametrize(
    "labels", [["奶茶、果茶", "纯茶"], ["甜；冰、热", "都好"], ["一|二", "三、四；五"], ["不加、说", "a;b"]]
)
def test_options_with_the_usual_sign_in_them_survive_the_table(labels):
    options = "\n".join(f"      - {label!r}" for label in labels)
    text = f"code: s\ntitle: 试\ngroups:\n- code: g\n  questions:\n  - code: q1\n    kind: single\n    title: 选\n    options:\n{options}"
    survey = read_definition(text)
    assert [each.label for each in from_table(to_table(survey), "试").question("q1").options] == labels
    pasted = read_pasted("1. 选[单选题]\n" + "\n".join(f"A. {label}" for label in labels))
    assert [each.label for each in from_table(pasted.table, "试").question("q1").options] == labels


def test_the_condition_of_a_group_survives_beside_its_questions_own():
    survey = read_definition(
        "code: s\ntitle: 试\ngroups:\n- code: a\n  questions:\n  - {code: q1, kind: rating, title: 分}\n"
        "- code: b\n  show_if: q1 <= 2\n  questions:\n  - {code: q2, kind: rating, title: 二}\n"
        "  - {code: q3, kind: rating, title: 三, show_if: answered(q2)}"
    )
    again = from_table(to_table(survey), "试", base=survey)
    condition = again.question("q3").show_if
    assert condition.holds({"q1": 1, "q2": 1}) and not condition.holds({"q1": 5, "q2": 1})
    assert not condition.holds({"q1": 1})
