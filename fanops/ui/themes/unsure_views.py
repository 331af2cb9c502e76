"""The 拿不准 pile on the voices page: sentence by sentence with one click, or those of one theme many at once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from sqlmodel import Session

from fanops.access import Actor
from fanops.themes import edit
from fanops.themes.records_evidence import evidence
from fanops.themes.records_likely import suggest_themes
from fanops.themes.selection import Selection
from fanops.ui import words
from fanops.ui.paging import open_page, turn_pages
from fanops.ui.quotes import quotes
from fanops.ui.refusal import plain
from fanops.ui.themes.theme_edits import carry_out, move_bar
from fanops.ui.themes.ticks import finder, tick_bar, tick_quotes, untick

PAGE_SIZE = 20


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
        format_func=lambda key: labels.get(key, "全部主题，一句一句看"),
        key="unsure.theme",
    )
    which = {"unsure": True, "theme_id": theme_id, "words": looked_for}
    rows, total, page = open_page(
        "unsure.page", PAGE_SIZE, partial(evidence, session, actor, selection, limit=PAGE_SIZE, **which)
    )
    if not total:
        st.info("没有拿不准的句子了。", icon=":material/check:")
        return
    st.caption(f"共 {words.count(total, '句')}。归好的句子，下次发现会照此学习。")
    if theme_id is None:
        _one_by_one(session, actor, rows, table)
        turn_pages("unsure.page", PAGE_SIZE, total)
        return
    name = f"unsure.{theme_id}"
    ticked = tick_quotes(rows, name, f"{page}.{looked_for}")
    turn_pages("unsure.page", PAGE_SIZE, total)
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


def _one_by_one(session: Session, actor: Actor, rows: pd.DataFrame, table: pd.DataFrame) -> None:
    names = dict(zip(table["theme_id"].astype(int), table["name"], strict=True))
    nearest = suggest_themes(session, actor, rows["unit_id"].astype(int).tolist())
    for place, row in enumerate(rows.itertuples()):
        unit_id, held = int(row.unit_id), int(row.theme_id)
        others = [theme_id for theme_id in nearest.get(unit_id, names) if theme_id != held and theme_id in names]
        quotes(rows.iloc[[place]], f"unsure.quote.{unit_id}")
        to = _asked(unit_id, held, others, names | {held: row.theme})
        if to is _NOTHING:
            continue
        if to == held:
            said = f"已确认属于“{row.theme}”。"
        else:
            said = "已放回未归类。" if to is None else f"已移到“{names[to]}”。"
        if carry_out(actor, said, lambda session, unit=unit_id, to=to: edit.move_units(session, actor, [unit], to)):
            st.rerun()


_NOTHING = object()


def _asked(unit_id: int, held: int, others: list[int], names: dict[int, str]) -> Any:
    """Show the ways to settle one sentence; give the theme that was chosen, None for none, ``_NOTHING`` while nobody chose."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button(f"是“{plain(names[held])}”", key=f"unsure.yes.{unit_id}", icon=":material/check:"):
            return held
        if others and st.button(
            f"是“{plain(names[others[0]])}”", key=f"unsure.next.{unit_id}", icon=":material/arrow_forward:"
        ):
            return others[0]
        if st.button("都不是", key=f"unsure.no.{unit_id}", icon=":material/close:"):
            return None
        chosen = st.selectbox(
            "是别的主题", others[1:], index=None, format_func=names.get, key=f"unsure.other.{unit_id}",
            placeholder="是别的主题……", label_visibility="collapsed", width=200,
        )  # fmt: skip
    return _NOTHING if chosen is None else chosen
