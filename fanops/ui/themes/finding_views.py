"""Findings on the screen: cards with their claim and base, the parts of their priority, and what a person decided."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import date

import pandas as pd
import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.access.organisation import set_brand_choice
from fanops.findings import records
from fanops.findings.find import find_findings
from fanops.findings.priority import EFFORTS, PARTS, Weights
from fanops.themes import records as themes
from fanops.ui import words
from fanops.ui.done import deeds_done, said_done
from fanops.ui.guard import page_database
from fanops.ui.paging import open_page, rows_from, turn_pages
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table

_SHOWN = 20


def nothing_yet(actor: Actor) -> None:
    """Say why there is nothing, and the one step that gets there."""
    with page_database().read() as session:
        has_themes = not themes.theme_table(session, actor).empty
    if has_themes:
        st.info("现在没有明显不同于往常的主题。点“重新比较”再查一遍，或自己写一条。", icon=":material/lightbulb:")
        return
    st.info(
        "还没有主题，比较不出什么。先发现主题，这里会列出新出现的、上升的和门店突出的。", icon=":material/lightbulb:"
    )
    st.page_link("themes.py", label="去发现主题", icon=":material/arrow_forward:")


def top_bar(actor: Actor, weights: Weights) -> None:
    """Offer a new comparison, the weights, and a finding of one's own."""
    with st.container(horizontal=True):
        if st.button("重新比较", icon=":material/refresh:", key="findings.find"):
            with refusals(), st.spinner("正在比较门店与时间……"):
                found = find_findings(page_database(), actor)
                said_done(f"比较完了：新发现 {found['new']} 条，仍成立 {found['kept']} 条，消退 {found['gone']} 条。")
                st.rerun()
        with st.popover("写一条", icon=":material/edit:", key=f"findings.write.{deeds_done()}"):
            _write_form(actor)
        if actor.role in records.HEAD_OFFICE:
            with st.popover("优先级怎么算", icon=":material/tune:", key=f"findings.weights.{deeds_done()}"):
                _weights_form(actor, weights)


def _write_form(actor: Actor) -> None:
    with page_database().read() as session:
        table = themes.theme_table(session, actor)
        stores = {store.id: store.name for store in visible_stores(session, actor)}
    if table.empty:
        st.caption("先要有主题，才能对它写判断。")
        return
    names = dict(zip(table["theme_id"].astype(int), table["name"], strict=True))
    everywhere = [None] if records.may_judge(actor, None) else []
    with st.form("findings.write", border=False, enter_to_submit=False):
        theme = st.selectbox("主题", list(names), format_func=names.get, key="findings.write.theme")
        store = st.selectbox(
            "门店",
            [*everywhere, *stores],
            format_func=lambda each: stores.get(each, "不限门店"),
            key="findings.write.store",
        )
        claim = st.text_area(
            "判断", key="findings.write.claim", max_chars=records.CLAIM_LIMIT,
            placeholder="什么事、在哪里、多少人。例如：周末下午北城店的老顾客普遍嫌等位太久",
        )  # fmt: skip
        if st.form_submit_button("记下", type="primary"):
            with refusals():
                with page_database().write() as session:
                    records.write_finding(session, actor, theme, claim, store)
                said_done("已记下，放在“已采纳”里。")
                st.rerun()


def _weights_form(actor: Actor, weights: Weights) -> None:
    st.caption("每部分 0 到 1，按权重加权平均，满分 100。权重为 0 就不计。")
    with st.form("findings.weights", border=False):
        chosen = {
            each.name: st.slider(PARTS[each.name], 0.0, 5.0, float(getattr(weights, each.name)), 0.5,
                                 key=f"findings.weight.{each.name}")
            for each in fields(Weights)
        }  # fmt: skip
        if st.form_submit_button("保存权重", type="primary"):
            with refusals():
                _save_weights(actor, Weights(**chosen))
                said_done("权重已保存，全品牌生效。", lambda: _save_weights(actor, weights))
                st.rerun()


def _save_weights(actor: Actor, weights: Weights) -> None:
    with page_database().write() as session:
        set_brand_choice(session, actor, records.WEIGHTS, weights)


def finding_list(actor: Actor, shown: pd.DataFrame, everything: pd.DataFrame, weights: Weights) -> None:
    """Show findings as cards, the most urgent first; ``everything`` is what one may be merged into."""
    rows, total, _ = open_page("findings.page", _SHOWN, rows_from(shown, _SHOWN))
    for place, row in enumerate(rows.to_dict("records")):
        _card(actor, row, everything, weights, first=place == 0)
    turn_pages("findings.page", _SHOWN, total)


def _card(actor: Actor, row: dict, everything: pd.DataFrame, weights: Weights, *, first: bool) -> None:
    finding_id = int(row["finding_id"])
    with st.container(border=True, gap="small"):
        st.markdown(f"**{plain(row['claim'])}**")
        st.caption(_figures(row))
        if row["reason"]:
            st.caption("原因：" + plain(row["reason"]))
        if row["into_id"]:
            into = everything.loc[everything["finding_id"] == row["into_id"], "claim"]
            st.caption("并入了：" + plain("".join(into)))
        judges = records.may_judge(actor, row["store_id"])
        with st.container(horizontal=True, vertical_alignment="center"):
            where = {"theme": str(row["theme_id"])} | ({"store": str(int(row["store_id"]))} if row["store_id"] else {})
            st.page_link("theme.py", label="看原声", icon=":material/format_quote:", query_params=where)
            if judges:
                _judge(actor, row, first=first)
            with st.popover("为什么是这个分", key=f"findings.why.{finding_id}"):
                _parts(actor, row, weights)
            if judges:
                _merge_or_part(actor, row, everything)
        if not judges:
            st.caption(f"关系到全品牌，由{records.DECIDERS}决定。")


