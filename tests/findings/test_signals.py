"""What stands out: hand-checked comparisons, distinct people, and false discoveries held down."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from fanops.findings.priority import Weights, parts, score
from fanops.findings.signals import find_signals

UNTIL = pd.Timestamp("2026-11-01", tz="UTC")


def said(rows: list[tuple]) -> pd.DataFrame:
    """Rows ``(theme, person, store, level, days ago)``."""
    frame = pd.DataFrame(rows, columns=["theme_id", "person", "store_id", "level", "days"])
    return frame.assign(said_at=UNTIL - pd.to_timedelta(frame.pop("days"), unit="D"),
                        theme_id=frame["theme_id"].astype(float), store_id=frame["store_id"].astype(float))  # fmt: skip


def test_a_rising_theme_is_counted_by_people_against_its_own_past():
    # 100 people in each period; theme 1: 20 of them now, 5 before; theme 2: 10 and 10.
    rows = []
    for person in range(100):
        rows.append((1 if person < 20 else 2 if person < 30 else 9, person, None, "", 10))
        rows.append((1 if person < 5 else 2 if person < 15 else 9, 1000 + person, None, "", 60))
    [signal] = find_signals(said(rows), UNTIL)
    assert (signal.kind, signal.theme_id, signal.people, signal.base) == ("rising", 1, 20, 100)
    assert (signal.other_people, signal.other_base) == (5, 100)
    assert signal.p == pytest.approx(binom.sf(19, 25, 0.5)) and signal.ratio == pytest.approx(4.0)
    assert signal.q >= signal.p


def test_one_person_who_says_it_often_is_one_person():
    rows = [(9, person, None, "", days) for person in range(60) for days in (10, 60)]
    rows += [(1, 1, None, "", 3)] * 200
    assert find_signals(said(rows), UNTIL) == []


def test_a_new_theme_needs_five_people_and_an_earlier_period():
    base = [(9, person, None, "", days) for person in range(200) for days in (10, 60)]
    few, enough = [(1, person, None, "", 5) for person in range(4)], [(1, person, None, "", 5) for person in range(12)]
    assert find_signals(said(base + few), UNTIL) == []
    [signal] = find_signals(said(base + enough), UNTIL)
    assert signal.kind == "new" and math.isinf(signal.ratio)
    assert find_signals(said([(1, person, None, "", 5) for person in range(12)]), UNTIL) == []


def test_a_store_far_from_its_peers_and_core_fans_unlike_others():
    rows = []
    for person in range(300):
        store = person % 3
        rows.append(
            (1 if store == 0 and person < 90 else 9, person, store + 1, "core" if person >= 200 else "fan", 200)
        )
    rows += [(2, person, person % 3 + 1, "core", 200) for person in range(200, 230)]
    found = {(signal.kind, signal.theme_id, signal.store_id) for signal in find_signals(said(rows), UNTIL)}
    assert ("store", 1, 1) in found and ("core", 2, None) in found
    assert all(store == 1 for kind, theme, store in found if kind == "store")


def test_two_stores_are_no_peers():
    rows = [(1 if person % 2 else 9, person, person % 2 + 1, "", 200) for person in range(100)]
    assert find_signals(said(rows), UNTIL) == []


def test_where_nothing_differs_hardly_anything_is_found():
    draw = np.random.default_rng(4)
    found = 0
    for _ in range(40):
        people = 600
        rows = pd.DataFrame({
            "theme_id": draw.integers(0, 20, people).astype(float), "person": np.arange(people),
            "store_id": draw.integers(0, 8, people).astype(float), "level": draw.choice(["core", "fan"], people),
            "said_at": UNTIL - pd.to_timedelta(draw.integers(1, 110, people), unit="D"),
        })  # fmt: skip
        found += bool(find_signals(rows, UNTIL))
    assert found <= 5  # of 40 runs; the rate of runs with any false discovery is at most 5 %


def world(seed: int, speakers: list[tuple], themes: int = 20, first: float = 0.05, recent: float = 1.0) -> pd.DataFrame:
    """People who speak once or more in each of sixteen weeks, or somewhere in them.

    Args:
        seed: Of the draw.
        speakers: ``level, people, units each`` (a number of units somewhere, or "weekly").
        themes: How many; all but the first are equally common.
        first: Share of units on theme 1.
        recent: How many times as common theme 1 is in the last four weeks.
    """
    draw = np.random.default_rng(seed)
    rows = []
    for level, people, each in speakers:
        for person in range(people):
            moments = [7 * week + 3 for week in range(16)] if each == "weekly" else draw.uniform(0, 112, each)
            for days in moments:
                on_first = draw.random() < first * (recent if days < 28 else 1)
                theme = 1 if on_first else int(draw.integers(2, themes + 1))
                rows.append((theme, f"{level}{each}{person}", None, level, days))
    return said(rows)


@pytest.mark.parametrize(
    "speakers",
    [
        [("core", 100, 6), ("fan", 600, 1)],
        [("core", 600, 1), ("fan", 100, 6)],
        [("core", 40, 30), ("core", 60, 1), ("fan", 30, 40), ("fan", 300, 2)],
        [("core", 100, "weekly"), ("fan", 50, "weekly")],
    ],
    ids=["core talk six times as much", "core talk a sixth as much", "a few talk for all", "the same people each week"],
)
def test_talking_more_is_no_finding(speakers):
    """Themes have nothing to do with levels, and nothing changes: of twenty runs hardly one may find anything."""
    runs = [find_signals(world(seed, speakers), UNTIL) for seed in range(20)]
    assert sum(bool(found) for found in runs) <= 1


def test_a_theme_that_grows_among_the_same_people_is_found():
    """Nearly half of them have said it at some time before: what grew is how much of what they say is about it."""
    for seed in range(10):
        found = find_signals(world(seed, [("fan", 300, "weekly")], recent=3.0), UNTIL)
        assert [(signal.kind, signal.theme_id) for signal in found] == [("rising", 1)]
        [signal] = found
        assert signal.people / signal.base == pytest.approx(0.48, abs=0.08)
        assert signal.share == pytest.approx(0.15, abs=0.03) and signal.other_share == pytest.approx(0.05, abs=0.01)


def test_a_theme_dear_to_core_fans_is_found_however_much_they_talk():
    for core, other in ((6, 1), (1, 6)):
        dear = world(1, [("core", 120, core)], first=0.2)
        found = find_signals(pd.concat([dear, world(2, [("fan", 500, other)], first=0.05)]), UNTIL)
        assert [(signal.kind, signal.theme_id) for signal in found if signal.kind == "core"] == [("core", 1)]


def test_a_voice_in_which_hardly_anything_is_about_it_counts_little():
    # 40 core fans say ten units each, one of them on theme 1; 40 others say one unit each, 4 of them on it: 10 % and 10 %.
    rows = [(1 if unit == 0 else 9, person, None, "core", 200) for person in range(40) for unit in range(10)]
    rows += [(1 if person < 44 else 9, person, None, "fan", 200) for person in range(40, 80)]
    assert find_signals(said(rows), UNTIL) == []


def test_priority_is_an_open_sum():
    full = parts(people=10**6, core_share=1, negative_share=1, ratio=math.inf, effort="small")
    assert min(full.values()) == pytest.approx(1, abs=1e-4) and score(full) == pytest.approx(100, abs=0.01)
    none = parts(people=0, core_share=math.nan, negative_share=math.nan, ratio=1.0, effort="large")
    assert set(none.values()) == {0.0} and score(none) == 0
    only = Weights(reach=0, tiers=0, negativity=4, trend=0, ease=0)
    assert score(parts(10, 0.1, 0.4, 2.0), only) == pytest.approx(16.8, abs=0.1)  # 4 of 10: at least 16.8 %
    assert score(full, Weights(0, 0, 0, 0, 0)) == 0


def test_a_handful_of_loud_ones_does_not_come_before_hundreds():
    """5 displeased core fans whom nobody else echoes; 259 of 812 people (399 in all), three times as many as before."""
    handful = parts(5, 1.0, 1.0, math.inf, spoke=5)
    hundreds = parts(399, 0.1, 0.32, 3.07, spoke=259)
    assert score(handful) < score(hundreds) - 10
    assert hundreds["trend"] == pytest.approx(0.975, abs=0.005)  # 175 people more than usual
