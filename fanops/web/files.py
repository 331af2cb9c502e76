"""GET /file/{id}: a photo or sound, for those who may see what it belongs to; kept by no cache, in parts when asked."""

from __future__ import annotations

import logging
import re
import secrets
from functools import partial
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fanops.access.actor import Actor
from fanops.access.attachments import read_attachment
from fanops.database import database
from fanops.errors import FanopsError, NotFound
from fanops.web.screen import notice

_log = logging.getLogger("fanops.web.files")
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


async def serve_file(request: Request) -> Response:
    """GET /file/{id}."""
    actor = request.scope["state"]["signed_in"].actor
    work = partial(_file, actor, request.path_params["id"], request.headers.get("range", ""))
    return await to_thread.run_sync(work)


def _file(actor: Actor, asked: str, wanted: str) -> Response:
    try:
        if not (asked.isascii() and asked.isdecimal() and 0 < int(asked[:20]) < 2**63):
            raise NotFound("没有这个附件，或您看不到它。", "请回到访谈或改进里查看。")
        with database().read() as session:
            row, content = read_attachment(session, actor, int(asked))
    except FanopsError as refusal:
        status = 404 if isinstance(refusal, NotFound) else 503
        return notice("看不了这个附件", f"{refusal.message}{refusal.hint}", status=status)
    except Exception:
        error_id = secrets.token_hex(4)
        _log.exception("error %s in a file", error_id)
        return notice("出错了", f"编号 {error_id}。请把编号告诉管理员。", status=500)
    headers = {
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(row.name, safe='')}",
        "Cache-Control": "private, no-store",
        "Accept-Ranges": "bytes",
    }
    part = part_of(wanted, len(content))
    if part is None:
        return Response(content, media_type=row.media_type, headers=headers)
    start, end = part
    if start >= end:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
    return Response(content[start:end], status_code=206, media_type=row.media_type, headers=headers)


def part_of(wanted: str, size: int) -> tuple[int, int] | None:
    """Read a Range header: (start, end exclusive), None for the whole; start ≥ end when it lies outside.

    Several ranges at once are answered with the whole, as the standard allows.
    """
    match = _RANGE.fullmatch(wanted.strip())
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size if int(match[2]) else 0
    start = int(match[1])
    end = min(size, int(match[2]) + 1) if match[2] else size
    if match[2] and int(match[2]) < start:
        return None
    return start, end


ROUTES = [Route("/file/{id}", serve_file, methods=["GET"])]
