"""Sign-in and sign-out as routes: a form, a cookie no script can read, a row on the server."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from anyio import CapacityLimiter, to_thread
from sqlmodel import func, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fanops.access.accounts import SignInRefused, SignInSlowed, sample_accounts, sign_in
from fanops.access.actor import Role
from fanops.access.audit import record_audit
from fanops.access.sessions import close_session, find_signed_in
from fanops.database import database
from fanops.settings import settings
from fanops.tables import Account, Brand
from fanops.web.screen import notice, render

_LONGEST_FORM = 8_192
_LOCAL_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9_/.~%-]*(\?[A-Za-z0-9_=&.~%+-]*)?")
_turns = CapacityLimiter(4)  # its own threads: waiting for argon2 must not hold up anybody else's request


def cookie_name() -> str:
    """Give the cookie's name: over HTTPS the browser itself keeps it to this host."""
    return "__Host-fanops" if settings().secure_cookie else "fanops_session"


def local_path(path: str) -> str:
    """Give ``path`` when it lies on this site, else the home page (no open redirect)."""
    return path if len(path) <= 500 and _LOCAL_PATH.fullmatch(path) else "/"


async def _form(request: Request) -> dict[str, str] | None:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            return None
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        return None


async def show_sign_in(request: Request) -> Response:
    """GET /login."""
    return await to_thread.run_sync(_screen, local_path(request.query_params.get("next", "/")), limiter=_turns)


def _screen(next_path: str, login: str = "", refusal: str = "", hint: str = "", status: int = 200) -> Response:
    with database().read() as session:
        people = sample_accounts(session)
        brands = list(session.exec(select(Brand.name)))
        no_accounts = session.exec(select(func.count()).select_from(Account)).one() == 0
    password = ""
    if people:
        from fanops.sample import SAMPLE_PASSWORD as password
    samples = [{"login": row.login, "role": Role(row.role).label} for row in people]
    return render(
        "sign_in.html",
        status,
        brand=brands[0] if len(brands) == 1 else "fanops",
        next=next_path,
        login=login,
        refusal=refusal,
        hint=hint,
        no_accounts=no_accounts,
        samples=samples,
        sample_password=password,
    )


async def do_sign_in(request: Request) -> Response:
    """POST /login."""
    form = await _form(request)
    if form is None:
        return notice("登录信息太长", "请回到登录页重新填写。", status=413, href="/login", link="回到登录页")
    next_path = local_path(form.get("next", "/"))
    address = request.client.host if request.client else ""
    return await to_thread.run_sync(
        _try_sign_in, form.get("login", ""), form.get("password", ""), address, next_path, limiter=_turns
    )


def _try_sign_in(login: str, password: str, address: str, next_path: str) -> Response:
    hours = settings().session_hours
    try:
        token, _ = sign_in(database(), login, password, address, hours=hours)
    except SignInSlowed as refusal:
        response = _screen(next_path, login[:80], refusal.message, refusal.hint, 429)
        response.headers["Retry-After"] = "900"
        return response
    except SignInRefused as refusal:
        return _screen(next_path, login[:80], refusal.message, refusal.hint, 401)
    response = RedirectResponse(next_path, status_code=303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        cookie_name(),
        token,
        max_age=hours * 3600,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings().secure_cookie,
    )
    return response


async def show_sign_out(request: Request) -> Response:
    """GET /logout: asks first, so that a foreign link or image can't sign anybody out."""
    return render("sign_out.html")


async def do_sign_out(request: Request) -> Response:
    """POST /logout."""
    await to_thread.run_sync(_end, request.cookies.get(cookie_name(), ""), limiter=_turns)
    response = RedirectResponse("/login", status_code=303, headers={"Cache-Control": "no-store"})
    response.delete_cookie(cookie_name(), path="/", httponly=True, samesite="lax", secure=settings().secure_cookie)
    return response


def _end(token: str) -> None:
    with database().write() as session:
        signed_in = find_signed_in(session, token)
        if signed_in and close_session(session, token):
            record_audit(session, signed_in.actor, "sign_out", f"account:{signed_in.actor.account_id}")


ROUTES = [
    Route("/login", show_sign_in, methods=["GET"]),
    Route("/login", do_sign_in, methods=["POST"]),
    Route("/logout", show_sign_out, methods=["GET"]),
    Route("/logout", do_sign_out, methods=["POST"]),
]
