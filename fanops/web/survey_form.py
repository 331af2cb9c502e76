"""The fan's page: a few kilobytes of HTML, no script, no login, no state in this process.

Everything a screen needs is in the database or in the request, so any number of processes can serve it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import IntegrityError, OperationalError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fanops.collect import records_surveys as records
from fanops.collect import submit_response
from fanops.collect.form_limits import note_unknown_code
from fanops.collect.surveys import answers as reading
from fanops.collect.surveys import flow
from fanops.collect.surveys.answers import BadAnswer, Given
from fanops.collect.surveys.definition import Question
from fanops.database import database
from fanops.errors import FanopsError, NotFound
from fanops.settings import settings
from fanops.tables import Response as ResponseRow
from fanops.web.screen import notice, render

_LONGEST_FORM = 65_536
_DRAFT_DAYS = 30
# Few: the work is Python and one writer at a time, so more threads would only take turns more often.
_at_once = CapacityLimiter(3)


class _TooLong(Exception):
    """The posted form is longer than any honest one."""


async def _form(request: Request) -> dict[str, list[str]]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            raise _TooLong
    try:
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=600)
    except ValueError:
        return {}


def _served(handler: Callable[..., Response]) -> Callable[[Request], Any]:
    """Run a handler in a thread; refusals become whole sentences, a busy database one more try."""

    async def serve(request: Request) -> Response:
        try:
            form = await _form(request) if request.method == "POST" else {}
        except _TooLong:
            return notice("内容太长了", "请缩短后再提交。", status=413, href=request.url.path, link="回到问卷")
        code = request.path_params.get("code", "")
        secret = request.cookies.get(_cookie(code), "") or _one(form, "draft")
        address = request.client.host if request.client else ""
        for last in (False, True):
            try:
                return await to_thread.run_sync(
                    handler, code, secret, form, dict(request.query_params), limiter=_at_once
                )
            except NotFound as refusal:
                typed = _one(form, "receipt")[:200]
                allowed = await to_thread.run_sync(note_unknown_code, database(), address)
                if not allowed:
                    return notice("请稍后再试", "这个网络上输错的次数太多了，15 分钟后再试。", status=429, href="/s/receipt",
                                  link="查回执")  # fmt: skip
                if typed:
                    return render(
                        "survey_receipt.html", 404, receipt=typed, answers=None, survey=None, wrong=refusal.message
                    )
                return notice(refusal.message, refusal.hint, status=404, href="/s/receipt", link="用回执码查看")
            except FanopsError as refusal:
                return notice(refusal.message, refusal.hint, status=409, href=request.url.path, link="返回")
            except (OperationalError, IntegrityError):
                if last:
                    raise
        raise AssertionError("unreachable")

    return serve


def _one(form: dict[str, list[str]], name: str) -> str:
    return (form.get(name) or [""])[0]


def _cookie(code: str) -> str:
    return "f_" + records.digest(code)[:16]


def _keep(response: Response, code: str, secret: str) -> Response:
    response.set_cookie(
        _cookie(code), secret, max_age=_DRAFT_DAYS * 86_400, path="/s/", httponly=True, samesite="lax",
        secure=settings().secure_cookie,
    )  # fmt: skip
    return response


def show(code: str, secret: str, _form: dict, query: dict[str, str]) -> Response:
    """GET /s/{code}: the notice before the start, the screen where the person stopped, or the thanks."""
    with database().read() as session:
        form = records.find_form(session, code)
        response = records.find_response(session, form, secret) if secret else None
        if response is None:
            return render("survey_start.html", survey=form.survey, code=code)
        if response.state != "draft":
            return render("survey_thanks.html", survey=form.survey, receipt="", code=code)
        given = records.answers_of(session, response)
    asked = query.get("at", "")
    at = int(asked) if asked.isdecimal() and len(asked) < 4 else resume_at(form, given)
    return _screen(form, response, given, at, code, secret)


def resume_at(form: records.OpenForm, given: dict[str, Given]) -> int:
    """Give the first screen with a question on the path that was not answered, or the last one."""
    values = records.values(given)
    shown = {question.code for question in flow.path(form.survey, values) if question.is_asked}
    screens = flow.screens(form.survey)
    for place, screen in enumerate(screens):
        if any(question.code in shown and question.code not in values for question in screen):
            return place
    return len(screens) - 1


def start(code: str, secret: str, _form: dict, _query: dict) -> Response:
    """POST /s/{code}/start: begin, or go on with what this browser began."""
    with database().write() as session:
        form = records.find_form(session, code)
        if not (secret and records.find_response(session, form, secret)):
            _, secret = records.start_response(session, form)
    return _keep(RedirectResponse(f"/s/{code}", status_code=303, headers={"Cache-Control": "no-store"}), code, secret)


def answer(code: str, secret: str, form_data: dict[str, list[str]], _query: dict) -> Response:
    """POST /s/{code}: keep this screen's answers, then the next screen, or the end."""
    with database().write() as session:
        form = records.find_form(session, code)
        response = records.find_response(session, form, secret) if secret else None
        if response is None:
            return RedirectResponse(f"/s/{code}", status_code=303)
        if response.state != "draft":
            return render("survey_thanks.html", survey=form.survey, receipt="", code=code)
        screens = flow.screens(form.survey)
        text = _one(form_data, "at")
        at = min(int(text), len(screens) - 1) if text.isdecimal() and len(text) < 4 else 0
        before = records.answers_of(session, response)
        given, wrong = _read_screen(form, screens[at], form_data, records.values(before))
        everything = records.save_answers(session, form.survey, response, given)
        values = records.values(everything)
        back = _one(form_data, "go") == "back"
        if not back and not wrong:
            wrong = _required(form, screens[at], everything)
        if wrong:
            return _screen(form, response, everything, at, code, secret, wrong, form_data)
        if back:
            return RedirectResponse(f"/s/{code}?at={_previous(form, values, at)}", status_code=303)
        following = flow.next_screen(form.survey, values, at)
        if following is not None:
            return RedirectResponse(f"/s/{code}?at={following}", status_code=303)
        lacking = records.still_missing(form.survey, everything)
        if lacking:
            place = next(n for n, screen in enumerate(screens) if any(q.code == lacking[0] for q in screen))
            return _screen(form, response, everything, place, code, secret, {lacking[0]: "这道题需要回答。"})
        receipt = submit_response.submit_response(session, form, response)
    return render("survey_thanks.html", survey=form.survey, receipt=receipt, code=code)


