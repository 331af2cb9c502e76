"""The checker: what would trap or confuse a fan, found before a survey is opened."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fanops.collect.surveys.answers import OTHER, scale
from fanops.collect.surveys.conditions import Condition
from fanops.collect.surveys.definition import END, PIPE, Question, SurveyDefinition
from fanops.collect.surveys.flow import path

PHONE_TITLE_LIMIT, PHONE_OPTION_LIMIT = 60, 24
_MOST_PATHS = 20_000


@dataclass(frozen=True)
class Issue:
    """检查结果.

    Attributes:
        serious: True stops publishing; False is advice.
        question: Code of the question, empty for the whole survey.
        why: Chinese sentence.
        line: Line in the file form, 0 when unknown.
    """

    serious: bool
    question: str
    why: str
    line: int = 0


def check_survey(survey: SurveyDefinition) -> list[Issue]:
    """Find unreachable questions, dead ends, jumps backward, unknown references, hideable required ones, long texts.

    Returns:
        Issues, serious ones first, then in the order of the survey.
    """
    order = {question.code: place for place, (_, question) in enumerate(survey.questions())}
    issues: list[Issue] = []
    for group, question in survey.questions():
        for condition in (group.show_if, question.show_if):
            issues += _references(survey, question, condition, order, order[question.code])
        issues += _jumps(survey, question, order)
        issues += _piped(question, order)
        issues += _twice(question)
        issues += _lengths(question)
    if not any(issue.serious for issue in issues):
        issues += _reach(survey)
    return sorted(issues, key=lambda issue: (not issue.serious, order.get(issue.question, -1)))


def _issue(question: Question, why: str, *, serious: bool = True) -> Issue:
    return Issue(serious, question.code, why, question.line)


def _references(
    survey: SurveyDefinition, question: Question, condition: Condition | None, order: dict[str, int], before: int
) -> Iterator[Issue]:
    if condition is None:
        return
    for code in sorted(condition.questions):
        if code not in order:
            yield _issue(question, f"条件里的题号 {code} 不存在。")
        elif order[code] >= before:
            yield _issue(question, f"条件用到了它自己或后面的题 {code}，那时还没有答案。")
    for code, value in sorted(condition.values, key=str):
        asked = survey.question(code)
        if asked and asked.kind in ("single", "multiple", "ranking") and value not in _codes(asked):
            yield _issue(question, f"条件里的选项“{value}”在题 {code} 中不存在。")
        if asked and asked.kind in ("rating", "nps") and isinstance(value, str):
            yield _issue(question, f"题 {code} 的答案是数字，不能和文字“{value}”比较。")


def _codes(question: Question) -> set[Any]:
    return {option.code for option in question.options} | ({OTHER} if question.other else set())


def _jumps(survey: SurveyDefinition, question: Question, order: dict[str, int]) -> Iterator[Issue]:
    for jump in question.jumps:
        if jump.to != END and jump.to not in order:
            yield _issue(question, f"跳转到的题 {jump.to} 不存在。")
        elif jump.to != END and order[jump.to] <= order[question.code]:
            yield _issue(question, f"跳转到了前面的题 {jump.to}；只能向后跳。")
        yield from _references(survey, question, jump.when, order, order[question.code] + 1)


def _piped(question: Question, order: dict[str, int]) -> Iterator[Issue]:
    for code in dict.fromkeys(PIPE.findall(f"{question.title} {question.help}")):
        if code not in order:
            yield _issue(question, f"题目里的 {{{code}}} 要换成那一题的回答，可是没有题号 {code}；顾客会看到这个括号。")
        elif order[code] >= order[question.code]:
            yield _issue(question, f"题目里用到了它自己或后面的题 {{{code}}} 的回答，那时还没有答。")


def _twice(question: Question) -> Iterator[Issue]:
    if question.other and question.other in {option.label for option in question.options}:
        yield _issue(question, f"“{question.other}”出现了两次：选项里一次，“其他选项”里一次，请去掉一个。")
    if question.other and OTHER in {option.code for option in question.options}:
        yield _issue(question, f"有一个选项的代号是 {OTHER}，和“其他选项”分不开，请改掉。")


def _lengths(question: Question) -> Iterator[Issue]:
    if len(question.title) > PHONE_TITLE_LIMIT:
        why = f"题目有 {len(question.title)} 个字，手机上会超过三行；建议不超过 {PHONE_TITLE_LIMIT} 个。"
        yield _issue(question, why, serious=False)
    for option in (*question.options, *question.rows):
        if len(option.label) > PHONE_OPTION_LIMIT:
            yield _issue(question, f"选项“{option.label[:10]}…”太长，手机上会折行。", serious=False)


def sample_answers(question: Question) -> list[Any]:
    """Give answers that between them take every branch a condition can see (None: left empty, where that is allowed)."""
    empty = [] if question.required else [None]
    match question.kind:
        case "single":
            return [*sorted(_codes(question)), *empty]
        case "multiple" | "ranking":
            codes = sorted(_codes(question))
            return [[code] for code in codes] + [codes] + empty
        case "rating" | "nps":
            return [*scale(question), *empty]
        case "number":
            return [value for value in (question.minimum, question.maximum) if value is not None] + [0, 1, 10, *empty]
        case "matrix":
            return [{row.code: option.code for row in question.rows} for option in question.options] + empty
        case _:
            return ["甲", *empty]


def every_path(survey: SurveyDefinition) -> Iterator[tuple[dict[str, Any], list[Question]]]:
    """Walk the survey with every combination of answers that conditions look at (of more than 20,000 that many, spread).

    Yields:
        The answers, and the questions shown with them.
    """
    conditions = [group.show_if for group in survey.groups]
    for _, question in survey.questions():
        conditions += [question.show_if, *(jump.when for jump in question.jumps)]
    deciding = {code for condition in conditions if condition for code in condition.questions}
    asked = [question for _, question in survey.questions() if question.code in deciding]
    constants: dict[str, set[Any]] = {}
    for condition in conditions:
        for code, value in condition.values if condition else ():
            constants.setdefault(code, set()).add(value)
    choices = [_relevant(question, constants.get(question.code, set())) for question in asked]
    for combination in _combinations(choices):
        answers = {q.code: value for q, value in zip(asked, combination, strict=True) if value is not None}
        yield answers, path(survey, answers)


def _combinations(choices: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Give every combination; of more than ``_MOST_PATHS`` that many, spread so that every value comes up.

    The first ones in order would hold the first question at its first values, and whatever waits for another would pass
    for out of reach.
    """
    if math.prod(map(len, choices)) <= _MOST_PATHS:
        yield from itertools.product(*choices)
        return
    draw = random.Random(0)
    for _ in range(_MOST_PATHS):
        yield tuple(draw.choice(values) for values in choices)


