"""周报: the CEO's page of each week, kept as a file in the data folder."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from fanops.access import Actor
from fanops.settings import settings
from fanops.tables import now


def this_monday() -> date:
    """Give the Monday of this week, in the stores' time zone."""
    today = now().astimezone(settings().zone).date()
    return today - timedelta(days=today.weekday())


def kept_weeks(actor: Actor) -> list[date]:
    """List the Mondays of the weeks whose page is kept, newest first; nothing for who sees a part of the stores only."""
    if not actor.sees_all_stores:
        return []
    return sorted((date.fromisoformat(path.stem) for path in _folder(actor).glob("*.html")), reverse=True)


def kept_page(actor: Actor, monday: str) -> bytes | None:
    """Give a kept page, None where there is none for this actor."""
    if monday not in map(str, kept_weeks(actor)):
        return None
    return (_folder(actor) / f"{monday}.html").read_bytes()


def keep_page(actor: Actor, monday: date, page: bytes) -> None:
    """Keep a week's page, whole or not at all."""
    _folder(actor).mkdir(parents=True, exist_ok=True)
    half = _folder(actor) / f"{monday}.part"
    half.write_bytes(page)
    half.replace(half.with_suffix(".html"))


def _folder(actor: Actor) -> Path:
    return settings().data / "reports" / str(actor.brand_id)
