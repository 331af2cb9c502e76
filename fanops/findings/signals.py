"""Signals: which themes are new, rising, far from other stores, or dear to core fans; false discoveries controlled.

Every person counts once on each side, however much they talk: what is compared is how much of what a person says is about
the theme, on the average of the people. Who talks more says more themes, and a long period holds more themes of everyone;
neither makes a theme stand out. All comparisons of a run are corrected together, so that of the signals shown about one in
twenty is chance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from fanops.intervals import more_often

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
        share: How much of what a person says is about it there, 0–1, the mean over those people.
        other_people: Those who said it on the other side.
        other_base: Distinct people heard on the other side.
        other_share: The mean over those.
        p: Chance of so much or more if both shares were equal.
        q: The same after correction for all comparisons of the run.
    """

    kind: str
    theme_id: int
    store_id: int | None
    people: int
    base: int
    share: float
    other_people: int
    other_base: int
    other_share: float
    p: float
    q: float = float("nan")

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
        Each person weighs the same whatever they say in all: Williamson, Datta & Satten 2003, Marginal analyses of clustered
        data when cluster size is informative. Shares of persons as counts (design effect): Rao & Scott 1992, A simple method
        for the analysis of clustered binary data. Conditional binomial test of two rates (Przyborowski & Wilenski 1940);
        Benjamini & Hochberg 1995.
    """
    compared = [*_over_time(said, until), *_between_stores(said), *_core_fans(said)]
    if not compared:
        return []
    from scipy.stats import false_discovery_control

    corrected = false_discovery_control([signal.p for signal in compared])
    found = [
        replace(signal, q=float(q))
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
    return _compared(recent, earlier, "rising")


def _between_stores(said: pd.DataFrame) -> list[Signal]:
    placed = said[said["store_id"].notna()]
    if placed["store_id"].nunique() < 3:
        return []
    found = []
    for store_id, own in placed.groupby("store_id"):
        found += _compared(own, placed[placed["store_id"] != store_id], "store", int(store_id))
    return found


def _core_fans(said: pd.DataFrame) -> list[Signal]:
    known = said[said["level"] != ""]
    core, others = known[known["level"] == "core"], known[known["level"] != "core"]
    return [] if core.empty or others.empty else _compared(core, others, "core")


def _compared(own: pd.DataFrame, other: pd.DataFrame, kind: str, store_id: int | None = None) -> list[Signal]:
    """Compare every theme of ``own`` with the other side; what nobody said before the recent period is new."""
    (base, mine), (other_base, theirs) = _spoken(own), _spoken(other)
    usual = theirs["squares"].sum() / theirs["shares"].sum() if len(theirs) else 1.0
    theirs = theirs.reindex(mine.index, fill_value=0)
    # A person who says it in every second sentence is half a count; heavy and light speakers together make counts of this
    # worth (the design effect). Where the other side never said the theme, the worth is the one of its other themes.
    worth = mine["squares"] / mine["shares"]
    other_worth = (theirs["squares"] / theirs["shares"].where(theirs["shares"] > 0)).fillna(usual)
    chances = more_often(mine["shares"] / worth, base / worth, theirs["shares"] / other_worth, other_base / other_worth)
    return [
        Signal(
            "new" if kind == "rising" and not row.other_people else kind, int(row.Index), store_id,
            int(row.people), base, row.shares / base, int(row.other_people), other_base, row.other_shares / other_base,
            float(row.p),
        )
        for row in mine.join(theirs.add_prefix("other_")).assign(p=chances).itertuples()
    ]  # fmt: skip


def _spoken(side: pd.DataFrame) -> tuple[int, pd.DataFrame]:
    """Sum what share of their units people gave to each theme.

    Returns:
        How many people were heard; and, index theme_id, ``people`` who said it, the sum of their ``shares`` (a person who
        speaks of nothing else is 1), and the sum of the ``squares`` of these.
    """
    person, people = pd.factorize(side["person"])
    units = np.bincount(person)
    theme, themes = pd.factorize(side["theme_id"])  # 未归类 is −1: said, but about no theme
    # One number per person and theme: grouping by two columns takes several times as long, and every store is a turn.
    pairs, times = np.unique(person[theme >= 0] * max(1, len(themes)) + theme[theme >= 0], return_counts=True)
    person, theme = np.divmod(pairs, max(1, len(themes)))
    share = times / units[person]
    sums = pd.DataFrame({"theme_id": themes[theme], "people": 1, "shares": share, "squares": share**2})
    return len(people), sums.groupby("theme_id").sum()