def _read_screen(
    form: records.OpenForm, screen: list[Question], data: dict[str, list[str]], before: dict[str, Any]
) -> tuple[dict[str, Given], dict[str, str]]:
    given: dict[str, Given] = {}
    wrong: dict[str, str] = {}
    shown = {question.code for question in flow.path(form.survey, before)}
    for question in screen:
        if not question.is_asked or question.code not in shown:
            continue
        try:
            given[question.code] = reading.read_answer(question, data)
        except BadAnswer as error:
            wrong[question.code] = str(error)
    return given, wrong


def _required(form: records.OpenForm, screen: list[Question], given: dict[str, Given]) -> dict[str, str]:
    lacking = set(records.still_missing(form.survey, given))
    return {question.code: "这道题需要回答。" for question in screen if question.code in lacking}


def _previous(form: records.OpenForm, values: dict[str, Any], at: int) -> int:
    shown = {question.code for question in flow.path(form.survey, values)}
    screens = flow.screens(form.survey)
    return next((n for n in range(at - 1, -1, -1) if any(q.code in shown for q in screens[n])), 0)


def _screen(
    form: records.OpenForm, response: ResponseRow, given: dict[str, Given], at: int, code: str, secret: str,
    wrong: dict[str, str] | None = None, typed: dict[str, list[str]] | None = None,
) -> Response:  # fmt: skip
    values = records.values(given)
    screens = flow.screens(form.survey)
    at = min(at, len(screens) - 1)
    shown = {question.code for question in flow.path(form.survey, values)}
    questions = [question for question in screens[at] if question.code in shown]
    if not questions:
        following = flow.next_screen(form.survey, values, at)
        return RedirectResponse(f"/s/{code}?at={following or 0}", status_code=303)
    return render(
        "survey_screen.html",
        422 if wrong else 200,
        survey=form.survey,
        questions=[_shown(form, question, response, given, typed or {}) for question in questions],
        wrong=wrong or {},
        at=at,
        is_first=_previous(form, values, at) == at or at == 0,
        percent=round(100 * flow.progress_share(form.survey, values, at)),
        is_last=flow.next_screen(form.survey, values, at) is None,
        code=code,
        draft=secret,
    )


