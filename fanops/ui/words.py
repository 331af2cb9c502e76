"""How numbers, dates and states are written on the screen."""

from __future__ import annotations

import math
from datetime import date, datetime
from zoneinfo import ZoneInfo

from fanops.fans.levels import LEVEL_LABELS as LEVEL_LABELS
from fanops.settings import settings, today

SMALL_BASE = 30
_WEEKDAYS = "一二三四五六日"

POLARITY_LABELS = {1: "满意", 0: "中性", -1: "不满", None: "未判断"}
KIND_LABELS = {"review": "评价", "survey": "问卷", "interview": "访谈", "ticket": "工单"}
STORE_KIND_LABELS = {"direct": "直营", "franchise": "加盟"}


def day(moment: datetime | date | None, zone: ZoneInfo | None = None) -> str:
    """Write a day as 11月22日 周日, with the year when it is not this one; 日期不详 for None."""
    if moment is None or moment != moment:
        return "日期不详"
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        moment = moment.astimezone(zone or settings().zone)
    year = f"{moment.year}年" if moment.year != today().year else ""
    return f"{year}{moment.month}月{moment.day}日 周{_WEEKDAYS[moment.weekday()]}"


def called(name: str | None, tail: str = "") -> str:
    """Write who a fan is, people of one name told apart by their phone's last digits: 石** 尾号 8000."""
    return (name or "未留姓名") + (f" 尾号 {tail}" if tail else "")


def minute(moment: datetime | None) -> str:
    """Write a moment as 11月22日 周日 14:05 in the stores' time zone."""
    return "—" if moment is None else f"{day(moment)} {moment.astimezone(settings().zone):%H:%M}"


def share(value: float | None, digits: int = 1) -> str:
    """Write a share (0–1) as 38.2%; — for None or NaN (an empty denominator)."""
    return "—" if value is None or math.isnan(value) else f"{value * 100:.{digits}f}%"


def signed_share(value: float | None, digits: int = 1) -> str:
    """Write a change of a share or a relative change with its sign: +5.0%."""
    return "—" if value is None or math.isnan(value) else f"{value * 100:+.{digits}f}%"


def cny(fen: float | None, digits: int = 0) -> str:
    """Write an amount in fen as ¥12,480."""
    return "—" if fen is None or math.isnan(fen) else f"¥{fen / 100:,.{digits}f}"


def count(number: float, unit: str = "") -> str:
    """Write a count with thousands marks and its unit: 3,000 位."""
    return f"{int(number):,} {unit}".rstrip()


def base_note(base: int) -> str:
    """Say the base, and that it is too small where it is."""
    return f"n={base:,}" if base >= SMALL_BASE else f"样本不足（n={base}）"
