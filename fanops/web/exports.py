"""Exports: data leaves only here, signed in, by role, logged, and kept by no cache.

``st.download_button`` files can be read by anybody who has their address, so pages link to ``/export/{name}?…``.
"""

from __future__ import annotations

import importlib
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fanops.access.actor import Actor, Role, require
from fanops.access.audit import record_audit
from fanops.database import Database, database
from fanops.errors import FanopsError, NotAllowed, NotFound
from fanops.web.screen import notice

_log = logging.getLogger("fanops.web.exports")

MANAGERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)


@dataclass(frozen=True)
class Export:
    """One kind of file that can be taken out.

    Attributes:
        function: ``package.module:function``, imported when first asked for; called with (db, actor, parameters) and
            returning (file name, media type, bytes). It scopes its reads by the actor like any other read.
        roles: Who may.
    """

    function: str
    roles: tuple[Role, ...] = MANAGERS

    def load(self) -> Callable[[Database, Actor, Mapping[str, str]], tuple[str, str, bytes]]:
        """Import the function."""
        module, name = self.function.split(":")
        return getattr(importlib.import_module(module), name)


# A stage that lets something be taken out adds its line here (stages can't import the web).
EXPORTS: dict[str, Export] = {
    "accounts": Export("fanops.access.accounts:export_accounts", (Role.ADMIN,)),
    "import_problems": Export(
        "fanops.collect.export_problems:export_problems",
        (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.ADMIN),
    ),
    "backlog": Export("fanops.actions.export_backlog:export_backlog"),
    "codings": Export("fanops.collect.export_codings:export_codings"),
    "fan": Export(
        "fanops.web.fan_document:export_fan", (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.CEO, Role.ADMIN)
    ),
    "invitations": Export("fanops.collect.invite_fans:export_links"),
    "paper_sheet": Export("fanops.collect.records_paper:export_paper_sheet", (Role.CLERK, *MANAGERS)),
    "responses": Export("fanops.collect.export_responses:export_responses"),
    "themes": Export("fanops.themes.export_themes:export_themes"),
}


async def serve_export(request: Request) -> Response:
    """GET /export/{name}."""
    signed_in = request.scope["state"]["signed_in"]
    work = partial(_export, request.path_params["name"], signed_in.actor, dict(request.query_params))
    return await to_thread.run_sync(work)


def _export(name: str, actor: Actor, parameters: dict[str, str]) -> Response:
    try:
        if name not in EXPORTS:
            raise NotFound("没有这种导出。", "请从页面上的“导出”进入。")
        require(actor, *EXPORTS[name].roles)
        filename, media_type, content = EXPORTS[name].load()(database(), actor, parameters)
        with database().write() as session:
            record_audit(session, actor, "export", f"export:{name}", parameters=sorted(parameters), bytes=len(content))
    except FanopsError as refusal:
        status = 403 if isinstance(refusal, NotAllowed) else 404 if isinstance(refusal, NotFound) else 409
        return notice("没有导出", f"{refusal.message}{refusal.hint}", status=status)
    except Exception:
        error_id = secrets.token_hex(4)
        _log.exception("error %s in export %s", error_id, name)
        return notice("出错了", f"编号 {error_id}。请把编号告诉管理员。", status=500)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=media_type, headers=headers)


ROUTES = [Route("/export/{name}", serve_export, methods=["GET"])]
