"""The web application: Streamlit for people who are signed in, plain routes for everything else, on one port."""

from __future__ import annotations

import gc
import importlib
import logging
import secrets
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fanops.content import content_path
from fanops.errors import FanopsError, NotReady
from fanops.settings import settings
from fanops.web import exports, files, health, interview_notes, print_brief, print_codes, print_form, sign_in
from fanops.web.gate import Guard, Identity
from fanops.web.screen import notice

_log = logging.getLogger("fanops.web")

# Modules of routes for people without an account (the survey form); each has a ROUTES list.
FORM_MODULES: tuple[str, ...] = ("fanops.web.survey_form",)

# What must be in force, whatever other config.toml files and variables say; why: docs/decisions/0002-platform.md.
REQUIRED_CONFIG: dict[str, Any] = {
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "global.developmentMode": False,
    "runner.postScriptGC": False,
    "server.enableAgentApi": False,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.scriptHealthCheckEnabled": False,
    "server.trustedUserHeaders": {"x-fanops-uid": "uid", "x-fanops-sid": "sid"},
    "server.unsafeMetricsUserAttributes": [],
}


def build_app() -> Any:
    """Build the ASGI application.

    Raises:
        NotReady: Streamlit would run with other settings than REQUIRED_CONFIG.
    """
    import streamlit as st
    from streamlit.web import bootstrap

    quiet_streamlit()
    app = st.App(
        content_path("pages", "app.py").resolve(),
        routes=all_routes(),
        middleware=[Middleware(Guard), Middleware(Identity)],
        on_script_error=show_error_id,
        exception_handlers={404: _not_found, 500: _broken},
    )
    bootstrap.load_config_options({"server.maxUploadSize": settings().upload_mb})
    check_config()
    # Everything imported so far stays: let the collector never look at it again.
    gc.collect()
    gc.freeze()
    return app


def all_routes() -> list[BaseRoute]:
    """List our own routes: sign-in, health, exports, and the forms for fans."""
    icon = Path(__file__).with_name("icon.png").read_bytes()

    async def show_icon(_request: Request) -> Response:
        return Response(icon, media_type="image/png", headers={"Cache-Control": "public, max-age=86400"})

    async def go_home(request: Request) -> Response:
        return RedirectResponse(f"/?{request.url.query}" if request.url.query else "/")

    routes: list[BaseRoute] = [Route("/favicon.png", show_icon), Route("/favicon.ico", show_icon)]
    routes.append(Route("/overview", go_home))  # the home page has no address of its own in Streamlit
    routes += [*sign_in.ROUTES, *health.ROUTES, *exports.ROUTES, *files.ROUTES, *interview_notes.ROUTES]
    routes += [*print_brief.ROUTES, *print_codes.ROUTES, *print_form.ROUTES]
    for module in FORM_MODULES:
        routes += importlib.import_module(module).ROUTES
    return routes


def check_config() -> None:
    """Refuse to run with settings other than REQUIRED_CONFIG.

    Raises:
        NotReady: Naming the first that differs.
    """
    from streamlit import config

    for name, wanted in REQUIRED_CONFIG.items():
        found = config.get_option(name)
        if found != wanted:
            raise NotReady(
                f"Streamlit 的设置 {name} 是 {found!r}，应为 {wanted!r}。",
                "请检查 pages/.streamlit/config.toml 是否完整，并去掉别处的同名设置。",
            )


def quiet_streamlit() -> None:
    """Take Streamlit's own report of script errors away: ours carries the id the person sees."""
    from streamlit import error_util

    error_util._LOGGER.disabled = True


def show_error_id(error: Exception) -> bool:
    """Log a bug with an id, and show only the id; a refusal raised in a callback is told as one."""
    import streamlit as st

    if isinstance(error, FanopsError):
        st.error("没有完成", icon=":material/block:")
        st.text(f"{error.message}{error.hint}")
        return True
    error_id = secrets.token_hex(4)
    _log.error("error %s", error_id, exc_info=error)
    st.error(f"编号 {error_id}。请刷新页面再试；还不行，请把编号告诉管理员。", title="出错了")
    return True


async def _not_found(request: Request, _error: Exception) -> Response:
    return notice("没有这个页面", "地址可能写错了，或页面已经移走。", status=404)


async def _broken(request: Request, error: Exception) -> Response:
    error_id = secrets.token_hex(4)
    _log.error("error %s", error_id, exc_info=error)
    return notice("出错了", f"编号 {error_id}。请把编号告诉管理员。", status=500)
