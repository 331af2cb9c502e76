"""Rows of a file checked and brought to values: what can't be taken is refused by row and column, with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fanops.collect.fields import fields_of, tidy_heading
from fanops.collect.parse_cells import channel_of, is_birthday, parse_fen, parse_moments, parse_scores
from fanops.collect.read_file import SourceTable
from fanops.errors import Problem
from fanops.fans.identity import tidy_column

LONGEST_TEXT = 20_000
LONGEST_CELL = 200
MOST_PROBLEMS = 5_000
_LONGEST = {"number": 60, "name": 40, "source": 40, "level": 20, "birthday": 20}
_EARLIEST = pd.Timestamp("2000-01-01", tz="UTC")
_LARGEST_FEN = 100_000_000
_WHO = ("member", "phone", "openid")
_MEMBER = (*_WHO, "mail")  # not for voices: their fingerprints are made of _WHO
_NUMBERED = ("number", "member", "phone")
_ROUNDED = r"\d(?:\.\d+)?[eE]\+\d{2,}"  # 4.2E+27: many orders, or members, would pass for one
ROUNDED_WHY = "这个号码被 Excel 记成了科学计数，后面的数字丢了。请把这一列设为“文本”，再从原来的系统导出一次"
_LEVELS = {"identified": "identified", "已识别": "identified", "repeat": "repeat", "回头客": "repeat", "fan": "fan",
           "粉丝": "fan", "core": "core", "核心粉丝": "core"}  # fmt: skip


@dataclass(frozen=True)
class StoreBook:
    """The stores an import may name.

    Attributes:
        ids: Store id by tidy name and code.
        default_id: For rows that name none; None leaves them without a store.
        required: Whether every row must belong to a store.
    """

    ids: Mapping[str, int]
    default_id: int | None = None
    required: bool = False

    def find(self, cell: str) -> int:
        """Give the store a cell names: by code, name, name without 店, or the name in brackets; −1 for none."""
        inside = re.search(r"[(（【\[]([^)）】\]]+)[)）】\]]", cell)
        for words in (cell, inside[1] if inside else "", re.sub(r"[(（].*?[)）]", "", cell)):
            tidy = tidy_heading(words) if words else ""
            for form in (tidy, f"{tidy}店", tidy.removesuffix("店")):
                if form and form in self.ids:
                    return self.ids[form]
        return -1


@dataclass(frozen=True)
class CheckedRows:
    """What can be taken of a file.

    Attributes:
        rows: Clean values, one row per row that can be taken; column ``row`` is the row number in the file.
        problems: Reasons of the refused rows, at most ``MOST_PROBLEMS``.
        refused: How many rows were refused.
        notes: What a person should know about the others.
    """

    rows: pd.DataFrame
    problems: tuple[Problem, ...]
    refused: int
    notes: tuple[str, ...] = field(default=())


class _Sieve:
    """筛子: which rows are refused, and why; the first reason only per row and column."""

    # All columns of a row are looked at, so that a person can mend the file in one go.

    def __init__(self, table: SourceTable, mapping: Mapping[str, str]) -> None:
        self.numbers = table.rows.index.to_numpy()
        self.bad = np.zeros(len(self.numbers), dtype=bool)
        self.joined = np.zeros(len(self.numbers), dtype=bool)  # stands in another row: neither kept nor refused
        self.problems: list[Problem] = list(table.problems[:MOST_PROBLEMS])
        self._sheet, self._mapping = table.sheet or None, mapping
        self._said: set[tuple[int, str | None]] = set()

    def refuse(
        self,
        mask: NDArray[np.bool_],
        why: str | Callable[[int], str],
        name: str | None = None,
        cells: pd.Series | None = None,
    ) -> None:
        """Refuse the rows under ``mask``; identifiers are never shown as the offending value."""
        self.bad |= mask
        for place in np.flatnonzero(mask):
            if len(self.problems) >= MOST_PROBLEMS:
                return
            if (place, name) not in self._said:
                self._said.add((place, name))
                value = None
                if cells is not None and name not in (*_MEMBER, "text", "name", "birthday"):
                    value = str(cells.iloc[place]).replace("\x00", "?")[:20] or None
                reason = why(int(place)) if callable(why) else why
                heading = self._mapping.get(name) if name else None
                self.problems.append(Problem(reason, int(self.numbers[place]), heading, value, self._sheet))


def check_rows(
    kind: str, table: SourceTable, mapping: Mapping[str, str], stores: StoreBook, zone: tzinfo, moment: datetime
) -> CheckedRows:
    """Check a file's rows.

    Args:
        kind: ``voices``, ``members`` or ``orders``.
        table: The file.
        mapping: Heading by field name, checked.
        stores: Stores the person may name.
        zone: Time zone of the stores.
        moment: Now; anything later than a day after it lies in the future.
    """
    sieve = _Sieve(table, mapping)
    cells = {}
    for each in fields_of(kind):
        heading = mapping.get(each.name)
        if heading is None:
            cells[each.name] = pd.Series("", index=range(len(table.rows)), dtype="str")
            continue
        column = table.rows[heading].reset_index(drop=True)
        if each.name != "text":
            column = column.str.strip()
        cells[each.name] = column
        _refuse_unstorable(sieve, each.name, column)
        if each.name in _NUMBERED:
            sieve.refuse(column.str.fullmatch(_ROUNDED).to_numpy(), ROUNDED_WHY, each.name)
    clean = pd.DataFrame({"row": sieve.numbers})
    _stores(sieve, clean, cells["store"], stores, kind)
    for who in _MEMBER if kind == "members" else _WHO:
        tidy, wrong = tidy_column(who, cells[who].tolist())
        mask = np.zeros(len(clean), dtype=bool)
        mask[list(wrong)] = True
        sieve.refuse(mask, wrong.__getitem__, who)
        clean[who] = pd.Series(tidy, dtype="str")
    notes = _CHECKS[kind](sieve, clean, cells, zone, moment)
    kept = clean[~(sieve.bad | sieve.joined)].reset_index(drop=True)
    refused = int(sieve.bad.sum()) + len(table.problems)
    return CheckedRows(kept, tuple(sorted(sieve.problems, key=lambda p: p.row or 0)), refused, tuple(notes))


def _refuse_unstorable(sieve: _Sieve, name: str, cells: pd.Series) -> None:
    longest = LONGEST_TEXT if name in ("text", "items") else _LONGEST.get(name, LONGEST_CELL)
    length = cells.str.len().to_numpy()
    sieve.refuse(
        length > longest,
        lambda place: f"太长：{length[place]:,} 个字，最多 {longest:,} 个。可能是引号没有配对",
        name,
    )
    sieve.refuse(cells.str.contains("\x00", regex=False).to_numpy(), "含有无法保存的字符（NUL 或残缺字符）", name)


def _stores(sieve: _Sieve, clean: pd.DataFrame, cells: pd.Series, stores: StoreBook, kind: str) -> None:
    found = {cell: stores.find(cell) for cell in cells.unique()}
    ids = cells.map(found).to_numpy(dtype=np.int64)
    named = (cells != "").to_numpy()
    sieve.refuse(named & (ids < 0), "没有这家门店，或不归您管", "store", cells)
    ids = np.where(named, ids, stores.default_id if stores.default_id is not None else -1)
    if stores.required or kind == "orders":
        sieve.refuse(ids < 0, "没有写门店", "store")
    clean["store_id"] = ids


def _moments(
    sieve: _Sieve, name: str, cells: pd.Series, zone: tzinfo, moment: datetime, *, required: bool
) -> pd.Series:
    values = parse_moments(cells, zone)
    empty = (cells == "").to_numpy()
    if required:
        sieve.refuse(empty, "没有写时间", name)
    sieve.refuse(values.isna().to_numpy() & ~empty, "看不懂这个时间，请写成 2026-11-25 10:08", name, cells)
    sieve.refuse((values > pd.Timestamp(moment + timedelta(days=1))).to_numpy(), "时间在未来", name, cells)
    sieve.refuse((values < _EARLIEST).to_numpy(), "时间太早（2000 年以前）", name, cells)
    return values


def _duplicates(sieve: _Sieve, clean: pd.DataFrame, columns: list[str], why: str, among: NDArray[np.bool_]) -> None:
    alive = clean[~sieve.bad & among]
    firsts = alive.groupby(columns, sort=False, dropna=False)["row"].transform("first")
    repeated = np.zeros(len(clean), dtype=bool)
    again = alive.index[(firsts != alive["row"]).to_numpy()]
    repeated[again] = True
    sieve.refuse(repeated, lambda place: f"与第 {firsts[place]} 行{why}", None)


def _check_voices(
    sieve: _Sieve, clean: pd.DataFrame, cells: Mapping[str, pd.Series], zone: tzinfo, moment: datetime
) -> list[str]:
    text = cells["text"]
    sieve.refuse((text.str.strip() == "").to_numpy(), "内容是空的", "text")
    clean["text"] = text
    clean["time"] = _moments(sieve, "time", cells["time"], zone, moment, required=False)
    clean["score"] = parse_scores(cells["score"])
    unread = (cells["score"] != "").to_numpy() & np.isnan(clean["score"].to_numpy())
    sieve.refuse(unread, "评分不是数字", "score", cells["score"])
    for name in ("source", "number"):
        clean[name] = cells[name]
    clean["channel"] = cells["channel"].map(channel_of)
    # Without time, person or number two people may well have said the same words: those are kept apart by count.
    placed = (cells["time"] != "") | (cells["number"] != "") | (clean[list(_WHO)] != "").any(axis=1)
    columns = ["text", "store_id", *_WHO, "time", "number", "source"]
    _duplicates(sieve, clean, columns, "完全相同", placed.to_numpy())
    lettered = text.str.contains(r"[^\W\d_]", regex=True).to_numpy()
    numbers = int((~sieve.bad & ~lettered).sum())
    notes = []
    if 2 * numbers > int((~sieve.bad).sum()):
        notes.append(f"内容大多是数字（{numbers:,} 行），会当成顾客说的话导入。如果这一列是评分，请给“内容”另选一列。")
    repeats = int(clean.loc[~sieve.bad & ~placed.to_numpy(), ["text", "store_id"]].duplicated().sum())
    if repeats:
        notes.append(f"有 {repeats:,} 行与前面的行文字相同，但没有时间和粉丝可以分辨，都会导入。")
    return notes


def _check_members(
    sieve: _Sieve, clean: pd.DataFrame, cells: Mapping[str, pd.Series], zone: tzinfo, moment: datetime
) -> list[str]:
    sieve.refuse((clean[list(_WHO)] == "").all(axis=1).to_numpy(), "会员号、手机号和 openid 都是空的", None)
    clean["joined"] = _moments(sieve, "joined", cells["joined"], zone, moment, required=False)
    clean["name"], clean["source"] = cells["name"], cells["source"].str.strip()
    clean["birthday"] = cells["birthday"].str.replace(
        r"[ T]\d{1,2}:\d\d.*$", "", regex=True
    )  # a workbook adds 00:00:00
    possible = (
        clean["birthday"].map(lambda cell: is_birthday(cell, moment.astimezone(zone).date())).to_numpy(dtype=bool)
    )
    sieve.refuse(~possible, "没有这一天，生日请写成 1990-05-06 或 05-06", "birthday")
    clean["level"] = cells["level"].str.lower().map(_LEVELS).fillna("")
    foreign = int(((cells["level"] != "") & (clean["level"] == "")).sum())
    for who in _MEMBER:
        _duplicates(sieve, clean, [who], "是同一位会员", (clean[who] != "").to_numpy())
    return [f"有 {foreign:,} 行的等级不是本系统的等级，没有采用；等级会按订单计算。"] if foreign else []


def _check_orders(
    sieve: _Sieve, clean: pd.DataFrame, cells: Mapping[str, pd.Series], zone: tzinfo, moment: datetime
) -> list[str]:
    sieve.refuse((cells["number"] == "").to_numpy(), "没有写订单号", "number")
    clean["number"], clean["items"], clean["source"] = cells["number"], cells["items"], cells["source"]
    clean["time"] = _moments(sieve, "time", cells["time"], zone, moment, required=True)
    fen = parse_fen(cells["amount"])
    sieve.refuse((cells["amount"] == "").to_numpy(), "没有写金额", "amount")
    sieve.refuse(np.isnan(fen), "金额不是数字", "amount", cells["amount"])
    sieve.refuse(np.abs(np.nan_to_num(fen)) > _LARGEST_FEN, "金额太大（超过 100 万元）", "amount", cells["amount"])
    clean["amount_fen"] = np.nan_to_num(fen).astype(np.int64)
    clean["channel"] = cells["channel"].map(channel_of)
    notes = _join_lines(sieve, clean)
    refunds = int((clean["amount_fen"] < 0).sum())
    return [*notes, f"有 {refunds:,} 行金额是负数，按退款导入。"] if refunds else notes


def _join_lines(sieve: _Sieve, clean: pd.DataFrame) -> list[str]:
    """Join the lines of one order (一笔订单几行，每行一件商品): amounts added, items gathered, in the first line's row.

    An order whose lines do not agree on store, time or person, or of which one line can't be taken, is refused whole:
    half of its money would be worse than none.
    """
    order = clean.groupby(["source", "number"], sort=False).ngroup().where(clean["number"] != "", -1)
    several = ((order >= 0) & order.duplicated(keep=False)).to_numpy()
    if not several.any():
        return []
    lines = clean[several].assign(order=order[several], bad=sieve.bad[several])
    first = lines.groupby("order")["row"].transform("first").reindex(clean.index, fill_value=0).astype(int)
    torn = lines.groupby("order")["bad"].transform("any") & ~lines["bad"]
    _refuse_lines(sieve, lines[torn], lambda place: "同一笔订单的另一行不能导入，整笔都没有导入")
    lines = lines[~lines.groupby("order")["bad"].transform("any")]
    known = lines.assign(**{who: lines[who].replace("", None) for who in _WHO}).groupby("order")
    agree = known[["store_id", "time", *_WHO]].transform("nunique").le(1).all(axis=1)
    _refuse_lines(
        sieve,
        lines[~agree],
        lambda place: f"与第 {first[place]} 行的订单号相同，但门店、时间或会员不同，整笔都没有导入",
    )
    lines = lines[agree]
    alike = lines.duplicated(["order", "amount_fen", "items", "channel"])
    _refuse_lines(sieve, lines[alike], lambda place: f"与第 {first[place]} 行是同一笔订单，商品和金额也完全相同")
    lines = lines[~alike]
    lines = lines[lines["order"].duplicated(keep=False)]
    if lines.empty:
        return []
    grouped = lines.groupby("order", sort=False)
    heads = grouped["row"].idxmin()
    clean.loc[heads, "amount_fen"] = grouped["amount_fen"].sum().to_numpy()
    clean.loc[heads, "items"] = grouped["items"].agg(lambda cells: "、".join(cell for cell in cells if cell)).to_numpy()
    for name in (*_WHO, "channel"):
        clean.loc[heads, name] = grouped[name].agg(lambda cells: next(filter(None, cells), "")).to_numpy()
    sieve.joined[lines.index.difference(heads)] = True
    return [
        f"有 {len(lines):,} 行同属 {len(heads):,} 笔订单（每行一件商品），已合并成 {len(heads):,} 笔：金额相加，商品合在一起。"
        "如果金额列是整笔订单的金额，请改选每件商品的金额那一列。"
    ]


def _refuse_lines(sieve: _Sieve, lines: pd.DataFrame, why: Callable[[int], str]) -> None:
    mask = np.zeros(len(sieve.numbers), dtype=bool)
    mask[lines.index.to_numpy()] = True
    sieve.refuse(mask, why)


_CHECKS = {"voices": _check_voices, "members": _check_members, "orders": _check_orders}
