"""Answers: what each kind takes, what it refuses, and that hostile input never crashes it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanops.collect.surveys.answers import BadAnswer, missing, read_answer
from fanops.collect.surveys.definition import KINDS, build_definition


def question(kind, **more):
    data = {"code": "q", "kind": kind, "title": "题", **more}
    survey = build_definition({"code": "s", "title": "s", "groups": [
        {"code": "g", "title": "g", "questions": [data, {"code": "z", "kind": "short_text", "title": "z"}]}]})  # fmt: skip
    return survey.question("q")


OPTIONS = {"options": ["甲", "乙", "丙"]}
GOOD = [
    (question("single", **OPTIONS), {"q": ["甲"]}, "甲", ""),
    (question("single", **OPTIONS, other="其他"), {"q.other": ["丁"]}, "other", "丁"),
    (question("single", **OPTIONS, other="其他"), {"q": ["甲"], "q.other": ["丁"]}, "甲", ""),
    (question("multiple", **OPTIONS, max=2), {"q": ["甲", "乙", "甲"]}, ["甲", "乙"], ""),
    (question("rating"), {"q": ["5"]}, 5, ""),
    (question("nps"), {"q": ["0"]}, 0, ""),
    (question("number", min=0), {"q": ["１２．５"]}, 12.5, ""),
    (question("date"), {"q": ["2026/11/22"]}, "2026-11-22", ""),
    (question("long_text"), {"q": [" 排队\x00太久\ud800 "]}, "排队太久", ""),
    (question("contact", consent="同意"), {"q": ["+86 138 0013 8000"], "q.consent": ["yes"]}, "13800138000", ""),
    (question("matrix", **OPTIONS, rows=["味道"]), {"q.味道": ["乙"]}, {"味道": "乙"}, ""),
    (question("ranking", **OPTIONS), {"q.乙": ["1"], "q.甲": ["2"]}, ["乙", "甲"], ""),
    (question("notice"), {"q": ["x"]}, None, ""),
]


@pytest.mark.parametrize(("asked", "form", "value", "other"), GOOD)
def test_good_answers(asked, form, value, other):
    given_answer = read_answer(asked, form)
    assert (given_answer.value, given_answer.other) == (value, other)


BAD = [
    (question("single", **OPTIONS), {"q": ["戊"]}),
    (question("multiple", **OPTIONS, max=1), {"q": ["甲", "乙"]}),
    (question("multiple", **OPTIONS, min=2), {"q": ["甲"]}),
    (question("rating"), {"q": ["6"]}),
    (question("rating"), {"q": ["1.5"]}),
    (question("nps"), {"q": ["nan"]}),
    (question("number"), {"q": ["inf"]}),
    (question("number"), {"q": ["十"]}),
    (question("number"), {"q": ["1e308"]}),
    (question("number"), {"q": ["1_000"]}),
    (question("number"), {"q": ["9" * 13]}),
    (question("date"), {"q": ["2026-02-30"]}),
    (question("short_text", pattern="phone"), {"q": ["12345"]}),
    (question("short_text"), {"q": ["长" * 201]}),
    (question("contact", consent="同意"), {"q": ["13800138000"]}),
    (question("ranking", **OPTIONS), {"q.甲": ["1"], "q.乙": ["1"]}),
    (question("ranking", **OPTIONS), {"q.甲": ["9"]}),
    (question("matrix", **OPTIONS, rows=["味道"]), {"q.味道": ["x"]}),
]


@pytest.mark.parametrize(("asked", "form"), BAD)
def test_bad_answers_say_why(asked, form):
    with pytest.raises(BadAnswer, match="。"):
        read_answer(asked, form)


@pytest.mark.parametrize(
    ("limits", "typed", "why"),
    [({"min": 1.0}, "0", "请填写不小于 1 的数字。"), ({"max": 9.0}, "10", "请填写不大于 9 的数字。"),
     ({"min": 1.0, "max": 9.5}, "10", "请填写 1 到 9.5 之间的数字。")],
)  # fmt: skip
def test_a_number_out_of_its_limits_is_told_them(limits, typed, why):
    with pytest.raises(BadAnswer, match=f"^{why}$"):
        read_answer(question("number", **limits), {"q": [typed]})


def test_required_matrix_wants_every_row():
    asked = question("matrix", **OPTIONS, rows=["味道", "分量"], required=True)
    assert missing(asked, read_answer(asked, {"q.味道": ["甲"]}))
    assert not missing(asked, read_answer(asked, {"q.味道": ["甲"], "q.分量": ["乙"]}))


EVERY_KIND = [
    question(kind, **(OPTIONS if kind in ("single", "multiple", "ranking", "matrix") else {}),
             **({"rows": ["行"]} if kind == "matrix" else {}), **({"consent": "同意"} if kind == "contact" else {}))
    for kind in KINDS
]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(EVERY_KIND),
    st.dictionaries(
        st.sampled_from(["q", "q.other", "q.consent", "q.甲", "q.行", "x"]), st.lists(st.text(max_size=50), max_size=3)
    ),
)
def test_hostile_forms_are_read_or_refused(asked, form):
    try:
        read_answer(asked, form)
    except BadAnswer as refusal:
        assert str(refusal).strip()
