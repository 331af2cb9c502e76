"""Hostile posts at every route of the fan's page, with every kind of question; submits that come twice or together."""

from __future__ import annotations

import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import func, select

from fanops.collect import records_surveys as records
from fanops.collect.surveys.answers import OTHER, read_answer
from fanops.collect.surveys.definition import SurveyDefinition, read_definition
from fanops.tables import Answer, Response, Unit, Voice
from fanops.web.survey_form import ROUTES

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
POSTS = 500
EVERYTHING = """
code: everything
title: 什么都有
groups:
  - code: all
    title: 全部
    questions:
      - {code: one, kind: single, title: 单选, options: [甲, 乙], other: 其他, required: true}
      - {code: many, kind: multiple, title: 多选, options: [甲, 乙, 丙], other: 其他, min: 1, max: 2, random_order: true}
      - {code: rate, kind: rating, title: 评分}
      - {code: nps, kind: nps, title: 推荐}
      - {code: grid, kind: matrix, title: 矩阵, rows: [环境, 服务], options: [好, 差]}
      - {code: rank, kind: ranking, title: 排序, options: [快, 好, 省], show_if: rate <= 3}
      - {code: number, kind: number, title: 数, min: 0, max: 99}
      - {code: day, kind: date, title: 日}
      - {code: word, kind: short_text, title: 短, pattern: digits}
      - {code: words, kind: long_text, title: 长, max: 50}
      - {code: contact, kind: contact, title: 电话, consent: 同意}
"""
NASTY = ["", " ", "x" * 6000, "\x00", "\ud800", "' OR 1=1 --", "<script>alert(1)</script>", "../../etc", "９９", "-1", "1e999", "NaN",
         "Infinity", "😀" * 50, "\u202e反", "{{7*7}}", "{one}", "on", "other", "yes", "2", "3", "5", "甲", "乙", "好", "快", "²", "٣",
         "2026-02-30", "2026-11-22", "13800138000", "[1]", '{"a":1}', "null", "1" * 400]  # fmt: skip


# What an honest phone posts: half of the posts carry some of it, so that they come past the first door.
HONEST = {"one": ["甲"], "many": ["乙"], "rate": ["2"], "nps": ["9"], "grid.环境": ["好"], "grid.服务": ["差"], "rank.快": ["1"],
          "number": ["７"], "day": ["2026-11-22"], "word": ["123"], "words": ["排队太久"], "contact": ["13800138000"],
          "contact.consent": ["yes"]}  # fmt: skip


@pytest.fixture
def survey() -> SurveyDefinition:
    """One question of every kind."""
    return read_definition(EVERYTHING)


@pytest.fixture
def code(chain, survey) -> str:
    """The open code of a store for it."""
    with chain.db.write() as session:
        version = records.publish(session, chain.actors["product"], survey)
        wave = records.open_wave(session, chain.actors["product"], version.id, "十一月")
        return records.place_code(session, chain.actors["product"], wave.id, chain.stores["S1"])


def fields(survey: SurveyDefinition) -> list[str]:
    """Every field that the form has, and some that it has not."""
    names = ["at", "go", "draft", "receipt", "deed", "x.y", "one.one.one"]
    for _, question in survey.questions():
        names += [question.code, f"{question.code}.other", f"{question.code}.consent"]
        names += [f"{question.code}.{part.code}" for part in (*question.rows, *question.options)]
    return names


def as_form(answer: Answer) -> dict[str, list[str]]:
    """Say a stored answer as a browser would have posted it."""
    code, value = answer.question_code, answer.value
    if isinstance(value, dict):
        return {f"{code}.{row}": [each] for row, each in value.items()}
    if code == "rank":
        return {f"rank.{option}": [str(place)] for place, option in enumerate(value, 1)}
    given = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    return {code: given, f"{code}.other": [answer.other_text]} if OTHER in given else {code: given}


POSTED = sorted(route.path for route in ROUTES if "POST" in route.methods)


def test_these_are_the_routes():
    assert POSTED == ["/s/receipt", "/s/{code}", "/s/{code}/start"]


