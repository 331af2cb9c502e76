"""Cells of text into values: moments in the stores' time zone, amounts in fen, scores, channels, items."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, tzinfo
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

CHANNELS = {  # the first that fits: 小程序自提 was ordered through the mini programme, 商场小程序 came by the mall
    "mall": ("商场", "购物中心", "mall"),
    "miniapp": ("小程序", "微信", "app", "线上", "miniapp", "miniprogram"),
    "delivery": ("外卖", "外送", "配送", "美团", "饿了么", "京东", "delivery", "takeout", "waimai"),
    "group": ("企业团购", "企业采购", "集采", "大客户", "团餐", "corporate"),
    "store": ("堂食", "到店", "门店", "店内", "自取", "自提", "pos", "store", "dinein", "线下"),
}
_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S.%f", "%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S",
    "%m-%d-%Y %H:%M:%S", "%m-%d-%Y %H:%M", "%m-%d-%Y", "%Y-%m-%d %H", "%Y-%m",
)  # fmt: skip
_OFFSET = r"(?:Z|[+-]\d{2}:?\d{2})$"
_EXCEL_EPOCH = pd.Timestamp("1899-12-30")
_AMOUNT = re.compile(r"(-?)[¥￥$]?\s*(-?)(\d{1,9}(?:\.\d{1,4})?|\.\d{1,2})\s*(?:元|rmb|cny)?", re.I)
_QUANTITY = re.compile(
    r"(.+?)\s*(?:[x×*＊X]\s*(\d{1,3})|[(（]\s*(\d{1,3})\s*(?:杯|份|个|件)?\s*[)）]|(\d{1,2})\s*[杯份])$"
)
_ITEM_MARKS = re.compile(r"[,，;；、/|\n+＋]+")
_LONGEST_ITEM = 80


def parse_moments(cells: pd.Series, zone: tzinfo) -> pd.Series:
    """Read dates and times as people and tills write them.

    2026-11-25 10:08, 2026/11/25, 2026年11月25日 10时08分, 20261125, 11/25/2026, Excel day numbers, Unix seconds and
    milliseconds, ISO with an offset. Without an offset they are in ``zone``.

    Returns:
        UTC moments; NaT where empty or not understood.
    """
    codes, unique = pd.factorize(cells)
    parsed = _parse_unique(pd.Series([_tidy_moment(cell) for cell in unique], dtype="str"), zone)
    return parsed.take(codes).set_axis(cells.index)


_STEPS = (
    (re.compile(r"(\d)[年月/.](?=\d{1,4}(?:\D|$))"), r"\1-"),
    (re.compile(r"[日号T](?=\d)|日|号"), " "),
    (re.compile(r"[时点](?=\d)|分(?=\d)"), ":"),
    (re.compile(r"(?:星期|周)[一二三四五六天]|[时分秒点年月]"), " "),
    (re.compile(r"\s+"), " "),
)


_USUAL = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?")


def _tidy_moment(cell: str) -> str:
    if _USUAL.fullmatch(cell):
        return cell
    text = unicodedata.normalize("NFKC", cell).strip()
    day, mark, _rest = text.partition(" ")
    if not mark and "." in day and ":" not in day and day.count(".") == 1:
        return text  # an Excel day number
    for pattern, instead in _STEPS:
        text = pattern.sub(instead, text)
    return text.strip()


def _parse_unique(text: pd.Series, zone: tzinfo) -> pd.Series:
    offset = text.str.contains(_OFFSET, regex=True) & text.str.contains(":")
    result = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us, UTC]")
    if offset.any():
        result[offset] = pd.to_datetime(text[offset], errors="coerce", utc=True, format="ISO8601").astype(
            "datetime64[us, UTC]"
        )
    naive = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")
    for form in _FORMATS:
        waiting = naive.isna() & ~offset & (text != "")
        if form in ("%Y%m%d", "%Y%m%d%H%M%S"):
            waiting &= text.str.fullmatch(r"(?:19|20)\d{6}(?:\d{6})?")
        if waiting.any():
            naive[waiting] = pd.to_datetime(text[waiting], format=form, errors="coerce").astype("datetime64[us]")
    waiting = naive.isna() & ~offset
    numbers = pd.to_numeric(text.where(waiting & text.str.fullmatch(r"\d{5}(?:\.\d+)?|\d{10}|\d{13}")), errors="coerce")
    days = numbers.between(20_000, 80_000)
    if days.any():
        spans = pd.to_timedelta((numbers[days] * 86_400).round(), unit="s")
        naive[days] = (_EXCEL_EPOCH + spans).astype("datetime64[us]")
    local = naive.dt.tz_localize(zone, ambiguous=True, nonexistent="shift_forward").dt.tz_convert("UTC")
    result = result.where(offset, local)
    seconds = numbers.where(numbers < 1e11, numbers / 1000).where(numbers >= 1e9)
    if seconds.notna().any():
        stamps = pd.to_datetime(seconds, unit="s", utc=True, errors="coerce").astype("datetime64[us, UTC]")
        result = result.where(seconds.isna(), stamps)
    return result


def parse_fen(cells: pd.Series) -> NDArray[np.float64]:
    """Read amounts as whole fen (¥1,234.50 → 123450); NaN where empty or no amount."""
    known: dict[str, float] = {}
    for cell in cells.unique():
        match = _AMOUNT.fullmatch(unicodedata.normalize("NFKC", cell).replace(",", "").strip())
        sign = -1 if match and (match[1] or match[2]) else 1
        known[cell] = sign * round(float(match[3]) * 100) if match else np.nan
    return cells.map(known).to_numpy(dtype=float)


def parse_scores(cells: pd.Series) -> NDArray[np.float64]:
    """Read ratings as given (4, 4.5分, 5星, ★★★★☆); NaN where there is none."""
    return cells.map({cell: _score(cell) for cell in cells.unique()}).to_numpy(dtype=float)


def _score(cell: str) -> float:
    cell = unicodedata.normalize("NFKC", cell).strip()
    if "★" in cell:
        return float(cell.count("★"))
    match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?)\s*(?:分|星|/\s*\d+|star|stars)?", cell, re.I)
    return float(match[1]) if match else np.nan


@lru_cache(maxsize=4_096)
def channel_of(cell: str) -> str:
    """Give the channel a cell names: ``store``, ``delivery``, ``miniapp``, ``mall``, ``group``, or its own words."""
    bare = re.sub(r"\W", "", cell).lower()
    for channel, words in CHANNELS.items():
        if bare == channel or any(word in bare for word in words):
            return channel
    return cell.strip()[:20]


@lru_cache(maxsize=100_000)
def items_of(cell: str) -> tuple[tuple[str, int], ...]:
    """Read what was bought (芋泥波波×2、四季春茶) as names with quantities."""
    counted: dict[str, int] = {}
    for part in _ITEM_MARKS.split(cell):
        part = part.strip()
        if not part:
            continue
        match = _QUANTITY.fullmatch(part)
        name = (match[1] if match else part).strip()[:_LONGEST_ITEM]
        quantity = next((int(group) for group in match.groups()[1:] if group), 1) if match else 1
        if name:
            counted[name] = counted.get(name, 0) + max(1, quantity)
    return tuple(counted.items())


def is_birthday(cell: str, today: date) -> bool:
    """Say whether a birthday can be: a day that there was (1990-05-06, 5月6日, 19900506), or words that name no day."""
    parts = re.findall(r"\d+", unicodedata.normalize("NFKC", cell))
    if len(parts) == 1 and len(parts[0]) == 8:
        parts = [parts[0][:4], parts[0][4:6], parts[0][6:]]
    numbers = [int(part) for part in parts if len(part) <= 4]
    if len(parts) == 2 and len(parts[0]) <= 2 and len(parts[1]) <= 2:
        return _is_day(2000, *numbers, date.max)  # without a year a 29th of February may be meant
    if len(parts) == 3 and len(numbers) == 3:
        if len(parts[2]) == 4:
            first, second, year = numbers
            return _is_day(year, first, second, today) or _is_day(year, second, first, today)
        return _is_day(*numbers, today)
    return True


def _is_day(year: int, month: int, day: int, last: date) -> bool:
    try:
        return date(year if year > 99 else 2000, month, day) <= max(last, date(2000, 12, 31))
    except ValueError:
        return False
