"""Results: tables counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fanops.collect.surveys.definition import build_definition
from fanops.collect.surveys.results import average, counts, cross_table, matrix_counts
from fanops.intervals import holm, wilson


def question(kind, **more):
    asked = {"code": "q", "kind": kind, "title": "题", **more}
    return build_definition(
        {"code": "s", "title": "s", "groups": [{"code": "g", "title": "g", "questions": [asked]}]}
    ).question("q")


def test_multiple_counts_people_not_ticks():
    found = counts(question("multiple", options=["甲", "乙"], other="其他"), [["甲", "乙"], ["甲"], ["other"], None])
    assert found["count"].tolist() == [2, 1, 1]
    assert found["share"].tolist() == pytest.approx([2 / 3, 1 / 3, 1 / 3])
    assert found.attrs["base"] == 3


def test_nps_is_promoters_minus_detractors():
    asked = question("nps")
    assert average(asked, [10, 9, 8, 7, 6, 0]).value == pytest.approx(0)
    assert average(asked, [10, 10, 9, 3]).value == pytest.approx(50)
    nobody = average(asked, [None])
    assert np.isnan(nobody.value) and nobody.base == 0


def test_wilson_against_the_published_interval():
    low, high = wilson([0, 10, 5], [10, 10, 10])
    assert low == pytest.approx([0.0, 0.7225, 0.2366], abs=5e-4)
    assert high == pytest.approx([0.2775, 1.0, 0.7634], abs=5e-4)
    assert [float(v[0]) for v in wilson([0], [0])] == [0.0, 1.0]


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])


def test_cross_table_marks_only_what_survives_correction():
    asked = question("single", options=["好", "差"])
    groups = ["A"] * 40 + ["B"] * 40 + ["C"] * 40
    clear = ["差"] * 30 + ["好"] * 10 + ["好"] * 36 + ["差"] * 4 + ["好"] * 35 + ["差"] * 5
    table = cross_table(asked, clear, groups).set_index(["group", "code"])
    assert table.loc[("A", "差"), "differs"] == 1 and table.loc[("A", "好"), "differs"] == -1
    rng = np.random.default_rng(0)
    marked = 0
    for _ in range(40):
        same = rng.choice(["好", "差"], size=120).tolist()
        marked += bool(cross_table(asked, same, groups)["differs"].any())
    assert marked <= 4


def test_groups_compare_the_first_place_of_a_ranking():
    asked = question("ranking", options=["快", "好", "省"])
    table = cross_table(asked, [["快", "好", "省"], ["好", "快"], ["快", "省", "好"]], ["A", "A", "B"])
    shares = table.set_index(["group", "code"])["share"]
    assert shares["A", "快"] == shares["A", "好"] == 0.5 and shares["A", "省"] == 0
    assert shares["B"].tolist() == [1, 0, 0]


def test_matrix_cells():
    asked = question("matrix", rows=["味道", "分量"], options=["差", "好"])
    cells = matrix_counts(asked, [{"味道": "好"}, {"味道": "差", "分量": "好"}, None])
    assert cells[["count", "base"]].values.tolist() == [[1, 2], [1, 2], [0, 1], [1, 1]]
