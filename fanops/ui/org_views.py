"""Regions, stores and staff on the screen: added, and a store changed or closed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.access import organisation as org
from fanops.ui import words
from fanops.ui.done import deeds_done, said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table

_KINDS = list(org.STORE_KINDS)


def stores_table(stores: list[dict[str, Any]]) -> None:
    """Show the stores, by region."""
    shown = [
        {"编号": row["code"], "门店": row["name"], "大区": row["region"], "类型": org.STORE_KINDS[row["kind"]], "城市": row["city"],
         "员工": row["staff"], "状态": f"{words.day(row['closed_on'])}关店" if row["closed_on"] else "营业"}
        for row in stores
    ]  # fmt: skip
    show_table(pd.DataFrame(shown), hide_index=True, key="org.stores")


def region_form(actor: Actor) -> None:
    """Add a region."""
    with st.form(f"org.region.{deeds_done()}"):  # a new form after a deed: empty again
        name = st.text_input("大区名称", placeholder="例如：华东", max_chars=80)
        if st.form_submit_button("添加大区", type="primary"):
            with refusals():
                with page_database().write() as session:
                    added = org.add_region(session, actor, name).name
                said_done(f"已添加大区 {added}。")
                st.rerun()


def store_form(actor: Actor, regions: list[str]) -> None:
    """Add a store."""
    with st.form(f"org.store.{deeds_done()}"):
        code = st.text_input("门店编号", placeholder="收银系统里的编号，例如 S01", max_chars=40)
        name, region, kind, city = _about(regions, {"name": "", "region": None, "kind": "direct", "city": ""})
        if st.form_submit_button("添加门店", type="primary"):
            with refusals():
                with page_database().write() as session:
                    added = org.add_store(
                        session, actor, code=code, name=name, region=region or "", kind=kind, city=city
                    ).name
                said_done(f"已添加门店 {added}。")
                st.rerun()


def change_form(actor: Actor, stores: list[dict[str, Any]], regions: list[str]) -> None:
    """Change one store, or note that it has closed."""
    by_id = {row["store_id"]: row for row in stores}
    chosen = st.selectbox("哪家门店", list(by_id), index=None, format_func=lambda key: f"{by_id[key]['code']} {by_id[key]['name']}",
                          placeholder="请选择", key="org.change.store")  # fmt: skip
    if chosen is None:
        return
    row = by_id[chosen]
    with st.form(f"org.change.{chosen}.{deeds_done()}"):
        name, region, kind, city = _about(regions, row)
        closed = st.checkbox(
            "已经关店", value=row["closed_on"] is not None, help="资料都留着；不再算作没有声音的门店。"
        )
        if st.form_submit_button("保存更改"):
            with refusals():
                with page_database().write() as session:
                    org.change_store(
                        session, actor, chosen, name=name, region=region or "", kind=kind, city=city, closed=closed
                    )
                said_done(f"门店 {row['code']} 已更改。", lambda: _back(actor, row))
                st.rerun()


def _back(actor: Actor, row: dict[str, Any]) -> None:
    about = {key: row[key] for key in ("name", "region", "kind", "city")}
    with page_database().write() as session:
        org.change_store(session, actor, row["store_id"], **about, closed=row["closed_on"] is not None)


def _about(regions: list[str], now_so: dict[str, Any]) -> tuple[str, str | None, str, str]:
    name = st.text_input("门店名称", value=now_so["name"], max_chars=80)
    at = regions.index(now_so["region"]) if now_so["region"] in regions else None
    region = st.selectbox("大区", regions, index=at, placeholder="请选择")
    kind = st.selectbox(
        "类型", _KINDS, index=_KINDS.index(now_so["kind"]), format_func=org.STORE_KINDS.get, placeholder="请选择"
    )
    city = st.text_input("城市（可不填）", value=now_so["city"], max_chars=40)
    return name, region, kind, city


def staff_form(actor: Actor, stores: list[dict[str, Any]]) -> None:
    """Add a staff member."""
    names = {row["code"]: row["name"] for row in stores if row["closed_on"] is None}
    with st.form(f"org.staff.{deeds_done()}"):
        code = st.text_input("员工编号", placeholder="例如 E01", max_chars=40)
        name = st.text_input("姓名", max_chars=40)
        store = st.selectbox("门店", list(names), index=None, format_func=names.get, placeholder="总部或大区的人不用选")
        title = st.text_input("岗位", value="店员", max_chars=20)
        if st.form_submit_button("添加员工", type="primary"):
            with refusals():
                with page_database().write() as session:
                    added = org.add_staff(session, actor, code=code, name=name, store=store, title=title).name
                said_done(f"已添加员工 {plain(added)}。")
                st.rerun()
