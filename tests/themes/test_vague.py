"""Themes that judge and name no thing are marked, and the headline names what is about something."""

from __future__ import annotations

import pandas as pd
import pytest

from fanops.themes.vague import names_nothing
from fanops.ui.themes.theme_views import headline


@pytest.mark.parametrize(
    ("keywords", "vague"),
    [
        ("味道、好吃、难吃、吃、不错、差评", True),
        ("好吃、味道、不错、速度、很快、快", True),
        ("送餐、速度、太慢、很快、慢、送", False),
        ("煎饼、好喝、咖啡、可乐、喝、吸管", False),
        ("发票、理解、道歉、解释", False),
        ("", False),
    ],
)
def test_key_words_tell_whether_a_thing_is_named(keywords: str, vague: bool) -> None:
    assert names_nothing(keywords.split("、")) is vague


def test_the_headline_says_what_is_about_something() -> None:
    table = pd.DataFrame({"name": ["不好吃", "送餐太慢"], "fans": [90, 40], "units": [100, 50], "negative_share": [0.5, 0.9],
                          "general": [False, False], "vague": [True, False]})  # fmt: skip
    assert "“不好吃”（90 位粉丝），多是笼统的话；具体的事里最多的是“送餐太慢”（40 位粉丝）" in headline(table, "fans")
    assert "笼统" not in headline(table.iloc[1:], "fans")
