"""Where orders and new customers come from, on the screen."""

from __future__ import annotations

from datetime import timedelta

import altair as alt
import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.fans import records_value as records
from fanops.fans.value import CHANNEL_LABELS, NET_VALUE_WORDS, REFERRED, SOURCE_WORDS, channel_name, net_value
from fanops.summary.records import revenue_by_store
from fanops.ui import charts, words
from fanops.ui.address import choice
from fanops.ui.guard import page_database
from fanops.ui.tables import show_table

_PALETTE = ["#2F6F5E", "#6FB39E", "#D9822B", "#B08D3C", "#3E7CB1", "#B9BDC1", "#7A5BA8", "#8C6D5A"]
_ORDER = ["store", "miniapp", "group", "delivery", "mall"]


def revenue(actor: Actor) -> None:
    """Show what each store took in the period, and before; it adds up to the revenue that leads here."""
    days = choice("时间", [28, 7, 90], "days", lambda days: f"近 {days} 天", width=130)
    with page_database().read() as session:
        rows, period = revenue_by_store(session, actor, days)
    if rows.empty:
        st.info("这段时间没有订单。", icon=":material/receipt_long:")
        return
    last = words.day(period.until - timedelta(days=1))
    total, before = rows["amount_fen"].sum(), rows["before_fen"].sum(min_count=1)
    st.markdown(
        f"**{words.count(len(rows), '家门店')}合计 {words.cny(total)}**，{days} 天，到{last}为止{_grown(total, before)}"
    )
    show_table(
        pd.DataFrame(
            {"门店": rows["store"], "营业额": rows["amount_fen"].map(words.cny), "占比": (rows["amount_fen"] / total).map(words.share),
             "订单": rows["orders"], "上一段": rows["before_fen"].map(words.cny),
             "变化": [_change(a, b) for a, b in zip(rows["amount_fen"], rows["before_fen"], strict=True)]}
        ),
        hide_index=True, key="value.revenue",
    )  # fmt: skip
    st.caption("退款已减去；订单不含退款。")


def _change(after: float, before: float) -> str:
    return words.signed_share(after / before - 1) if before > 0 else "—"


def _grown(after: float, before: float) -> str:
    return f"，比上一段 {_change(after, before)}" if before > 0 else ""


def channels(actor: Actor) -> None:
    """Show orders by channel and month, and the brand's net value by store and month with its base."""
    with page_database().read() as session:
        sums = records.channel_sums(session, actor)
    if sums.empty:
        st.info("近 12 个月没有订单。", icon=":material/receipt_long:")
        return
    months = net_value(sums, ["month"])
    known = months.dropna(subset="share")
    last = known.iloc[-1]
    named = sums.assign(渠道=sums["channel"].map(channel_name), 元=sums["amount_fen"] / 100)
    stack = named.groupby(["month", "渠道"], as_index=False)[["元", "orders"]].sum()
    order = [CHANNEL_LABELS[each] for each in _ORDER] + sorted(set(stack["渠道"]) - set(CHANNEL_LABELS.values()))
    present = [name for name in order if name in set(stack["渠道"])]
    colours = [_PALETTE[order.index(name) % len(_PALETTE)] for name in present]
    stack["place"] = stack["渠道"].map({name: place for place, name in enumerate(order)})
    bars = (
        alt.Chart(stack)
        .mark_bar()
        .encode(
            x=alt.X("month:N", title=None, axis=alt.Axis(labelAngle=-45)),
            y=alt.Y("元:Q", title="订单金额（元）", axis=alt.Axis(format=",.0f")),
            color=alt.Color("渠道:N", sort=order, scale=alt.Scale(domain=present, range=colours),
                            legend=alt.Legend(orient="top", title=None, columns=3)),
            order=alt.Order("place:Q"),
            tooltip=["month:N", "渠道:N", alt.Tooltip("元:Q", format=",.0f"), alt.Tooltip("orders:Q", title="订单", format=",.0f")],
        )
        .properties(height=320)
    )  # fmt: skip
    charts.show(
        bars,
        f"{last['month']} 品牌净值占订单金额的 {words.share(last['share'])}"
        f"（{words.cny(last['net_fen'])} / {words.cny(last['amount_fen'])}）",
    )
    st.caption(NET_VALUE_WORDS)
    _by_store(sums)


def _by_store(sums: pd.DataFrame) -> None:
    table = net_value(sums, ["month", "store"])
    months = sorted(table["month"].unique(), reverse=True)
    month = st.selectbox("月份", months, key="value.month")
    rows = table[table["month"] == month].sort_values("share", ascending=False)
    show_table(
        pd.DataFrame({"门店": rows["store"], "品牌净值": rows["net_fen"].map(words.cny), "占比": rows["share"].map(words.share),
                      "净值订单": rows["net_orders"], "全部订单": rows["orders"], "全部金额": rows["amount_fen"].map(words.cny)}),
        hide_index=True, key="value.stores", column_config={"品牌净值": st.column_config.TextColumn(help=NET_VALUE_WORDS)},
    )  # fmt: skip


def sources(actor: Actor) -> None:
    """Show new customers by month and source, fan referrals among them."""
    with page_database().read() as session:
        table = records.new_customers(session, actor)
    if table.empty:
        st.info("近 12 个月没有新客。", icon=":material/person_add:")
        return
    last = table[table["month"] == table["month"].max()]
    referred = int(last.loc[last["source"] == REFERRED, "fans"].sum())
    whole = int(last["fans"].sum())
    bars = (
        alt.Chart(table)
        .mark_bar()
        .encode(
            x=alt.X("month:N", title=None, axis=alt.Axis(labelAngle=-45)), y=alt.Y("fans:Q", title="新客（位）"),
            color=alt.Color("source:N", title=None, legend=alt.Legend(orient="top", columns=3), scale=alt.Scale(range=_PALETTE)),
            tooltip=[alt.Tooltip("month:N", title="月份"), alt.Tooltip("source:N", title="来源"), alt.Tooltip("fans:Q", title="新客")],
        )
        .properties(height=320)
    )  # fmt: skip
    share = words.share(referred / whole if whole else None)
    charts.show(bars, f"{last['month'].iloc[0]} 新客 {words.count(whole, '位')}，其中粉丝推荐 {referred} 位（{share}）")
    st.caption(SOURCE_WORDS)
    wide = table.pivot_table(index="month", columns="source", values="fans", aggfunc="sum", fill_value=0)
    wide = wide.assign(合计=wide.sum(axis=1)).sort_index(ascending=False).reset_index(names="月份")
    show_table(wide, hide_index=True, key="value.sources")
