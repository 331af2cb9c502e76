"""谁跟进哪些粉丝: shared out evenly, handed over when somebody leaves, followed up with a base."""

import streamlit as st

from fanops.fans import assign_owners as owners
from fanops.ui import allocation_views as views
from fanops.ui.done import show_done
from fanops.ui.guard import need, page_database

actor = need(*owners.ALLOCATORS)
st.title("谁跟进哪些粉丝")
show_done()
with page_database().read() as session:
    figures = owners.staff_figures(session, actor)
if figures.empty:
    st.info("还没有门店员工。用命令 fanops org add-staff 添加后，这里可以分粉丝。", icon=":material/badge:")
    st.stop()
share, done = st.tabs(["分配", "跟进情况"])
with share:
    views.share(actor, figures)
with done:
    views.follow_up(figures)
