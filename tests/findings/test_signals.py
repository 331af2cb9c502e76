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


def test_priority_is_an_open_sum():
    full = parts(people=200, core_share=1, negative_share=1, ratio=math.inf, effort="small")
    assert set(full.values()) == {1.0} and score(full) == pytest.approx(100)
    none = parts(people=0, core_share=math.nan, negative_share=math.nan, ratio=1.0, effort="large")
    assert set(none.values()) == {0.0} and score(none) == 0
    only = Weights(reach=0, tiers=0, negativity=4, trend=0, ease=0)
    assert score(parts(10, 0.1, 0.25, 2.0), only) == pytest.approx(25)
    assert score(full, Weights(0, 0, 0, 0, 0)) == 0
