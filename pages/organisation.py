"""有哪些门店: regions, stores and staff, for the administrator."""

import streamlit as st

from fanops.access import Role
from fanops.access.organisation import org_tree, regions_by_name, store_table
from fanops.ui import org_views, words
from fanops.ui.done import show_done
from fanops.ui.guard import need, page_database
from fanops.ui.refusal import plain

actor = need(Role.ADMIN)
with page_database().read() as session:
    stores = store_table(session, actor)
    regions = list(regions_by_name(session, actor))
    brand = org_tree(session, actor)["brand"]

st.title("有哪些门店")
st.caption(f"{plain(brand)} · {words.count(len(regions), '个大区')} · {words.count(len(stores), '家门店')}")
show_done()
if not regions:
    st.info("还没有大区。先添加一个大区，再添加门店。", icon=":material/store:")
    org_views.region_form(actor)
    st.stop()
if stores:
    org_views.stores_table(stores)
new, change, region, staff = st.tabs(["添加门店", "更改门店", "添加大区", "添加员工"])
with new:
    org_views.store_form(actor, regions)
with change:
    org_views.change_form(actor, stores, regions)
with region:
    org_views.region_form(actor)
with staff:
    org_views.staff_form(actor, stores)
