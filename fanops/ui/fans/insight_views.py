"""How fans change, as pictures: each with its base, none for buyers too few."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.fans import alive, behaviour, levels, records_levels
from fanops.fans.records_behaviour import orders_of, orders_revision
from fanops.intervals import wilson
from fanops.summary.records_period import period_end
from fanops.ui import charts, words
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain
from fanops.ui.tables import show_table

_KEPT_S = 600
_LEAST = 20


@st.cache_data(ttl=_KEPT_S, max_entries=8, show_spinner="正在读取订单……")
def _orders(scope: tuple[int, int | None, int | None], revision: tuple[int, int], _actor: Actor) -> pd.DataFrame:
    with page_database().read() as session:
        return orders_of(session, _actor)


def orders(actor: Actor) -> pd.DataFrame:
    """Give the orders in the actor's scope, kept until orders come or go, ten minutes at most."""
    with page_database().read() as session:
        revision = orders_revision(session, actor)
    return _orders(actor.scope_key, revision, actor)


def _end(frame: pd.DataFrame) -> pd.Timestamp:
    """Give the end of what is known: no later than the newest order, so that late imports don't look like a fall."""
    return min(pd.Timestamp(period_end()), frame["placed_at"].max() + pd.Timedelta(seconds=1))


def repeat_share(frame: pd.DataFrame) -> None:
    """Show the share of buyers who bought twice or more, by four weeks."""
    table = behaviour.repeat_over_time(frame, _end(frame)).dropna(subset="share")
    low, high = wilson(table["repeaters"].to_numpy(), table["buyers"].to_numpy())
    table = table.assign(low=low, high=high).rename(columns={"since": "四周", "share": "复购率"})
    first, last = table.iloc[0], table.iloc[-1]
    verb = "升到" if last["复购率"] > first["复购率"] else "降到"
    charts.show(
        charts.trend(table, "四周", "复购率", "四周内买过两次及以上的比例"),
        f"复购率从 {words.share(first['复购率'])} {verb} {words.share(last['复购率'])}（{words.base_note(int(last['buyers']))}）",
    )
    shown = table.assign(
        四周=[f"{at.month}月{at.day}日起" for at in table["四周"]], 复购率=table["复购率"].map(words.share)
    )
    show_table(
        shown.rename(columns={"buyers": "买过的人", "repeaters": "买过两次的"})[
            ["四周", "买过的人", "买过两次的", "复购率"]
        ],
        hide_index=True,
    )


