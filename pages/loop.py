"""听到的话走到哪一步了: people along the loop, each store's part, and what stands still."""

import streamlit as st

from fanops.summary import records_loop as loop
from fanops.ui.guard import need, page_database
from fanops.ui.roles import MANAGERS
from fanops.ui.summary import brief_views, overview_views

actor = need(*MANAGERS)
st.title("听到的话走到哪一步了")
days = st.segmented_control("停了多久算卡住", [7, 14, 30], default=14, format_func=lambda n: f"{n} 天", key="stuck",
                            bind="query-params") or 14  # fmt: skip
with page_database().read() as session:
    totals = loop.loop_totals(session, actor)
    stores = loop.seven_links(session, actor)
    actions = loop.actions_of_loop(session, actor)
    stuck = loop.standing_still(session, actor, days)
if not totals["people"].iloc[0]:
    st.info("还没有听到声音。先导入评价，或到“记答卷”“访谈”里收集。", icon=":material/hearing:")
    st.page_link("import_voices.py", label="去导入", icon=":material/arrow_forward:")
    st.stop()

whole, each, still = st.tabs(["总体", "各门店", "卡住的"])
with whole:
    brief_views.loop_funnel(totals)
    brief_views.actions_list(actions, st.query_params.get("of", ""))
with each:
    overview_views.loop_table(stores)
with still:
    brief_views.stuck_list(stuck, days)
