"""The path: forward only, no hidden answer counts, random definitions never crash."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from fanops.collect.surveys.check import check_survey
from fanops.collect.surveys.definition import build_definition
from fanops.collect.surveys.flow import (
    kept_answers,
    next_screen,
    ordered_options,
    path,
    piped,
    progress_share,
)


def survey(*questions, **group):
    return build_definition(
        {"code": "s", "title": "问卷", "groups": [{"code": "g", "title": "组", "questions": list(questions), **group}]}
    )


def single(code, **more):
    return {"code": code, "kind": "single", "title": code, "options": ["甲", "乙"], **more}


def codes(shown):
    return [question.code for question in shown]


def test_a_hidden_answer_decides_nothing():
    s = survey(single("a"), single("b", show_if='a == "甲"'), single("c", show_if='b == "甲"'))
    assert codes(path(s, {"a": "甲", "b": "甲"})) == ["a", "b", "c"]
    # b was answered before a was changed: it is hidden now, and c with it
    assert codes(path(s, {"a": "乙", "b": "甲"})) == ["a"]
    assert kept_answers(s, {"a": "乙", "b": "甲", "c": "甲"}) == {"a": "乙"}


def test_jumps_go_forward_and_to_the_end():
    s = survey(
        single("a", jump=[{"to": "d", "if": 'a == "甲"'}, {"to": "end", "if": 'a == "乙"'}]), single("b"), single("d")
    )
    assert codes(path(s, {})) == ["a", "b", "d"]
    assert codes(path(s, {"a": "甲"})) == ["a", "d"]
    assert codes(path(s, {"a": "乙"})) == ["a"]


def test_screens_never_look_at_themselves():
    s = survey(single("a"), single("b"), single("c", show_if='a == "甲"'), single("d"))
    assert [codes(screen) for screen in s.screens] == [["a", "b"], ["c", "d"]]
    assert next_screen(s, {"a": "乙"}, 0) == 1
    assert next_screen(s, {}, 1) is None
    assert progress_share(s, {"a": "甲"}, 1) == 0.5


def test_checker_finds_each_trap():
    found = {
        issue.question: issue.why
        for issue in check_survey(
            survey(
                single("a", show_if='z == "甲"'),
                single("b", show_if='d == "甲"'),
                single("c", show_if='a == "丙"'),
                single("d", jump=[{"to": "a"}]),
                single("e", jump=[{"to": "nowhere"}]),
            )
        )
    }
    assert "不存在" in found["a"] and "后面" in found["b"] and "丙" in found["c"]
    assert "向后" in found["d"] and "nowhere" in found["e"]
    blocked = survey(single("a", jump=[{"to": "c"}]), single("b"), single("c"))
    assert [issue.question for issue in check_survey(blocked) if issue.serious] == ["b"]
    hideable = survey(single("a"), single("b", show_if='a == "甲"', required=True))
    assert [(issue.question, issue.serious) for issue in check_survey(hideable)] == [("b", False)]


def test_random_order_is_the_same_for_one_response():
    s = survey({"code": "a", "kind": "single", "title": "a", "options": list("甲乙丙丁戊己"), "random_order": True})
    question = s.question("a")
    assert ordered_options(question, 7) == ordered_options(question, 7)
    assert {o.code for o in ordered_options(question, 7)} == set("甲乙丙丁戊己")
    assert len({ordered_options(question, seed) for seed in range(20)}) > 5


def test_piping_puts_labels_not_codes():
    s = survey(
        {"code": "a", "kind": "multiple", "title": "a", "options": [{"code": "x", "label": "珍珠"}, "椰果"]},
        {"code": "b", "kind": "long_text", "title": "{a}哪里不好？"},
    )
    assert piped("{a}哪里不好？", s, {"a": ["x", "椰果"]}) == "珍珠、椰果哪里不好？"
    assert piped("{a}哪里不好？", s, {}) == "哪里不好？"


def test_a_piped_contact_stays_masked():
    s = survey({"code": "a", "kind": "contact", "title": "a", "consent": "好"}, single("b"))
    kept = {"sealed": "00ff", "masked": "138****8000"}
    assert piped("打到{a}可以吗", s, {"a": kept}) == "打到138****8000可以吗"


def test_the_checker_reads_what_titles_pipe_in_and_options_that_stand_twice():
    asked = survey(
        single("a", other="甲"), {"code": "b", "kind": "long_text", "title": "{z}和{c}怎么样？"}, single("c"),
        {"code": "d", "kind": "long_text", "title": "{a}和{别的}怎么样？"},
    )  # fmt: skip
    found = [(issue.question, issue.serious) for issue in check_survey(asked)]
    assert found == [("a", True), ("b", True), ("b", True)]


def test_what_waits_for_a_late_answer_of_the_first_question_is_in_reach():
    many = list("甲乙丙丁戊己庚辛")
    parts = [{"code": f"q{n}", "kind": "single", "title": f"{n}", "options": many} for n in range(6)]
    late = single("late", show_if='q0 == "辛"')
    used = [single(f"s{n}", show_if=f'q{n} == "甲"') for n in range(1, 6)]
    assert not [issue for issue in check_survey(survey(*parts, late, *used)) if issue.serious]


@st.composite
def random_surveys(draw):
    size = draw(st.integers(1, 8))
    questions = []
    for place in range(size):
        more = {}
        if place and draw(st.booleans()):
            target = draw(st.integers(0, place - 1))
            more["show_if"] = f'q{target} {draw(st.sampled_from(["==", "!="]))} "甲"'
        if place + 1 < size and draw(st.booleans()):
            to = draw(st.integers(place + 1, size - 1))
            more["jump"] = [{"to": f"q{to}", "if": f'q{place} == "乙"'}]
        questions.append(single(f"q{place}", required=draw(st.booleans()), **more))
    return survey(*questions)


@settings(max_examples=150, deadline=None)
@given(random_surveys(), st.dictionaries(st.integers(0, 7).map("q{}".format), st.sampled_from("甲乙")))
def test_random_surveys_keep_the_promises(s, answers):
    shown = codes(path(s, answers))
    order = [question.code for _, question in s.questions()]
    assert [code for code in order if code in shown] == shown  # forward only, each once
    kept = kept_answers(s, answers)
    assert set(kept) <= set(shown)
    assert codes(path(s, kept)) == shown  # hidden answers decided nothing
    for screen in s.screens:
        here = set(codes(screen))
        for question in screen:
            assert question.show_if is None or not (question.show_if.questions & here)
    check_survey(s)
