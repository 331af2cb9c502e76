"""Likely matches on the screen: the two records side by side, what speaks for and against, yes or no."""

from __future__ import annotations

import streamlit as st

from fanops.access import Actor
from fanops.fans import merge
from fanops.fans import records_matches as records
from fanops.fans.records_matches import Match, MatchSide
from fanops.ui import words
from fanops.ui.address import way_to
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals

_NEARLY = 0.99


def match_list(actor: Actor, found: list[Match], total: int) -> None:
    """Show the pairs that wait, the surest first, and the rules they were found by."""
    if not found:
        st.info("没有等您决定的。每晚会找一次。", icon=":material/done_all:")
    for match in found:
        match_card(actor, match)
    if total > len(found):
        st.caption(f"先看这 {len(found)} 对，后面还有 {total - len(found)} 对。")
    with st.expander("怎么判断是同一个人", icon=":material/help:"):
        for line in records.RULES_IN_WORDS:
            st.caption(line)


def match_card(actor: Actor, match: Match) -> None:
    """Show one pair and take the decision."""
    with st.container(border=True, gap="small"):
        sure = "99% 以上" if match.score >= _NEARLY else words.share(match.score, 0)
        st.markdown(f"**可能是同一个人，把握 {sure}**")
        left, right = st.columns(2)
        with left:
            _side(match.match_id, match.one)
        with right:
            _side(match.match_id, match.other)
        pro = "、".join(each["says"] for each in match.reasons if each["bits"] > 0)
        contra = "、".join(each["says"] for each in match.reasons if each["bits"] <= 0)
        st.caption(f"像：{plain(pro)}" + (f"。不像：{plain(contra)}" if contra else ""))
        with st.container(horizontal=True):
            if st.button("是同一个人，合并", key=f"match.join.{match.match_id}", icon=":material/group:"):
                _join(actor, match.match_id)
            if st.button("不是", key=f"match.part.{match.match_id}", type="tertiary"):
                _part(actor, match.match_id)


def _side(match_id: int, side: MatchSide) -> None:
    way_to("fan.py", plain(side.name or "未留姓名"), f"match.{match_id}.{side.fan_id}", icon=":material/person:",
           fan=side.fan_id)  # fmt: skip
    numbers = "、".join(side.numbers) or "没有号码"
    st.caption(plain(f"{words.LEVEL_LABELS[side.level]} · {side.store or '没有常去的店'} · {side.orders} 单"))
    st.caption(plain(numbers))


def _join(actor: Actor, match_id: int) -> None:
    with refusals():
        with page_database().write() as session:
            merge_id = records.join_match(session, actor, match_id)
        said_done("已合并。随时可以拆开。", lambda: _unmerge(actor, merge_id))
        st.rerun()


def _unmerge(actor: Actor, merge_id: int) -> None:
    with page_database().write() as session:
        merge.unmerge_fans(session, actor, merge_id)


def _part(actor: Actor, match_id: int) -> None:
    with refusals():
        with page_database().write() as session:
            records.part_match(session, actor, match_id)
        said_done("已记下：不是同一个人，不再提示。", lambda: _reopen(actor, match_id))
        st.rerun()


def _reopen(actor: Actor, match_id: int) -> None:
    with page_database().write() as session:
        records.reopen_match(session, actor, match_id)
