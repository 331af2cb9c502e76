"""The product master on the screen: each product with all its names, names that look alike, joined and taken apart."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.fans import records_products as records
from fanops.ui import words
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table


def products(actor: Actor) -> None:
    """List products with what was sold under all their names; join two, take one apart."""
    with page_database().read() as session:
        table = records.product_table(session, actor)
    if table.empty:
        st.info("还没有商品。导入带商品明细的订单后，这里会列出卖过的商品。", icon=":material/local_cafe:")
        return
    names = dict(zip(table["product_id"].astype(int), table["name"], strict=True))
    for product_id, into_id in records.alike_products(table):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"“{plain(names[product_id])}”和“{plain(names[into_id])}”像是同一个商品")
            if st.button(f"并到“{plain(names[into_id])}”", key=f"product.alike.{product_id}.{into_id}"):
                _merge(actor, product_id, into_id, names)
    show_table(
        pd.DataFrame({"商品": table["name"], "也叫": table["aliases"].map("、".join), "卖出（份）": table["quantity"],
                      "订单": table["orders"]}),
        hide_index=True, key="product.table",
    )  # fmt: skip
    st.caption(f"{words.count(len(table), '个商品')}。并过来的名字算在同一个商品里，订单不改；拆开就和原来一样。")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        one = st.selectbox(
            "把", list(names), format_func=names.get, key="product.one", index=None, placeholder="选一个名字"
        )
        into = st.selectbox(
            "并到", list(names), format_func=names.get, key="product.into", index=None, placeholder="选商品"
        )
        if st.button("并过去", key="product.merge", disabled=one is None or into is None):
            _merge(actor, one, into, names)
    aliases = [alias for each in table["aliases"] for alias in each]
    if aliases:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox("拆开", aliases, key="product.alias")
            if st.button("拆开", key="product.part", type="tertiary"):
                with refusals():
                    with page_database().write() as session:
                        into_id = records.remove_alias(session, actor, chosen)
                    said_done(f"“{chosen}”已拆开。", lambda: _alias(actor, into_id, chosen))
                    st.rerun()


def _merge(actor: Actor, product_id: int, into_id: int, names: dict[int, str]) -> None:
    with refusals():
        with page_database().write() as session:
            records.merge_products(session, actor, product_id, into_id)
        said_done(f"“{names[product_id]}”已并到“{names[into_id]}”。", lambda: _part(actor, names[product_id]))
        st.rerun()


def _part(actor: Actor, alias: str) -> None:
    with page_database().write() as session:
        records.remove_alias(session, actor, alias)


def _alias(actor: Actor, product_id: int, alias: str) -> None:
    with page_database().write() as session:
        records.add_alias(session, actor, product_id, alias)
