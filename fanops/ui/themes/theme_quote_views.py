"""A theme in fans' own words: the most typical, all that match (to tick, move and split off), and who says the opposite."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st
from sqlmodel import Session

from fanops.access import Actor
from fanops.tables import Theme
from fanops.themes.records_evidence import evidence
from fanops.themes.records_sayings import all_alike, said_units, sayings, typical_sayings
from fanops.themes.selection import Selection
from fanops.ui import words
from fanops.ui.guard import page_database
from fanops.ui.paging import open_page, turn_pages
from fanops.ui.quotes import quotes
from fanops.ui.themes.theme_edits import move_bar
from fanops.ui.themes.theme_views import export_link
from fanops.ui.themes.ticks import tick_bar, tick_quotes

PAGE_SIZE = 10
COUNTER_QUOTES = 3
_SIGNS = {"全部": None, "不满": -1, "中性": 0, "满意": 1}


def quotes_tab(session: Session, actor: Actor, theme: Theme, selection: Selection, table: pd.DataFrame) -> None:
    """Show the theme in fans' own words, the most typical first; ticked sentences can be moved."""
    typical = typical_sayings(session, actor, selection, theme)
    if len(typical):
        st.markdown("**最典型的说法**")
        quotes(typical, f"theme.typical.{theme.id}")
        st.markdown("**全部说法**")
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    looked_for = left.text_input(
        "在这些句子里找", key=f"theme.words.{theme.id}", placeholder="输入一个词，例如：发票", max_chars=30
    )
    sign = right.segmented_control("情感", list(_SIGNS), default="全部", key="theme.sign", label_visibility="collapsed")
    _sayings_to_tick(session, actor, theme, selection, table, looked_for, sign or "全部")
    row = table[table["theme_id"] == theme.id].iloc[0]
    counter = -1 if row["positive"] > row["negative"] else 1
    if sign in (None, "全部") and not looked_for and row["positive" if counter == 1 else "negative"]:
        other, count = evidence(session, actor, selection, theme_id=theme.id, polarity=counter, limit=COUNTER_QUOTES)
        st.markdown(f"**也有人说相反的（{words.POLARITY_LABELS[counter]} {words.count(count, '句')}）**")
        quotes(other, f"theme.counter.{theme.id}")
    export_link(actor, selection, theme.id)


def _sayings_to_tick(
    session: Session, actor: Actor, theme: Theme, selection: Selection, table: pd.DataFrame, looked_for: str, sign: str
) -> None:
    name, polarity = f"theme.{theme.id}", _SIGNS[sign]
    rows, total, page = open_page(
        "theme.page", PAGE_SIZE,
        partial(sayings, session, actor, selection, theme_id=theme.id, polarity=polarity, words=looked_for,
                limit=PAGE_SIZE),
    )  # fmt: skip
    if not total:
        st.info("没有符合条件的句子。换一个词，或放宽筛选。", icon=":material/search_off:")
    ticked = tick_quotes(
        rows, name, f"{page}.{sign}.{looked_for}", partial(all_alike, session, actor, selection, theme.id)
    )
    turn_pages("theme.page", PAGE_SIZE, total)
    units = len(said_units(session, actor, selection, theme.id, polarity, looked_for))
    st.caption(
        f"共 {words.count(units, '句')}、{words.count(total, '种说法')}：同样的话合在一起（×几），勾选时一起选中。"
        "勾选的句子翻页、换词以后还在，可以一起移动到别的主题，或拆成新主题。"
    )

    def find_all() -> list[int]:
        with page_database().read() as fresh:
            return said_units(fresh, actor, selection, theme.id, polarity, looked_for)

    tick_bar(name, ticked, units, find_all)
    move_bar(actor, theme, ticked, table, name)
