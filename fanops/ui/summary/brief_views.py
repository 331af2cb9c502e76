"""The CEO's page and the loop on the screen."""

from __future__ import annotations

from datetime import date, timedelta

import altair as alt
import pandas as pd
import streamlit as st

from fanops.summary.records_brief import SILENT_DAYS, Brief
from fanops.summary.records_loop import LINKS
from fanops.ui import charts, words
from fanops.ui.address import way_to
from fanops.ui.fans.done_views import TOLD
from fanops.ui.quotes import quotes
from fanops.ui.refusal import plain
from fanops.ui.summary.overview_views import change_words, figure_words

_LONG_LIST = 12
_EVERYTHING = {"store": "all", "period": "全部时间", "level": "all", "kind": "all"}
LINK_WAYS = {
    "heard": ("voices.py", _EVERYTHING),
    "themed": ("themes.py", _EVERYTHING),
    "told": ("today.py", {"done": TOLD}),
}

ACTION_PAGES = {"服务改进": ("fixes.py", "fix"), "需求条目": ("backlog.py", "item")}


def earlier_weeks(mondays: list[date]) -> None:
    """Offer the pages that were kept, one a week."""
    if not mondays:
        return
    with st.popover("每周存下的", icon=":material/history:"):
        for monday in mondays[:_LONG_LIST]:
            week = f"{monday - timedelta(days=7):%Y-%m-%d} 到 {monday - timedelta(days=1):%m-%d}"
            st.link_button(week, f"/print/brief?week={monday}", type="tertiary")
        st.caption("每周一早上存上一周的一页；消息里选了“每周一页”的群机器人和接收地址会收到一句话。")


def figures(page: Brief) -> None:
    """Show up to when there are data, and the key figures with their change."""
    st.caption(page.freshness)
    with st.container(horizontal=True):
        for figure in page.figures:
            with st.container(width=148):
                st.metric(figure.name, figure_words(figure, figure.value), change_words(figure), help=figure.meaning,
                          delta_color="off")  # fmt: skip
                note = words.base_note(figure.base) if figure.unit in ("%", "¥") and figure.base else ""
                if note and figure.low is not None:
                    note += f"，区间 {words.share(figure.low)} 到 {words.share(figure.high)}"
                for line in filter(None, (figure.beside, note)):
                    st.caption(line)  # a caption wraps, a link's label is cut
                st.page_link(
                    figure.page, label=figure.leads_to, icon=":material/arrow_forward:", query_params=figure.query
                )


def wants(page: Brief) -> None:
    """Show what core fans want, with interval."""
    who = "核心粉丝" if page.wants_of == "core" else "粉丝"
    st.subheader(f"{who}最想要什么", anchor=False)
    if page.wants.empty:
        st.info("这段时间还没有听到声音。", icon=":material/hearing:")
        return
    top = page.wants.iloc[0]
    shown = page.wants.rename(columns={"theme": "主题"}).assign(占比=page.wants["share"])
    charts.show(
        charts.interval_dots(shown, "主题", "占比", f"占说过话的{who}的比例"),
        f"{words.count(top['people'], '人')}说到“{top['theme']}”，占 {words.share(top['share'], 0)}，{words.base_note(int(top['base']))}",
    )
    for place, row in enumerate(page.wants.head(len(page.quotes)).itertuples()):
        st.page_link("theme.py", label=f"**{row.people}** 人 · {plain(row.theme)}", icon=":material/format_quote:",
                     query_params=page.said | {"theme": str(row.theme_id)})  # fmt: skip
        quotes(page.quotes[page.quotes["theme_id"] == row.theme_id], f"brief.quote.{place}.{row.theme_id}")
    st.caption(
        "只夸不提要求的不算，夸的最多的主题也不列；点开看到的是全部说法，可能多出几位只夸的。"
        + ("" if page.wants_of == "core" else "这段时间开口的核心粉丝不足 5 人，所以列全部粉丝。")
    )


def did(page: Brief) -> None:
    """Show what was done, by stores and by raisers told."""
    st.subheader("我们做了什么", anchor=False)
    if page.did.empty:
        st.info("还没有行动。从一个主题里开服务改进或需求条目。", icon=":material/build:")
        return
    for row in page.did.itertuples():
        with st.container(border=True, gap=None):
            page, key = ACTION_PAGES[row.kind]
            st.page_link(page, label=f"**{plain(row.title)}**", query_params={key: str(row.action_id)})
            told = f" · 已告知 {row.told} / {row.told + row.due} 位" if row.told + row.due else ""
            state = f"{row.done} / {row.stores} 家门店做完" if row.stores else f"{row.stage}，还没有排门店"
            st.progress(row.done / max(1, row.stores), text=f"{row.kind} · {state}{told}")


