"""How much of each week's voices speak of a theme, week by week of the calendar, and whether that changed; pure."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd

from fanops.intervals import wilson

COMPARED = 4  # weeks on each side


def week_of(moments: pd.Series, zone: ZoneInfo) -> pd.Series:
    """Give the Monday (naive) of each moment's week where the stores are: Monday one o'clock is no Sunday of elsewhere."""
    local = pd.to_datetime(moments, utc=True).dt.tz_convert(zone).dt.tz_localize(None)
    return local.dt.to_period("W-SUN").dt.start_time


def weekly_shares(times: pd.DataFrame, all_times: pd.DataFrame, zone: ZoneInfo) -> pd.DataFrame:
    """Give each week's share of voices on the theme.

    Args:
        times: Rows of ``theme_times`` of one theme.
        all_times: The same of all, and of what has no theme.
        zone: Of the stores.

    Returns:
        Rows ``周`` (its Monday), ``原声, 合计, 占比, low, high``, from the first week with any voice to the last with one; a week
        between in which nobody said anything has base 0 and no share (NaN). Empty where the theme has no date.
    """
    columns = ["周", "原声", "合计", "占比", "low", "high"]
    if times.empty:
        return pd.DataFrame(columns=columns)
    said, every = (
        frame.assign(周=week_of(frame["said_at"], zone)).groupby("周")["voice_id"].nunique()
        for frame in (times, all_times)
    )
    weeks = pd.date_range(every.index.min(), every.index.max(), freq="7D", name="周")
    weekly = pd.DataFrame({"原声": said.reindex(weeks, fill_value=0), "合计": every.reindex(weeks, fill_value=0)})
    heard = weekly["合计"] > 0
    weekly["占比"] = weekly["原声"] / weekly["合计"].where(heard)
    low, high = wilson(weekly["原声"], weekly["合计"])
    weekly = weekly.assign(low=low, high=high)
    weekly[["low", "high"]] = weekly[["low", "high"]].where(heard)
    return weekly.reset_index()[columns]


@dataclass(frozen=True)
class Change:
    """A stretch of time against the one before.

    Attributes:
        base: Voices in the later one.
        share: Of them on the theme, 0–1; NaN without any.
        base_before: Voices in the one before.
        share_before: Of those on the theme.
        clear: Whether the two intervals (Wilson, 95 %) lie apart.
    """

    base: int
    share: float
    base_before: int
    share_before: float
    clear: bool


def compared(said: tuple[int, int], bases: tuple[int, int]) -> Change:
    """Compare shares, not counts: where more was said of everything, nothing has risen.

    Args:
        said: Voices on the theme, later and before.
        bases: All voices, later and before.
    """
    low, high = wilson(said, bases)
    share, share_before = (number / base if base else float("nan") for number, base in zip(said, bases, strict=True))
    return Change(bases[0], share, bases[1], share_before, bool(low[0] > high[1] or low[1] > high[0]))


def recent_weeks(weekly: pd.DataFrame, this_week: pd.Timestamp) -> Change:
    """Compare the four weeks of the calendar that end with ``this_week`` (its Monday) with the four before."""
    ago = (this_week - weekly["周"]).dt.days // 7
    later, before = (weekly[(ago >= first) & (ago < first + COMPARED)] for first in (0, COMPARED))
    said, bases = ((int(later[name].sum()), int(before[name].sum())) for name in ("原声", "合计"))
    return compared(said, bases)
