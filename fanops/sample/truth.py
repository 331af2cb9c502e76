"""What was planted in the sample chain, written down for the tests: effect, stores, rising theme, themes per voice."""

from __future__ import annotations

from datetime import date, timedelta

from fanops.sample.planted import FIXED, RISING, THEMES

SEED = 20260401
WEEKS = 26
FANS = 3_000
REVIEWS = 4_000
INTERVIEWS = 60
RESPONSES = (310, 330)  # per wave

EFFECT_SHARE = 0.08  # revenue of the fix's stores, from its week on
FIX_STORES = ("H01", "H04", "H05", "H09")
FIX_WEEK = 17  # counted from 0; the fix (取餐柜和预点单) is live from its Monday on
PLANNED_DAYS = 7  # the plan is frozen so long before the fix is live
FIX_TITLE = "高峰期预点单和取餐柜"
COMPLAINTS_LEFT_SHARE = 0.35  # of the waiting complaints in the fix's stores after it
RISING_WEEK = 19  # the rising theme is rare before it
RISING_TIMES = 6.0
TRIAL_INVITED = 40
TRIAL_LINE, TRIAL_CAME, TRIAL_LIKED = 0.6, 11, 8  # of the rising theme's item: pass line, who came, who would buy

THEME_KEYS = tuple(theme.key for theme in THEMES)
RISING_KEY, FIXED_KEY = RISING, FIXED


def anchor_for(day: date) -> date:
    """Give the Monday on or before a day: the sample chain's data end the evening before it."""
    return day - timedelta(days=day.weekday())


def first_day(anchor: date) -> date:
    """Give the Monday the sample chain's data begin on."""
    return anchor - timedelta(weeks=WEEKS)


def fix_day(anchor: date) -> date:
    """Give the day from which the fix works."""
    return first_day(anchor) + timedelta(weeks=FIX_WEEK)