def _shown(
    form: records.OpenForm, question: Question, response: ResponseRow, given: dict[str, Given],
    typed: dict[str, list[str]],
) -> dict[str, Any]:  # fmt: skip
    """Give what the template needs of one question; what was typed and refused is shown again."""
    answer_given = given.get(question.code, Given(None))
    value = typed.get(question.code, answer_given.value)
    values = value if isinstance(value, list) else [value]
    plain = records.values(given)
    return {
        "question": question,
        "title": flow.piped(question.title, form.survey, plain),
        "help": flow.piped(question.help, form.survey, plain),
        "options": flow.ordered_options(question, response.seed),
        "scale": reading.scale(question) if question.kind in ("rating", "nps") else [],
        "chosen": {str(item) for item in values if item is not None and not isinstance(item, dict)},
        "text": next((str(item) for item in values if item is not None and not isinstance(item, dict)), ""),
        "contact": answer_given.value.get("masked", "") if isinstance(answer_given.value, dict) else "",
        "cells": _cells(question, answer_given.value, typed),
        "other": (typed.get(f"{question.code}.other") or [answer_given.other])[0],
        "consented": "yes" in typed.get(f"{question.code}.consent", []),
    }


def _cells(question: Question, value: Any, typed: dict[str, list[str]]) -> dict[str, str]:
    cells: dict[str, str] = {}
    if question.kind == "ranking" and isinstance(value, list):
        cells = {code: str(place) for place, code in enumerate(value, start=1)}
    if question.kind == "matrix" and isinstance(value, dict):
        cells = {row: str(code) for row, code in value.items()}
    for part in (*question.rows, *question.options):
        if f"{question.code}.{part.code}" in typed:
            cells[part.code] = typed[f"{question.code}.{part.code}"][0]
    return cells


def ask_receipt(_code: str, _secret: str, _form: dict, _query: dict) -> Response:
    """GET /s/receipt."""
    return render("survey_receipt.html", receipt="", answers=None, survey=None, wrong="")


def show_receipt(_code: str, _secret: str, form: dict[str, list[str]], _query: dict) -> Response:
    """POST /s/receipt: see what was given; erase it, or open it to correct it."""
    receipt, deed = _one(form, "receipt")[:200], _one(form, "deed")
    with database().write() as session:
        response = records.find_receipt(session, receipt)
        if deed == "erase":
            submit_response.erase_response(session, response)
            return notice("已经删除", "您的回答和由它产生的内容都已删除。", status=200, href="/s/receipt", link="好")
        if deed == "correct":
            code, secret = submit_response.reopen_response(session, response)
            return _keep(RedirectResponse(f"/s/{code}?at=0", status_code=303), code, secret)
        survey, shown = submit_response.read_response(session, response)
    return render("survey_receipt.html", receipt=receipt, answers=shown, survey=survey, wrong="")


ROUTES = [
    Route("/s/receipt", _served(ask_receipt), methods=["GET"]),
    Route("/s/receipt", _served(show_receipt), methods=["POST"]),
    Route("/s/{code}", _served(show), methods=["GET"]),
    Route("/s/{code}", _served(answer), methods=["POST"]),
    Route("/s/{code}/start", _served(start), methods=["POST"]),
]
