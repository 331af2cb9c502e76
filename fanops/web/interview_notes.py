"""POST /api/interview/note: keep what is typed in an interview, while it is typed, without the page."""

from __future__ import annotations

import json
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fanops.access import Actor
from fanops.collect.record_interview import LONGEST_NOTE, keep_note
from fanops.database import database
from fanops.errors import FanopsError, NotFound

_LONGEST_BODY = 8 * LONGEST_NOTE


async def serve_note(request: Request) -> Response:
    """Keep one field; the answer says what is kept, or why not."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_BODY:
            return _refusal(413, "内容太长了。")
    try:
        note = json.loads(body)
        asked = (
            int(note["interview"]),
            str(note["question"])[:60],
            str(note["field"])[:10],
            str(note["text"]),
            int(note["at"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError):
        return _refusal(400, "内容读不懂，刷新页面再试。")
    actor = request.scope["state"]["signed_in"].actor
    return await to_thread.run_sync(_keep, actor, asked)


def _keep(actor: Actor, asked: tuple[int, str, str, str, int]) -> Response:
    interview, question, field, text, at = asked
    if not (0 < interview < 2**63 and 0 <= at < 2**53):
        return _refusal(400, "内容读不懂，刷新页面再试。")
    try:
        with database().write() as session:
            revision = keep_note(session, actor, interview, question, field, text, at)
    except FanopsError as refusal:
        return _refusal(404 if isinstance(refusal, NotFound) else 409, f"{refusal.message}{refusal.hint}")
    return JSONResponse({"revision": revision}, headers={"Cache-Control": "no-store"})


def _refusal(status: int, message: str) -> Response:
    body: dict[str, Any] = {"message": message}
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})


ROUTES = [Route("/api/interview/note", serve_note, methods=["POST"])]
