"""The CEO's page as one sheet of A4, for the printer or as PDF; no script."""

from __future__ import annotations

import math
from datetime import timedelta

from starlette.responses import HTMLResponse

from fanops.access import Actor
from fanops.settings import settings
from fanops.summary.records import KeyFigure
from fanops.summary.records_brief import SILENT_DAYS, Brief
from fanops.tables import Brand, now
from fanops.web.screen import render


def brief_sheet(brand: Brand, actor: Actor, page: Brief) -> HTMLResponse:
    """Draw the actor's page: one A4 sheet of HTML that needs nothing beside it."""
    zone = settings().zone
    return render(
        "brief.html",
        brand=brand.name,
        is_sample=brand.is_sample,
        who=f"{actor.display_name}（{actor.role.label}）",
        since=f"{page.since.astimezone(zone):%Y-%m-%d}",
        until=f"{(page.until - timedelta(days=1)).astimezone(zone):%Y-%m-%d}",
        printed=f"{now().astimezone(zone):%Y-%m-%d %H:%M}",
        figures=[
            {
                "name": each.name,
                "value": shown(each, each.value),
                "change": change(each),
                "base": each.base,
                "unit": each.unit,
            }
            for each in page.figures
        ],
        page=page,
        wants=page.wants.to_dict("records"),
        did=page.did.to_dict("records"),
        changed=page.changed.astype(object).where(page.changed.notna(), None).to_dict("records"),
        silent_days=SILENT_DAYS,
        most=float(page.wants["high"].max()) if len(page.wants) else 1.0,
    )


def shown(figure: KeyFigure, value: float) -> str:
    """Write a figure with its unit; — where there is none."""
    if math.isnan(value):
        return "—"
    return {"¥": f"¥{value / 100:,.0f}", "%": f"{value:.1%}"}.get(figure.unit, f"{value:,.0f} {figure.unit}")


def change(figure: KeyFigure) -> str:
    """Write the change against the period before (for shares: in points), empty where there is none."""
    if math.isnan(figure.value) or math.isnan(figure.before):
        return ""
    if figure.unit == "%":
        return f"{(figure.value - figure.before) * 100:+.1f} 个百分点"
    return f"{figure.value / figure.before - 1:+.1%}" if figure.before else ""
