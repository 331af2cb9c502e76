"""按什么规则: when staff are reminded (with a dry run), what makes a level, RFM, stages of life, the activity index."""

import streamlit as st

from fanops.fans import records_rules as records
from fanops.ui.done import show_done
from fanops.ui.fans import level_views, rule_views
from fanops.ui.guard import need, page_database

actor = need(*records.RUNNERS)
st.title("什么情况下提醒店员，怎么给粉丝分层")
show_done()
with page_database().read() as session:
    numbers = records.numbers_of(session, actor)
remind, levels, life, active = st.tabs(["提醒店员", "分层与 RFM", "生命周期", "活跃指数"])
with remind:
    st.caption("规则给门店生成服务卡，出现在“今天”。先试算，看会提醒谁，再执行；同一位粉丝不会重复。")
    for code in records.RULES:
        rule_views.rule_card(actor, code, numbers)
    rule_views.numbers_form(actor, numbers)
with levels:
    level_views.levels(actor)
    st.subheader("RFM")
    level_views.rfm(actor)
with life:
    level_views.stages(actor)
with active:
    level_views.activity(actor)
