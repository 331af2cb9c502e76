"""The path through a survey: forward only, what is hidden is neither asked nor counted."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from fanops.collect.surveys.answers import Given, missing
from fanops.collect.surveys.definition import END, Option, Question, SurveyDefinition


def path(survey: SurveyDefinition, answers: Mapping[str, Any]) -> list[Question]:
    """Give the questions a person with these answers sees, in order (notices included, page breaks not).

    Conditions look only at answers that are themselves on the path: an answer given before its question became hidden
    decides nothing any more.
    """
    shown: list[Question] = []
    counted: dict[str, Any] = {}
    waiting_for: str | None = None
    for group, question in survey.questions():
        if waiting_for is not None:
            if question.code != waiting_for:
                continue
            waiting_for = None
        if question.kind == "page_break":
            continue
        visible = all(condition is None or condition.holds(counted) for condition in (group.show_if, question.show_if))
        if not visible:
            continue
        shown.append(question)
        if question.is_asked and question.code in answers:
            counted[question.code] = answers[question.code]
        for jump in question.jumps:
            if jump.when is None or jump.when.holds(counted):
                waiting_for = jump.to
                break
        if waiting_for == END:
            break
    return shown


def kept_answers(survey: SurveyDefinition, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Give only the answers whose questions are on the path."""
    return {q.code: answers[q.code] for q in path(survey, answers) if q.is_asked and q.code in answers}


def values(given: Mapping[str, Given]) -> dict[str, Any]:
    """Give the plain values that conditions look at."""
    return {code: answer.value for code, answer in given.items() if answer.value is not None}


def still_missing(survey: SurveyDefinition, given: Mapping[str, Given]) -> list[str]:
    """List the codes of required questions on the path that have no answer."""
    return [
        question.code
        for question in path(survey, values(given))
        if question.is_asked and missing(question, given.get(question.code, Given(None)))
    ]


def next_screen(survey: SurveyDefinition, answers: Mapping[str, Any], after: int) -> int | None:
    """Give the index of the first screen after ``after`` (−1: from the start) with something to show, None at the end."""
    shown = {question.code for question in path(survey, answers)}
    for place, screen in enumerate(survey.screens):
        if place > after and any(question.code in shown for question in screen):
            return place
    return None


def progress_share(survey: SurveyDefinition, answers: Mapping[str, Any], at: int) -> float:
    """Give how far a person is: questions on the path before screen ``at`` over all on it, 0–1."""
    before = {question.code for screen in survey.screens[:at] for question in screen}
    shown = [question for question in path(survey, answers) if question.is_asked]
    return sum(question.code in before for question in shown) / max(1, len(shown))


def ordered_options(question: Question, seed: int) -> tuple[Option, ...]:
    """Give the options in the order this response sees them: shuffled once per response where the question says so."""
    if not question.random_order:
        return question.options
    shuffled = list(question.options)
    random.Random(f"{seed}:{question.code}").shuffle(shuffled)
    return tuple(shuffled)


def piped(text: str, survey: SurveyDefinition, answers: Mapping[str, Any], limit: int = 40) -> str:
    """Put earlier answers into a text: ``{q1}`` becomes what the person chose or wrote, empty when unanswered."""
    if "{" not in text:
        return text
    for _, question in survey.questions():
        place = "{" + question.code + "}"
        if place in text:
            text = text.replace(place, answer_words(question, answers.get(question.code))[:limit])
    return text


def answer_words(question: Question, value: Any) -> str:
    """Give an answer as a person reads it: labels instead of codes, joined by 、; a contact masked."""
    if value is None:
        return ""
    labels = {option.code: option.label for option in question.options} | {"other": question.other or "其他"}
    if isinstance(value, list):
        return "、".join(labels.get(str(item), str(item)) for item in value)
    if question.kind == "contact":
        return value.get("masked", "") if isinstance(value, dict) else ""
    if isinstance(value, dict):
        rows = {row.code: row.label for row in question.rows}
        return "；".join(f"{rows.get(row, row)}：{labels.get(str(item), item)}" for row, item in value.items())
    return labels.get(str(value), f"{value:g}" if isinstance(value, float) else str(value))
