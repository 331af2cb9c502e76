"""The CEO's page as one sheet of A4, for the printer or as PDF; no script."""

from __future__ import annotations

import math
from datetime import timedelta

import pandas as pd
from starlette.responses import HTMLResponse

from fanops.access import Actor
from fanops.settings import settings
from fanops.summary.records import KeyFigure
from fanops.summary.records_brief import SILENT_DAYS, Brief
from fanops.tables import Brand, now
from fanops.web.screen import render

SMALL_BASE = 30
_AROUND = 20
_DID, _CHANGED = 5, 4  # what one sheet of A4 holds beside six wants and three quotes, all of them long


def brief_sheet(brand: Brand, actor: Actor, page: Brief, *, quoted: bool = True) -> HTMLResponse:
    """Draw the actor's page: one A4 sheet of HTML that needs nothing beside it.

    Args:
        brand: Whose page.
        actor: For whom.
        page: What stands on it.
        quoted: Whether sentences of fans stand on it; not on a page that is kept, because a fan may have them erased.
    """
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
                "note": _note(each),
                "beside": each.beside,
            }
            for each in page.figures
        ],
        page=page,
        wants=page.wants.to_dict("records"),
        quotes=_quoted(page) if quoted else {},
        did=page.did.head(_DID).to_dict("records"),
        more_did=len(page.did) - _DID if len(page.did) > _DID else 0,
        changed=page.changed.head(_CHANGED).astype(object).where(page.changed.notna(), None).to_dict("records"),
        silent_days=SILENT_DAYS,
        wants_note=base_note(int(page.wants["base"].iloc[0])) if len(page.wants) else "",
        most=float(page.wants["high"].max()) if len(page.wants) else 1.0,
    )


def _quoted(page: Brief) -> dict[int, dict[str, str]]:
    """Give by theme what is said of it, where and when; who said it stays in the house."""
    zone = settings().zone
    found = {}
    for row in page.quotes.itertuples():
        said_at = (
            ""
            if pd.isna(row.said_at)
            else f"{row.said_at.astimezone(zone).month}月{row.said_at.astimezone(zone).day}日"
        )
        found[row.theme_id] = {
            "before": ("…" if row.start > _AROUND else "")
            + row.voice[max(0, row.start - _AROUND) : row.start].lstrip(),
            "words": row.sentence,
            "after": row.voice[row.end : row.end + _AROUND].rstrip()
            + ("…" if len(row.voice) > row.end + _AROUND else ""),
            "where": "，".join(filter(None, (row.store or "", said_at))),
        }
    return found


def shown(figure: KeyFigure, value: float) -> str:
    """Write a figure with its unit; — where there is none."""
    if math.isnan(value):
        return "—"
    return {"¥": f"¥{value / 100:,.0f}", "%": f"{value:.1%}"}.get(figure.unit, f"{value:,.0f} {figure.unit}")


def base_note(base: int) -> str:
    """Say the base, and that it is too small where it is."""
    return f"n={base:,}" if base >= SMALL_BASE else f"样本不足 n={base}"


def _note(figure: KeyFigure) -> str:
    """Say what a share stands on, and between which values it lies."""
    if figure.unit != "%" or not figure.base:
        return ""
    return base_note(figure.base) + (f"，{figure.low:.1%} 到 {figure.high:.1%}" if figure.low is not None else "")


def change(figure: KeyFigure) -> str:
    """Write the change against the period before (for shares: in points), empty where there is none."""
    if math.isnan(figure.value) or math.isnan(figure.before):
        return ""
    if figure.unit == "%":
        return f"{(figure.value - figure.before) * 100:+.1f} 个百分点"
    return f"{figure.value / figure.before - 1:+.1%}" if figure.before else ""
