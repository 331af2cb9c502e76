"""The 拿不准 pile on the voices page: saying by saying with one click, or those of one theme many at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain

import pandas as pd
import streamlit as st
from sqlmodel import Session

from fanops.access import Actor
from fanops.themes import edit
from fanops.themes.records_evidence import alike_units, evidence_in_order
from fanops.themes.records_likely import likely_themes
from fanops.themes.selection import Selection
from fanops.ui import words
from fanops.ui.paging import open_page, rows_from, turn_pages
from fanops.ui.quotes import quotes
from fanops.ui.refusal import plain
from fanops.ui.themes.theme_edits import ONLY_MOVERS, carry_out, move_bar
from fanops.ui.themes.ticks import finder, tick_bar, tick_quotes, untick

PAGE_SIZE = 20
_HOW = "同样的话只问一次，答案对每个这么说的人都算。归好的句子，下次发现会照此学习。"


def unsure_pile(session: Session, actor: Actor, selection: Selection, looked_for: str, table: pd.DataFrame) -> None:
    """List the sentences whose theme is not sure.

    Args:
        session: A reading session.
        actor: Who sorts.
        selection: The page's filters.
        looked_for: Only voices with these characters.
        table: Rows of ``theme_table`` of the same selection.
    """
    doubtful = table[table["unsure"] > 0].sort_values("unsure", ascending=False)
    labels = {
        theme_id: f"{name}（{words.count(number, '句')}）"
        for theme_id, name, number in doubtful[["theme_id", "name", "unsure"]].itertuples(index=False)
    }
    theme_id = st.selectbox(
        "归在哪个主题",
        [None, *labels],
        format_func=lambda key: labels.get(key, "全部主题，一种说法一种说法看"),
        key="unsure.theme",
    )
    which = {"unsure": True, "theme_id": theme_id, "words": looked_for}
    alike = alike_units(session, actor, selection, **which)
    if not alike:
        st.info("没有拿不准的句子了。", icon=":material/check:")
        return
    total = sum(map(len, alike))
    sorts = actor.role in edit.MOVERS
    st.caption(
        f"共 {words.count(total, '句')}、{words.count(len(alike), '种说法')}，说得最多的在前。{_HOW if sorts else ONLY_MOVERS}"
    )
    said, _, page = open_page("unsure.page", PAGE_SIZE, rows_from(alike, PAGE_SIZE))
    rows = evidence_in_order(session, actor, selection, [units[0] for units in said])
    rows = rows.assign(times=[len(units) for units in said])
    if theme_id is None or not sorts:
        _one_by_one(session, actor, rows, said, table)
        turn_pages("unsure.page", PAGE_SIZE, len(alike))
        return
    name = f"unsure.{theme_id}"
    of = {unit: units for units in alike for unit in units}
    ticked = tick_quotes(
        rows, name, f"{page}.{looked_for}", lambda units: chain.from_iterable(of[each] for each in units)
    )
    turn_pages("unsure.page", PAGE_SIZE, len(alike))
    tick_bar(name, ticked, total, finder(actor, selection, which))
    theme = str(table.loc[table["theme_id"] == theme_id, "name"].iloc[0])
    _confirm_many(actor, theme_id, theme, ticked, name)
    move_bar(actor, None, ticked, table, name)


def _confirm_many(actor: Actor, theme_id: int, theme: str, ticked: list[int], name: str) -> None:
    label = f"选中的都是“{plain(theme)}”"
    if (
        ticked
        and st.button(label, key="unsure.all_right", icon=":material/check:")
        and carry_out(
            actor,
            f"已确认 {words.count(len(ticked), '句')}属于“{theme}”。",
            lambda session: edit.move_units(session, actor, ticked, theme_id),
        )
    ):
        untick(name)
        st.rerun()


def _one_by_one(session: Session, actor: Actor, rows: pd.DataFrame, said: list[list[int]], table: pd.DataFrame) -> None:
    names = dict(zip(table["theme_id"].astype(int), table["name"], strict=True))
    likely = likely_themes(session, actor, said)
    for place, (row, units, nearest) in enumerate(zip(rows.itertuples(), said, likely, strict=True)):
        unit_id, held = int(row.unit_id), int(row.theme_id)
        offered = [theme_id for theme_id in nearest or (held, *names) if theme_id in names]
        quotes(rows.iloc[[place]], f"unsure.quote.{unit_id}")
        if actor.role in edit.MOVERS:
            _ways(unit_id, list(dict.fromkeys(offered)), names, partial(_settle, actor, units, names))


def _settle(actor: Actor, units: list[int], names: dict[int, str], to: int | None) -> None:
    where = "已放回未归类" if to is None else f"已归到“{names[to]}”"
    done = f"{where}：{words.count(len(units), '句')}同样的话。" if len(units) > 1 else f"{where}。"
    carry_out(actor, done, lambda session: edit.move_units(session, actor, units, to))


def _ways(unit_id: int, offered: list[int], names: dict[int, str], settle: Callable[[int | None], None]) -> None:
    """Show the ways to settle one saying. As callbacks: the page is read once for an answer, not before and after it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for theme_id, place in zip(offered, ("first", "second"), strict=False):
            st.button(
                f"是“{plain(names[theme_id])}”", key=f"unsure.{place}.{unit_id}", icon=":material/check:",
                on_click=settle, args=(theme_id,),
            )  # fmt: skip
        st.button("都不是", key=f"unsure.no.{unit_id}", icon=":material/close:", on_click=settle, args=(None,))
        other = f"unsure.other.{unit_id}"
        st.selectbox(
            "是别的主题", offered[2:], index=None, format_func=names.get, key=other, placeholder="是别的主题……",
            label_visibility="collapsed", width=200, on_change=lambda: settle(st.session_state[other]),
        )  # fmt: skip
