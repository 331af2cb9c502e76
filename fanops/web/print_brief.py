"""GET /print/brief: the CEO's page for the printer, to keep, or as it was in a week before."""

from __future__ import annotations

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from fanops.access import Actor, Role
from fanops.access.organisation import brand_of
from fanops.database import database
from fanops.settings import settings
from fanops.summary.kept_weeks import kept_page
from fanops.summary.records_brief import brief
from fanops.tables import now
from fanops.web.brief_sheet import brief_sheet
from fanops.web.screen import notice

_DAYS = (7, 28, 90)


async def show_brief(request: Request) -> Response:
    """Render the sheet for the signed-in person's scope, or give a week's kept one."""
    asked = request.query_params.get("days", "")
    days = int(asked) if asked.isdecimal() and int(asked[:6]) in _DAYS else 28
    week = request.query_params.get("week", "")[:10]
    keep = request.query_params.get("keep", "") == "1"
    return await to_thread.run_sync(_sheet, request.scope["state"]["signed_in"].actor, days, week, keep)


def _sheet(actor: Actor, days: int, week: str, keep: bool) -> Response:
    if actor.role is Role.CLERK:
        return notice("看不了这个页面", "店员没有这个页面。", status=403)
    if week:
        page = kept_page(actor, week)
        if page is None:
            return notice("没有这一周的周报", "请从“给老板的一页”里选择。", status=404)
        sheet, day = HTMLResponse(page), week
    else:
        with database().read() as session:
            sheet = brief_sheet(brand_of(session, actor), actor, brief(session, actor, days))
        day = f"{now().astimezone(settings().zone):%Y-%m-%d}"
    if keep:
        sheet.headers["Content-Disposition"] = f'attachment; filename="brief-{day}.html"'
    return sheet


ROUTES = [Route("/print/brief", show_brief, methods=["GET"])]
