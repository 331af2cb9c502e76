"""A survey on paper: questions numbered as a person counts them, logic in words, earlier answers named instead of piped."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

from fanops.collect.surveys.answers import OTHER, scale
from fanops.collect.surveys.conditions import Condition
from fanops.collect.surveys.definition import END, PIPE, Question, SurveyDefinition

_SIGNS = {ast.Lt: "小于", ast.LtE: "不超过", ast.Gt: "大于", ast.GtE: "至少"}


@dataclass(frozen=True)
class PaperQuestion:
    """One question as it stands on paper.

    Attributes:
        question: As defined.
        number: 1, 2, 3… over what is asked; 0 for a notice.
        title: With “您在第 3 题的回答” where the screen would pipe an answer in.
        group: Title of its group where the group begins, else empty.
        only_if: When it is to be answered, empty: always.
        then: Where to go on after it, one sentence per jump.
        points: Of a rating or NPS, else empty.
    """

    question: Question
    number: int
    title: str
    group: str
    only_if: str
    then: tuple[str, ...]
    points: tuple[int, ...]


def paper_questions(survey: SurveyDefinition) -> list[PaperQuestion]:
    """Lay a survey out for paper, page breaks left out."""
    numbers = question_numbers(survey)
    shown, last_group = [], ""
    for group, question in survey.questions():
        if question.kind == "page_break":
            continue
        conditions = [each for each in (group.show_if, question.show_if) if each is not None]
        then = []
        for jump in question.jumps:
            to = "结束，不用再答" if jump.to == END else f"请跳到第 {numbers.get(jump.to, jump.to)} 题"
            then.append(f"{condition_words(jump.when, survey)}：{to}" if jump.when else to)
        shown.append(
            PaperQuestion(
                question, numbers.get(question.code, 0), _named(question.title, survey, numbers),
                group.title if group.code != last_group else "",
                "，并且".join(condition_words(each, survey) for each in conditions), tuple(then),
                tuple(scale(question)) if question.kind in ("rating", "nps") else (),
            )
        )  # fmt: skip
        last_group = group.code
    return shown


def paper_notice(notice: str) -> str:
    """Give a notice for paper: what it says of a receipt code (回执码) is left out, for paper has none."""
    sentences = re.findall(r"[^。；;！!]+[。；;！!]?", notice)
    kept = "".join(each for each in sentences if "回执码" not in each).strip()
    return f"{kept[:-1]}。" if kept.endswith(("；", ";")) else kept


def question_numbers(survey: SurveyDefinition) -> dict[str, int]:
    """Number the questions that are asked: code → 1, 2, 3…."""
    numbers: dict[str, int] = {}
    count = 0
    for _, question in survey.questions():
        count += question.is_asked
        if question.is_asked:
            numbers[question.code] = count
    return numbers


def _named(text: str, survey: SurveyDefinition, numbers: dict[str, int]) -> str:
    return PIPE.sub(
        lambda found: f"（您在第 {numbers[found[1]]} 题的回答）" if found[1] in numbers else found[0],
        text,
    )


def condition_words(condition: Condition, survey: SurveyDefinition) -> str:
    """Say a condition as a person with a pen reads it: 第 1 题选“不好”，并且第 3 题不超过 6."""
    return _words(ast.parse(condition.source, mode="eval").body, survey, question_numbers(survey))


def _words(node: ast.expr, survey: SurveyDefinition, numbers: dict[str, int]) -> str:
    match node:
        case ast.BoolOp(op=op, values=parts):
            joined = ("，并且" if isinstance(op, ast.And) else "，或者").join(
                f"（{said}）" if isinstance(part, ast.BoolOp) else said
                for part in parts
                for said in [_words(part, survey, numbers)]
            )
            return joined
        case ast.UnaryOp(operand=operand):
            return f"不是“{_words(operand, survey, numbers)}”"
        case ast.Compare(left=ast.Name(id=code), ops=[op], comparators=[right]):
            return _compared(code, op, ast.literal_eval(right), survey, numbers)
        case ast.Compare(left=ast.Call(args=[ast.Name(id=code), *_]), ops=[op], comparators=[right]):
            sign = _SIGNS.get(type(op), "等于" if isinstance(op, ast.Eq) else "不等于")
            return f"第 {numbers.get(code, code)} 题选的项数{sign} {ast.literal_eval(right)}"
        case ast.Call(func=ast.Name(id="answered"), args=[ast.Name(id=code)]):
            return f"第 {numbers.get(code, code)} 题答了"
        case ast.Call(args=[ast.Name(id=code), *rest]):
            return _compared(code, ast.Eq(), ast.literal_eval(rest[0]) if rest else "", survey, numbers)
        case ast.Name(id=code):
            return f"第 {numbers.get(code, code)} 题答了"
    return ast.unparse(node)


def _compared(code: str, op: ast.cmpop, right: Any, survey: SurveyDefinition, numbers: dict[str, int]) -> str:
    place, question = f"第 {numbers.get(code, code)} 题", survey.question(code)
    if isinstance(op, tuple(_SIGNS)):
        return f"{place}{_SIGNS[type(op)]} {right}"
    labels = {}
    if question is not None:
        labels = {each.code: each.label for each in question.options} | {OTHER: question.other or "其他"}
    values = right if isinstance(right, (list, tuple)) else [right]
    said = "或".join(f"“{labels.get(str(value), value)}”" for value in values)
    return f"{place}{'没选' if isinstance(op, (ast.NotEq, ast.NotIn)) else '选'}{said}"
