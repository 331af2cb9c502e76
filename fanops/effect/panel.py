"""A panel: one value per store and period, and when each store started; read from a table with every problem named."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fanops.errors import InvalidInput, Problem

_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})\Z", re.I)
_MONTH = re.compile(r"(\d{4})[-/](\d{1,2})\Z")
_MOST_SHOWN = 50


@dataclass(frozen=True)
class Panel:
    """面板.

    Attributes:
        units: Names of the n stores.
        periods: Labels of the t periods, in order.
        values: Shape (n, t), NaN where missing.
        start: Index of each store's first treated period, t for never treated; shape (n,).
    """

    units: tuple[str, ...]
    periods: tuple[str, ...]
    values: NDArray[np.float64]
    start: NDArray[np.int64]

    @property
    def n_periods(self) -> int:
        """Number of periods."""
        return len(self.periods)


def time_key(text: str) -> float:
    """Bring a period to a number that sorts: whole numbers, ISO dates, ISO weeks (2026-W05) and months (2026-05).

    Raises:
        ValueError: None of these.
    """
    text = str(text).strip()
    if match := _WEEK.match(text):
        return pd.Timestamp.fromisocalendar(int(match[1]), int(match[2]), 1).toordinal()
    if match := _MONTH.match(text):
        return pd.Timestamp(int(match[1]), int(match[2]), 1).toordinal()
    try:
        return float(text)
    except ValueError:
        return float(pd.Timestamp(text).toordinal())


def read_panel(frame: pd.DataFrame, unit: str, time: str, value: str, treated_from: str) -> Panel:
    """Read a panel from a long table.

    Args:
        frame: One row per store and period.
        unit: Column of the store.
        time: Column of the period.
        value: Column of the value.
        treated_from: Column of the store's first treated period; empty means never treated.

    Raises:
        InvalidInput: With every row that is wrong.
    """
    missing = [name for name in (unit, time, value, treated_from) if name not in frame.columns]
    if missing:
        have = "、".join(map(str, frame.columns[:30]))
        raise InvalidInput(f"文件里没有“{'”“'.join(missing)}”这一列。", f"现有的列：{have}")
    problems: list[Problem] = []
    rows: list[tuple[str, float, float, float]] = []
    labels: dict[float, str] = {}
    for place, (store, when, amount, begin) in enumerate(
        zip(frame[unit], frame[time], frame[value], frame[treated_from], strict=True), start=2
    ):
        store = _text(store)
        moment, number = _read(time_key, when), _read(_number, amount)
        first = np.inf if _text(begin) == "" else _read(time_key, begin)
        if not store:
            problems.append(Problem("门店不能空着", row=place, column=unit))
        if moment is None:
            problems.append(Problem("时间看不懂，请用整数、日期、2026-W05 或 2026-05", place, time, _text(when)[:30]))
        if number is None:
            problems.append(Problem("不是数字", place, value, _text(amount)[:30]))
        if first is None:
            problems.append(Problem("上线时间看不懂", place, treated_from, _text(begin)[:30]))
        if store and moment is not None and number is not None and first is not None:
            labels.setdefault(moment, _text(when))
            rows.append((store, moment, number, first))
    problems += _contradictions(rows, unit, treated_from, labels)
    if problems:
        raise InvalidInput(f"文件里有 {len(problems)} 处问题。", "请按行号改好后再来一次。", problems[:_MOST_SHOWN])
    if not rows:
        raise InvalidInput("文件里没有数据行。", "第一行是列名，下面每行一家门店一个时间段。")
    return _build(rows, labels)


def _text(value: object) -> str:
    return "" if value is None or value != value else str(value).strip()


def _read(reader, value: object) -> float | None:
    try:
        return reader(_text(value))
    except (ValueError, OverflowError):
        return None


def _number(text: str) -> float:
    if text == "" or text.lower() in ("na", "nan", "null"):
        return float("nan")
    number = float(text.replace(",", "").lstrip("¥￥"))
    if not np.isfinite(number):
        raise ValueError(text)
    return number


def _contradictions(rows, unit: str, treated_from: str, labels) -> list[Problem]:
    problems = []
    starts: dict[str, float] = {}
    seen: set[tuple[str, float]] = set()
    for store, moment, _, first in rows:
        if starts.setdefault(store, first) != first:
            problems.append(Problem(f"门店“{store}”有两个不同的上线时间", column=treated_from))
            starts[store] = first
        if (store, moment) in seen:
            problems.append(Problem(f"门店“{store}”在 {labels[moment]} 有两行", column=unit))
        seen.add((store, moment))
    return list(dict.fromkeys(problems))


def _build(rows, labels: dict[float, str]) -> Panel:
    units = sorted({row[0] for row in rows})
    times = sorted(labels)
    place, column = {name: i for i, name in enumerate(units)}, {moment: j for j, moment in enumerate(times)}
    values = np.full((len(units), len(times)), np.nan)
    start = np.full(len(units), len(times), dtype=np.int64)
    for store, moment, number, first in rows:
        values[place[store], column[moment]] = number
        start[place[store]] = np.searchsorted(times, first)
    return Panel(tuple(units), tuple(labels[moment] for moment in times), values, start)
