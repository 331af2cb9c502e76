"""Service fixes on the screen, and the sentences behind any action."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.actions import records
from fanops.actions.fix_states import AREAS, DONE, LABELS, next_states
from fanops.themes.records_evidence import evidence
from fanops.ui import words
from fanops.ui.guard import page_database
from fanops.ui.quotes import quotes
from fanops.ui.refusal import plain, refusals

PAGE_SIZE = 8


def fixes_summary(fixes: pd.DataFrame, stores: pd.DataFrame) -> None:
    """Say how many are read, done and late."""
    late = int(fixes["overdue"].sum())
    text = f"{len(fixes)} 项改进，{words.count(len(stores), '家次')}：已读 {int(fixes['read'].sum())}，已完成 {int(fixes['done'].sum())}"
    st.caption(text + (f"，**过期 {late}**" if late else ""))


def fix_list(actor: Actor, fixes: pd.DataFrame, stores: pd.DataFrame) -> None:
    """List fixes for those above the stores; one opens into its stores and sentences."""
    shown = pd.DataFrame(
        {
            "改进": fixes["title"],
            "类别": fixes["area"].map(AREAS),
            "来自主题": fixes["theme"].fillna(""),
            "门店": fixes["stores"],
            "已读": fixes["read"],
            "已完成": fixes["done"],
            "过期": fixes["overdue"],
            "依据": fixes["evidence"],
            "开始": fixes["opened_at"].map(words.day),
        }
    )
    st.dataframe(shown, hide_index=True)
    names = dict(zip(fixes["fix_id"].astype(int), fixes["title"], strict=True))
    chosen = st.selectbox("看哪一项", list(names), format_func=names.get, key="fix", bind="query-params")
    of_fix = stores[stores["fix_id"] == chosen]
    if of_fix["what_to_do"].iloc[0]:
        st.text(of_fix["what_to_do"].iloc[0])
    done, rest = int(of_fix["state"].isin(DONE).sum()), of_fix[~of_fix["state"].isin(DONE)]
    st.markdown(f"**{len(of_fix)} 家门店：已读 {int(of_fix['read_at'].notna().sum())}，已完成 {done}**")
    where, said = st.tabs(["各门店", "依据"])
    with where:
        st.dataframe(_store_rows(of_fix), hide_index=True)
        if len(rest):
            st.caption("还没完成：" + plain("、".join(rest["store"])))
        _move_form(actor, of_fix)
    with said:
        evidence_list(actor, fix_id=int(chosen))


def _store_rows(of_fix: pd.DataFrame) -> pd.DataFrame:
    late = [
        due is not None and due == due and due < date.today() and state not in DONE
        for due, state in zip(of_fix["due_on"], of_fix["state"], strict=True)
    ]
    return pd.DataFrame(
        {
            "门店": of_fix["store"],
            "状态": of_fix["state"].map(LABELS),
            "截止": of_fix["due_on"].map(words.day),
            "过期": ["过期" if flag else "" for flag in late],
            "已读": of_fix["read_at"].map(lambda at: "是" if at is not None and at == at else ""),
            "备注": of_fix["note"],
        }
    )


def _move_form(actor: Actor, of_fix: pd.DataFrame) -> None:
    movable = {int(row.fix_store_id): row for row in of_fix.itertuples() if next_states(row.state, actor.role)}
    if not movable:
        return
    left, middle, right = st.columns([2, 2, 1], vertical_alignment="bottom")
    chosen = left.selectbox(
        "门店",
        list(movable),
        format_func=lambda key: f"{movable[key].store}（{LABELS[movable[key].state]}）",
        key="fix.move.store",
    )
    to = middle.selectbox(
        "改为", next_states(movable[chosen].state, actor.role), format_func=LABELS.get, key="fix.move.to"
    )
    if right.button("更新", key="fix.move.do", width="stretch"):
        with refusals():
            with page_database().write() as session:
                records.move_fix(session, actor, chosen, to)
            st.rerun()


def own_fixes(actor: Actor, stores: pd.DataFrame) -> None:
    """Show a store its own fixes as cards: read, what to do, tick."""
    open_first = stores.assign(order=stores["state"].isin(DONE)).sort_values(["order", "due_on"], kind="stable")
    for row in open_first.itertuples():
        with st.container(border=True):
            st.markdown(f"**{plain(row.title)}** · {LABELS[row.state]} · 截止 {words.day(row.due_on)}")
            if row.what_to_do:
                st.text(row.what_to_do)
            if row.note:
                st.caption("备注：" + plain(row.note))
            steps = next_states(row.state, actor.role)
            with st.container(horizontal=True):
                unread = row.read_at is None or row.read_at != row.read_at
                if unread and st.button("我读过了", key=f"fix.read.{row.fix_store_id}"):
                    with page_database().write() as session:
                        records.note_read(session, actor, int(row.fix_store_id))
                    st.rerun()
                for to in steps:
                    if st.button(
                        f"改为{LABELS[to]}",
                        key=f"fix.to.{row.fix_store_id}.{to}",
                        type="primary" if to == "fixing" else "secondary",
                    ):
                        with refusals():
                            with page_database().write() as session:
                                records.move_fix(session, actor, int(row.fix_store_id), to)
                            st.rerun()
            with st.expander("顾客怎么说"):
                evidence_list(actor, fix_id=int(row.fix_id))


def evidence_list(actor: Actor, *, fix_id: int | None = None, item_id: int | None = None) -> None:
    """Show the sentences behind an action, within the actor's scope."""
    name = f"fix.{fix_id}" if fix_id else f"item.{item_id}"
    with page_database().read() as session:
        units = records.evidence_units(session, actor, fix_id=fix_id, item_id=item_id)
        page = st.session_state.get(f"evidence.page.{name}", 1)
        here = units[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        rows, _ = evidence(session, actor, unit_ids=here, limit=PAGE_SIZE)
    if not units:
        st.caption("您的门店没有说过这件事的原声；依据来自别的门店。")
        return
    quotes(rows, f"evidence.{name}.{page}")
    if len(units) > PAGE_SIZE:
        st.pagination(-(-len(units) // PAGE_SIZE), key=f"evidence.page.{name}")
    st.caption(f"共 {words.count(len(units), '句')}依据。")
