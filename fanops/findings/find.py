"""Find what stands out in the themes of a brand: load → compare → save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from fanops.access import Actor
from fanops.database import Database
from fanops.findings import records
from fanops.findings.signals import find_signals
from fanops.tables import now


def find_findings(db: Database, actor: Actor) -> dict[str, int]:
    """Bring the brand's findings up to date.

    Returns:
        ``new, kept, gone``.
    """
    with db.read() as session:
        said = records.said_by_people(session, actor)
    signals = find_signals(said, pd.Timestamp(now()))
    with db.write() as session:
        return records.save_signals(session, actor, signals)


def find_nightly(
    db: Database, actor: Actor, parameters: Mapping[str, Any], progress: Callable[[float, str], None]
) -> dict[str, int]:
    """Compare anew what moved overnight: days went by, sentences came, and fans changed their level (the worker's job)."""
    progress(0.1, "比较门店、时间与分层")
    found = find_findings(db, actor)
    progress(1.0, "完成")
    return found


def discover_and_find(
    db: Database, actor: Actor, parameters: Mapping[str, Any], progress: Callable[[float, str], None]
) -> dict[str, Any]:
    """Discover themes, then what stands out in them (the worker's job)."""
    from fanops.themes.discover import run_discovery

    result = run_discovery(db, actor, parameters, lambda share, doing: progress(min(share, 0.97), doing))
    progress(0.98, "比较门店与时间")
    found = find_findings(db, actor)
    progress(1.0, "完成")
    return {**result, "findings": found["new"]}
