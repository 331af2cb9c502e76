"""Which voices a reader looks at: the one set of filters shared by every page and command."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Selection:
    """选取范围 of voices, inside what the actor may see anyway.

    Attributes:
        store_id: One store, None for all.
        region_id: One region, None for all.
        level: One fan level (粉丝分层), None for all, also voices without a fan.
        kind: review, survey, interview or ticket, None for all.
        since: First moment, inclusive, None for no bound (voices without a date count only without bounds).
        until: Last moment, exclusive.
        batch_id: Only voices of one import batch.
    """

    store_id: int | None = None
    region_id: int | None = None
    level: str | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    batch_id: int | None = None
