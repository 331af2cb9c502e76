"""Hand edits on the screen: rename, merge, split, move, pin, retire; each with a notice and 撤销."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st
from sqlmodel import Session

from fanops.access import Actor
from fanops.tables import Theme, ThemeEvent
from fanops.themes import edit, records
from fanops.themes.edit_words import KINDS, told
from fanops.themes.records_edit import NAME_LIMIT
from fanops.ui import words
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import refusals
from fanops.ui.tables import tapped_row
from fanops.ui.themes.ticks import untick

ONLY_MOVERS = "放错主题的句子，请告诉店长：店长可以移走。"


def carry_out(actor: Actor, said: str, deed: Callable[[Session], ThemeEvent]) -> bool:
    """Carry out one edit; success is shown after the commit, on the next run, with the way back."""
    with refusals():
        with page_database().write() as session:
            event_id = deed(session).id
        said_done(said, lambda: _undo(actor, event_id))
        return True
    return False


def _undo(actor: Actor, event_id: int) -> None:
    with page_database().write() as session:
        edit.undo_edit(session, actor, event_id)


def edit_bar(actor: Actor, theme: Theme) -> None:
    """Show what can be done to a theme by hand."""
    if actor.role not in edit.EDITORS:
        st.caption("主题由产品团队整理；您可以在“原声”里把放错的句子移走。")
        return
    if theme.parent_id is not None or theme.state == "merged":
        st.caption("它是别的主题的一部分，请在那个主题里编辑。")
        return
    if theme.state != "died":
        _rename_form(actor, theme)
    if theme.state == "active":
        _merge_bar(actor, theme)
        pinned = st.toggle("固定：即使某次没有发现它，也保留", theme.pinned, key=f"theme.pin.{theme.id}.{theme.pinned}")
        if pinned != theme.pinned and carry_out(
            actor,
            "已固定。" if pinned else "已取消固定。",
            lambda session: edit.set_pinned(session, actor, theme.id, pinned),
        ):
            st.rerun()
    retired = theme.state != "active"
    label = "恢复这个主题" if retired else "停用这个主题"
    if st.button(label, key="theme.retire", icon=":material/archive:") and carry_out(
        actor,
        "已恢复。" if retired else "已停用：不再列出，句子都还在；以后同样的话也归在这里。",
        lambda session: edit.set_retired(session, actor, theme.id, not retired),
    ):
        st.rerun()


def _rename_form(actor: Actor, theme: Theme) -> None:
    with st.form("theme.rename", border=False):
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        # By its name now: after an undo the box must not keep the name that was taken back.
        name = left.text_input("名称", theme.name, key=f"theme.name.{theme.id}.{theme.name}", max_chars=NAME_LIMIT)
        if right.form_submit_button("改名", width="stretch") and carry_out(
            actor,
            f"已改名为“{name.strip()}”。以后重新发现也不会变。",
            lambda session: edit.rename_theme(session, actor, theme.id, name),
        ):
            st.rerun()


def _merge_bar(actor: Actor, theme: Theme) -> None:
    with page_database().read() as session:
        others = records.theme_table(session, actor)
    names = {int(row.theme_id): row.name for row in others.itertuples() if row.theme_id != theme.id}
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    into = left.selectbox(
        "合并到", list(names), index=None, format_func=names.get, key=f"theme.into.{theme.id}", placeholder="选一个主题"
    )
    merged = right.button("合并", key="theme.merge", disabled=into is None, width="stretch")
    if merged and carry_out(
        actor,
        f"“{theme.name}”已并入“{names[into]}”，编号作为指针保留。",
        lambda session: edit.merge_themes(session, actor, theme.id, into),
    ):
        st.switch_page("theme.py", query_params={"theme": str(into)})


def move_bar(actor: Actor, theme: Theme | None, chosen: list[int], table: pd.DataFrame, ticks: str) -> None:
    """Let the sentences ticked in the list ``ticks`` move to a theme, out of all, or into a new one."""
    if not chosen:
        return
    if actor.role not in edit.MOVERS:
        st.caption(ONLY_MOVERS)
        return
    names = {int(row.theme_id): row.name for row in table.itertuples() if theme is None or row.theme_id != theme.id}
    with st.container(border=True):
        st.markdown(f"**已选 {words.count(len(chosen), '句')}**")
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        to = left.selectbox(
            "移动到", [*names, 0], index=None, key="move.to", placeholder="选一个主题",
            format_func=lambda key: names.get(key, "未归类"),
        )  # fmt: skip
        moved = right.button("移动", key="move.do", type="primary", disabled=to is None, width="stretch")
        if moved and carry_out(
            actor,
            f"已移动 {words.count(len(chosen), '句')}。下次发现会照此学习。",
            lambda session: edit.move_units(session, actor, chosen, to or None),
        ):
            untick(ticks)
            st.rerun()
        if theme is None or actor.role not in edit.EDITORS:
            return
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        name = left.text_input("拆成新主题", key="split.name", placeholder="新主题的名字", max_chars=NAME_LIMIT)
        split = right.button("拆出", key="split.do", width="stretch")
        if split and carry_out(
            actor,
            f"已把 {words.count(len(chosen), '句')}拆成“{name.strip()}”。",
            lambda session: edit.split_theme(session, actor, theme.id, chosen, name),
        ):
            untick(ticks)
            st.rerun()


def history(session: Session, actor: Actor, theme_id: int) -> None:
    """Show who changed what when, also in themes that were merged into this one or taken out of it, and what runs did."""
    events = records.edit_history(session, actor)
    events = events[[_concerns(row, theme_id) for row in events.itertuples()]] if len(events) else events
    runs = records.lineage(session, actor, theme_id)
    st.subheader("历史", divider=False)
    if events.empty and runs.empty:
        st.caption("还没有编辑，也只发现过一次。")
        return
    if len(events):
        rows = pd.DataFrame(
            {
                "编辑": events["event_id"],
                "时间": events["made_at"].map(words.minute),
                "谁": events["author"].fillna("命令行"),
                "做了什么": events["kind"].map(KINDS),
                "详情": [told(row.kind, row.name, row.detail) for row in events.itertuples()],
                "状态": ["已撤销" if pd.notna(undone) else "有效" for undone in events["undone_at"]],
            }
        )
        picked = tapped_row(rows, f"theme.history.{theme_id}.{len(rows)}")
        if actor.role in edit.EDITORS:
            _undo_bar(actor, events, rows, picked)
    if len(runs):
        st.caption(f"经历过 {runs['run_id'].nunique()} 次发现；首次 {words.minute(runs.iloc[0]['run_at'])}。")


def _undo_bar(actor: Actor, events: pd.DataFrame, rows: pd.DataFrame, picked: int | None) -> None:
    """Offer to take back the edit that was tapped, otherwise the newest one that stands."""
    live = events["undone_at"].isna().to_numpy()
    if not live.any():
        return
    st.caption("点一行，可以撤销那一次；后面的编辑以它为基础时，会告诉您先撤销哪一次。")
    place = int(live.argmax()) if picked is None else picked
    label = "撤销最近一次编辑" if picked is None else f"撤销编辑 {rows.iloc[place]['编辑']}"
    if live[place] and st.button(label, key="theme.undo_last" if picked is None else "theme.undo_this"):
        with refusals():
            _undo(actor, int(events.iloc[place]["event_id"]))
            said_done(f"已撤销编辑 {rows.iloc[place]['编辑']}：{rows.iloc[place]['详情']}。")
            st.rerun()


def _concerns(row, theme_id: int) -> bool:
    detail = row.detail or {}
    return theme_id in (row.theme_id, *(detail.get(name) for name in ("to", "into", "from")))
