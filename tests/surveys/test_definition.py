"""Definitions: read with line and field, written back the same, the shipped ones whole."""

from __future__ import annotations

import pytest

from fanops.collect.surveys.check import check_survey, every_path
from fanops.collect.surveys.definition import build_definition, read_definition
from fanops.collect.surveys.write import fingerprint, to_data, to_file
from fanops.content import content_path
from fanops.errors import InvalidInput

SHIPPED = sorted(content_path("surveys").rglob("*.yaml"))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_surveys_have_no_issue_and_survive_a_round_trip(file):
    survey = read_definition(file.read_text("utf-8"))
    assert check_survey(survey) == []
    assert build_definition(to_data(survey)) == survey == read_definition(to_file(survey))
    assert sum(1 for _ in every_path(survey)) >= 1


def test_the_named_surveys_are_all_there():
    titles = {read_definition(file.read_text("utf-8")).title for file in SHIPPED}
    named = {"核心粉丝访谈提纲", "到店体验", "推荐度", "新品试用", "流失回访", "员工意见", "加盟商意见"}
    assert named <= titles
    industries = {read_definition(file.read_text("utf-8")).industry for file in SHIPPED}
    assert {"茶饮", "餐饮", "家居", "汽车", "地产", "零售"} <= industries


BAD = """code: a
title: 甲
groups:
  - code: g
    title: 组
    questions:
      - code: Q1
        kind: singel
        title: 一
      - code: q2
        kind: single
        title: 二
        options: [只有一个]
      - code: q3
        kind: contact
        title: 三
        colour: red
"""


def test_every_problem_names_its_line_and_field():
    with pytest.raises(InvalidInput) as refused:
        read_definition(BAD)
    found = {(problem.row, problem.column) for problem in refused.value.problems}
    assert {(7, "code"), (8, "kind"), (13, "options"), (17, "colour")} <= found
    assert any(problem.column == "consent" for problem in refused.value.problems)


@pytest.mark.parametrize("text", ["", "[]", "a: [", "code: x", "groups: 3\ncode: a\ntitle: b", "\x00"])
def test_hopeless_files_are_refused_in_chinese(text):
    with pytest.raises(InvalidInput) as refused:
        read_definition(text)
    assert refused.value.problems


def test_changing_a_word_changes_the_fingerprint_and_nothing_else_does():
    survey = read_definition(SHIPPED[0].read_text("utf-8"))
    data = to_data(survey)
    assert fingerprint(build_definition(data)) == fingerprint(survey)
    data["title"] += "。"
    assert fingerprint(build_definition(data)) != fingerprint(survey)
