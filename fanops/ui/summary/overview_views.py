"""The overview's parts."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st
from sqlmodel import Session

from fanops.access import Actor, Role, visible_stores
from fanops.fans.records import ANY_TAG
from fanops.summary.records import KeyFigure, Waiting
from fanops.summary.records_loop import SEVEN_LINKS
from fanops.themes import records as themes
from fanops.ui import words
from fanops.ui.address import may_open, way_to, way_to_first_voices
from fanops.ui.fans.done_views import SERVED, TOLD
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain
from fanops.ui.tables import show_table, tapped_row


def scope_line(session: Session, actor: Actor) -> None:
    """Say for whom and over which stores the page speaks."""
    stores = visible_stores(session, actor)
    where = f"{plain(stores[0].name)}" if len(stores) == 1 else f"{len(stores)} 家门店"
    st.caption(f"{actor.role.label}看到的范围：{where}。数字旁是与上一段同样长时间相比的变化。")


_MILLION = 1e8  # fen: above it a figure is written in 万, which stays as narrow as the others


def figure_words(figure: KeyFigure, value: float) -> str:
    """Write a figure with its unit; — where there is none."""
    if math.isnan(value):
        return "—"
    match figure.unit:
        case "¥":
            return f"¥{value / 1e6:,.1f}万" if value >= _MILLION else words.cny(value)
        case "%":
            return words.share(value)
        case unit:
            return words.count(value, unit)


def change_words(figure: KeyFigure) -> str | None:
    """Write the change against the period before, None where there is none."""
    if math.isnan(figure.value) or math.isnan(figure.before):
        return None
    if figure.unit == "%":
        return f"{(figure.value - figure.before) * 100:+.1f} 个百分点"
    return f"{figure.value / figure.before - 1:+.1%}" if figure.before else None


def figures_row(figures: list[KeyFigure]) -> None:
    """Show the key figures, each with its base and the way to its rows."""
    with st.container(horizontal=True):
        for figure in figures:
            with st.container(border=True, width=168):
                st.metric(
                    figure.name, figure_words(figure, figure.value), change_words(figure), help=figure.meaning, delta_color="off",
                    chart_data=[value for value in figure.series if not math.isnan(value)] or None, chart_type="line",
                )  # fmt: skip
                note = words.base_note(figure.base) if figure.unit in ("%", "¥") else ""
                if figure.low is not None and figure.base:
                    note += f"，区间 {words.share(figure.low)} 到 {words.share(figure.high)}"
                st.caption(note or ("点下面看明细" if may_open(figure.page) else ""))
                if may_open(figure.page):
                    st.page_link(
                        figure.page, label=figure.leads_to, icon=":material/arrow_forward:", query_params=figure.query
                    )


def waiting_list(session: Session, actor: Actor, waiting: list[Waiting], figures: list[KeyFigure]) -> None:
    """Show what waits for me; in a new chain, the first step."""
    st.subheader("等我处理")
    if actor.role is Role.ADMIN and not visible_stores(session, actor):
        st.info("还没有门店。先添加大区和门店，再导入数据。", icon=":material/store:")
        st.page_link("organisation.py", label="去添加门店", icon=":material/arrow_forward:")
        return
    if not waiting:
        if not any(figure.base for figure in figures):
            way = "先导入订单、会员和评价。" if may_open("import_voices.py") else "从听一位顾客说开始。"
            st.info(f"还没有数据。{way}", icon=":material/hearing:")
            way_to_first_voices()
        else:
            st.success("没有等您处理的事。", icon=":material/done_all:")
        return
    for entry in waiting:
        st.page_link(entry.page, label=f"**{entry.count}** {entry.what}", icon=":material/chevron_right:",
                     query_params=dict(entry.query))  # fmt: skip


def heard_most(actor: Actor) -> None:
    """Show what core fans want most."""
    st.subheader("粉丝说得最多的")
    with page_database().read() as session:
        table = themes.theme_table(session, actor)
    if table.empty:
        way = "导入原声后去发现主题。" if may_open("import_voices.py") else "听到的话多了，会归成主题列在这里。"
        st.info(f"还没有主题。{way}", icon=":material/bubble_chart:")
        if may_open("import_voices.py"):
            st.page_link("themes.py", label="去发现主题", icon=":material/arrow_forward:")
        return
    table = table[~table["general"]]
    if table.empty:
        st.info("目前只有笼统评价，还没有具体的需求。", icon=":material/bubble_chart:")
        st.page_link("themes.py", label="看主题", icon=":material/arrow_forward:")
        return
    counted = "fans" if table["fans"].sum() else "voices"
    unit = "位粉丝" if counted == "fans" else "条原声"
    for row in table.head(6).itertuples():
        share = f"，{words.share(row.negative_share, 0)} 不满" if row.units else ""
        st.page_link(
            "theme.py", label=f"{plain(row.name)} · {getattr(row, counted):,} {unit}{share}",
            icon=":material/format_quote:", query_params={"theme": str(row.theme_id)},
        )  # fmt: skip


def verdict_list(verdicts: pd.DataFrame) -> None:
    """Show what was measured."""
    if verdicts.empty:
        return
    st.subheader("做了，有没有用")
    shown = pd.DataFrame(
        {
            "行动": verdicts["title"],
            "类别": verdicts["kind"],
            "结论": verdicts["verdict"],
            "变化": [words.signed_share(value) for value in verdicts["estimate_share"].astype(float)],
            "区间": [
                f"{words.signed_share(low)} 到 {words.signed_share(high)}"
                for low, high in zip(verdicts["low"].astype(float), verdicts["high"].astype(float), strict=True)
            ],
            "测量": verdicts["measured_at"].map(words.day),
        }
    )
    show_table(shown, hide_index=True)
    if may_open("effects.py"):
        st.page_link("effects.py", label="看效果", icon=":material/trending_up:")


def loop_table(loop: pd.DataFrame) -> None:
    """Show the seven links per store; a row opens into what its numbers count."""
    if loop.empty or not loop["heard"].sum():
        return
    st.subheader("每家门店的七个环节", anchor=False)
    shown = loop.assign(earned=loop["earned"].map(lambda yuan: "—" if math.isnan(yuan) else f"¥{yuan:,.0f}"))
    names = (
        {"store": "门店", "heard": "听到"} | {key: name for key, (name, _) in SEVEN_LINKS.items()} | {"told": "已告知"}
    )
    chosen = tapped_row(
        shown[list(names)].rename(columns=names), "loop.table", column_config={"门店": st.column_config.TextColumn(pinned=True)}
        | {name: st.column_config.Column(help=f"多少{what}") for name, what in SEVEN_LINKS.values()},
    )  # fmt: skip
    if chosen is not None:
        _open_store(shown.iloc[chosen].to_dict())
    else:
        st.caption(
            "点一行，打开这家店每个数字下面的明细。"
            + "；".join(f"{name}：多少{what}" for name, what in SEVEN_LINKS.values())
            + "。"
        )
    silent = loop[loop["heard"] == 0]["store"].tolist()
    if silent:
        st.caption("还没有声音的门店：" + plain("、".join(silent)))


def _open_store(row: dict) -> None:
    """Give the way from each number of a store to the rows under it."""
    here = {"store": str(int(row["store_id"])), "level": "all"}
    said, people = here | {"period": "全部时间", "kind": "all"}, here | {"away": "0", "came": "0"}
    st.markdown(f"**{plain(row['store'])}**")
    elsewhere = {
        "heard": ("voices.py", said), "tagged": ("fans.py", people | {"tag": str(ANY_TAG)}),
        "served": ("today.py", here | {"done": SERVED}), "told": ("today.py", here | {"done": TOLD}),
    }  # fmt: skip
    whats = {"heard": "条原声"} | {link: what for link, (_, what) in SEVEN_LINKS.items()}
    whats |= {"earned": "来自已测量的行动", "told": "位已告知"}
    with st.container(horizontal=True):
        for link, what in whats.items():
            page, query = elsewhere.get(link, ("overview.py", {"rows": link, "store": here["store"]}))
            way_to(page, f"**{row[link]}** {what}", f"loop.{link}", icon=":material/chevron_right:", **query)
