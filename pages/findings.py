"""什么值得关注: claims that stand out, found by comparison or written by a person; each judged with a reason that stays."""

import streamlit as st

from fanops.access.organisation import brand_choice
from fanops.findings import records
from fanops.findings.priority import Weights
from fanops.ui import words
from fanops.ui.done import show_done
from fanops.ui.guard import need, page_database
from fanops.ui.themes import finding_views

actor = need(*records.JUDGES)
st.title("什么值得关注")
show_done()
with page_database().read() as session:
    weights = brand_choice(session, actor, records.WEIGHTS, Weights())
    table = records.finding_table(session, actor, None, weights)

counts = table["state"].value_counts().to_dict()
st.caption(
    f"比较时间、门店和核心粉丝以后，{words.count(counts.get('open', 0), '条')}等您判断。"
    "只列出不像是碰巧的，每条至少 5 人。",
    help="怎么算的：同时比较许多主题，总有几个碰巧突出；校正以后仍成立的才列出，列出的里面大约二十条有一条是碰巧的。",
)
finding_views.top_bar(actor, weights)
if table.empty:
    finding_views.nothing_yet(actor)
    st.stop()

offered = [state for state in records.STATES if counts.get(state)]
chosen = st.segmented_control(
    "状态", offered, default=offered[0], key="findings.state", label_visibility="collapsed",
    format_func=lambda state: f"{records.STATES[state]} {counts[state]}",
)  # fmt: skip
shown = table[table["state"] == (chosen or offered[0])]
finding_views.finding_list(actor, shown, table, weights)
