"""What every request passes before it reaches a route or Streamlit: host, origin, headers, who it is.

Pure ASGI, because it must hold for websockets too.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import logging
import re
import socket
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fanops.access.sessions import SignedIn, find_signed_in
from fanops.content import content_path
from fanops.database import database
from fanops.settings import settings
from fanops.web.screen import notice
from fanops.web.sign_in import cookie_name

IDENTITY_PREFIX = b"x-fanops-"
# Reached without signing in. Everything else of Streamlit's and ours needs a session.
OPEN_PATHS = frozenset(
    ("/login", "/logout", "/healthz", "/_stcore/health", "/_stcore/host-config", "/favicon.png", "/favicon.ico")
)
OPEN_PREFIXES = ("/static/", "/s/", "/q/")
CLOSED_PREFIXES = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check", "/auth/", "/oauth2callback")
ROUTE_PREFIXES = ("/export/", "/file/", "/print/", "/api/", "/media/", "/component/", "/_stcore/")
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_lookups = CapacityLimiter(8)
_log = logging.getLogger("fanops.web.gate")


def page_exists(path: str) -> bool:
    """Say whether ``/name`` is the address of a page (a file in ``pages/``), so that Streamlit can answer it."""
    name = path.strip("/")
    return not name or (name.isidentifier() and content_path("pages", f"{name}.py").is_file())


def is_open(path: str) -> bool:
    """Say whether a path is reached without signing in."""
    return path in OPEN_PATHS or path.startswith(OPEN_PREFIXES)


@lru_cache(maxsize=1)
def _own_names() -> frozenset[str]:
    machine = socket.gethostname().lower()
    names = {"localhost", machine, f"{machine}.local", settings().host.lower()}
    if settings().public_url:
        names.add((urlsplit(settings().public_url).hostname or "").lower())
    return frozenset(names)


@lru_cache(maxsize=256)
def host_is_ours(host: str) -> bool:
    """Say whether a Host header names this installation: one of its names, or an address.

    An address can't be rebound by a foreign name server; any other name could.
    """
    try:
        parts = urlsplit(f"//{host}")
        name, _ = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    if not name or parts.path or parts.query or parts.fragment or parts.username is not None:
        return False
    if name in _own_names():
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def origin_is_ours(headers: Headers) -> bool:
    """Say whether a writing request comes from our own pages.

    Browsers always send Origin with a foreign write; what sends none is no browser and carries nobody's cookie.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
    return urlsplit(origin).netloc == headers.get("host", "")


class Guard:
    """Refuses foreign hosts and foreign writes; adds the security headers to everything that is answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not host_is_ours(host):
            _log.info("refused the host %r; if it is ours, set FANOPS_PUBLIC_URL", host[:80])
            refusal = notice("地址不对", "请从管理员给的网址打开。", status=400)
            await _refuse(refusal, 1008, scope, receive, _with_headers(send, ""))
            return
        send = _with_headers(send, host)
        is_write = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if is_write and not origin_is_ours(headers):
            refusal = notice("没有完成", "这个请求来自别的网站，已拒绝。", status=403)
            await _refuse(refusal, 1008, scope, receive, send)
            return
        if scope["path"].startswith(CLOSED_PREFIXES):
            await _refuse(Response(status_code=404), 1008, scope, receive, send)
            return
        await self.app(scope, receive, send)


async def _refuse(response: Response, code: int, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": code})
    else:
        await response(scope, receive, send)


@lru_cache(maxsize=1)
def _inline_scripts() -> str:
    # Streamlit's index.html sets one variable in an inline script: allowed by its hash, and nothing else is.
    page = find_spec("streamlit").submodule_search_locations[0] + "/static/index.html"
    scripts = re.findall(rb"<script>(.*?)</script>", Path(page).read_bytes(), re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts]
    return "".join(f" 'sha256-{digest}'" for digest in digests)


@lru_cache(maxsize=256)
def content_policy(host: str) -> str:
    """Give the Content-Security-Policy for pages served to ``host`` (checked before)."""
    sockets = f" ws://{host} wss://{host}" if host else ""
    return (
        f"default-src 'self'; script-src 'self' blob:{_inline_scripts()}; style-src 'self' 'unsafe-inline';"
        f" img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'{sockets}; worker-src 'self' blob:;"
        " object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


def _with_headers(send: Send, host: str) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = content_policy(host)
            headers["X-Content-Type-Options"] = "nosniff"
            headers["X-Frame-Options"] = "DENY"
            headers["Referrer-Policy"] = "same-origin"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()"
            if settings().secure_cookie:
                headers["Strict-Transport-Security"] = "max-age=31536000"
        await send(message)

    return wrapped


class Identity:
    """Says who a request is from: strips what the client claims, adds what the session row says."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = [
            (name, value)
            for name, value in scope["headers"]
            if not name.lower().replace(b"_", b"-").startswith(IDENTITY_PREFIX)
        ]
        signed_in = None
        if not is_open(scope["path"]):
            signed_in = await to_thread.run_sync(_look_up, Headers(raw=headers), limiter=_lookups)
            if signed_in is None and scope["type"] == "http":
                await _ask_to_sign_in(scope, receive, send)
                return
            if scope["type"] == "http" and _wants_page(scope) and not page_exists(scope["path"]):
                await notice("没有这个页面", "地址可能写错了，或页面已经移走。", status=404)(scope, receive, send)
                return
        if signed_in is not None:
            headers.append((b"x-fanops-uid", str(signed_in.actor.account_id).encode()))
            headers.append((b"x-fanops-sid", str(signed_in.session_id).encode()))
        scope = {**scope, "headers": headers}
        scope["state"] = {**scope.get("state", {}), "signed_in": signed_in}
        await self.app(scope, receive, send)


def _look_up(headers: Headers) -> SignedIn | None:
    token = cookie_parser(headers.get("cookie", "")).get(cookie_name(), "")
    if not token:
        return None
    with database().read() as session:
        return find_signed_in(session, token)


def _wants_html(scope: Scope) -> bool:
    return scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")


def _wants_page(scope: Scope) -> bool:
    return _wants_html(scope) and not scope["path"].startswith(ROUTE_PREFIXES)


async def _ask_to_sign_in(scope: Scope, receive: Receive, send: Send) -> None:
    if _wants_html(scope):
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        target = "/login?next=" + quote(scope["path"] + query, safe="/")
        response: Response = RedirectResponse(target if scope["path"] != "/" or query else "/login", status_code=303)
    else:
        response = Response("请先登录。", status_code=401, media_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    await response(scope, receive, send)
