"""The fan's page: a few kilobytes of HTML, no script, no login, no state in this process.

Everything a screen needs is in the database or in the request, so any number of processes can serve it.
"""

from __future__ import annotations

from asyncio import wrap_future
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fanops.collect import records_drafts as records
from fanops.collect import submit_response
from fanops.collect.form_limits import note_unknown_code
from fanops.collect.records_surveys import digest
from fanops.collect.surveys import answers as reading
from fanops.collect.surveys import flow
from fanops.collect.surveys.answers import BadAnswer, Given
from fanops.collect.surveys.definition import Question
from fanops.database import database
from fanops.errors import FanopsError, NotFound
from fanops.settings import settings
from fanops.web.screen import notice, render

_LONGEST_FORM = 65_536
_DRAFT_DAYS = 30
# Few: the work is Python and one writer at a time, so more threads would only take turns more often.
_at_once = CapacityLimiter(3)
Form = dict[str, list[str]]
Query = Mapping[str, str]


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


def _served(handler: Callable[..., Response], *, writes: bool = False) -> Callable[[Request], Any]:
    """Run a handler; refusals become whole sentences, a busy database one more try.

    Writes that arrive together share one transaction, and are answered when it is committed.
    """

    async def serve(request: Request) -> Response:
        try:
            form = await _form(request) if request.method == "POST" else {}
        except _TooLong:
            return notice("内容太长了", "请缩短后再提交。", status=413, href=request.url.path, link="回到问卷")
        code = request.path_params.get("code", "")
        secret = request.cookies.get(_cookie(code), "") or _one(form, "draft")

        def deed(session: Session) -> Response:
            return handler(session, code, secret, form, request.query_params)

        for last in (False, True):
            try:
                if writes:
                    return await wrap_future(database().together.submit(deed))
                return await to_thread.run_sync(_read, deed, limiter=_at_once)
            except NotFound as refusal:
                return await _unknown(request, form, refusal)
            except FanopsError as refusal:
                return notice(refusal.message, refusal.hint, status=409, href=request.url.path, link="返回")
            except (OperationalError, IntegrityError):
                if last:
                    raise
        raise AssertionError("unreachable")

    return serve


def _read(deed: Callable[[Session], Response]) -> Response:
    with database().read() as session:
        return deed(session)


async def _unknown(request: Request, form: dict[str, list[str]], refusal: NotFound) -> Response:
    """Count a wrong code, and say that it is wrong."""
    typed = _one(form, "receipt")[:200]
    address = request.client.host if request.client else ""
    if not await to_thread.run_sync(note_unknown_code, database(), address):
        return notice("请稍后再试", "这个网络上输错的次数太多了，15 分钟后再试。", status=429, href="/s/receipt",
                      link="查回执")  # fmt: skip
    if typed:
        return render("survey_receipt.html", 404, receipt=typed, answers=None, survey=None, wrong=refusal.message,
                      erasing=False)  # fmt: skip
    return notice(refusal.message, refusal.hint, status=404, href="/s/receipt", link="用回执码查看")


def _one(form: dict[str, list[str]], name: str) -> str:
    return (form.get(name) or [""])[0]


def _cookie(code: str) -> str:
    return "f_" + digest(code)[:16]


def _keep(response: Response, code: str, secret: str) -> Response:
    response.set_cookie(
        _cookie(code), secret, max_age=_DRAFT_DAYS * 86_400, path="/s/", httponly=True, samesite="lax",
        secure=settings().secure_cookie,
    )  # fmt: skip
    return response


def show(session: Session, code: str, secret: str, _form: Form, query: Query) -> Response:
    """GET /s/{code}: the notice before the start, the screen where the person stopped, or the thanks."""
    form, response = records.find_form(session, code, secret)
    if response is None:
        return render("survey_start.html", survey=form.survey, code=code)
    if response.state != "draft":
        return _thanks(session, form, response, code, secret)
    given = records.answers_of(session, response)
    asked = query.get("at", "")
    at = int(asked) if asked.isdecimal() and len(asked) < 4 else resume_at(form, given)
    return _screen(form, response, given, at, code, secret)


def resume_at(form: records.OpenForm, given: dict[str, Given]) -> int:
    """Give the first screen with a question on the path that was not answered, or the last one."""
    values = flow.values(given)
    shown = {question.code for question in flow.path(form.survey, values) if question.is_asked}
    screens = form.survey.screens
    for place, screen in enumerate(screens):
        if any(question.code in shown and question.code not in values for question in screen):
            return place
    return len(screens) - 1


def start(session: Session, code: str, secret: str, form_data: Form, _query: Query) -> Response:
    """POST /s/{code}/start: begin, or go on with what this browser began; at an open code also for the next person."""
    form, response = records.find_form(session, code, secret)
    is_next = _one(form_data, "next") == "yes" and response is not None and response.state != "draft"
    if response is None or (is_next and form.invitation.fan_id is None):
        secret = records.start_response(session, form)
    return _keep(_to(f"/s/{code}"), code, secret)


