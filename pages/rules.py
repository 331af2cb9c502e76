"""按什么规则: what happens by itself (with a dry run), what makes a level, RFM, stages of life, the activity index."""

import streamlit as st

from fanops.fans import records_rules as records
from fanops.ui.done import show_done
from fanops.ui.fans import level_views, rule_views
from fanops.ui.guard import need, page_database

actor = need(*records.RUNNERS)
st.title("什么情况下做什么，怎么给粉丝分层")
show_done()
with page_database().read() as session:
    numbers = records.numbers_of(session, actor)
    rules = records.known_rules(session, actor)
act, levels, life, active = st.tabs(["自动规则", "分层与 RFM", "生命周期", "活跃指数"])
with act:
    st.caption(
        "一条规则：什么样的粉丝，自动生成服务卡、问卷邀请或标签。先试算，看会做给谁，再执行；同一位粉丝不会重复。"
    )
    for rule in rules:
        rule_views.rule_card(actor, rule)
    rule_views.new_rule(actor)
    rule_views.numbers_form(actor, numbers)
with levels:
    level_views.levels(actor)
    st.subheader("RFM")
    level_views.rfm(actor)
with life:
    level_views.stages(actor)
with active:
    level_views.activity(actor)
