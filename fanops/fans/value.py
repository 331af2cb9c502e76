"""Where orders and new customers come from: channels, the brand's net value, sources; pure."""

from __future__ import annotations

import pandas as pd

CHANNEL_LABELS = {"store": "到店", "miniapp": "小程序", "delivery": "外卖平台", "mall": "商场", "group": "企业团购"}
BORROWED = ("delivery", "mall")  # traffic that belongs to somebody else
REFERRED = "粉丝推荐"
NET_VALUE_WORDS = "品牌净值：不靠外卖平台、也不靠商场带来的订单金额；占比的分母是同一家店同一个月的全部订单金额。"
SOURCE_WORDS = "新客：这个月第一次下单的顾客；有推荐记录的算“粉丝推荐”，其余按第一次登记时的来源。"


def net_value(sums: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Give the net value of the brand: what came by neither delivery platform nor mall.

    Args:
        sums: Rows with the columns ``by`` and ``channel, orders, amount_fen``.
        by: What is grouped by, for example ``["month", "store"]``.

    Returns:
        Rows ``by…, orders, amount_fen, net_orders, net_fen, share`` (net of all amount, 0–1; NaN where nothing was sold).
    """
    own = sums[~sums["channel"].isin(BORROWED)].groupby(by)[["orders", "amount_fen"]].sum()
    whole = sums.groupby(by)[["orders", "amount_fen"]].sum()
    found = whole.join(own.rename(columns={"orders": "net_orders", "amount_fen": "net_fen"}))
    found = found.fillna({"net_orders": 0, "net_fen": 0}).astype({"net_orders": "int64", "net_fen": "int64"})
    found["share"] = found["net_fen"] / found["amount_fen"].where(found["amount_fen"] > 0)
    return found.reset_index()


def channel_name(channel: str) -> str:
    """Give a channel's word on the screen; one that the import did not know keeps its own."""
    return CHANNEL_LABELS.get(channel, channel or "未注明")