def _relevant(question: Question, constants: set[Any]) -> list[Any]:
    everything = sample_answers(question)
    if question.kind in ("rating", "nps", "number"):
        numbers = [value for value in constants if isinstance(value, (int, float))]
        near = {value + step for value in numbers for step in (-1, 0, 1)}
        fitting = [value for value in everything if value is None or value in near]
        return fitting or everything
    if question.kind in ("short_text", "long_text"):
        return everything + [value for value in constants if isinstance(value, str)]
    return everything


def _reach(survey: SurveyDefinition) -> Iterator[Issue]:
    seen: dict[str, int] = {}
    paths = 0
    dead_end = False
    for _, shown in every_path(survey):
        paths += 1
        dead_end = dead_end or not any(question.is_asked for question in shown)
        for question in shown:
            seen[question.code] = seen.get(question.code, 0) + 1
    if dead_end:
        yield Issue(True, "", "有一种回答会让人一道题也看不到。")
    for _, question in survey.questions():
        if question.kind == "page_break":
            continue
        if question.code not in seen and paths < _MOST_PATHS:
            yield _issue(question, "没有任何回答能走到这道题。")
        elif question.code not in seen:
            why = "走法太多，没有全部走完；走过的里面没有一种到这道题，请看看它的条件。"
            yield _issue(question, why, serious=False)
        elif question.required and seen[question.code] < paths:
            yield _issue(question, "这道必答题有时会被隐藏；隐藏时不会拦住人，结果里会有空白。", serious=False)
