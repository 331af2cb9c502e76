"""周报: once a week the CEO's page is kept, and whoever listens is told what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from fanops.access import Actor
from fanops.access.organisation import brand_of
from fanops.database import Database
from fanops.sending.records import record_event
from fanops.settings import settings
from fanops.summary.kept_weeks import keep_page, kept_weeks, this_monday
from fanops.summary.records_brief import Brief, brief
from fanops.web.brief_sheet import brief_sheet

EVENT = "brief.weekly"
_DAYS = 7
_TOLD = 3  # themes and verdicts that fit a message


def keep_weekly(
    db: Database, actor: Actor, parameters: Mapping[str, Any], progress: Callable[[float, str], None]
) -> dict[str, int]:
    """Keep the page of the week that ended on Monday, unless it is there: on Monday, or on the first day that the worker runs.

    Returns:
        ``kept``: 1 when it was written now; ``told``: how many receivers will hear of it.
    """
    monday = this_monday()
    if monday in kept_weeks(actor):
        return {"kept": 0, "told": 0}
    progress(0.0, "写周报")
    with db.read() as session:
        until = datetime(monday.year, monday.month, monday.day, tzinfo=settings().zone)
        brand, page = brand_of(session, actor), brief(session, actor, _DAYS, until)
    with db.write() as session:
        told = record_event(session, actor, EVENT, _data(page))
    keep_page(actor, monday, bytes(brief_sheet(brand, actor, page, quoted=False).body))
    return {"kept": 1, "told": told}


def _data(page: Brief) -> dict[str, Any]:
    """What a receiver is told: titles and counts, no fan's words."""
    zone = settings().zone
    return {
        "since": f"{page.since.astimezone(zone):%Y-%m-%d}",
        "until": f"{page.until.astimezone(zone) - timedelta(days=1):%Y-%m-%d}",
        "wants_of": page.wants_of,
        "wants": [
            {"theme_id": int(row.theme_id), "title": row.theme, "people": int(row.people), "base": int(row.base)}
            for row in page.wants.head(_TOLD).itertuples()
        ],
        "verdicts": [{"title": row.title, "verdict": row.verdict} for row in page.changed.head(_TOLD).itertuples()],
        "silent_stores": len(page.silent_stores),
    }
