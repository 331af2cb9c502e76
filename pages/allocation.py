"""谁跟进哪些粉丝: shared out evenly, handed over when somebody leaves, followed up with a base."""

import streamlit as st

from fanops.fans import assign_owners as owners
from fanops.summary.records_staff import staff_ledger
from fanops.ui.address import may_open
from fanops.ui.done import show_done
from fanops.ui.fans import allocation_views as views
from fanops.ui.guard import need, page_database

actor = need(*owners.ALLOCATORS)
st.title("谁跟进哪些粉丝")
show_done()
days = st.segmented_control("看多久", [30, 90, 180], default=90, format_func=lambda n: f"近 {n} 天", key="days",
                            bind="query-params") or 90  # fmt: skip
with page_database().read() as session:
    figures = staff_ledger(session, actor, days)
if figures.empty:
    st.info("还没有门店员工。请管理员在“门店”里添加，这里就可以分粉丝。", icon=":material/badge:")
    if may_open("organisation.py"):
        st.page_link("organisation.py", label="去添加员工", icon=":material/arrow_forward:")
    st.stop()
share, done, where = st.tabs(["分配", "员工", "门店和来源"])
with share:
    views.share(actor, figures)
with done:
    views.follow_up(figures, days)
with where:
    views.follow_up_by(actor, days)
