"""A table on a phone: each row a card, and nothing of a row lost."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.testing.v1 import AppTest

from fanops.ui.tables import cards


def test_a_card_says_what_its_row_is_about_and_what_there_is_to_say() -> None:
    frame = pd.DataFrame({"门店": ["静安", "徐汇"], "不满": [0.25, None], "原话": ["*太甜*，还漏", ""], "单": [3, 0]})
    percent = {"不满": st.column_config.ProgressColumn(format="percent"), "单": None}
    assert cards(frame, config=percent) == [
        {"title": "静安", "facts": [["不满", "25%"], ["原话", "*太甜*，还漏"]]},
        {"title": "徐汇", "facts": []},
    ]
    by_index = pd.DataFrame({"一月": [1.5], "二月": [["甲", "乙"]]}, index=["静安"])
    assert cards(by_index, hide_index=False) == [{"title": "静安", "facts": [["一月", "1.5"], ["二月", "甲、乙"]]}]
    assert cards(by_index, order=["二月"]) == [{"title": "甲、乙", "facts": []}]
    assert cards(pd.DataFrame()) == []


def _two_tables() -> None:
    import pandas as pd

    from fanops.ui.tables import show_table, tapped_row

    frame = pd.DataFrame({"门店": ["静安"], "不满": [0.25]})
    show_table(frame, hide_index=True)
    show_table(frame.assign(不满=0.5), hide_index=True)
    tapped_row(frame, "here")


def test_only_a_phone_shows_cards(monkeypatch) -> None:
    for agent, tables in (
        ("Mozilla/5.0 (Linux; Android 14) Mobile Safari", 0),
        ("Mozilla/5.0 (X11; Linux)", 3),
        (None, 3),
    ):
        monkeypatch.setattr("fanops.ui.tables._agent", lambda agent=agent: agent or "")
        at = AppTest.from_function(_two_tables).run()
        assert not at.exception and len(at.dataframe) == tables
