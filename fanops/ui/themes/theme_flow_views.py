"""沿革 on the screen: how themes went on, split, merged, came and ended from run to run, as a flow and as a table."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.themes import records
from fanops.themes.flow import RUNS_SHOWN, Link, Node, flow
from fanops.themes.records_lineage import renamed_by
from fanops.ui import charts, words
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain
from fanops.ui.tables import on_phone, show_table
from fanops.ui.themes.decision_views import decisions

KINDS = {
    "continued": "延续", "split": "分裂", "merged": "合并", "born": "新出现", "died": "消失", "revived": "再现",
}  # fmt: skip
_COLOURS = {
    "continued": "#2F6F5E", "split": "#3E7CB1", "merged": "#7A5BA8", "born": "#5E8C31", "died": "#9AA0A6",
    "revived": "#B08D3C",
}  # fmt: skip
_ROW = 44
_NAME_LETTERS, _BETWEEN_ON_PHONE = 9, 7
_RUNS_ON_PHONE = 3  # more columns leave no room for names between them


def lineage_view(actor: Actor) -> None:
    """Show what each run did to the themes; a theme in the picture opens."""
    with page_database().read() as session:
        frame = records.lineage(session, actor)
        run = records.latest_run(session, actor)
        renamed = renamed_by(run) if run else {}
    if frame.empty:
        st.info("发现过两次以后，这里会画出主题的延续、分裂、合并与消失。", icon=":material/account_tree:")
        return
    decisions(actor)
    now_called = dict(zip(frame["theme_id"], frame["name"], strict=True))
    moved = [f"“{was}”现在叫“{now_called[each]}”" for each, was in renamed.items() if now_called.get(each, was) != was]
    if moved:
        st.caption(
            f"最近一次发现改了名：{plain('；'.join(moved))}。三成以上是新的句子，原来的名字说不全了；人起的名字从不改。"
        )
    pictured = actor.sees_all_stores and frame["run_id"].nunique() > 1
    if pictured:
        _picture(frame, *flow(frame, _RUNS_ON_PHONE if on_phone() else RUNS_SHOWN))
    rows = pd.DataFrame(
        {
            "运行": frame["run_at"].map(words.minute),
            "主题": frame["name"],
            "变化": frame["kind"].map(KINDS).fillna(frame["kind"]),
            "共同句数": frame["shared_units"],
            "现有句数": frame["units"],
            "需要人看": frame["grey"].astype(bool) & frame["decided_at"].isna(),
        }
    )
    if not actor.sees_all_stores:
        rows = rows.drop(columns=["共同句数", "现有句数"])
        st.caption("沿革按全品牌的原声算；各主题有多少句，请看“列表”里您门店的数。")
    with st.expander(f"全部 {len(rows)} 条变化的表格", icon=":material/table:", expanded=not pictured):
        show_table(rows.iloc[::-1], hide_index=True)


def _picture(frame: pd.DataFrame, nodes: list[Node], links: list[Link], runs: list[pd.Timestamp]) -> None:
    happened = (
        frame[frame["run_id"] == frame["run_id"].max()].drop_duplicates(["theme_id", "kind"])["kind"].value_counts()
    )
    said = [f"{word} {happened[kind]} 个" for kind, word in KINDS.items() if kind in happened]
    st.markdown(f"**最近一次发现：{'，'.join(said)}**")
    st.caption(
        f"从左到右：{' → '.join(words.minute(run) for run in runs)}。带子越宽，一起过来的句子越多；画出最大的主题，点一下可以打开。"
    )
    most = max(sum(node.run == run for node in nodes) for run in range(len(runs)))
    chosen = st.echarts_chart(
        sankey(nodes, links, len(runs), charts.ink_and_paper()[0], _BETWEEN_ON_PHONE if on_phone() else _NAME_LETTERS),
        height=_ROW * most + 40, key="themes.flow", on_select="rerun",
        alt=f"主题沿革图：{'，'.join(said)}",
    )  # fmt: skip
    st.caption("深绿 延续 · 蓝 分裂 · 紫 合并 · 浅绿 新出现 · 黄 再现 · 灰 下一次不见了")
    opened = _opened(chosen, nodes)
    if opened is not None:
        st.page_link(
            "theme.py", label=f"打开“{plain(opened.name)}”（{words.count(opened.units, '句')}）", icon=":material/topic:",
            query_params={"theme": str(opened.theme_id)},
        )  # fmt: skip


def _key(run: int, theme_id: int) -> str:
    return f"{run}:{theme_id}"


def sankey(nodes: list[Node], links: list[Link], runs: int, ink: str, letters: int = _NAME_LETTERS) -> dict[str, Any]:
    """Give the ECharts option of the flow, written in ``ink``; between columns a name has room for ``letters``.

    Names stand beside the first column and the last, and wherever more happened to a theme than that it went on.
    """
    data = []
    for node in nodes:
        named = node.run in (0, runs - 1) or node.kind != "continued"
        most = _NAME_LETTERS if node.run == runs - 1 else letters
        short = node.name if len(node.name) <= most else f"{node.name[: most - 1]}…"
        data.append(
            {
                "name": _key(node.run, node.theme_id), "depth": node.run, "value": max(1, node.units),
                "itemStyle": {"color": _COLOURS.get(node.kind, "#2F6F5E"), "borderWidth": 0},
                "label": {"show": named, "formatter": short, "color": ink},
                "tooltip": {"formatter": f"{escape(node.name)}<br/>{KINDS.get(node.kind, node.kind)} · {node.units} 句"},
            }
        )  # fmt: skip
    return {
        "animation": False,
        "tooltip": {"trigger": "item", "confine": True, "formatter": "{c} 句"},
        "series": [
            {
                "type": "sankey", "left": 4, "right": 128, "top": 8, "bottom": 8, "nodeWidth": 14, "nodeGap": 10,
                "draggable": False, "layoutIterations": 32, "nodeAlign": "left", "selectedMode": "single",
                "lineStyle": {"color": "source", "opacity": 0.28, "curveness": 0.5},
                "emphasis": {"focus": "adjacency"}, "label": {"fontSize": 12, "position": "right"}, "data": data,
                "links": [
                    {"source": _key(link.run, link.theme_id), "target": _key(link.run + 1, link.into), "value": link.units}
                    for link in links
                ],
            }
        ],
    }  # fmt: skip


def _opened(chosen: Any, nodes: list[Node]) -> Node | None:
    """Give the node that was clicked, by its place in the picture."""
    for group in chosen["selection"]["selected"]:
        if group["data_type"] != "edge" and group["data_indices"]:
            return nodes[group["data_indices"][0]]
    return None
