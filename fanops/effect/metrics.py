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
        least: No value is lower.
        most: No value is higher.
    """

    name: str
    meaning: str
    higher_is_better: bool = True
    needs_theme: bool = False
    least: float = 0.0
    most: float = float("inf")


METRICS = {
    "revenue": Metric("营业额", "每家店每周的订单金额合计（元）"),
    "orders": Metric("订单数", "每家店每周的订单笔数"),
    "repeat_share": Metric("复购率", "当周下单的已识别顾客中，此前 90 天内买过的比例", most=1.0),
    "mention_share": Metric("主题提及率", "当周原声中说到这个主题的比例", False, True, most=1.0),
    "complaint_share": Metric("不满率", "当周原声中带着不满的比例", False, most=1.0),
    "nps": Metric("净推荐值", "当周答卷里打 9–10 分的比例减打 0–6 分的比例，乘 100", least=-100.0, most=100.0),
    "rating": Metric("评分", "当周评价的平均分，按平台给的分"),
}
