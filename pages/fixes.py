"""哪些事在改: service fixes per store, who has read and done them, what is late."""

import streamlit as st

from fanops.actions import records
from fanops.ui import action_views
from fanops.ui.done import show_done
from fanops.ui.guard import current_actor, page_database

actor = current_actor()
st.title("哪些事在改")
show_done()
with page_database().read() as session:
    fixes = records.fix_table(session, actor)
    stores = records.fix_stores(session, actor)

if fixes.empty:
    st.info("还没有服务改进。到一个主题里，点“开服务改进”。", icon=":material/build:")
    st.page_link("themes.py", label="去看主题", icon=":material/arrow_forward:")
    st.stop()
action_views.fixes_summary(fixes, stores)
if actor.store_id is not None:
    action_views.own_fixes(actor, stores)
else:
    action_views.fix_list(actor, fixes, stores)