def _judge(actor: Actor, row: dict, *, first: bool) -> None:
    finding_id = int(row["finding_id"])
    if row["state"] in ("open", "gone", "dismissed") and st.button(
        "采纳", key=f"findings.accept.{finding_id}", type="primary" if first else "secondary"
    ):
        _decide(actor, row, "accepted")
    if row["state"] in ("open", "accepted"):
        with st.popover("不采纳", key=f"findings.no.{finding_id}.{deeds_done()}"):
            _dismiss_form(actor, row)


def _merge_or_part(actor: Actor, row: dict, everything: pd.DataFrame) -> None:
    finding_id = int(row["finding_id"])
    if row["state"] == "merged" and st.button("拆开", key=f"findings.unmerge.{finding_id}"):
        with refusals():
            _unmerge(actor, finding_id)
            said_done("已拆开，和合并前一样。")
            st.rerun()
    if row["state"] != "merged":
        with st.popover("并入", key=f"findings.merge.{finding_id}.{deeds_done()}"):
            _merge_form(actor, row, everything)


def _figures(row: dict) -> str:
    known = [records.describe_kind(row["kind"]), f"优先级 {row['priority']:.0f} 分"]
    if row["fans"]:
        known.append(f"已识别的 {words.count(row['fans'], '位')}")
    known.append(f"不满 {words.share(row['negative_share'], 0)}")
    if row["revenue_fen"]:
        known.append(f"他们近 90 天消费 {words.cny(row['revenue_fen'])}")
    if row["since"]:
        known.append(f"最早 {words.day(date.fromisoformat(row['since']))}")
    return " · ".join(known)


def _decide(actor: Actor, row: dict, state: str, reason: str = "") -> None:
    finding_id = int(row["finding_id"])
    with refusals():
        with page_database().write() as session:
            before = records.decide(session, actor, finding_id, state, reason)
        said_done(
            "已采纳。到主题里开服务改进或需求条目。"
            if state == "accepted"
            else "不采纳，原因已记下；以后再比较也不会再提。",
            lambda: _undecide(actor, finding_id, before, row["reason"]),
        )
        st.rerun()


def _undecide(actor: Actor, finding_id: int, before: str, reason: str) -> None:
    with page_database().write() as session:
        records.decide(session, actor, finding_id, "open" if before == "gone" else before, reason)


def _dismiss_form(actor: Actor, row: dict) -> None:
    with st.form(f"findings.dismiss.{row['finding_id']}", border=False, enter_to_submit=False):
        reason = st.text_input(
            "原因",
            key=f"findings.reason.{row['finding_id']}",
            max_chars=300,
            placeholder="例如：上月活动带来的，已结束",
        )
        if st.form_submit_button("不采纳"):
            _decide(actor, row, "dismissed", reason)


def _parts(actor: Actor, row: dict, weights: Weights) -> None:
    weight = asdict(weights)
    total = sum(weight.values()) or 1
    show_table(
        pd.DataFrame(
            {
                "部分": [PARTS[name] for name in PARTS],
                "值": [round(row[name], 2) for name in PARTS],
                "权重": [weight[name] for name in PARTS],
                "得分": [round(100 * row[name] * weight[name] / total, 1) for name in PARTS],
            }
        ),
        hide_index=True,
    )
    st.caption("占比按区间的下限算，多出的按人数算：只有几个人说的事，不会排到很多人说的前面。")
    if row["q"] is not None and row["q"] == row["q"]:
        odds = "不到千分之一" if row["q"] < 0.001 else f"约 {row['q']:.1%}"
        st.caption(
            f"只是碰巧的可能：{odds}。",
            help=f"怎么算的：与平常或其他门店比较，同时比较了许多主题，所以校正过（校正后 p = {row['q']:.2g}）。",
        )
    if not records.may_judge(actor, row["store_id"]):
        return
    effort = st.segmented_control(
        "预计工作量",
        list(EFFORTS),
        default=row["effort"],
        format_func=EFFORTS.get,
        key=f"findings.effort.{row['finding_id']}",
    )
    if effort and effort != row["effort"]:
        with refusals():
            with page_database().write() as session:
                records.set_effort(session, actor, int(row["finding_id"]), effort)
            st.rerun()


def _merge_form(actor: Actor, row: dict, everything: pd.DataFrame) -> None:
    others = everything[(everything["finding_id"] != row["finding_id"]) & (everything["state"] != "merged")]
    # The same theme first: that is where duplicates are.
    others = others.assign(far=others["theme_id"] != row["theme_id"]).sort_values("far", kind="stable")
    if others.empty:
        st.caption("没有别的发现可以并入。")
        return
    claims = dict(zip(others["finding_id"].astype(int), others["claim"], strict=True))
    into = st.selectbox("并入哪一条", list(claims), format_func=claims.get, key=f"findings.into.{row['finding_id']}")
    if st.button("并入", key=f"findings.merge.do.{row['finding_id']}"):
        with refusals():
            with page_database().write() as session:
                records.merge_findings(session, actor, int(row["finding_id"]), into)
            said_done("已并入。", lambda: _unmerge(actor, int(row["finding_id"])))
            st.rerun()


def _unmerge(actor: Actor, finding_id: int) -> None:
    with page_database().write() as session:
        records.unmerge_finding(session, actor, finding_id)
