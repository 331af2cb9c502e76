"""Weeks are the stores' own, four weeks are four weeks of the calendar, and a change is named only where it is clear."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from fanops.themes.weekly import recent_weeks, week_of, weekly_shares
from fanops.ui.themes.theme_views import trend_headline

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = pd.Timestamp("2026-11-02")


def times(weeks: dict[int, int], first: int = 1) -> pd.DataFrame:
    """``{weeks ago: voices}``, each said on a Monday at one in the morning in Shanghai."""
    moments = [
        (MONDAY - pd.Timedelta(weeks=ago)).tz_localize(SHANGHAI) + pd.Timedelta(hours=1)
        for ago, voices in weeks.items()
        for _ in range(voices)
    ]
    return pd.DataFrame({"voice_id": range(first, first + len(moments)), "said_at": pd.to_datetime(moments, utc=True)})


def headline(said: dict[int, int], every: dict[int, int]) -> str:
    return trend_headline(recent_weeks(weekly_shares(times(said), times(every), SHANGHAI), MONDAY))


def test_monday_one_o_clock_is_in_its_own_week():
    moments = pd.Series(pd.to_datetime(["2026-11-02T01:00+08:00", "2026-11-01T23:00+08:00"], utc=True))
    assert week_of(moments, SHANGHAI).tolist() == [MONDAY, MONDAY - pd.Timedelta(weeks=1)]
    assert weekly_shares(times({0: 3}), times({0: 4}), SHANGHAI)["周"].tolist() == [MONDAY]


def test_a_week_without_a_voice_is_a_week():
    weekly = weekly_shares(times({3: 1}), times({3: 2, 0: 4}), SHANGHAI)
    assert weekly["合计"].tolist() == [2, 0, 0, 4] and weekly["原声"].tolist() == [1, 0, 0, 0]
    assert weekly["占比"].isna().tolist() == [False, True, True, False] == weekly["high"].isna().tolist()
    assert weekly_shares(times({}), times({0: 1}), SHANGHAI).empty


def test_four_weeks_are_of_the_calendar():
    # said in the weeks 0, 2, 9 and 12 weeks ago: of the last eight weeks only two had any voice
    weekly = weekly_shares(times({0: 5, 2: 5, 9: 40, 12: 40}), times({0: 50, 2: 50, 9: 50, 12: 50}), SHANGHAI)
    change = recent_weeks(weekly, MONDAY)
    assert (change.base, change.share) == (100, 0.1) and change.base_before == 0 and np.isnan(change.share_before)
    assert recent_weeks(weekly, MONDAY + pd.Timedelta(weeks=5)).base == 0
    assert recent_weeks(weekly, MONDAY + pd.Timedelta(weeks=5)).base_before == 100


@pytest.mark.parametrize(
    ("said", "every", "expected"),
    [
        ({0: 50, 4: 50}, {0: 100, 4: 100}, "近四周 50.0%（n=100），与之前四周持平"),
        ({0: 55, 4: 50}, {0: 100, 4: 100}, "之前四周 50.0%，近四周 55.0%（n=100）：变化不明显"),
        ({0: 80, 4: 50}, {0: 100, 4: 100}, "近四周从 50.0% 升到 80.0%（n=100）"),
        ({0: 20, 7: 50}, {0: 100, 7: 100}, "近四周从 50.0% 降到 20.0%（n=100）"),
        ({0: 1, 4: 0}, {0: 4, 4: 4}, "之前四周 0.0%，近四周 25.0%（样本不足（n=4））：变化不明显"),
        ({5: 3}, {5: 9, 8: 4}, "近四周没有原声"),
        ({0: 3}, {0: 9, 8: 4}, "每周提到它的原声占比"),
    ],
)
def test_a_change_is_named_only_where_it_is_clear(said, every, expected):
    assert headline(said, every) == expected