def changed(page: Brief) -> None:
    """Show what was measured, with interval and verdict."""
    st.subheader("有没有用", anchor=False)
    if page.changed.empty:
        st.info("还没有测过效果。", icon=":material/trending_up:")
        return
    known = page.changed.dropna(subset=["estimate_share", "low", "high"])
    if len(known):
        shown = known.astype({"estimate_share": float, "low": float, "high": float}).rename(columns={"title": "行动"})
        shown["变化"] = shown["estimate_share"]
        shown["行动"] = shown["行动"] + "：" + shown["metric"]
        best = shown.iloc[0]
        charts.show(
            charts.interval_dots(shown, "行动", "变化", "相对变化（95% 区间）", reference=0.0),
            f"“{best['行动']}”{words.signed_share(best['变化'])}，{best['verdict']}",
        )
    for row in page.changed.itertuples():
        st.page_link("effects.py", label=f"{plain(row.title)}，看{row.metric or '不详'}：**{row.verdict}**",
                     icon=":material/arrow_forward:", query_params={"action": row.action})  # fmt: skip


def silent(page: Brief) -> None:
    """Show who is not heard."""
    st.subheader("谁没有声音", anchor=False)
    if page.core:
        share = words.share(page.core_silent / page.core, 0)
        st.markdown(
            f"核心粉丝 **{page.core}** 位，其中 **{page.core_silent}** 位（{share}）超过 {SILENT_DAYS} 天没来。"
        )
    else:
        st.markdown("还没有核心粉丝。")
    if page.core_silent:
        st.page_link("fans.py", label=f"看这 {page.core_silent} 位", icon=":material/arrow_forward:",
                     query_params={"level": "core", "away": str(SILENT_DAYS)})  # fmt: skip
    if not page.silent_stores:
        st.markdown("每家门店都有声音。" if page.stores else "还没有门店。")
        return
    listed = "、".join(page.silent_stores[:_LONG_LIST]) + ("等" if len(page.silent_stores) > _LONG_LIST else "")
    st.markdown(f"**{len(page.silent_stores)}** 家门店这段时间一条声音也没有：{plain(listed)}。")


def loop_funnel(totals: pd.DataFrame) -> None:
    """Show how many people each link of the loop reaches."""
    shown = totals.assign(环节=totals["link"].map(LINKS), 人数=totals["people"])
    last = shown[shown["people"] > 0].tail(1)
    heard = int(shown["people"].iloc[0])
    bars = (
        alt.Chart(shown)
        .mark_bar(color=charts.TEA, height=22)
        .encode(
            y=alt.Y("环节:N", sort=list(shown["环节"]), title=None),
            x=alt.X("人数:Q", title="不同的人（位）"),
            tooltip=["环节:N", "人数:Q", alt.Tooltip("share:Q", format=".1%", title="占听到的")],
        )
        .properties(height=90 + 34 * len(shown))
    )
    finding = f"听到 {words.count(heard, '人')}"
    if len(last):
        finding += f"，其中 {words.count(last['人数'].iloc[0], '人')}走到“{last['环节'].iloc[0]}”"
    charts.show(bars, finding)
    with st.container(horizontal=True, vertical_alignment="center"):
        for row in shown.itertuples():
            page, query = LINK_WAYS.get(row.link, ("loop.py", {"of": row.link}))
            way_to(page, f"**{row.人数:,}** {row.环节}", f"loop.{row.link}", icon=":material/chevron_right:", **query)


def actions_list(actions: pd.DataFrame, link: str) -> None:
    """List under the loop what people's words became, each a link: the rows of 有了行动, 做完了 or 证明了效果.

    Args:
        actions: Of ``actions_of_loop``.
        link: ``done`` and ``proved`` narrow to what is done somewhere, or proved; anything else lists all.
    """
    if actions.empty:
        return
    if link in ("done", "proved"):
        actions = actions[actions[link] > 0].assign(people=actions["served"])
    else:
        link = "acted"
    if actions.empty:
        st.caption(f"还没有{LINKS[link]}的事。")
        return
    st.markdown(f"**{LINKS[link]}的，是这些事（{len(actions)}）**")
    for row in actions.head(_LONG_LIST).itertuples():
        state = f"{row.done} / {row.stores} 家门店做完" if row.stores else "还没有排门店"
        proved = " · 证明了效果" if row.proved else ""
        with st.container(gap=None):
            st.page_link(row.page, label=f"**{row.people}** 人 · {plain(row.title)}", icon=":material/arrow_forward:",
                         query_params={row.key: str(row.id)})  # fmt: skip
            st.caption(f"说“{plain(row.theme)}” · {state}{proved}")  # a caption wraps, a link's label is cut
    more = f"另有 {len(actions) - _LONG_LIST} 项。" if len(actions) > _LONG_LIST else ""
    st.caption(
        more
        + "门店做的，只算在那家店说过的人。同一位说了几件事，在每件事里都算。上线后才定的方案、还没到期的方案，不算证明。"
    )


def stuck_list(stuck: pd.DataFrame, days: int) -> None:
    """List what stands still, each a link."""
    if stuck.empty:
        st.success(f"没有停了超过 {days} 天的事。", icon=":material/done_all:")
        return
    for what, group in stuck.groupby("what", sort=False):
        st.markdown(f"**{what}（{len(group)}）**")
        for row in group.head(_LONG_LIST).itertuples():
            where = f" · {plain(row.where)}" if row.where else ""
            st.page_link(row.page, label=f"{plain(row.title)}{where} · {words.day(row.since)}起", icon=":material/hourglass_top:",
                         query_params={row.key: str(row.id)})  # fmt: skip
        if len(group) > _LONG_LIST:
            st.caption(f"另有 {len(group) - _LONG_LIST} 项。")
