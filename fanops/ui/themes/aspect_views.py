"""The brand's aspects on the screen: words typed line by line, tried on the brand's own sentences before they count."""

from __future__ import annotations

import streamlit as st

from fanops.access import Actor
from fanops.collect import records_aspects as records
from fanops.text.aspects import pack_lines
from fanops.ui import words
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import refusals
from fanops.ui.tables import show_table

_SHOWN = 50


def aspect_tab(actor: Actor) -> None:
    """Edit the aspects: try first, then keep; the industry's pack can be had back."""
    with page_database().read() as session:
        in_force = pack_lines(records.brand_pack(session, actor.brand_id))
        own = records.is_own(session, actor.brand_id)
    st.caption(
        "每句话按里面的词归到一个方面。一行一个方面：冒号前是名字，后面是词，用空格隔开；排在前面的优先。"
        + ("现在用的是你们自己改过的。" if own else "现在用的是行业自带的。")
    )
    lines = st.text_area(
        "方面和词", in_force, height=320, key=f"aspects.lines.{hash(in_force)}", label_visibility="collapsed"
    )
    left, middle, right = st.columns(3)
    if left.button("先看看会变什么", icon=":material/preview:", key="aspects.preview", width="stretch"):
        with refusals():
            _preview(actor, lines)
    if middle.button("保存", type="primary", key="aspects.keep", width="stretch", disabled=lines == in_force):
        _keep(actor, lines, in_force if own else "")
    if own and right.button("用回行业自带的", key="aspects.reset", width="stretch"):
        _keep(actor, "", in_force)


def _preview(actor: Actor, lines: str) -> None:
    with page_database().read() as session:
        changed, looked_at = records.preview_pack(session, actor, lines)
    if changed.empty:
        st.info(f"最近 {words.count(looked_at, '句')}里没有一句会变。", icon=":material/check:")
        return
    st.markdown(f"**最近 {words.count(looked_at, '句')}里有 {words.count(len(changed), '句')}会变**")
    shown = changed.head(_SHOWN).rename(columns={"text": "句子", "before": "现在", "after": "改后"})
    show_table(shown, hide_index=True, key="aspects.changes")


def _keep(actor: Actor, lines: str, before: str) -> None:
    with refusals():
        with page_database().write() as session:
            changed = records.keep_pack(session, actor, lines)
        said_done(f"已保存，{words.count(changed, '句')}换了方面。", lambda: _back(actor, before))
        st.rerun()


def _back(actor: Actor, lines: str) -> None:
    with page_database().write() as session:
        records.keep_pack(session, actor, lines)
