"""Reading what a person gave for one question: the same checks for the fan's page, staff, and imported sheets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fanops.collect.surveys.definition import Question
from fanops.text.masking import mask_identifiers

OTHER = "other"
_WORDS = ("short_text", "long_text")
SHORT_LIMIT, LONG_LIMIT = 200, 5_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})")
_LARGEST = 1e12  # one answer of 300 digits would make every average of its question useless
_PATTERNS = {
    "phone": (re.compile(r"1[3-9]\d{9}\Z"), "请填写 11 位手机号。"),
    "email": (re.compile(r"[^@\s]{1,64}@[^@\s]{1,100}\.[^@\s.]{2,20}\Z"), "请填写邮箱，例如 name@example.com。"),
    "digits": (re.compile(r"[0-9]{1,30}\Z"), "请只填数字。"),
    "letters": (re.compile(r"[A-Za-z ]{1,100}\Z"), "请只填字母。"),
    "chinese": (re.compile(r"[\u3400-\u9fff·]{1,100}\Z"), "请只填汉字。"),
}


class BadAnswer(ValueError):
    """The answer can't be taken; the message is a Chinese sentence to show beside the question."""


@dataclass(frozen=True)
class Given:
    """What a person gave.

    Attributes:
        value: Option code, list of codes, number, ISO date, text, {row: code}; None when left empty.
        other: Free words of “其他”, empty when not chosen.
    """

    value: Any
    other: str = ""


Form = Mapping[str, Sequence[str]]


def read_answer(question: Question, form: Form) -> Given:
    """Read one question's answer from form fields ``code``, ``code.other``, ``code.<row or option>``, ``code.consent``.

    Numbers of people in free words are masked at this door; a contact question is where one is left, and it is sealed.

    Raises:
        BadAnswer: Not acceptable (an empty required answer is not judged here, see ``missing``).
    """
    given = _READERS[question.kind](question, form)
    value = mask_identifiers(given.value).text if question.kind in _WORDS and given.value else given.value
    return Given(value, mask_identifiers(given.other).text if given.other else "")


def missing(question: Question, given: Given) -> bool:
    """Say whether a required answer is lacking."""
    if not question.required:
        return False
    if question.kind == "matrix":
        return len(given.value or {}) < len(question.rows)
    return given.value in (None, "", [], {})


def clean_text(text: str, limit: int) -> str:
    """Take out control characters and lone surrogates, strip, and refuse over ``limit`` characters."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n")).strip()
    if len(text) > limit:
        raise BadAnswer(f"最多 {limit} 个字，现在有 {len(text)} 个。")
    return text


def _first(form: Form, name: str) -> str:
    values = form.get(name) or [""]
    return str(values[0])


def _other(question: Question, form: Form) -> str:
    return clean_text(_first(form, f"{question.code}.other"), SHORT_LIMIT) if question.other else ""


def _allowed(question: Question) -> set[str]:
    return {option.code for option in question.options} | ({OTHER} if question.other else set())


def _single(question: Question, form: Form) -> Given:
    value, other = _first(form, question.code), _other(question, form)
    if not value and other:
        value = OTHER
    if not value:
        return Given(None)
    if value not in _allowed(question):
        raise BadAnswer("请从列出的选项里选。")
    return Given(value, other if value == OTHER else "")


def _multiple(question: Question, form: Form) -> Given:
    chosen = list(dict.fromkeys(str(value) for value in form.get(question.code) or [] if value))
    other = _other(question, form)
    if other and OTHER not in chosen:
        chosen.append(OTHER)
    if not set(chosen) <= _allowed(question):
        raise BadAnswer("请从列出的选项里选。")
    if chosen and question.minimum is not None and len(chosen) < question.minimum:
        raise BadAnswer(f"请至少选 {question.minimum:g} 项。")
    if question.maximum is not None and len(chosen) > question.maximum:
        raise BadAnswer(f"最多选 {question.maximum:g} 项，现在选了 {len(chosen)} 项。")
    return Given(chosen or None, other if OTHER in chosen else "")


def _number(question: Question, form: Form) -> Given:
    text = _first(form, question.code).strip().translate(str.maketrans("０１２３４５６７８９．－", "0123456789.-"))
    if not text:
        return Given(None)
    if not _NUMBER.fullmatch(text):
        raise BadAnswer("请填写数字。")
    value = float(text)
    if abs(value) > _LARGEST:
        raise BadAnswer("这个数字太大了，请检查有没有多打几位。")
    low, high = _bounds(question)
    if low is not None and high is not None and not low <= value <= high:
        raise BadAnswer(f"请填写 {low:g} 到 {high:g} 之间的数字。")
    if low is not None and value < low:
        raise BadAnswer(f"请填写不小于 {low:g} 的数字。")
    if high is not None and value > high:
        raise BadAnswer(f"请填写不大于 {high:g} 的数字。")
    if question.kind in ("rating", "nps") and value != int(value):
        raise BadAnswer("请选一个整数分。")
    return Given(int(value) if value == int(value) else value)


def _bounds(question: Question) -> tuple[float | None, float | None]:
    if question.kind == "nps":
        return 0, 10
    if question.kind == "rating":
        return (1 if question.minimum is None else question.minimum), (
            5 if question.maximum is None else question.maximum
        )
    return question.minimum, question.maximum


def scale(question: Question) -> list[int]:
    """Give the points of a rating or NPS question, lowest first."""
    low, high = _bounds(question)
    return list(range(int(low or 0), int(high or 0) + 1))


def scale_ends(question: Question) -> tuple[str, str]:
    """Give the words at the two ends of a rating or NPS question, on the fan's page and where staff ask."""
    return ("完全不会", "一定会") if question.kind == "nps" else ("很不满意", "很满意")


