"""请顾客体验 on the screen: over which channel, how many, who is left out and why, then the deed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.actions.invite_raisers import CHANNEL_NOTES, CHANNELS, NEEDS_WAVE, Way, invite_raisers, preview_raisers
from fanops.actions.undo_invitation import SENT_AT_ONCE, undo_invitation
from fanops.collect.records_surveys import is_open, waves
from fanops.tables import now
from fanops.ui import words
from fanops.ui.done import deeds_done, said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table

_AT_ONCE = 30


def invite(actor: Actor, item_id: int) -> None:
    """Choose a channel, look at who would be invited and who not, invite."""
    channel = st.segmented_control(
        "怎样邀请", list(CHANNELS), default="task", format_func=CHANNELS.get, key=f"trial.channel.{item_id}"
    ) or "task"  # fmt: skip
    st.caption(CHANNEL_NOTES[channel])
    wave_id = None
    if channel in NEEDS_WAVE:
        with page_database().read() as session:
            open_waves = {wave.id: wave.title for wave in waves(session, actor) if is_open(wave)}
        if not open_waves:
            st.info("没有正在进行的问卷，链接没有地方去。先开一期。", icon=":material/quiz:")
            st.page_link("surveys.py", label="去开一期问卷", icon=":material/arrow_forward:")
            return
        wave_id = st.selectbox(
            "链接打开哪一期", list(open_waves), format_func=open_waves.get, key=f"trial.wave.{item_id}"
        )
    way = Way(channel, wave_id)
    with refusals():
        _preview_and_deed(actor, item_id, way)


def _preview_and_deed(actor: Actor, item_id: int, way: Way) -> None:
    with page_database().read() as session:
        yes, no = preview_raisers(session, actor, item_id, way)
    if yes.empty and no.empty:
        st.caption("提出者都邀请过了。")
        return
    reasons = "、".join(f"{plain(why)} {count} 位" for why, count in no["why"].value_counts().items())
    st.markdown(f"可以邀请 **{words.count(len(yes), '位')}**" + (f"；不邀请：{reasons}" if reasons else ""))
    if len(no):
        with st.expander(f"不邀请的 {len(no)} 位"):
            show_table(no.rename(columns={"fan": "粉丝", "why": "原因"})[["粉丝", "原因"]], hide_index=True)
    if yes.empty:
        return
    most = st.number_input(
        "这次先邀请几位", 1, len(yes), min(len(yes), _AT_ONCE), key=f"trial.most.{item_id}.{way.channel}.{len(yes)}",
        help="说得最不满意的、最近说的在前；其余的以后再邀请。",
    )  # fmt: skip
    first = yes.head(int(most))
    with st.expander(f"先邀请的 {len(first)} 位"):
        show_table(pd.DataFrame({"粉丝": first["fan"], "门店": first["store"], "不满的话": first["minded"],
                                   "最近一次说": first["said_at"].map(words.day)}), hide_index=True)  # fmt: skip
    label, sure = f"邀请这 {len(first)} 位提出者来试", f"trial.sure.{item_id}.{deeds_done()}"
    if way.channel not in SENT_AT_ONCE:
        place, act = st.container(), label
    else:
        place, act = st.popover(label, icon=":material/mail:", key=sure), "发出，不能撤销"
        place.caption(f"{CHANNELS[way.channel]}几秒后就发出，收不回来。")
    if place.button(act, key=f"trial.invite.{item_id}", icon=":material/mail:"):
        _invite(actor, item_id, replace(way, most=int(most)), len(yes))


def _invite(actor: Actor, item_id: int, way: Way, may: int) -> None:
    since = now()
    with page_database().write() as session:
        invited, refused = invite_raisers(session, actor, item_id, way)
    left_out = "；没有邀请：" + "、".join(f"{why} {count} 位" for why, count in refused.items()) if refused else ""
    link = ("surveys.py", "下载个人链接") if way.channel == "link" else None
    later = f"，还有 {may - invited} 位可以以后邀请" if may > invited else ""
    undo = None if way.channel in SENT_AT_ONCE else lambda: _take_back(actor, item_id, since)
    said_done(f"已用{CHANNELS[way.channel]}邀请 {invited} 位{later}{left_out}。", undo, link=link)
    st.rerun()


def _take_back(actor: Actor, item_id: int, since: datetime) -> None:
    with page_database().write() as session:
        undo_invitation(session, actor, item_id, since)