def answer(session: Session, code: str, secret: str, form_data: Form, _query: Query) -> Response:
    """POST /s/{code}: keep this screen's answers, then the next screen, or the end."""
    form, response = records.find_form(session, code, secret)
    if response is None:
        return _to(f"/s/{code}")
    if response.state != "draft":
        return _thanks(session, form, response, code, secret)
    screens = form.survey.screens
    text = _one(form_data, "at")
    at = min(int(text), len(screens) - 1) if text.isdecimal() and len(text) < 4 else 0
    known = records.stored_answers(session, response.id)
    given, wrong = _read_screen(form, screens[at], form_data, {row.code: row.value for row in known})
    everything = records.save_answers(session, form.survey, response, given, known)
    values = flow.values(everything)
    back = _one(form_data, "go") == "back"
    lacking = flow.still_missing(form.survey, everything)
    if not back and not wrong:
        wrong = {question.code: "这道题需要回答。" for question in screens[at] if question.code in lacking}
    if wrong:
        return _screen(form, response, everything, at, code, secret, wrong, form_data)
    if back:
        return _to(f"/s/{code}?at={_previous(form, values, at)}")
    following = flow.next_screen(form.survey, values, at)
    if following is not None:
        return _to(f"/s/{code}?at={following}")
    if lacking:
        place = next(n for n, screen in enumerate(screens) if any(q.code == lacking[0] for q in screen))
        return _screen(form, response, everything, place, code, secret, {lacking[0]: "这道题需要回答。"})
    receipt = submit_response.submit_response(session, form, response, secret)
    return _thanks(session, form, response, code, secret, receipt)


def _thanks(
    session: Session, form: records.OpenForm, response: records.Draft, code: str, secret: str, receipt: str = ""
) -> Response:
    """The end. It can be opened again: the first one may have been lost between here and the phone."""
    return render(
        "survey_thanks.html", survey=form.survey, code=code, is_again=not receipt,
        receipt=receipt or records.receipt_again(session, response, secret), passes_on=form.invitation.fan_id is None,
    )  # fmt: skip


def _to(address: str) -> Response:
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})


def _read_screen(
    form: records.OpenForm, screen: Sequence[Question], data: dict[str, list[str]], before: dict[str, Any]
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


def _previous(form: records.OpenForm, values: dict[str, Any], at: int) -> int:
    shown = {question.code for question in flow.path(form.survey, values)}
    screens = form.survey.screens
    return next((n for n in range(at - 1, -1, -1) if any(q.code in shown for q in screens[n])), 0)


def _screen(
    form: records.OpenForm, response: records.Draft, given: dict[str, Given], at: int, code: str, secret: str,
    wrong: dict[str, str] | None = None, typed: dict[str, list[str]] | None = None,
) -> Response:  # fmt: skip
    values = flow.values(given)
    screens = form.survey.screens
    at = min(at, len(screens) - 1)
    shown = {question.code for question in flow.path(form.survey, values)}
    questions = [question for question in screens[at] if question.code in shown]
    if not questions:
        following = flow.next_screen(form.survey, values, at)
        return _to(f"/s/{code}?at={following or 0}")
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
    form: records.OpenForm, question: Question, response: records.Draft, given: dict[str, Given],
    typed: dict[str, list[str]],
) -> dict[str, Any]:  # fmt: skip
    """Give what the template needs of one question; what was typed and refused is shown again."""
    answer_given = given.get(question.code, Given(None))
    value = typed.get(question.code, answer_given.value)
    values = value if isinstance(value, list) else [value]
    plain = flow.values(given)
    return {
        "question": question,
        "title": flow.piped(question.title, form.survey, plain),
        "help": flow.piped(question.help, form.survey, plain),
        "options": flow.ordered_options(question, response.seed),
        "scale": reading.scale(question) if question.kind in ("rating", "nps") else [],
        "ends": reading.scale_ends(question),
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


def ask_receipt(_session: Session, _code: str, _secret: str, _form: Form, _query: Query) -> Response:
    """GET /s/receipt."""
    return render("survey_receipt.html", receipt="", answers=None, survey=None, wrong="", erasing=False)


def show_receipt(session: Session, _code: str, _secret: str, form: Form, _query: Query) -> Response:
    """POST /s/receipt: see what was given; erase it (asked once more first), or open it to correct it."""
    receipt, deed = _one(form, "receipt")[:200], _one(form, "deed")
    response = records.find_receipt(session, receipt)
    if deed == "erase":
        return render("survey_receipt.html", receipt=receipt, answers=None, survey=None, wrong="", erasing=True)
    if deed == "erase_now":
        submit_response.erase_response(session, response)
        return notice(
            "已经删除", "您的回答（改过的每一版）和由它产生的原声都已删除。", status=200, href="/s/receipt", link="好"
        )
    if deed == "correct":
        code, secret = submit_response.reopen_response(session, response)
        return _keep(_to(f"/s/{code}?at=0"), code, secret)
    survey, shown = submit_response.read_response(session, response)
    return render("survey_receipt.html", receipt=receipt, answers=shown, survey=survey, wrong="", erasing=False)


ROUTES = [
    Route("/s/receipt", _served(ask_receipt), methods=["GET"]),
    Route("/s/receipt", _served(show_receipt, writes=True), methods=["POST"]),
    Route("/s/{code}", _served(show), methods=["GET"]),
    Route("/s/{code}", _served(answer, writes=True), methods=["POST"]),
    Route("/s/{code}/start", _served(start, writes=True), methods=["POST"]),
]
