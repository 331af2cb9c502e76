"""Conditions put together by choosing, for people who don't write them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fanops.collect.surveys.conditions import Condition
from fanops.collect.surveys.definition import Jump, Question, SurveyDefinition

_ANSWERED = {"answered": "答了", "not answered": "没有答"}
_CHOSEN = {"one of": "选了其中之一", "none of": "一个也没有选"} | _ANSWERED
_NUMBER = {"<=": "不高于", ">=": "不低于", "==": "正好是", "!=": "不是"} | _ANSWERED
# What can be asked of an answer, by the kind of its question: key → as it is read.
COMPARISONS = {
    "single": _CHOSEN, "multiple": _CHOSEN, "ranking": _CHOSEN, "rating": _NUMBER, "nps": _NUMBER, "number": _NUMBER,
    "matrix": _ANSWERED, "date": _ANSWERED, "short_text": _ANSWERED, "long_text": _ANSWERED, "contact": _ANSWERED,
}  # fmt: skip


def compose(question: Question, way: str, values: Sequence[Any]) -> str:
    """Put a condition on a question's answer together.

    Args:
        question: Whose answer is looked at.
        way: A key of ``COMPARISONS`` for its kind.
        values: Option codes, or one number; none for answered or not.

    Returns:
        As ``parse_condition`` reads it.
    """
    code = question.code
    if way in _ANSWERED:
        return f"{way}({code})"
    if way in _NUMBER:
        return f"{code} {way} {values[0]:g}"
    # JSON writes a string as Python does, also with quotes and line breaks in it.
    each = [
        f"{code} == {json.dumps(value, ensure_ascii=False)}" if question.kind == "single"
        else f"has({code}, {json.dumps(value, ensure_ascii=False)})"
        for value in values
    ]  # fmt: skip
    either = " or ".join(each)
    return either if way == "one of" else f"not ({either})"


def with_condition(survey: SurveyDefinition, code: str, condition: Condition | None) -> SurveyDefinition:
    """Give the survey with another condition on one question; None asks it always."""
    return _with(survey, code, show_if=condition)


def with_jumps(survey: SurveyDefinition, code: str, jumps: Sequence[Jump]) -> SurveyDefinition:
    """Give the survey with other jumps after one question; the first that holds is taken."""
    return _with(survey, code, jumps=tuple(jumps))


def _with(survey: SurveyDefinition, code: str, **changed: Any) -> SurveyDefinition:
    groups = tuple(
        replace(group, questions=tuple(
            replace(question, **changed) if question.code == code else question for question in group.questions
        ))
        for group in survey.groups
    )  # fmt: skip
    return replace(survey, groups=groups)
