"""How far the themes can be trusted, as pictures: stability, what fits nowhere, saturation, agreement with people's codes."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.themes.quality import STABLE, saturation
from fanops.themes.records_quality import codes_and_themes, themes_of_interviews
from fanops.ui import charts, words
from fanops.ui.guard import page_database
from fanops.ui.themes import theme_views

_LEAST_CODED = 20
_SHOWN = 20


def quality(actor: Actor, table: pd.DataFrame, counts: dict[str, int]) -> None:
    """Show all of it."""
    _stability(table)
    left, right = st.columns(2)
    with left:
        unassigned = counts["unassigned"] / counts["units"] if counts["units"] else float("nan")
        unsure = table["unsure"].sum() / counts["units"] if counts["units"] else float("nan")
        st.metric("未归类", words.share(unassigned), border=True, help="哪个主题都不像的语义单元 ÷ 全部语义单元。")
        st.metric(
            "拿不准",
            words.share(unsure),
            border=True,
            help="归属强度低的语义单元 ÷ 全部语义单元，可以在“原声”里逐条归类。",
        )
        theme_views.piles(counts, table)
    with right:
        _saturation(actor)
        _agreement(actor)


def _stability(table: pd.DataFrame) -> None:
    known = table.dropna(subset="stability").head(_SHOWN)
    if known.empty:
        st.info("还没有算过稳定度。重新发现一次主题就有了。", icon=":material/verified:")
        return
    shown = known.assign(主题=known["name"], 稳定度=known["stability"].astype(float))
    loose = shown[shown["稳定度"] < STABLE]
    chart = (
        alt.Chart(shown)
        .mark_bar(height=14)
        .encode(
            y=alt.Y("主题:N", sort=list(shown["主题"]), title=None, axis=alt.Axis(labelLimit=160)),
            x=alt.X("稳定度:Q", title="换样本、换种子再分一次，还能分出多少", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%")),
            color=alt.condition(alt.datum.稳定度 < STABLE, alt.value(charts.PERSIMMON), alt.value(charts.TEA)),
            tooltip=["主题:N", alt.Tooltip("稳定度:Q", format=".0%"), alt.Tooltip("units:Q", title="语义单元")],
        )
        .properties(height=80 + 26 * len(shown))
    )  # fmt: skip
    charts.show(
        chart,
        f"最大的 {len(shown)} 个主题里，{len(shown) - len(loose)} 个站得住，{len(loose)} 个不稳（低于 {STABLE:.0%}），看的时候多留意",
    )


def _saturation(actor: Actor) -> None:
    with page_database().read() as session:
        found = saturation(themes_of_interviews(session, actor))
    if found.expected != found.expected:
        st.caption(f"访谈 {found.interviews} 次，还不够判断是否饱和（至少 3 次）。")
        return
    more = "再访谈也很难听到新的主题了" if found.more == 0 else (
        f"大约再访谈 {found.more:.0f} 次，能听到其中的 95%" if found.more == found.more else "还看不出要再访谈多少次"
    )  # fmt: skip
    st.markdown(
        f"**访谈饱和度**：{found.interviews} 次访谈听到 {found.seen} 个主题，估计共有 {found.expected:.0f} 个；{more}。"
    )
    st.caption("Chao2 估计（Chao 等，2009）。")


def _agreement(actor: Actor) -> None:
    with page_database().read() as session:
        both = codes_and_themes(session, actor)
    if both["unit_id"].nunique() < _LEAST_CODED:
        st.caption(f"人工编码过的句子不到 {_LEAST_CODED} 句，还不能和人对照。")
        return
    from sklearn.metrics import v_measure_score

    alike = v_measure_score(both["code"], both["theme"])
    st.markdown(f"**与人工编码的一致**：V = {alike:.2f}（{words.base_note(both['unit_id'].nunique())}）")
    st.caption("V 从 0 到 1，1 表示主题和编码分得完全一样。")
