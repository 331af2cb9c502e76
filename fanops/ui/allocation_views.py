"""Allocation on the screen: a store's plan first, then given; handing over; follow-up with its base."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.fans import assign_owners as owners
from fanops.ui import charts, words
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import refusals


def share(actor: Actor, figures: pd.DataFrame) -> None:
    """Show who would get how many, give them, and hand over one person's fans."""
    with page_database().read() as session:
        stores = {store.id: store.name for store in visible_stores(session, actor)}
    store = st.selectbox("门店", list(stores), format_func=stores.get, key="allocation.store", persist_state="session")
    with page_database().read() as session:
        planned = owners.plan_owners(session, actor, store)
    here = figures[figures["store_id"] == store]
    names = dict(zip(here["staff_id"], here["staff"], strict=True))
    waiting = sum(planned.values())
    rows = [{"员工": names.get(each, ""), "现在": int(here[here["staff_id"] == each]["fans"].sum()), "会再分到": count}
            for each, count in planned.items()]  # fmt: skip
    if not rows:
        st.info("这家店还没有员工。", icon=":material/badge:")
        return
    st.markdown(f"**{words.count(waiting, '位')}还没有人跟进**")
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    if st.button(f"把这 {waiting} 位分下去", type="primary", key="allocation.give", disabled=not waiting):
        with refusals():
            with page_database().write() as session:
                given = owners.assign_owners(session, actor, store)
            said_done(f"已分配 {given} 位。消费高的先分，人人一样多；每次变动都有记录。")
            st.rerun()
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    leaving = left.selectbox(
        "有人离开或休假",
        list(names),
        index=None,
        format_func=names.get,
        key="allocation.leaving",
        placeholder="选一位，转给其他人",
    )
    if right.button("转交", key="allocation.hand", disabled=leaving is None, width="stretch"):
        with refusals():
            with page_database().write() as session:
                moved = owners.hand_over(session, actor, leaving)
            said_done(f"{names[leaving]}的 {moved} 位粉丝已转给同店的其他人。")
            st.rerun()


def follow_up(figures: pd.DataFrame) -> None:
    """Show how many cards each person did, with interval, and how many of those fans came again."""
    total = figures["done"] + figures["not_done"]
    known = figures[total > 0]
    if known.empty:
        st.info("近 90 天还没有处理过的服务卡，算不出跟进率。", icon=":material/query_stats:")
    else:
        shown = known.assign(员工=known["staff"], 跟进率=known["follow_up"])
        best = shown.sort_values("follow_up").iloc[-1]
        base = int(best["done"] + best["not_done"])
        charts.show(
            charts.interval_dots(shown, "员工", "跟进率", "做了的 ÷ 处理过的服务卡"),
            f"{best['员工']}跟进率最高：{words.share(best['跟进率'], 0)}（{words.base_note(base)}）",
        )
    st.dataframe(
        pd.DataFrame(
            {
                "员工": figures["staff"], "粉丝": figures["fans"], "待办": figures["open"], "做了": figures["done"],
                "没做": figures["not_done"], "跟进率": figures["follow_up"].map(words.share),
                f"{owners.CONVERSION_DAYS} 天内又来": figures["converted"].map(words.share),
            }
        ),
        hide_index=True,
    )  # fmt: skip
    st.caption("没有处理过服务卡的显示“—”，不算 0。")
