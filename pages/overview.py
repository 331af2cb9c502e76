"""总览: this period in five numbers, what waits for me, how far the loop has come."""

import streamlit as st

from fanops.summary import records as summary
from fanops.summary.records_loop import seven_links
from fanops.summary.records_loop_rows import ROWS
from fanops.summary.records_period import freshness_words, periods
from fanops.ui.guard import current_actor, page_database
from fanops.ui.summary import link_rows_views, overview_views

PERIODS = {"近 7 天": 7, "近 28 天": 28, "近 90 天": 90}

actor = current_actor()
if (link := st.query_params.get("rows")) in ROWS:
    link_rows_views.rows_under(actor, link)
    st.stop()
st.title("这段时间怎么样")
with st.container(horizontal=True, vertical_alignment="bottom"):
    period = st.segmented_control(
        "时间", list(PERIODS), default="近 28 天", key="span", bind="query-params", label_visibility="collapsed"
    )
with page_database().read() as session:
    overview_views.scope_line(session, actor)
    days = PERIODS.get(period or "近 28 天", 28)
    st.caption(freshness_words(periods(session, actor, days)))
    figures = summary.key_figures(session, actor, days)
    waiting = summary.waiting(session, actor)
    loop = seven_links(session, actor)
    verdicts = summary.latest_verdicts(session, actor)

overview_views.figures_row(figures)
left, right = st.columns([2, 3])
with left, page_database().read() as session:
    overview_views.waiting_list(session, actor, waiting, figures)
with right:
    overview_views.heard_most(actor)
overview_views.verdict_list(verdicts)
overview_views.loop_table(loop)
