"""Inviting fans to a wave on the screen: who, how many, who not and why; links to send."""

from __future__ import annotations

import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.collect import invite_fans as inviting
from fanops.collect import records_surveys as records
from fanops.collect.invite_fans import Asked
from fanops.fans.records_segments import segments
from fanops.tables import Wave
from fanops.themes.records import theme_table
from fanops.ui import words
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table


def invite(actor: Actor, wave: Wave) -> None:
    """Choose who is asked, look at who is left out, make personal links."""
    with page_database().read() as session:
        sent, opened, answered = inviting.invitation_counts(session, actor, wave.id)
    if sent:
        rate = words.share(answered / sent)
        st.markdown(f"已邀请 **{words.count(sent, '位')}**，打开 {opened}，答了 {answered}（{rate}）。")
        st.link_button("下载还没答的人的个人链接", f"/export/invitations?wave={wave.id}", icon=":material/download:")
    if actor.role not in records.WAVE_KEEPERS:
        st.caption("由店长以上的人邀请。")
        return
    kind = st.segmented_control(
        "邀请谁", list(inviting.KINDS), default="theme", format_func=inviting.KINDS.get, key=f"invite.kind.{wave.id}"
    )
    choices = _choices(actor, wave, kind or "theme")
    if not choices:
        st.info(
            "还没有可以选的。" + ("先到“人群”里存一个。" if kind == "segment" else ""), icon=":material/filter_alt:"
        )
        return
    about = st.selectbox(
        "哪一个", list(choices), format_func=lambda key: choices[key], key=f"invite.about.{wave.id}.{kind}"
    )
    per_wanted = st.number_input(
        "门店有配额时，每缺 1 份邀请几位",
        1,
        20,
        inviting.PER_WANTED,
        key=f"invite.per.{wave.id}",
        help="大约三位里有一位会答。没有配额的门店不受限。",
    )
    asked = Asked(kind or "theme", int(about), int(per_wanted))
    with page_database().read() as session:
        yes, no = inviting.preview(session, actor, wave.id, asked)
    reasons = "、".join(f"{plain(why)} {count} 位" for why, count in no["why"].value_counts().items())
    st.markdown(f"会邀请 **{words.count(len(yes), '位')}**" + (f"；不邀请：{reasons}" if reasons else ""))
    if len(no):
        with st.expander("不邀请的名单"):
            show_table(no.rename(columns={"fan": "粉丝", "why": "原因"})[["粉丝", "原因"]], hide_index=True)
    if st.button(f"给这 {len(yes)} 位生成个人链接", type="primary", key=f"invite.do.{wave.id}", disabled=yes.empty):
        with refusals():
            with page_database().write() as session:
                count = inviting.invite(session, actor, wave.id, asked)
            said_done(f"已邀请 {count} 位，各有自己的链接；每人算一次联系。")
            st.rerun()


def _choices(actor: Actor, wave: Wave, kind: str) -> dict[int, str]:
    with page_database().read() as session:
        if kind == "wave":
            return {each.id: each.title for each in records.waves(session, actor) if each.id != wave.id}
        if kind == "segment":
            return {each.id: each.name for each in segments(session, actor)}
        if kind == "week":
            return {store.id: store.name for store in visible_stores(session, actor)}
        table = theme_table(session, actor)
    return dict(zip(table["theme_id"].astype(int), table["name"], strict=True))
