"""Fans on the screen."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st
from sqlmodel import Session

from fanops.access import Actor, Role
from fanops.fans import erase, merge, records
from fanops.fans.behaviour import PARTS
from fanops.fans.records_behaviour import activity_of
from fanops.fans.records_cards import card_lines
from fanops.fans.records_timeline import PROMISED
from fanops.tables import Fan
from fanops.ui import charts, words
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table, tapped_row

_KINDS = {"phone": "手机", "member": "会员号", "card": "卡号", "openid": "微信", "wecom": "企业微信",
          "mail": "邮箱"}  # fmt: skip
_ORIGINS = {"theme": "来自主题", "person": "手工", "rule": "规则", "automation": "规则"}
_REVEALERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.CEO, Role.ADMIN)


def fan_list(table: pd.DataFrame, total: int) -> None:
    """List fans; a tap opens one."""
    shown = pd.DataFrame(
        {
            "粉丝": table["name"].replace("", "（无名）"),
            "手机尾号": table["tail"],
            "分层": table["level"].map(words.LEVEL_LABELS),
            "门店": table["store"].fillna(""),
            "订单": table["orders"],
            "消费": table["spent_fen"].map(words.cny),
            "上次": table["last_order"].map(words.day),
            "原声": table["voices"],
            "标签": table["tags"],
        }
    )
    chosen = tapped_row(shown, "fans.table")
    st.caption(f"共 {words.count(total, '位')}，核心粉丝在前。点一行看这位粉丝。")
    if chosen is not None:
        fan_id = int(table.iloc[chosen]["fan_id"])
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
                f":material/sell: **{plain(row.name)}** · {_ORIGINS.get(row.origin, row.origin)}"
                f"{f' · {plain(row.author)}' if row.author else ''} · {words.day(row.tagged_at)}{expires}"
            )
            if row.reason:
                st.caption(plain(row.reason))
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
                        rejected = records.remove_tag(session, actor, int(row.fan_tag_id), reject=True)
                    back = partial(_put_tag_back, actor, int(row.fan_tag_id), rejected)
                    said_done(f"已去掉“{row.name}”，以后不再给这位粉丝建议。", back)
                    st.rerun()


def _put_tag_back(actor: Actor, fan_tag_id: int, rejected: bool) -> None:
    with page_database().write() as session:
        records.put_tag_back(session, actor, fan_tag_id, rejected=rejected)


def timeline(frame: pd.DataFrame) -> None:
    """Show everything in one line of time."""
    if frame.empty:
        st.caption("还没有记录。")
        return
    is_open = frame["kind"].isin(PROMISED) & frame["at"].isna()
    shown = pd.DataFrame(
        {
            "时间": frame["at"].map(words.day).mask(is_open, "还没有"),
            "类别": frame["kind"],
            "内容": frame["what"],
            "门店": frame["store"],
        }
    )
    show_table(shown, hide_index=True, height=420, column_config={"内容": st.column_config.TextColumn(width="large")})


def in_five_lines(session: Session, actor: Actor, fan_id: int) -> None:
    """Say what one needs to know before speaking to this fan."""
    lines = card_lines(session, actor, fan_id)
    if lines:
        with st.container(border=True, gap=None):
            for label, text in lines:
                st.caption(f"{label}　**{plain(text)}**")


def activity(session: Session, actor: Actor, fan_id: int) -> None:
    """Show the activity index with its four parts, and its history when there is one."""
    history = activity_of(session, actor, fan_id)
    if history.empty:
        return
    newest = history.iloc[-1]
    parts = "，".join(f"{label} {newest[name]:.0f}" for name, label in PARTS.items())
    st.markdown(f"**活跃指数 {newest['score']:.0f}**（{parts}；满分各 100，{words.day(newest['measured_on'])}）")
    if len(history) > 1:
        shown = history.assign(日期=pd.to_datetime(history["measured_on"]), 活跃指数=history["score"])
        charts.show(charts.trend(shown, "日期", "活跃指数", "活跃指数"), f"{len(history)} 天的活跃指数")


def same_person(session: Session, actor: Actor, fan: Fan) -> None:
    """Offer to join records of one person, and to take a join back."""
    if actor.role not in merge.MERGERS:
        return
    for merge_id, name, reason in merge.merged_into(session, actor, fan.id):
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.caption(f"“{plain(name or '未留姓名')}”已合并进来：{plain(reason)}")
        if right.button("拆开", key=f"fan.unmerge.{merge_id}", width="stretch"):
            with refusals():
                with page_database().write() as writing:
                    merge.unmerge_fans(writing, actor, merge_id)
                said_done("已拆开，两条记录都和合并前一样。")
                st.rerun()
    likely = merge.likely_same(session, actor, fan.id)
    with st.expander(f"可能是同一个人{f'（{len(likely)}）' if len(likely) else ''}", icon=":material/group:"):
        for row in likely.itertuples():
            st.caption(
                f"**{plain(row.fan)}** · {words.LEVEL_LABELS[row.level]} · {row.orders} 单 · {plain(row.identities)}：{row.why}"
            )
            if st.button("是同一个人，合并进来", key=f"fan.merge.{row.fan_id}"):
                _merge(actor, int(row.fan_id), fan.id, row.why)
        number = st.text_input("或输入另一位的手机号、会员号", key=f"fan.merge.number.{fan.id}", max_chars=40)
        other = _found_by(session, actor, number)
        reason = st.text_input(
            "为什么是同一个人",
            key=f"fan.merge.reason.{fan.id}",
            max_chars=300,
            placeholder="例如：顾客说两个号码都是她的",
        )
        if st.button("合并进来", key=f"fan.merge.do.{fan.id}", disabled=other is None):
            _merge(actor, other, fan.id, reason)


def _found_by(session: Session, actor: Actor, number: str) -> int | None:
    """Show whom a number finds, before anything is done with them; four digits or a surname may find somebody else."""
    if not number.strip():
        return None
    found, total = records.fan_table(session, actor, look_for=number, limit=2)
    if total != 1:
        st.error("这个号码没有对应到唯一一位粉丝。请输入完整的手机号或会员号。", icon=":material/block:")
        return None
    row = found.iloc[0]
    who = words.called(row["name"], row["tail"])
    st.caption(
        f"找到 **{plain(who)}** · {words.LEVEL_LABELS[row['level']]} · {plain(row['store'])} · {row['orders']} 单"
    )
    return int(row["fan_id"])


def _merge(actor: Actor, fan_id: int, into_id: int, reason: str) -> None:
    with refusals():
        with page_database().write() as session:
            merge_id = merge.merge_fans(session, actor, fan_id, into_id, reason).id
        said_done("已合并。随时可以拆开。", lambda: _unmerge(actor, merge_id))
        st.rerun()


def _unmerge(actor: Actor, merge_id: int) -> None:
    with page_database().write() as session:
        merge.unmerge_fans(session, actor, merge_id)


def data_rights(actor: Actor, fan_id: int) -> None:
    """Hand a fan what is kept of them, or forget them."""
    if actor.role not in erase.ERASERS:
        return
    with st.expander("顾客要看自己的资料，或要求删除", icon=":material/privacy_tip:"):
        st.link_button(
            "下载这位的全部资料",
            f"/export/fan?fan={fan_id}",
            icon=":material/download:",
            help="含明文号码，会记入审计。",
        )
        st.caption("删除后：姓名、号码、标签、联系记录都没有了，订单和原声留下但不再属于任何人。不能恢复。")
        typed = st.text_input(f"要删除请输入“{erase.CONFIRMATION}”", key=f"fan.erase.typed.{fan_id}", max_chars=10)
        if st.button("删除这位粉丝", key=f"fan.erase.do.{fan_id}"):
            with refusals():
                with page_database().write() as session:
                    erase.erase_fan(session, actor, fan_id, typed)
                said_done("已删除这位粉丝的资料。")
                st.switch_page("fans.py")