def _date(question: Question, form: Form) -> Given:
    text = _first(form, question.code).strip()
    if not text:
        return Given(None)
    try:
        return Given(date.fromisoformat(text.replace("/", "-")).isoformat())
    except ValueError as error:
        raise BadAnswer("请填写日期，例如 2026-11-22。") from error


def _text(question: Question, form: Form) -> Given:
    text = clean_text(_first(form, question.code), SHORT_LIMIT if question.kind == "short_text" else LONG_LIMIT)
    if not text:
        return Given(None)
    if question.maximum is not None and len(text) > question.maximum:
        raise BadAnswer(f"最多 {question.maximum:g} 个字，现在有 {len(text)} 个。")
    if question.minimum is not None and len(text) < question.minimum:
        raise BadAnswer(f"请至少写 {question.minimum:g} 个字。")
    if question.pattern:
        pattern, why = _PATTERNS[question.pattern]
        if not pattern.match(text):
            raise BadAnswer(why)
    return Given(text)


def _contact(question: Question, form: Form) -> Given:
    text = clean_text(_first(form, question.code), SHORT_LIMIT)
    if not text:
        return Given(None)
    pattern, why = _PATTERNS["phone"]
    number = re.sub(r"[\s-]|^\+?86", "", text)
    if not pattern.match(number):
        raise BadAnswer(why)
    if _first(form, f"{question.code}.consent") != "yes":
        raise BadAnswer("留下联系方式，需要勾选同意；也可以把它空着。")
    return Given(number)


def _matrix(question: Question, form: Form) -> Given:
    allowed = {option.code for option in question.options}
    value = {}
    for row in question.rows:
        chosen = _first(form, f"{question.code}.{row.code}")
        if chosen and chosen not in allowed:
            raise BadAnswer("请从列出的选项里选。")
        if chosen:
            value[row.code] = chosen
    return Given(value or None)


def _ranking(question: Question, form: Form) -> Given:
    places: dict[int, str] = {}
    for option in question.options:
        text = _first(form, f"{question.code}.{option.code}").strip()
        if not text:
            continue
        if not text.isdecimal() or not 1 <= int(text) <= len(question.options):
            raise BadAnswer(f"名次请填 1 到 {len(question.options)}。")
        if int(text) in places:
            raise BadAnswer(f"第 {int(text)} 名选了两项，请改成不同的名次。")
        places[int(text)] = option.code
    return Given([places[place] for place in sorted(places)] or None)


def _nothing(question: Question, form: Form) -> Given:
    return Given(None)


_READERS = {
    "single": _single, "multiple": _multiple, "rating": _number, "nps": _number, "number": _number, "matrix": _matrix,
    "ranking": _ranking, "date": _date, "short_text": _text, "long_text": _text, "contact": _contact,
    "notice": _nothing, "page_break": _nothing,
}  # fmt: skip
