"""Who moved from which stage or level to which between two days, as bands between two columns."""

from __future__ import annotations

from datetime import timedelta

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.fans import behaviour
from fanops.fans.records_flow import LEVEL, STAGE, moves_between
from fanops.ui import charts, words
from fanops.ui.guard import page_database
from fanops.ui.tables import show_table

_STEPS, _GAP_SHARE = 24, 0.03
_NOT_YET = "还没来过"


def flow(actor: Actor, orders: pd.DataFrame) -> None:
    """Choose two days and what moves; show the bands, what is worth knowing, and the table."""
    end = orders["placed_at"].max().date()
    with st.container(horizontal=True):
        what = st.segmented_control("看什么", ["阶段", "分层"], default="阶段", key="flow.what") or "阶段"
        since = st.date_input("从", end - timedelta(days=28), max_value=end, key="flow.since", format="YYYY-MM-DD")
        until = st.date_input("到", end, max_value=end, key="flow.until", format="YYYY-MM-DD")
    if since >= until:
        st.info("“从”要早于“到”。", icon=":material/event:")
        return
    labels = behaviour.STAGES if what == "阶段" else words.LEVEL_LABELS
    with page_database().read() as session:
        moves = moves_between(session, actor, orders, STAGE if what == "阶段" else LEVEL, since, until)
    known = moves[moves["before"] != ""]
    if known.empty:
        st.info("那时还没有顾客。选近一些的日子。", icon=":material/event:")
        return
    names = [*labels.values(), _NOT_YET]
    shown = moves.assign(before=moves["before"].map(labels).fillna(_NOT_YET), after=moves["after"].map(labels))
    moved = known[known["before"] != known["after"]]
    top = moved.sort_values("fans").iloc[-1] if len(moved) else None
    base = int(known["fans"].sum())
    finding = "没有人换了" + what if top is None else (
        f"{words.count(moved['fans'].sum(), '位')}换了{what}（占 {words.share(moved['fans'].sum() / base, 0)}，"
        f"{words.base_note(base)}），最多的是 {labels[top['before']]} → {labels[top['after']]} {words.count(top['fans'], '位')}"
    )  # fmt: skip
    ends = [f"{at.month}月{at.day}日" for at in (since, until)]
    charts.show(bands(shown, names, *ends), finding)
    show_table(
        shown.rename(columns={"before": ends[0], "after": ends[1], "fans": "人数"}),
        hide_index=True,
    )
    said = "手工提名不算在内。" if what == "分层" else ""
    st.caption(f"两天各按现在的规则从订单和原声算出。{said}每晚的变化记在粉丝的经过里。")


def bands(moves: pd.DataFrame, order: list[str], left: str, right: str) -> alt.LayerChart:
    """Draw flows as bands between two columns.

    Args:
        moves: Rows ``before, after, fans``.
        order: Names from top to bottom.
        left: Title of the first column.
        right: Title of the second.
    """
    total = moves["fans"].sum()
    gap = total * _GAP_SHARE
    places = {name: place for place, name in enumerate(order)}
    starts, labels = {}, []
    for side, title, x in (("before", left, 0.0), ("after", right, 1.0)):
        at = 0.0
        for name in order:
            count = int(moves.loc[moves[side] == name, "fans"].sum())
            if count:
                starts[side, name] = at
                labels.append({"x": x, "y": at + count / 2, "text": f"{name} {count:,}", "side": side, "column": title})
                at += count + gap
    rows, used = [], dict(starts)
    across = np.linspace(0, 1, _STEPS)
    smooth = across * across * (3 - 2 * across)
    ordered = moves.assign(a=moves["before"].map(places), b=moves["after"].map(places)).sort_values(["a", "b"])
    for row in ordered.itertuples():
        from_y, to_y = used["before", row.before], used["after", row.after]
        used["before", row.before] += row.fans
        used["after", row.after] += row.fans
        top = from_y + (to_y - from_y) * smooth
        rows += [
            {"x": x, "y": y, "y2": y + row.fans, "flow": f"{row.before} → {row.after}", "人数": row.fans,
             "same": row.before == row.after}
            for x, y in zip(across, top, strict=True)
        ]  # fmt: skip
    axis = alt.Scale(domain=[-0.42, 1.42])
    height = alt.Scale(domain=[0, max(each["y2"] for each in rows)], reverse=True, nice=False)
    band = (
        alt.Chart(pd.DataFrame(rows))
        .mark_area(opacity=0.55)
        .encode(
            x=alt.X("x:Q", scale=axis, axis=None), y=alt.Y("y:Q", scale=height, axis=None), y2="y2:Q", detail="flow:N",
            color=alt.Color("same:N", scale=alt.Scale(domain=[True, False], range=[charts.QUIET, charts.TEA]), legend=None),
            tooltip=[alt.Tooltip("flow:N", title="从 → 到"), alt.Tooltip("人数:Q", format=",")],
        )
    )  # fmt: skip
    named = pd.DataFrame(labels)
    texts = [
        alt.Chart(named[named["side"] == side]).mark_text(align=align, dx=shift, fontSize=13)
        .encode(x=alt.X("x:Q", scale=axis), y=alt.Y("y:Q", scale=height), text="text:N")
        for side, align, shift in (("before", "right", -6), ("after", "left", 6))
    ]  # fmt: skip
    return alt.layer(band, *texts).properties(height=360)
