"""给老板的一页: what core fans want, what we did, what it changed, who is silent; on one screen and one sheet."""

import streamlit as st

from fanops.summary.kept_weeks import kept_weeks
from fanops.summary.records_brief import brief
from fanops.ui.guard import need, page_database
from fanops.ui.roles import MANAGERS
from fanops.ui.summary import brief_views as views

PERIODS = {"近 7 天": 7, "近 28 天": 28, "近 90 天": 90}

actor = need(*MANAGERS)
st.title("粉丝要什么，我们做了什么")
with st.container(horizontal=True, vertical_alignment="center"):
    period = st.segmented_control(
        "时间", list(PERIODS), default="近 28 天", key="span", bind="query-params", label_visibility="collapsed"
    )
    days = PERIODS.get(period or "近 28 天", 28)
    st.link_button("下载这一页", f"/print/brief?days={days}&keep=1", icon=":material/download:")
    st.link_button("打印这一页", f"/print/brief?days={days}", icon=":material/print:")
    views.earlier_weeks(kept_weeks(actor))
with page_database().read() as session:
    page = brief(session, actor, days)

views.figures(page)
left, right = st.columns([3, 2], gap="large")
with left:
    views.wants(page)
with right:
    views.did(page)
left, right = st.columns([3, 2], gap="large")
with left:
    views.changed(page)
with right:
    views.silent(page)
