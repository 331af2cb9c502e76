"""What an effect may be measured in: the metric dictionary of effects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One metric per store and week.

    Attributes:
        name: Word on the screen.
        meaning: What is counted, of what.
        higher_is_better: Whether more of it is good.
        needs_theme: Whether it is about one theme.
    """

    name: str
    meaning: str
    higher_is_better: bool = True
    needs_theme: bool = False


METRICS = {
    "revenue": Metric("营业额", "每家店每周的订单金额合计（元）"),
    "orders": Metric("订单数", "每家店每周的订单笔数"),
    "repeat_share": Metric("复购率", "当周下单的已识别顾客中，此前 90 天内买过的比例"),
    "mention_share": Metric("主题提及率", "当周原声中说到这个主题的比例", False, True),
    "complaint_share": Metric("不满率", "当周原声中带着不满的比例", False),
    "nps": Metric("净推荐值", "当周答卷里打 9–10 分的比例减打 0–6 分的比例，乘 100"),
    "rating": Metric("评分", "当周评价的平均分，按平台给的分"),
}
