"""什么情况下提醒店员: rules with a dry run first; run, undo, and run every night."""

import streamlit as st

from fanops.fans import records_rules as records
from fanops.ui import rule_views as views
from fanops.ui.done import show_done
from fanops.ui.guard import need, page_database

actor = need(*records.RUNNERS)
st.title("什么情况下提醒店员")
st.caption("规则给门店生成服务卡，出现在“今天”。先试算，看会提醒谁，再执行；同一位粉丝不会重复。")
show_done()
with page_database().read() as session:
    numbers = records.numbers_of(session, actor)
for code in records.RULES:
    views.rule_card(actor, code, numbers)
views.numbers_form(actor, numbers)
