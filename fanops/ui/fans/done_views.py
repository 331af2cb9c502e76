"""What was done for fans, on the screen: the rows under 近服务 and 已告知, which 今天 no longer lists."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.fans import records_cards as cards
from fanops.fans import records_tellings
from fanops.ui import words
from fanops.ui.address import asked_id, way_to
from fanops.ui.guard import page_database
from fanops.ui.tables import show_table

SERVED, TOLD = "served", "told"  # in the address, under ``done``
_SHOWN = 200


def done_list(actor: Actor, what: str) -> None:
    """Show the service cards that were done, or who was told, of the store in the address or of all."""
    st.title("做了哪些服务" if what == SERVED else "告诉过谁")
    way_to("today.py", "回到今天", "today.back", icon=":material/arrow_back:")
    store_id = asked_id("store")
    with page_database().read() as session:
        if what == SERVED:
            table = cards.card_table(session, actor, "done", limit=_SHOWN, store_id=store_id)
        else:
            table = records_tellings.telling_table(session, actor, "told", store_id=store_id)
    if table.empty:
        st.info("还没有。做了的服务卡和告知过的粉丝会出现在这里。", icon=":material/done_all:")
        return
    shown = {
        "粉丝": [words.called(name, tail) for name, tail in zip(table["fan"], table["tail"], strict=True)],
        "门店": table["store"].fillna("—"),
    }
    if what == SERVED:
        shown |= {"规则": table["rule"], "做了什么": table["deed"]}
        st.caption(f"做了的服务卡，先列 {_SHOWN} 张。" if len(table) == _SHOWN else f"做了 {len(table)} 张服务卡。")
    else:
        shown |= {"告诉了什么": table["title"], "哪天": table["told_at"].map(words.day)}
        st.caption(f"告诉过 {words.count(table['fan_id'].nunique(), '位粉丝')}，{words.count(len(table), '条告知')}。")
    show_table(pd.DataFrame(shown), hide_index=True, key=f"today.{what}")
