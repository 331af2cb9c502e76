"""Pictures: the marks of an axis can be told apart."""

from __future__ import annotations

import pandas as pd
import pytest

from fanops.ui.charts import interval_dots, trend


@pytest.mark.parametrize(
    ("largest", "reference", "style"),
    [(0.9, None, ".0%"), (0.08, None, ".0%"), (0.02, None, ".1%"), (0.004, None, ".2%"), (0.02, 0, "+.1%")],
)
def test_a_narrow_axis_gets_decimals(largest: float, reference: float | None, style: str) -> None:
    frame = pd.DataFrame(
        {"门店": ["静安店", "西湖店"], "占比": [largest / 2, largest / 3], "low": 0.0, "high": largest}
    )
    drawn = interval_dots(frame, "门店", "占比", "占比", reference=reference).to_dict()
    assert {layer["encoding"]["x"].get("axis", {}).get("format") for layer in drawn["layer"]} - {None} == {style}
    assert {layer["encoding"]["x"].get("axis", {}).get("tickCount") for layer in drawn["layer"]} - {None} == {6}


def test_an_empty_picture_and_one_without_intervals_are_drawn() -> None:
    empty = pd.DataFrame({"门店": [], "占比": [], "low": [], "high": []})
    assert interval_dots(empty, "门店", "占比", "占比").to_dict()
    assert interval_dots(
        pd.DataFrame({"门店": ["a"], "占比": [0.1], "low": None, "high": None}), "门店", "占比", ""
    ).to_dict()


def test_the_days_under_a_trend_are_those_of_its_points() -> None:
    weeks = pd.date_range("2026-05-25", periods=4, freq="7D")
    drawn = trend(pd.DataFrame({"周": weeks, "占比": [0.1, 0.2, 0.1, 0.3]}), "周", "占比", "占比").to_dict()
    marked = drawn["layer"][0]["encoding"]["x"]["axis"]["values"]
    assert [(day["month"], day["date"]) for day in marked] == [(week.month, week.day) for week in weeks]
    many = pd.DataFrame({"日": pd.date_range("2026-01-01", periods=200), "占比": 0.1})
    assert "values" not in trend(many, "日", "占比", "占比").to_dict()["layer"][0]["encoding"]["x"]["axis"]
