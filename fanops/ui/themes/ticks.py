"""Ticked sentences of a list: kept while pages are turned and filters change, until they are acted on or let go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.themes.records_evidence import evidence_units
from fanops.themes.selection import Selection
from fanops.ui import words
from fanops.ui.guard import page_database
from fanops.ui.quotes import quotes

TICKS_MOST = 10_000  # sentences of one deed: its event keeps where each of them lay


def tick_quotes(
    rows: pd.DataFrame, name: str, view: str, alike: Callable[[list[int]], Iterable[int]] = list
) -> list[int]:
    """Show sentences as quotes to tick.

    Args:
        rows: As ``quotes`` takes them: what is on the page now.
        name: Of the list.
        view: Of the page and filters of it that are shown.
        alike: Gives what a tick stands for: the same words said by others are ticked with it.

    Returns:
        All that is ticked in this list, on whatever page; in order.
    """
    held: set[int] = st.session_state.setdefault(_held(name), set())
    shown = set(rows["unit_id"].astype(int))
    key = f"{name}.quotes.{st.session_state.get(_turn(name), 0)}.{view}"
    ticked = set(quotes(rows, key, choosable=True, chosen=sorted(held & shown)))
    held |= set(alike(sorted(ticked - held)))
    held -= set(alike(sorted((shown & held) - ticked)))
    return sorted(held)


def tick_bar(name: str, ticked: list[int], total: int, find_all: Callable[[], list[int]]) -> None:
    """Offer to tick everything that matches, also on other pages, and to let go of what is ticked.

    Args:
        name: Of the list.
        ticked: As ``tick_quotes`` gave it.
        total: Sentences that match.
        find_all: Gives them.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(ticked) < total <= TICKS_MOST:
            st.button(
                f"选中全部 {words.count(total, '句')}", key=f"{name}.all", icon=":material/select_all:",
                on_click=lambda: tick(name, find_all()),
            )  # fmt: skip
        if ticked:
            st.button(
                f"不选了（{words.count(len(ticked), '句')}）", key=f"{name}.none", icon=":material/deselect:",
                on_click=untick, args=(name,),
            )  # fmt: skip
    if total > TICKS_MOST:
        st.caption(f"超过 {words.count(TICKS_MOST, '句')}，不能一次全选：先找一个词或筛选，或者合并主题。")


def finder(actor: Actor, selection: Selection, which: Mapping[str, Any]) -> Callable[[], list[int]]:
    """Give what ``tick_bar`` asks for a list of ``evidence`` rows; it reads when it is asked, after the page has been left."""

    def find_all() -> list[int]:
        with page_database().read() as session:
            return evidence_units(session, actor, selection, most=TICKS_MOST, **which)

    return find_all


def tick(name: str, unit_ids: Iterable[int]) -> None:
    """Tick these and what was ticked before."""
    held = set(st.session_state.get(_held(name), ()))
    untick(name)
    st.session_state[_held(name)] = held | set(unit_ids)


def untick(name: str) -> None:
    """Let go of everything that is ticked in a list."""
    st.session_state[_held(name)] = set()
    # A list under a new key: in the browser the old one remembers its ticks.
    st.session_state[_turn(name)] = st.session_state.get(_turn(name), 0) + 1


def _held(name: str) -> str:
    return f"{name}.ticked"


def _turn(name: str) -> str:
    return f"{name}.ticks_turn"
