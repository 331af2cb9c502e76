"""消息: what leaves the house by itself, where to, and whether it arrived."""

import streamlit as st

from fanops.ui import message_views
from fanops.ui.done import show_done
from fanops.ui.guard import need
from fanops.ui.refusal import refusals
from fanops.ui.roles import HEAD_OFFICE

actor = need(*HEAD_OFFICE)
st.title("消息送到了吗")
st.caption("事情一有进展就告诉外面的看板和门店群；给粉丝的邮件也在这里。不带粉丝的原话、姓名和号码。")
# Not tabs: a notice above them would send a person back to the first one, away from the key that is shown only once.
views = {"记录": message_views.log, "接收地址": message_views.receivers}
view = st.segmented_control(
    "看什么", list(views), default="记录", key="view", bind="query-params", label_visibility="collapsed"
)
show_done()
with refusals():
    views[view or "记录"](actor)
