"""The 无内容 pile on the voices page: what was set aside, each with the way back."""

from __future__ import annotations

import streamlit as st
from sqlmodel import Session

from fanops.access import Actor
from fanops.themes import records_no_content as records
from fanops.themes.edit import MOVERS
from fanops.themes.selection import Selection
from fanops.ui import words
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import refusals

NO_CONTENT = "无内容"
PAGE_SIZE = 20


def no_content_pile(session: Session, actor: Actor, selection: Selection, looked_for: str) -> None:
    """List what was set aside, each sentence with a button that puts it back among the voices."""
    page = st.session_state.get("voices.no_content.page", 1)
    rows, total, units = records.no_content_sayings(
        session, actor, selection, words=looked_for, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE
    )
    if not total:
        st.info("没有放在一边的句子。", icon=":material/inbox:")
        return
    st.caption(
        f"共 {words.count(units, '句')}、{words.count(total, '种说法')}：只说了“没有”“不知道”之类，所以不算进任何主题。"
        "判断错了就放回，它会回到未归类。"
    )
    for row in rows.itertuples():
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.text(row.sentence + (f"（×{row.times}）" if row.times > 1 else ""))
            if actor.role in MOVERS and st.button(
                "有内容，放回", key=f"voices.put_back.{row.unit_id}", icon=":material/undo:"
            ):
                _put_back(actor, row.sentence, selection, looked_for)
    if total > PAGE_SIZE:
        st.pagination(-(-total // PAGE_SIZE), key="voices.no_content.page")


def _put_back(actor: Actor, sentence: str, selection: Selection, looked_for: str) -> None:
    with refusals():
        with page_database().write() as session:
            done = records.put_back(session, actor, sentence, selection, looked_for)
        said_done(f"已放回 {len(done['units'])} 句，现在在未归类里。", lambda: _set_aside(actor, done))
        st.rerun()


def _set_aside(actor: Actor, done: dict[str, list[int]]) -> None:
    with page_database().write() as session:
        records.set_aside_again(session, actor, done)
