"""One theme by store, region, tier, channel or kind of source: each group's share with its interval, and the rows under it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st
from sqlmodel import Session

from fanops.access import Actor
from fanops.fans.value import CHANNEL_LABELS
from fanops.intervals import wilson
from fanops.themes import records
from fanops.themes.records_breakdown import region_names, theme_by_group
from fanops.themes.selection import Selection
from fanops.ui import charts, words
from fanops.ui.refusal import plain
from fanops.ui.tables import tapped_row
from fanops.ui.themes.said_views import said_under

_BY = {"store": "门店", "region": "大区", "level": "分层", "channel": "渠道", "kind": "来源"}
_FILTERS = {"store": "store_id", "region": "region_id"} | {each: each for each in ("level", "channel", "kind")}
_MISSING = {
    "store": "这些原声没有注明门店。", "region": "这些原声没有注明门店，分不出大区。", "level": "这些原声没有对应到粉丝，分不出分层。",
    "channel": "这些原声没有注明渠道。导入时对应“渠道”一列就有了。", "kind": "没有可比的来源。",
}  # fmt: skip


def compare_tab(session: Session, actor: Actor, selection: Selection, theme_id: int) -> None:
    """Show how much of what each group says is this theme."""
    by = st.segmented_control("按什么比", list(_BY), format_func=_BY.get, default="store", key="theme.by") or "store"
    rows = group_rows(session, actor, selection, theme_id, by)
    if rows.empty:
        st.info(_MISSING[by], icon=":material/compare_arrows:")
        return
    label = _BY[by]
    if len(rows) == 1:
        st.info(f"只有一个{label}：{plain(str(rows.iloc[0]['group']))}，没有可比的。", icon=":material/compare_arrows:")
        return
    shares = group_shares(rows).rename(columns={"group": label})
    charts.show(charts.interval_dots(shares, label, "占比", f"占该{label}全部语义单元的比例"), group_headline(rows))
    table = {
        label: shares[label], "粉丝": shares["fans"], "语义单元": shares["units"], f"{label}合计": shares["group_units"],
        "占比": shares["占比"].map(words.share), "其中不满": shares["negative"],
    }  # fmt: skip
    picked = tapped_row(pd.DataFrame(table), f"theme.compare.{theme_id}.{by}")
    if picked is None:
        st.caption("点一行，看那里的原话。")
        return
    group, name, units = (shares[column].tolist()[picked] for column in ("key", label, "units"))
    there = replace(selection, **{_FILTERS[by]: group})
    said_under(session, actor, there, theme_id, str(name), units, f"theme.compare.{theme_id}.{by}.{group}")


def group_rows(session: Session, actor: Actor, selection: Selection, theme_id: int, by: str) -> pd.DataFrame:
    """Give rows of ``theme_by_group`` (or of stores) with the words of the groups; ``key`` is what a filter takes for one."""
    if by == "store":
        stores = records.theme_by_store(session, actor, selection, theme_id)
        return stores.rename(columns={"store": "group", "store_id": "key", "store_units": "group_units"})
    rows = theme_by_group(session, actor, selection, theme_id, by)
    names = {"level": words.LEVEL_LABELS, "kind": words.KIND_LABELS, "channel": CHANNEL_LABELS}
    named = names[by] if by in names else region_names(session, actor)
    return rows.assign(key=rows["group"], group=[named.get(each, each) for each in rows["group"]])


def group_shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Give each group's share of units on this theme with its Wilson interval, largest first."""
    low, high = wilson(rows["units"].to_numpy(), rows["group_units"].to_numpy())
    shares = rows.assign(占比=rows["units"] / rows["group_units"], low=low, high=high)
    return shares.sort_values("占比", ascending=False, ignore_index=True)


def group_headline(rows: pd.DataFrame) -> str:
    """Say the finding: who says it most, and whether that is more than chance when set against the one that says it least."""
    shares = group_shares(rows)
    top, last = shares.iloc[0], shares.iloc[-1]
    said = f"{top['group']}最多：每百句里 {top['占比'] * 100:.1f} 句（{words.base_note(int(top['group_units']))}）"
    if top["low"] <= last["high"]:
        said += "，和最少的区间相交，差别不明显"
    return said
