"""粉丝在变多还是变少: repeat share over time, cohorts, lifecycle, RFM map, and who is still there, with its calibration."""

import streamlit as st

from fanops.ui import flow_views, value_views
from fanops.ui import insight_views as views
from fanops.ui.guard import need
from fanops.ui.roles import MANAGERS

actor = need(*MANAGERS)
st.title("粉丝在变多还是变少")
orders = views.orders(actor)
if orders.empty:
    st.info("还没有带顾客身份的订单。导入订单后，这里会画出复购、留存和分层。", icon=":material/receipt_long:")
    st.page_link("import_voices.py", label="去导入", icon=":material/arrow_forward:")
    st.stop()

repeat, kept, stage, moved, value, alive, channel, source = st.tabs(
    ["复购率", "留存", "生命周期", "谁换了阶段", "RFM", "还会来吗", "渠道与净值", "新客来源"]
)
with repeat:
    views.repeat_share(orders)
with kept:
    views.retention(orders)
with stage:
    views.stages(actor, orders)
with moved:
    flow_views.flow(actor, orders)
with value:
    views.rfm(actor, orders)
with alive:
    views.still_there(orders)
with channel:
    value_views.channels(actor)
with source:
    value_views.sources(actor)
