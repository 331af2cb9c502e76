"""Change and attrition of a panel: numbers worked out by hand, and properties that hold for any panel."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanops.collect.surveys.attrition import AskedWave, attrition, share_difference, stayed_against_left
from fanops.collect.surveys.change import changes, comparable, mean_change, nps_points, share_change, transitions
from fanops.collect.surveys.definition import build_definition


def survey(*questions):
    return build_definition(
        {"code": "s", "title": "s", "groups": [{"code": "g", "title": "g", "questions": list(questions)}]}
    )


RATING = {"code": "taste", "kind": "rating", "title": "口味"}
NPS = {"code": "again", "kind": "nps", "title": "推荐"}
CHOICE = {"code": "why", "kind": "single", "title": "为什么来", "options": ["近", "好喝", "便宜"]}
SURVEY = survey(RATING, NPS, CHOICE)


def test_a_paired_mean_by_hand():
    """Differences 1, 0, 2, 1: mean 1, sd √(2/3) = 0.8165, se 0.40825, t(3, 97.5 %) = 3.18245 → 1 ± 1.29923."""
    found = mean_change(np.array([3.0, 4, 2, 3]), np.array([4.0, 4, 4, 4]))
    assert (found.before, found.after, found.change) == (3.0, 4.0, 1.0)
    assert (found.low, found.high) == pytest.approx((1 - 1.29923, 1 + 1.29923), abs=1e-4)
    assert found.p == pytest.approx(0.0917, abs=1e-4)  # t = 2.4495 with 3 degrees of freedom


def test_no_spread_gives_no_interval():
    for before, after, step in ([3.0], [4.0], 1), ([3.0, 3], [4.0, 4], 1), ([2.0, 5], [2.0, 5], 0):
        found = mean_change(np.array(before), np.array(after))
        assert found.change == step and math.isnan(found.low) and math.isnan(found.p)
    assert math.isnan(mean_change(np.array([]), np.array([])).change)


def test_a_paired_share_by_hand():
    """10 fans, 4 came and 1 went: (5 − 2)/12 = 0.25 ± 1.96·√((7/12 − 0.0625)/12) = 0.25 ± 0.40832; McNemar 2·6/32."""
    before = np.array([True] * 3 + [False] * 7)
    after = np.array([False, True, True, *[True] * 4, *[False] * 3])
    found = share_change(before, after)
    assert (found.before, found.after, found.change) == pytest.approx((0.3, 0.6, 0.3))
    assert (found.low, found.high) == pytest.approx((0.25 - 0.40832, 0.25 + 0.40832), abs=1e-4)
    assert found.p == pytest.approx(2 * (1 + 5) / 32)


def test_nps_counts_in_points():
    assert nps_points(np.array([10, 9, 8, 7, 6, 0.0])).tolist() == [100, 100, 0, 0, -100, -100]
    pairs, _ = comparable(SURVEY, SURVEY)
    table = changes(pairs, {"again": {1: 6, 2: 9, 3: 8}}, {"again": {1: 9, 2: 9, 3: 8, 4: 0}}).set_index("code")
    row = table.loc["again"]
    assert (row["base"], row["before"], row["after"]) == (3, 0, pytest.approx(200 / 3))


def test_changes_pair_only_those_who_answered_both():
    pairs, unlike = comparable(SURVEY, SURVEY)
    assert unlike == []
    first = {"taste": {1: 3, 2: 4, 3: 2, 4: 3, 5: 5}, "why": {1: "近", 2: "近", 3: "好喝"}}
    second = {"taste": {1: 4, 2: 4, 3: 4, 4: 4, 9: 1}, "why": {1: "近", 2: "好喝", 3: "好喝", 8: "便宜"}}
    table = changes(pairs, first, second).set_index(["code", "option"])
    assert table.loc[("taste", ""), ["base", "before", "after"]].tolist() == [4, 3, 4]
    assert table.loc[("why", "近"), ["base", "before", "after"]].tolist() == pytest.approx([3, 2 / 3, 1 / 3])
    assert table.loc[("why", "便宜"), "change"] == 0
    assert table.loc[("again", ""), "base"] == 0 and math.isnan(table.loc[("again", ""), "change"])
    assert (table["differs"] == 0).all()


def test_a_mark_survives_the_correction_only_when_it_is_clear():
    pairs, _ = comparable(SURVEY, SURVEY)
    before = {"taste": {fan: 2 + fan % 2 for fan in range(30)}, "why": dict.fromkeys(range(30), "近")}
    after = {"taste": {fan: 4 + fan % 3 // 2 for fan in range(30)}, "why": before["why"] | {1: "好喝"}}
    table = changes(pairs, before, after).set_index(["code", "option"])
    assert table.loc[("taste", ""), "differs"] == 1
    assert table.loc[("why", "近"), "differs"] == 0


def test_where_the_choices_went():
    [question] = [q for _, q in SURVEY.questions() if q.code == "why"]
    table = transitions(question, question, {1: "近", 2: "近", 3: "好喝", 4: "便宜"}, {1: "好喝", 2: "近", 3: "好喝"})
    assert table["count"].sum() == 3
    cells = {(r["source"], r["target"]): (r["count"], r["base"], r["fan_ids"]) for r in table.to_dict("records")}
    assert cells[("近", "好喝")] == (1, 2, [1]) and cells[("近", "近")] == (1, 2, [2])
    assert cells[("便宜", "便宜")] == (0, 0, [])


def test_questions_asked_otherwise_are_named_not_compared():
    other = survey(RATING | {"max": 10}, NPS, CHOICE | {"options": ["近", "新品"]})
    pairs, unlike = comparable(SURVEY, other)
    assert [first.code for first, _ in pairs] == ["again", "why"] and unlike == ["口味"]
    table = changes(pairs, {"why": {1: "好喝"}}, {"why": {1: "新品"}})
    assert table[table["code"] == "why"]["option"].tolist() == ["近", "好喝", "便宜", "新品"]


def test_attrition_by_hand():
    """Ten asked, eight answered; then 8 asked, 5 of them and a new one answered; then one comes back."""
    table = attrition(
        [
            AskedWave(1, "一", frozenset(range(10)), frozenset(range(8))),
            AskedWave(2, "二", frozenset(range(8)), frozenset({0, 1, 2, 3, 4, 20})),
            AskedWave(3, "三", frozenset(range(8)) | {20}, frozenset({0, 1, 2, 7})),
        ]
    )
    assert table[["asked", "answered", "all_along", "dropped", "back", "first_time"]].values.tolist() == [
        [10, 8, 8, 0, 0, 8],
        [9, 6, 5, 3, 0, 1],
        [9, 4, 3, 3, 1, 0],
    ]
    assert table["share"].tolist() == pytest.approx([0.8, 6 / 9, 4 / 9])
    assert table["dropped_ids"].tolist() == [[], [5, 6, 7], [3, 4, 20]]
    assert table.loc[0, ["low", "high"]].tolist() == pytest.approx([0.4902, 0.9433], abs=1e-4)
    assert attrition([]).empty


def test_those_who_left_were_less_happy_from_the_start():
    """Stayed 5 5 4 4, left 2 3 2: means 4.5 and 2.333, se √(0.3333/4 + 0.3333/3) = 0.44096, df 4.4545…"""
    table = stayed_against_left(
        [question for _, question in SURVEY.questions()],
        {
            "taste": {1: 5, 2: 5, 3: 4, 4: 4, 5: 2, 6: 3, 7: 2},
            "why": {1: "近", 2: "近", 3: "近", 4: "好喝", 5: "便宜", 6: "便宜", 7: "近"},
        },
        {1, 2, 3, 4},
        {5, 6, 7},
    ).set_index(["code", "option"])
    taste = table.loc[("taste", "")]
    assert (taste["stayed_base"], taste["left_base"], taste["stayed"]) == (4, 3, 4.5)
    assert taste["change"] == pytest.approx(4.5 - 7 / 3)
    assert (taste["low"] + taste["high"]) / 2 == pytest.approx(taste["change"])
    assert (taste["high"] - taste["low"]) / 2 == pytest.approx(0.44096 * 2.7764, rel=0.05)  # t(4) is 2.7764
    assert table.loc[("why", "便宜"), ["stayed", "left"]].tolist() == pytest.approx([0, 2 / 3])
    found = share_difference((0, 4), (2, 3))
    assert found.p == pytest.approx(1 / 7)  # 3 of the 21 ways to choose two of seven lie among the three
    assert found.change == pytest.approx(-2 / 3) and found.low < found.change < found.high


FANS = st.frozensets(st.integers(0, 12))


@given(st.lists(st.tuples(FANS, FANS), max_size=6))
def test_nobody_is_lost_or_counted_twice(waves):
    asked = [AskedWave(place, str(place), one, other) for place, (one, other) in enumerate(waves)]
    table = attrition(asked)
    for place, row in enumerate(table.to_dict("records")):
        assert row["all_along"] <= row["answered"] <= row["asked"]
        assert 0 <= row["low"] <= row["high"] <= 1
        if place:
            before = set(table.loc[place - 1, "answered_ids"])
            kept = set(row["answered_ids"]) - set(row["back_ids"]) - set(row["first_time_ids"])
            assert kept == before - set(row["dropped_ids"])


@given(st.dictionaries(st.integers(0, 30), st.tuples(st.sampled_from(["近", "好喝", "便宜"]), st.integers(0, 10))))
def test_nothing_changed_shows_no_change(answers):
    pairs, _ = comparable(SURVEY, SURVEY)
    values = {"why": {fan: a for fan, (a, _) in answers.items()}, "again": {fan: b for fan, (_, b) in answers.items()}}
    table = changes(pairs, values, values)
    assert (table["differs"] == 0).all()
    assert (table["change"].fillna(0) == 0).all()
