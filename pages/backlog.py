"""产品改什么: the backlog with its gates, each item with its evidence, stores, trial and telling."""

import streamlit as st

from fanops.access import Role
from fanops.actions import records_backlog as backlog
from fanops.actions.records_gates import gate_rules
from fanops.ui.actions import action_views, backlog_views
from fanops.ui.address import choice
from fanops.ui.done import show_done
from fanops.ui.guard import need, page_database
from fanops.ui.refusal import refusals

actor = need(Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
st.title("产品改什么")
show_done()
with page_database().read() as session:
    items = backlog.item_table(session, actor)
    rules = gate_rules(session, actor)
if items.empty:
    st.info("还没有需求条目。到一个主题里，点“开需求条目”。", icon=":material/checklist:")
    st.page_link("themes.py", label="去看主题", icon=":material/arrow_forward:")
    st.stop()
names = dict(zip(items["item_id"].astype(int), items["title"], strict=True))
if "item.opened" in st.session_state:  # a card of the board, which is drawn above the box it sets
    st.session_state["item"] = st.session_state.pop("item.opened")
by_stage, as_table, by_store = st.tabs(["看板", "表格", "各门店"])
chosen = choice("看哪一条", list(names), "item", names.get)
with by_stage:
    opened = backlog_views.item_board(actor, items, rules, chosen)
    if opened and opened != chosen:
        st.session_state["item.opened"] = opened
        st.rerun()
with as_table:
    backlog_views.item_table(items)
    st.link_button("导出 Excel（带依据）", "/export/backlog", icon=":material/download:")
with by_store:
    backlog_views.store_states(actor, items)
row = items[items["item_id"] == chosen].iloc[0]
with refusals():
    with st.container():  # one place, whatever the gate lacks: the tabs below keep the one that is open
        backlog_views.gate(actor, row, rules)
    evidence, rollout, trial, same = st.tabs(["依据", "门店铺开", "粉丝试用", "重复"])
    with evidence:
        action_views.evidence_list(actor, item_id=int(chosen))
    with rollout:
        backlog_views.rollout(actor, int(chosen))
    with trial:
        backlog_views.trial(actor, int(chosen))
    with same:
        backlog_views.duplicates(actor, int(chosen))
backlog_views.gate_form(actor, rules)
