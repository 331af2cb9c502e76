"""What an effect's pictures and numbers say, in plain Chinese: the finding first, no statistician's words."""

from __future__ import annotations

import pandas as pd

from fanops.ui import words

_TOO_WIDE = 1.0  # of relative change, from one end to the other: whoever reads it knows no more than before


def over_time(times: pd.DataFrame, name: str, pre_trend_p: float | None, against: str = "对照") -> str:
    """Say what the difference from the controls did after the start, and whether there was one before.

    Args:
        times: Rows ``周`` (0: the week of the start)``, 差异``.
        name: Of the metric.
        pre_trend_p: Of the test that both went the same way before; None where there are too few weeks.
        against: What it is compared with.
    """
    after = times.loc[times["周"] >= 0, "差异"]
    if after.empty:
        return f"上线门店的{name}与{against}相比：上线后还没有整周"
    higher = int((after > 0).sum())
    many, side = (higher, "高") if 2 * higher >= len(after) else (len(after) - higher, "低")
    which = "每周都" if many == len(after) else f"有 {many} 周"
    found = f"上线后 {len(after)} 周，上线门店的{name}{which}比{against}{side}"
    if pre_trend_p is None:
        return found
    return found + ("；但上线前就不一样" if pre_trend_p < 0.05 else "；上线前看不出差别")


def among_controls(farther: int, controls: int) -> str:
    """Say how many of the control stores, as if they had started too, changed as much."""
    found = "没有一家变这么多" if not farther else f"有 {farther} 家变得一样多或更多"
    return f"{controls} 家没有上线的门店，假装也上线了：{found}"


def range_words(low: float | None, high: float | None) -> str:
    """Write the interval of a relative change; nothing falls by more than all, and one that says nothing says so."""
    if low is None or high is None or low != low or high != high:
        return "—"
    if high - low >= _TOO_WIDE:
        return "太宽，看不出"
    return f"{words.signed_share(max(low, -1.0))} 到 {words.signed_share(high)}"


def chance_words(p: float) -> str:
    """Write how often chance alone would show as much."""
    return "不到 0.1%" if p < 0.001 else words.share(p)
