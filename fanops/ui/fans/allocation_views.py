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
from fanops.ui.tables import show_table

_BY = {"store": "门店", "source": "粉丝来源"}


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
    st.markdown(f"**{words.count(waiting, '位')}还没有人跟进**" if waiting else "**这家店的粉丝都有人跟进**")
    show_table(pd.DataFrame(rows), hide_index=True)
    if waiting and st.button(f"把这 {waiting} 位分下去", type="primary", key="allocation.give"):
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
    if leaving is not None and st.button(
        f"{names[leaving]}已离职，粉丝转给同店的人", key="allocation.leave", type="tertiary"
    ):
        with refusals():
            with page_database().write() as session:
                moved = owners.leave(session, actor, leaving)
            said_done(f"{names[leaving]}已记为离职，{moved} 位粉丝转给同店的其他人；做过的事还记在名下。",
                      lambda: _back(actor, leaving))  # fmt: skip
            st.rerun()


def _back(actor: Actor, staff_id: int) -> None:
    with page_database().write() as session:
        owners.come_back(session, actor, staff_id)


def follow_up(figures: pd.DataFrame, days: int) -> None:
    """Show what each person did: quota, words with content, cards with interval, who came again, insights adopted."""
    known = figures[figures["done"] + figures["not_done"] > 0]
    if known.empty:
        st.info(f"近 {days} 天还没有处理过的服务卡，算不出跟进率。", icon=":material/query_stats:")
        st.page_link("today.py", label="看今天的服务卡", icon=":material/arrow_forward:")
    else:
        shown = known.assign(员工=known["staff"], 跟进率=known["follow_up"])
        best = shown.sort_values("follow_up").iloc[-1]
        base = int(best["done"] + best["not_done"])
        charts.show(
            charts.interval_dots(shown, "员工", "跟进率", "做了的 ÷ 处理过的服务卡"),
            f"{best['员工']}跟进率最高：{words.share(best['跟进率'], 0)}（{words.base_note(base)}）"
            if base >= words.SMALL_BASE
            else f"共处理 {int((shown['done'] + shown['not_done']).sum())} 张，每位还少，看不出谁跟进得更好",
        )
    wanted = [
        "—" if each.wanted != each.wanted else f"{each.answered} / {each.wanted:.0f}" for each in figures.itertuples()
    ]
    told = [
        f"{words.share(each.informative_share, 0)}（{each.units} 句）" if each.units else "—"
        for each in figures.itertuples()
    ]
    value = ["—" if each != each else f"{'−' if each < 0 else ''}¥{abs(each):,.0f}" for each in figures["value"]]
    show_table(
        pd.DataFrame(
            {
                "员工": figures["staff"], "门店": figures["store"], "粉丝": figures["fans"], "问卷配额": wanted,
                "有内容的": told, "待办": figures["open"], "做了": figures["done"], "没做": figures["not_done"],
                "跟进率": figures["follow_up"].map(words.share),
                f"{owners.CONVERSION_DAYS} 天内又来": figures["converted"].map(words.share),
                "首倡": figures["adopted"], "其中有效": figures["worked"], "带来": value,
            }
        ),
        hide_index=True, column_config={"员工": st.column_config.TextColumn(pinned=True)},
    )  # fmt: skip
    st.caption(
        f"没有分母的显示“—”，不算 0。又来：只算满 {owners.CONVERSION_DAYS} 天的。问卷配额：正在进行的各期。"
        "有内容的：近期记下的话里不是“挺好”“没有”的。"
        "首倡：行动的主题最早由这位记下，不限时间；条目拆开，功劳也收回。"
    )
    st.page_link("effects.py", label="首倡的每一项", icon=":material/arrow_forward:")


def follow_up_by(actor: Actor, days: int) -> None:
    """Show follow-up and who came again per store, or per source of the fans."""
    by = st.segmented_control("按", list(_BY), default="store", format_func=_BY.get, key="allocation.by") or "store"
    with page_database().read() as session:
        table = owners.follow_up_by(session, actor, by, days)
    if table.empty:
        st.info(f"近 {days} 天还没有处理过的服务卡。", icon=":material/query_stats:")
        return
    shown = table.assign(名称=table["name"], 跟进率=table["follow_up"])
    charts.show(
        charts.interval_dots(shown, "名称", "跟进率", "做了的 ÷ 处理过的服务卡"),
        f"共处理 {words.count(int(table['done'].sum() + table['not_done'].sum()), '张')}，做了 {int(table['done'].sum())} 张",
    )
    show_table(
        pd.DataFrame({_BY[by]: table["name"], "做了": table["done"], "没做": table["not_done"],
                      "跟进率": table["follow_up"].map(words.share),
                      f"{owners.CONVERSION_DAYS} 天内又来": table["converted"].map(words.share)}),
        hide_index=True,
    )  # fmt: skip
