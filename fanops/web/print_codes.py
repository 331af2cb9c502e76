"""GET /print/codes: a sheet with QR codes of a wave, for the printer: every store in scope, or the places of one; no script."""

from __future__ import annotations

import segno
from anyio import to_thread
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fanops.access import Actor, require_store, visible_stores
from fanops.collect import records_surveys as records
from fanops.database import database
from fanops.errors import FanopsError, NotAllowed
from fanops.settings import settings
from fanops.tables import row_id
from fanops.web.screen import notice, render


async def show_codes(request: Request) -> Response:
    """Render the sheet."""
    wave_id, store_id = (row_id(request.query_params.get(name, "")) or 0 for name in ("wave", "store"))
    places = [place.strip()[:80] for place in request.query_params.getlist("place")]
    places = list(dict.fromkeys(place for place in places if place))[: records.MOST_PLACES]
    return await to_thread.run_sync(_sheet, request.scope["state"]["signed_in"].actor, wave_id, store_id, places)


def _sheet(actor: Actor, wave_id: int, store_id: int, places: list[str]) -> Response:
    try:
        with database().write() as session:
            wave = records.get_wave(session, actor, wave_id)
            wanted = [(store.name, store.id, "") for store in visible_stores(session, actor)]
            if store_id:
                name = require_store(session, actor, store_id).name
                wanted = [(f"{name} {place}".strip(), store_id, place) for place in places or [""]]
            codes = [
                (name, f"{settings().forms_url}/s/{records.place_code(session, actor, wave.id, store, place)}")
                for name, store, place in wanted
            ]
            title = wave.title
    except FanopsError as refusal:
        status = 403 if isinstance(refusal, NotAllowed) else 404
        return notice("打印不了", f"{refusal.message}{refusal.hint}", status=status, href="/surveys", link="回到问卷")
    # The picture is drawn by segno from our own link: it is the only markup that is not escaped.
    shown = [(name, link, Markup(segno.make(link, error="m").svg_inline(scale=5, border=2))) for name, link in codes]  # noqa: S704
    return render(
        "codes.html", title=title, codes=shown, warning="" if settings().fans_reach_forms else records.ONLY_HERE
    )


ROUTES = [Route("/print/codes", show_codes, methods=["GET"])]
