"""哪些事在改: service fixes per store, who has read and done them, what is late."""

import streamlit as st

from fanops.actions import records_areas, records_fixes
from fanops.actions.records import MANAGERS
from fanops.ui.actions import fix_views
from fanops.ui.done import show_done
from fanops.ui.guard import current_actor, page_database

actor = current_actor()
st.title("哪些事在改")
show_done()
with page_database().read() as session:
    fixes = records_fixes.fix_table(session, actor)
    stores = records_fixes.fix_stores(session, actor)
    area_names = records_areas.areas(session, actor)

chosen = st.query_params.get("fix", "")
fix = fixes[fixes["fix_id"].astype(str) == chosen]
if actor.store_id is None and len(fix):
    fix_views.one_fix(actor, fix.iloc[0], stores[stores["fix_id"] == fix.iloc[0]["fix_id"]], area_names)
    st.stop()
fix_views.send_checklist(actor)
if fixes.empty:
    way = (
        "到一个主题里点“开服务改进”，或在这里发一张检查清单。"
        if actor.role in MANAGERS
        else "店长和总部开了改进，会列在这里。"
    )
    st.info(f"还没有服务改进。{way}", icon=":material/build:")
    st.page_link("themes.py", label="去看主题", icon=":material/arrow_forward:")
    st.stop()
fix_views.summary(fixes, stores)
if actor.store_id is not None:
    fix_views.own_fixes(actor, stores)
else:
    fix_views.fix_list(fixes, stores)
fix_views.areas_form(actor, area_names)
