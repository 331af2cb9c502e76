"""What is done with a panel on the screen: make one, ask it again, note who left."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.collect import invite_fans as inviting
from fanops.collect import records_panels as records
from fanops.collect import records_surveys as surveys
from fanops.collect.invite_fans import Asked
from fanops.fans.records_segments import segments
from fanops.themes.records import theme_table
from fanops.ui import words
from fanops.ui.collect import panel_views, survey_views
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table


def create(actor: Actor) -> None:
    """Make a panel of a segment, a theme's raisers, a store's fans of the week or the respondents of a wave."""
    labels = inviting.KINDS | {"wave": "答过一期的人"}
    kind = st.segmented_control(
        "从哪里来", list(records.SOURCES), default="wave", format_func=labels.get, key="panel.kind"
    )
    choices = _choices(actor, kind or "wave")
    if not choices:
        way = "先到“人群”里存一个，或换一种来源。" if kind == "segment" else "换一种来源试试。"
        st.info(f"还没有可以选的。{way}", icon=":material/filter_alt:")
        return
    about = st.selectbox(
        "哪一个", list(choices), format_func=lambda key: choices[key], key=f"panel.about.{kind or 'wave'}"
    )
    title = st.text_input("叫什么", key="panel.title", max_chars=80, placeholder="例如：2026 核心粉丝")
    if st.button("建这个固定样本组", type="primary", key="panel.create"):
        with refusals():
            with page_database().write() as session:
                panel, fans = records.create_panel(session, actor, title, Asked(kind or "wave", int(about)))
                panel_id = panel.id
            said_done(f"“{title.strip()}”有 {fans} 位粉丝。")
            st.session_state["panel"] = panel_id  # the list below opens at the new one
            st.rerun()


def _choices(actor: Actor, kind: str) -> dict[int, str]:
    with page_database().read() as session:
        if kind == "wave":
            return {each.id: each.title for each in surveys.waves(session, actor)}
        if kind == "segment":
            return {each.id: each.name for each in segments(session, actor)}
        if kind == "week":
            return {store.id: store.name for store in visible_stores(session, actor)}
        table = theme_table(session, actor)
    return dict(zip(table["theme_id"].astype(int), table["name"], strict=True))


def ask_again(actor: Actor, panel_id: int) -> None:
    """Ask a panel with a wave: who would be invited, who not and why, then do it."""
    with page_database().read() as session:
        taken = records.waves_of_others(session, actor, panel_id)
        waves = [each for each in surveys.waves(session, actor) if surveys.is_open(each)]
    open_now = {each.id: each.title for each in waves if each.id not in taken}
    with st.expander("开新的一期", expanded=not open_now, icon=":material/add:"):
        survey_views.open_wave_form(actor)
    if not open_now:
        why = "正在收集的都是别的固定样本组的。" if waves else "没有正在收集的一期。"
        st.info(f"{why}先在上面开一期。", icon=":material/quiz:")
        return
    wave_id = st.selectbox("用哪一期问", list(open_now), format_func=open_now.get, key="panel.ask.wave")
    with page_database().read() as session:
        yes, no = records.preview_asking(session, actor, panel_id, wave_id)
    reasons = "、".join(f"{plain(why)} {count} 位" for why, count in no["why"].value_counts().items())
    st.markdown(f"会邀请 **{words.count(len(yes), '位')}**" + (f"；不邀请：{reasons}" if reasons else ""))
    if len(no):
        with st.expander("不邀请的名单"):
            show_table(no.rename(columns={"fan": "粉丝", "why": "原因"})[["粉丝", "原因"]], hide_index=True)
    if st.button(f"问这 {len(yes)} 位", type="primary", key="panel.ask.do", disabled=yes.empty):
        with refusals():
            with page_database().write() as session:
                count = records.ask_panel(session, actor, panel_id, wave_id)
            said_done(f"已邀请 {count} 位，各有自己的链接；每人算一次联系。", link=("surveys.py", "去下载链接，看结果"))
            st.rerun()


def members(actor: Actor, panel_id: int, fans: pd.DataFrame) -> None:
    """List who is in a panel, and note who no longer takes part."""
    inside = fans[fans["left_at"].isna()]
    st.markdown(f"现在有 **{words.count(len(inside), '位')}**。")
    panel_views.fan_rows(fans, list(inside["fan_id"]), "panel.members")
    if actor.role not in surveys.WAVE_KEEPERS or inside.empty:
        return
    names = {row.fan_id: f"{row.fan or '（无名）'} · {row.store or '—'}" for row in inside.itertuples()}
    with st.form("panel.leave", border=True, enter_to_submit=False):
        st.markdown("**有人不再参加**")
        fan_id = st.selectbox("哪一位", list(names), format_func=names.get, key="panel.leave.fan")
        reason = st.selectbox("为什么", records.REASONS, key="panel.leave.reason", accept_new_options=True)
        if st.form_submit_button("记下来", width="stretch"):
            with refusals():
                with page_database().write() as session:
                    records.leave_panel(session, actor, panel_id, fan_id, reason or "")
                said_done("已记下，以后不再问这一位；答过的都还在。", undo=partial(_return, actor, panel_id, fan_id))
                st.rerun()


def _return(actor: Actor, panel_id: int, fan_id: int) -> None:
    with page_database().write() as session:
        records.return_to_panel(session, actor, panel_id, fan_id)
