"""The verdict in words, by a rule that is written down."""

from __future__ import annotations

from fanops.effect.did import Effect

WORKED, FAILED, NOT_SHOWN, TOO_LITTLE = "有效", "无效", "未显示效果", "数据不足"
PRE_TREND_ALPHA = 0.01


def verdict(
    effect: Effect, *, higher_is_better: bool = True, smallest_share: float = 0.0, pass_share: float = 0.0
) -> str:
    """Say what the numbers say.

    有效: the whole interval lies on the good side of 0, and the estimate reaches the pass line.
    无效: the interval excludes the smallest effect worth having, or lies wholly on the bad side.
    未显示效果: neither.

    Args:
        effect: The computed effect.
        higher_is_better: Whether more of the metric is good.
        smallest_share: Smallest relative effect worth having, above 0; 0 skips that part of the rule.
        pass_share: Pass line fixed beforehand, relative; 0 when none.
    """
    low, high, point = effect.low_share, effect.high_share, effect.estimate_share
    if not higher_is_better:
        low, high, point = -high, -low, -point
    if low > 0 and point >= pass_share:
        return WORKED
    if high < 0 or (smallest_share > 0 and high < smallest_share):
        return FAILED
    return NOT_SHOWN
