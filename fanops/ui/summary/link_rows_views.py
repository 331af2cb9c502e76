"""The rows under a number of the seven links, on the screen: one store, one link."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.summary.records_loop import SEVEN_LINKS
from fanops.summary.records_loop_rows import link_rows
from fanops.ui import words
from fanops.ui.address import asked_id, way_to
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain
from fanops.ui.tables import show_table


def rows_under(actor: Actor, link: str) -> None:
    """Show what the number of a link counts at the store in the address."""
    name, what = SEVEN_LINKS[link]
    store_id = asked_id("store")
    with page_database().read() as session:
        stores = {store.id: store.name for store in visible_stores(session, actor)}
        rows = link_rows(session, actor, link, store_id) if store_id in stores else pd.DataFrame()
    st.title(name)
    way_to("overview.py", "回到总览", "overview.back", icon=":material/arrow_back:")
    if rows.empty:
        st.info("这家门店还没有。做了以后会列在这里。", icon=":material/inbox:")
        return
    st.caption(f"{plain(stores[store_id])} · 多少{what} · {words.count(len(rows), '行')}")
    show_table(_shown(link, rows), hide_index=True, key=f"overview.rows.{link}")


def _shown(link: str, rows: pd.DataFrame) -> pd.DataFrame:
    if "fan" in rows:
        rows = rows.assign(fan=[words.called(fan, tail) for fan, tail in zip(rows["fan"], rows["tail"], strict=True)])
    if "at" in rows:
        rows = rows.assign(at=["—" if pd.isna(at) else words.day(at) for at in rows["at"]])
    if link == "earned":
        rows = rows.assign(value=[words.cny(value * 100) for value in rows["value"]])
    headings = {
        "asked": {"fan": "粉丝", "times": "说了几段", "at": "最近一次"},
        "fixed": {"title": "改进", "state": "状态", "at": "做完", "note": "怎么做的"},
        "built": {"title": "产品改动", "at": "上线"},
        "tried": {"fan": "粉丝", "title": "试了什么", "verdict": "评价", "words": "怎么说"},
        "earned": {"title": "行动", "verdict": "结论", "value": "带来的营业额"},
    }[link]
    return rows[list(headings)].rename(columns=headings)