def retention(frame: pd.DataFrame) -> None:
    """Show month cohorts as a heat map."""
    table = behaviour.cohorts(frame)
    table = table[(table["month"] > 0) & (table["base"] >= _LEAST)]
    if table.empty:
        st.info(f"每个月的新客都不到 {_LEAST} 位，或还不到两个月，画不出留存。", icon=":material/grid_view:")
        return
    after_one = table[table["month"] == 1]
    best = after_one.sort_values("share").iloc[-1] if len(after_one) else table.iloc[0]
    chart = (
        alt.Chart(table)
        .mark_rect(stroke="white")
        .encode(
            x=alt.X("month:O", title="第一次来之后第几个月", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("cohort:N", title="第一次来的月份", sort="ascending"),
            color=alt.Color("share:Q", title="又来过的比例", scale=alt.Scale(scheme="tealblues"),
                            legend=alt.Legend(format=".0%", orient="top")),
            tooltip=[alt.Tooltip("cohort:N", title="第一次来"), alt.Tooltip("month:O", title="之后第几个月"),
                     alt.Tooltip("share:Q", format=".1%", title="又来过"), alt.Tooltip("buyers:Q", title="人数"),
                     alt.Tooltip("base:Q", title="当月新客")],
        )
        .properties(height=120 + 34 * table["cohort"].nunique())
    )  # fmt: skip
    charts.show(
        chart,
        f"{best['cohort']} 的新客，次月有 {words.share(best['share'])} 又来过（{words.base_note(int(best['base']))}）",
    )


def stages(actor: Actor, frame: pd.DataFrame) -> None:
    """Show how many fans are in each stage of life, now and four weeks before."""
    with page_database().read() as session:
        rules = records_levels.stage_rules(session, actor)
    end = _end(frame)
    now_stage, before = (
        behaviour.lifecycle(frame, at, rules) for at in (end, end - pd.Timedelta(days=28))
    )  # fmt: skip
    labels = behaviour.STAGES
    counts = pd.DataFrame(
        [(labels[code], when, int((stage == code).sum()), place)
         for place, code in enumerate(labels) for when, stage in (("现在", now_stage), ("四周前", before))],
        columns=["阶段", "时间", "人数", "order"],
    )  # fmt: skip
    bars = (
        alt.Chart(counts)
        .mark_bar()
        .encode(
            y=alt.Y("阶段:N", sort=list(labels.values()), title=None), x=alt.X("人数:Q", title="人数（位）"),
            yOffset=alt.YOffset("时间:N", sort=["现在", "四周前"]),
            color=alt.Color("时间:N", scale=alt.Scale(domain=["现在", "四周前"], range=[charts.TEA, charts.QUIET]),
                            legend=alt.Legend(orient="top", title=None)),
            tooltip=["阶段:N", "时间:N", "人数:Q"],
        )
        .properties(height=300)
    )  # fmt: skip
    lost = int((now_stage == "lost").sum())
    charts.show(
        bars,
        f"{words.count(lost, '位')}已经流失，占 {words.share(lost / len(now_stage), 0)}（{words.base_note(len(now_stage))}）",
    )
    st.caption(behaviour.stage_words(rules))


def rfm(actor: Actor, frame: pd.DataFrame) -> None:
    """Show fans by recency and frequency, by the brand's cuts."""
    with page_database().read() as session:
        rules = records_levels.rfm_rules(session, actor)
    scores = levels.rfm(frame, _end(frame), rules=rules)
    table = behaviour.rfm_map(scores)
    top = scores[(scores["r"] >= 4) & (scores["f"] >= 4)]
    share = top["money_fen"].sum() / max(1, scores["money_fen"].sum())
    chart = (
        alt.Chart(table)
        .mark_rect(stroke="white")
        .encode(
            x=alt.X("r:O", title="最近（R，5 最近）", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("f:O", title="次数（F，5 最多）", sort="descending"),
            color=alt.Color("fans:Q", title="人数", scale=alt.Scale(scheme="tealblues"), legend=alt.Legend(orient="top")),
            tooltip=[alt.Tooltip("fans:Q", title="人数"), alt.Tooltip("money:Q", title="人均消费（元）", format=",.0f")],
        )
        .transform_calculate(money="datum.money_fen / 100")
        .properties(height=300)
    )  # fmt: skip
    charts.show(chart, f"右上角 {words.count(len(top), '位')}（又近又常来）带来 {words.share(share, 0)} 的消费")
    for line in levels.rfm_words(rules):
        st.caption(plain(line))


def still_there(frame: pd.DataFrame) -> None:
    """Show who is expected to come, and how right the model was on the last four weeks."""
    end = _end(frame)
    try:
        table = alive.calibration(frame, end)
        history = alive.histories(frame, end)
        model = alive.fit_alive(history)
    except ValueError:
        st.info(f"下过单的顾客不到 {alive.LEAST_FANS} 位，估不准。", icon=":material/query_stats:")
        return
    expected, living = model.expected(history, 28).sum(), model.alive(history)
    st.markdown(
        f"**{words.count((living >= 0.5).sum(), '位')}还会来（把握过半），未来 28 天预计 {words.count(expected, '个到店日')}**"
    )
    long = table.melt(["group", "fans"], ["predicted", "observed"], var_name="kind", value_name="到店日")
    long["kind"] = long["kind"].map({"predicted": "预计", "observed": "实际"})
    bars = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=alt.X("group:O", title="按预计从少到多分五组", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("到店日:Q", title="人均到店日（最近 28 天）"), xOffset="kind:N",
            color=alt.Color("kind:N", scale=alt.Scale(domain=["预计", "实际"], range=[charts.QUIET, charts.TEA]),
                            legend=alt.Legend(orient="top", title=None)),
            tooltip=["kind:N", alt.Tooltip("到店日:Q", format=".2f"), alt.Tooltip("fans:Q", title="人数")],
        )
        .properties(height=280)
    )  # fmt: skip
    off = table["predicted"].mul(table["fans"]).sum() / max(1e-9, table["observed"].mul(table["fans"]).sum()) - 1
    charts.show(bars, f"用更早的订单预计最近 28 天，总数偏差 {words.signed_share(off, 0)}")
    st.caption("BG/NBD 模型（Fader、Hardie 与 Lee，2005），最大似然。同一天的几单算一个到店日。")
