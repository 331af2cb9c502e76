"""Signals: which themes are new, rising, far from other stores, or dear to core fans; false discoveries controlled.

Everything is counted by distinct people, never by mentions. Each signal compares a share with another share of the same
theme; all comparisons of a run are corrected together, so that of the signals shown about one in twenty is chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

RECENT_DAYS, EARLIER_DAYS = 28, 84
CHANCE = 0.05
LEAST_PEOPLE = 5
LEAST_RATIO = 1.3
KINDS = {"new": "新出现", "rising": "在上升", "store": "门店突出", "core": "核心粉丝突出", "written": "人工提出"}


@dataclass(frozen=True)
class Signal:
    """One comparison that stands out.

    Attributes:
        kind: A key of KINDS (not ``written``).
        theme_id: The theme.
        store_id: The store, for kind ``store``.
        people: Distinct people who said it on the side that stands out.
        base: Distinct people heard on that side.
        other_people: Those who said it on the other side.
        other_base: Distinct people heard on the other side.
        p: Chance of so many or more if both shares were equal.
        q: The same after correction for all comparisons of the run.
    """

    kind: str
    theme_id: int
    store_id: int | None
    people: int
    base: int
    other_people: int
    other_base: int
    p: float
    q: float = float("nan")

    @property
    def share(self) -> float:
        """Share of people on the side that stands out, 0–1."""
        return self.people / self.base

    @property
    def other_share(self) -> float:
        """Share of people on the other side, 0–1; NaN without any."""
        return self.other_people / self.other_base if self.other_base else float("nan")

    @property
    def ratio(self) -> float:
        """How many times as often; infinite where the other side never said it."""
        return self.share / self.other_share if self.other_people else float("inf")


def find_signals(said: pd.DataFrame, until: pd.Timestamp) -> list[Signal]:
    """Find what stands out.

    Args:
        said: One row per unit: ``theme_id`` (NaN 未归类), ``person``, ``store_id`` (NaN none), ``level`` ("" for a person who
            is no fan), ``said_at`` (aware, NaT unknown).
        until: End of the recent period, exclusive.

    Returns:
        Signals with q ≤ 0.05, at least 5 people and 1.3 times the other share; the surest first.

    Source:
        Conditional binomial test of two rates (Przyborowski & Wilenski 1940); Benjamini & Hochberg 1995.
    """
    compared = [*_over_time(said, until), *_between_stores(said), *_core_fans(said)]
    if not compared:
        return []
    from scipy.stats import false_discovery_control

    corrected = false_discovery_control([signal.p for signal in compared])
    found = [
        Signal(**{**signal.__dict__, "q": float(q)})
        for signal, q in zip(compared, corrected, strict=True)
        if q <= CHANCE and signal.people >= LEAST_PEOPLE and signal.ratio >= LEAST_RATIO
    ]
    return sorted(found, key=lambda signal: (signal.q, -signal.people, signal.theme_id, signal.store_id or 0))


def _over_time(said: pd.DataFrame, until: pd.Timestamp) -> list[Signal]:
    since = until - pd.Timedelta(days=RECENT_DAYS)
    before = since - pd.Timedelta(days=EARLIER_DAYS)
    recent = said[(said["said_at"] >= since) & (said["said_at"] < until)]
    earlier = said[(said["said_at"] >= before) & (said["said_at"] < since)]
    if recent.empty or earlier.empty:
        return []
    counts = _counted(recent, earlier)
    kinds = np.where(counts["other"] > 0, "rising", "new")
    return _signals(counts, recent["person"].nunique(), earlier["person"].nunique(), kinds)


def _between_stores(said: pd.DataFrame) -> list[Signal]:
    placed = said[said["store_id"].notna()]
    if placed["store_id"].nunique() < 3:
        return []
    found = []
    for store_id, own in placed.groupby("store_id"):
        peers = placed[placed["store_id"] != store_id]
        counts = _counted(own, peers)
        bases = own["person"].nunique(), peers["person"].nunique()
        found += _signals(counts, *bases, np.full(len(counts), "store"), int(store_id))
    return found


def _core_fans(said: pd.DataFrame) -> list[Signal]:
    known = said[said["level"] != ""]
    core, others = known[known["level"] == "core"], known[known["level"] != "core"]
    if core.empty or others.empty:
        return []
    counts = _counted(core, others)
    return _signals(counts, core["person"].nunique(), others["person"].nunique(), np.full(len(counts), "core"))


def _counted(own: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Count distinct people per theme on both sides; index theme_id, columns ``people, other``."""
    people = own.dropna(subset="theme_id").groupby("theme_id")["person"].nunique()
    others = other.dropna(subset="theme_id").groupby("theme_id")["person"].nunique()
    return pd.DataFrame({"people": people, "other": others.reindex(people.index, fill_value=0)}).astype(int)


def _signals(
    counts: pd.DataFrame, base: int, other_base: int, kinds: NDArray, store_id: int | None = None
) -> list[Signal]:
    from scipy.stats import binom

    total = counts["people"] + counts["other"]
    chances = binom.sf(counts["people"] - 1, total, base / (base + other_base))
    return [
        Signal(str(kind), int(theme), store_id, int(people), base, int(other), other_base, float(p))
        for theme, people, other, kind, p in zip(
            counts.index, counts["people"], counts["other"], kinds, chances, strict=True
        )
    ]
