"""Small server-rendered screens (sign-in, refusals): no script, no asset, readable on any phone."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Give the templates, with everything escaped."""
    return Environment(
        loader=PackageLoader("fanops.web"), autoescape=True, undefined=StrictUndefined, auto_reload=False
    )


def render(template: str, status: int = 200, headers: dict[str, str] | None = None, **values: Any) -> HTMLResponse:
    """Render a template of ``fanops/web/templates`` as a response that nobody keeps."""
    body = templates().get_template(template).render(**values)
    return HTMLResponse(body, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})})


def notice(title: str, text: str, *, status: int, href: str = "/", link: str = "回到首页") -> HTMLResponse:
    """Render a whole sentence and the way out."""
    return render("notice.html", status, title=title, text=text, href=href, link=link)
