"""Conditions put together by choosing are read back as what was chosen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanops.collect.surveys.compose import COMPARISONS, compose, with_condition
from fanops.collect.surveys.conditions import parse_condition
from fanops.collect.surveys.definition import KINDS, SILENT, Option, Question, read_definition
from fanops.collect.surveys.flow import path
from fanops.collect.surveys.table import from_table, to_table

SURVEY = read_definition("""
code: s
title: 试
groups:
  - {code: a, title: 一, questions: [{code: q1, kind: single, title: 喝什么, options: [奶茶, 果茶, 纯茶]}, {code: q2, kind: rating, title: 几分}]}
  - {code: b, title: 二, questions: [{code: q3, kind: short_text, title: 为什么, show_if: q2 <= 2}]}
""")


@pytest.mark.parametrize(
    ("way", "values", "answer", "holds"),
    [
        ("one of", ["奶茶", "果茶"], "果茶", True), ("one of", ["奶茶"], "果茶", False), ("none of", ["奶茶"], "果茶", True),
        ("none of", ["奶茶", "果茶"], "果茶", False), ("none of", ["奶茶"], None, True), ("answered", [], "奶茶", True),
        ("answered", [], None, False), ("not answered", [], None, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["single", "multiple"])
def test_choices(kind, way, values, answer, holds):
    question = Question("q1", kind, "喝什么")
    given_answers = {} if answer is None else {"q1": [answer] if kind == "multiple" else answer}
    assert parse_condition(compose(question, way, values)).holds(given_answers) is holds


@pytest.mark.parametrize(
    ("way", "value", "true_for"), [("<=", 3, {1, 3}), (">=", 3, {3, 5}), ("==", 3, {3}), ("!=", 3, {1, 5})]
)
def test_numbers(way, value, true_for):
    condition = parse_condition(compose(Question("q", "rating", "几分"), way, [value]))
    assert {score for score in (1, 3, 5) if condition.holds({"q": score})} == true_for


def test_every_kind_that_is_answered_can_be_looked_at():
    assert set(COMPARISONS) == set(KINDS) - SILENT


@given(
    st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=4, unique=True),
    st.sampled_from(["single", "multiple"]),
)
def test_any_option_label_survives(labels, kind):
    question = Question("q", kind, "x", options=tuple(Option(label, label) for label in labels))
    condition = parse_condition(compose(question, "one of", [labels[0]]))
    assert condition.holds({"q": labels[0] if kind == "single" else [labels[0]]})
    assert not condition.holds({"q": "另外的" if kind == "single" else ["另外的"]})


def test_it_goes_into_the_table_and_back():
    changed = with_condition(SURVEY, "q3", parse_condition('(q2 <= 2) or (q1 == "纯茶")'))
    again = from_table(to_table(changed), changed.title, base=changed)
    assert [q.code for q in path(again, {"q1": "纯茶", "q2": 5})] == ["q1", "q2", "q3"]
    assert [q.code for q in path(again, {"q1": "奶茶", "q2": 5})] == ["q1", "q2"]
    always = with_condition(changed, "q3", None)
    assert [q.code for q in path(from_table(to_table(always), "试", base=always), {})] == ["q1", "q2", "q3"]
