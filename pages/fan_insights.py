"""粉丝在变多还是变少: repeat share over time, cohorts, lifecycle, RFM map, and who is still there, with its calibration."""

import streamlit as st

from fanops.ui.fans import flow_views, value_views
from fanops.ui.fans import insight_views as views
from fanops.ui.guard import need
from fanops.ui.roles import MANAGERS

actor = need(*MANAGERS)
st.title("粉丝在变多还是变少")
orders = views.orders(actor)
if orders.empty:
    st.info("还没有带顾客身份的订单。导入订单后，这里会画出复购、留存和分层。", icon=":material/receipt_long:")
    st.page_link("import_voices.py", label="去导入", icon=":material/arrow_forward:")
    value_views.revenue(actor)  # orders of nobody known are revenue all the same
    st.stop()

SHOWN = {
    "复购率": lambda: views.repeat_share(orders), "留存": lambda: views.retention(orders),
    "生命周期": lambda: views.stages(actor, orders), "谁换了阶段": lambda: flow_views.flow(actor, orders),
    "RFM": lambda: views.rfm(actor, orders), "还会来吗": lambda: views.still_there(orders),
    "门店营业额": lambda: value_views.revenue(actor),
    "渠道与净值": lambda: value_views.channels(actor), "新客来源": lambda: value_views.sources(actor),
}  # fmt: skip
# Only the open one is worked out: together they take seconds.
for tab, show in zip(st.tabs(list(SHOWN), key="see", bind="query-params"), SHOWN.values(), strict=True):
    if tab.open:
        with tab:
            show()