@ONE
@pytest.mark.parametrize("route", POSTED)
def test_hostile_posts_break_nothing_and_store_nothing_invalid(browser, code, chain, survey, route):
    client, rng, names = browser(), random.Random(route), fields(survey)
    kept: set[str] = set()
    client.post(f"/s/{code}/start")
    for number in range(POSTS):
        data = {
            name: [rng.choice(NASTY) for _ in range(rng.choice((1, 1, 1, 2, 4)))]
            for name in rng.sample(names, rng.randint(0, 20))
        }
        if rng.random() < 0.5:
            data = {name: each for name, each in HONEST.items() if rng.random() < 0.8} | dict(list(data.items())[:2])
        data = {name: [text.encode("utf-8", "surrogatepass") for text in each] for name, each in data.items()}
        if rng.random() < 0.5:
            data["at"] = [rng.choice([b"0", b"1", b"2", b"999"])]
        path = route.replace("{code}", code if rng.random() < 0.97 else rng.choice(["x", "%00", "a" * 500, "..%2f"]))
        status = client.post(path, content=_encoded(data), headers=_FORM).status_code
        assert status < 500, (number, path, data)
        if number % 10 == 0:
            kept |= check_stored(chain, survey)
            client.cookies.clear()  # one that was handed in takes nothing more
            client.post(f"/s/{code}/start")
    assert client.post(f"/s/{code}", content=b"a" * 100_000).status_code == 413
    assert client.get(f"/s/{code}").status_code == 200
    if route == "/s/{code}":
        assert len(kept) >= 8, kept  # the posts reach what they are meant to reach


def check_stored(chain, survey: SurveyDefinition) -> set[str]:
    """Check that everything stored would be taken again as it is; give the codes of the questions."""
    with chain.db.read() as session:
        stored = session.exec(select(Answer)).all()
        assert set(session.exec(select(Response.state))) <= {"draft", "submitted", "replaced"}  # one phone, one person
    for answer in stored:
        question = survey.question(answer.question_code)
        if question.kind == "contact":
            assert set(answer.value) - {"unproven"} == {"sealed", "masked"} and "13800138000" not in str(answer.value)
            continue
        again = read_answer(question, as_form(answer))
        assert again.value == answer.value and again.other == answer.other_text
    return {answer.question_code for answer in stored}


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _encoded(data: dict[str, list[bytes]]) -> bytes:
    from urllib.parse import urlencode

    return urlencode(data, doseq=True).encode()


@pytest.mark.parametrize("again", [2, 12])
def test_a_submit_that_comes_more_than_once_is_one(browser, code, chain, again):
    client = browser()
    client.post(f"/s/{code}/start")
    for at, data in ((0, {"one": "甲", "rate": "5", "many": ["甲"]}), (1, {"words": "排队太久，店员很热情"})):
        last = {"at": at, "go": "next"} | data
        if at == 0:
            assert client.post(f"/s/{code}", data=last).status_code == 303
    with ThreadPoolExecutor(again) as pool:
        pages = list(pool.map(lambda _: client.post(f"/s/{code}", data=last), range(again)))
    assert {page.status_code for page in pages} <= {200, 409}
    receipts = [found[1] for page in pages if (found := re.search(r'class="receipt">(\w{26})<', page.text))]
    assert len(set(receipts)) == 1  # each is told the same
    assert sum("您已经交过了" not in page.text for page in pages if page.status_code == 200) == 1
    with chain.db.read() as session:
        assert session.exec(select(Response.state)).all() == ["submitted"]
        assert session.exec(select(func.count(Voice.id))).one() == 1
        assert session.exec(select(func.count(Unit.id))).one() == 2
        assert len(session.exec(select(Answer)).all()) == 4
    seen = client.post("/s/receipt", data={"receipt": receipts[0]})
    assert "排队太久" in seen.text


def test_a_start_that_comes_twice_keeps_one_draft_of_a_browser(browser, code, chain):
    client = browser()
    for _ in range(3):
        assert client.post(f"/s/{code}/start").status_code == 303
    with chain.db.read() as session:
        assert session.exec(select(func.count(Response.id))).one() == 1
