"""The fan's pages alone, without Streamlit: any number of processes behind any proxy (``fanops run --forms-only``)."""

from __future__ import annotations

import importlib

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from fanops.web import health
from fanops.web.asgi import FORM_MODULES
from fanops.web.gate import Guard
from fanops.web.screen import notice


def build_forms_app() -> Starlette:
    """Build the ASGI application: survey forms and /healthz, and a sentence for everything else."""
    routes: list[BaseRoute] = [*health.ROUTES]
    for module in FORM_MODULES:
        routes += importlib.import_module(module).ROUTES

    async def not_here(_request: Request, _error: Exception) -> Response:
        return notice(
            "没有这个页面",
            "这里只有问卷。请重新扫码，或向店员要一个新的链接。",
            status=404,
            href="/s/receipt",
            link="查回执",
        )

    return Starlette(routes=routes, middleware=[Middleware(Guard)], exception_handlers={404: not_here})
