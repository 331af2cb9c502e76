"""Fans on the screen."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fanops.access import Actor, Role
from fanops.fans import records
from fanops.ui import words
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals

_KINDS = {"phone": "手机", "member": "会员号", "card": "卡号", "openid": "微信", "wecom": "企业微信"}
_ORIGINS = {"theme": "来自主题", "person": "手工", "rule": "规则"}
_REVEALERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.CEO, Role.ADMIN)


def fan_list(table: pd.DataFrame, total: int) -> None:
    """List fans; a tap opens one."""
    shown = pd.DataFrame(
        {
            "粉丝": table["name"].replace("", "（无名）"),
            "分层": table["level"].map(words.LEVEL_LABELS),
            "门店": table["store"].fillna(""),
            "订单": table["orders"],
            "消费": table["spent_fen"].map(words.cny),
            "上次": table["last_order"].map(words.day),
            "原声": table["voices"],
            "标签": table["tags"],
        }
    )
    chosen = st.dataframe(shown, hide_index=True, on_select="rerun", selection_mode="single-row", key="fans.table")
    st.caption(f"共 {words.count(total, '位')}，按消费排序。点一行看这位粉丝。")
    if chosen.selection.rows:
        fan_id = int(table.iloc[chosen.selection.rows[0]]["fan_id"])
        st.switch_page("fan.py", query_params={"fan": str(fan_id)})


def numbers(actor: Actor, known: list[tuple[int, str, str]]) -> None:
    """Show masked identifiers; showing one in clear is a logged click."""
    for identity_id, kind, masked in known:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(f"{_KINDS.get(kind, kind)} {masked}")
            if actor.role in _REVEALERS and st.button(
                "显示", key=f"fan.reveal.{identity_id}", type="tertiary", help="会记入审计。"
            ):
                with refusals():
                    with page_database().write() as session:
                        clear = records.reveal(session, actor, identity_id)
                    st.text(clear)


def tag_list(actor: Actor, tags: pd.DataFrame) -> None:
    """Show tags with their source sentence, and the way to take one off for good."""
    if tags.empty:
        st.caption("还没有标签。")
        return
    for row in tags.itertuples():
        with st.container(border=True):
            expires = (
                f"，{words.day(row.expires_at)} 到期"
                if row.expires_at is not None and row.expires_at == row.expires_at
                else ""
            )
            st.markdown(
                f":material/sell: **{plain(row.name)}** · {_ORIGINS.get(row.origin, row.origin)} · {words.day(row.tagged_at)}{expires}"
            )
            if row.sentence:
                st.text(f"“{row.sentence}”")
            if st.button(
                "不对，去掉",
                key=f"fan.untag.{row.fan_tag_id}",
                type="tertiary",
                help="以后不再给这位粉丝建议这个标签。",
            ):
                with refusals():
                    with page_database().write() as session:
                        records.remove_tag(session, actor, int(row.fan_tag_id), reject=True)
                    st.rerun()


def timeline(frame: pd.DataFrame) -> None:
    """Show everything in one line of time."""
    if frame.empty:
        st.caption("还没有记录。")
        return
    shown = pd.DataFrame(
        {"时间": frame["at"].map(words.day), "类别": frame["kind"], "内容": frame["what"], "门店": frame["store"]}
    )
    st.dataframe(shown, hide_index=True, height=420, column_config={"内容": st.column_config.TextColumn(width="large")})
