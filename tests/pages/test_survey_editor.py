"""The survey editor: a question's condition and a jump made by choosing, every way shown, published."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fanops.collect import records_surveys
from fanops.collect.surveys.definition import END
from fanops.tables import SurveyVersion
from tests.pages.test_domain_pages import ONE, words_on

PASTED = """到店体验
1. 您今天满意吗？[单选题] *
A. 满意
B. 一般
C. 不满意
2. 哪里不好？[填空题]
3. 会推荐给朋友吗？[单选题]
A. 会
B. 不会
"""


@pytest.fixture
def editor(open_page):
    at = open_page("product", "survey_editor.py")
    at.text_area(key="editor.pasted").set_value(PASTED).run()
    at.button(key="editor.pasted.do").click().run()
    assert not at.exception and "每题都走得到" in words_on(at)
    return at


def _definition(chain):
    with chain.db.read() as session:
        return records_surveys.definition_of(
            session.exec(select(SurveyVersion).order_by(SurveyVersion.id.desc())).first()
        )


@ONE
def test_a_condition_and_a_jump_by_choosing(editor, chain):
    at = editor
    codes = [question.code for _, question in _parsed(at)]
    at.selectbox(key="logic.question").select(codes[1]).run()
    at.multiselect(key=f"logic.options.{codes[0]}").select("不满意").run()
    at.button(key="logic.do").click().run()
    assert not at.exception
    at.selectbox(key="jump.question").select(codes[0]).run()
    assert at.button(key="jump.do").disabled
    at.multiselect(key=f"jump.options.{codes[0]}").select("满意").run()
    at.selectbox(key="jump.to").select(END).run()
    at.button(key="jump.do").click().run()
    assert not at.exception and "结束，不用再答" in words_on(at)
    at.button(key="editor.publish").click().run()
    assert not at.exception
    survey = _definition(chain)
    assert survey.question(codes[1]).show_if.source
    (jump,) = survey.question(codes[0]).jumps
    assert jump.to == END and jump.when is not None


def _parsed(at):
    from fanops.collect.surveys.table import from_table

    draft = at.session_state["editor.draft"]
    return list(from_table(draft.table, draft.title, base=draft.base).questions())


@ONE
def test_a_jump_is_taken_away_and_one_that_always_holds_comes_last(editor):
    at = editor
    codes = [question.code for _, question in _parsed(at)]
    at.selectbox(key="jump.question").select(codes[0]).run()
    at.checkbox(key="jump.always").check().run()
    at.selectbox(key="jump.to").select(codes[2]).run()
    at.button(key="jump.do").click().run()
    at.checkbox(key="jump.always").uncheck().run()
    at.multiselect(key=f"jump.options.{codes[0]}").select("满意").run()
    at.selectbox(key="jump.to").select(END).run()
    at.button(key="jump.do").click().run()
    first = at.session_state["editor.draft"].base.question(codes[0]).jumps
    assert [jump.to for jump in first] == [END, codes[2]] and first[1].when is None
    at.button(key="jump.none").click().run()
    assert not at.exception and at.session_state["editor.draft"].base.question(codes[0]).jumps == ()
