"""Tables out of the house, as Excel or CSV, in which nothing a fan wrote can become a formula or a link."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"

# What spreadsheets take for the beginning of a formula, half and full width.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_SIGNED = re.compile(
    r"[+-][0-9][0-9 ]{0,30}(?:\.[0-9]{1,10})?"
)  # a phone (+86 138…) or an amount (-18.5) is no formula
_LONGEST_CELL = 32_000
_WIDEST_COLUMN = 60


def harmless(text: str) -> str:
    """Give a cell's text so that no spreadsheet runs it: an apostrophe in front of what would start a formula."""
    if _SIGNED.fullmatch(text):
        return text
    return f"'{text}" if text.lstrip(" \u3000\n").startswith(_FORMULA_STARTS) else text


def write_csv(frame: pd.DataFrame) -> bytes:
    """Write a frame as CSV that Excel opens as UTF-8 (with BOM); the index is left out."""
    safe = frame.copy()
    safe.columns = [harmless(str(name)) for name in frame.columns]
    for position in range(safe.shape[1]):
        column = safe.iloc[:, position]
        if not _is_number(column):
            safe.isetitem(position, column.map(lambda value: harmless(str(value)), na_action="ignore").astype(object))
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def write_xlsx(
    sheets: Mapping[str, pd.DataFrame] | pd.DataFrame, progress: Callable[[float], None] = lambda share: None
) -> bytes:
    """Write frames as an Excel file: numbers as numbers, everything else as text cells.

    Args:
        sheets: Frame per sheet name, or one frame; the index is left out.
        progress: Called with the share done (0–1) while cells are laid out; making the file takes about as long again.
    """
    import xlsxwriter

    if not isinstance(sheets, Mapping):
        sheets = {"数据": sheets}
    target = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(target, options) as book:
        heading = book.add_format({"bold": True, "bottom": 1})
        cells, done = max(1, sum(frame.size for frame in sheets.values())), 0

        def wrote(count: int) -> None:
            nonlocal done
            done += count
            progress(0.5 * done / cells)

        for name, frame in sheets.items():
            _write_sheet(book.add_worksheet(name[:31]), frame, heading, wrote)
    progress(1.0)
    return target.getvalue()


def _write_sheet(
    sheet: Any, frame: pd.DataFrame, heading: Any, wrote: Callable[[int], None] = lambda count: None
) -> None:
    sheet.freeze_panes(1, 0)
    for position in range(frame.shape[1]):
        _write_column(sheet, position, str(frame.columns[position]), frame.iloc[:, position], heading)
        wrote(len(frame))


def _write_column(sheet: Any, position: int, name: str, column: pd.Series, heading: Any) -> None:
    sheet.write_string(0, position, harmless(name), heading)
    is_number = _is_number(column)
    widest = len(name)
    for row, (value, missing) in enumerate(zip(column.tolist(), column.isna().tolist(), strict=True), start=1):
        if missing:
            continue
        if is_number and abs(value) != float("inf"):
            sheet.write_number(row, position, float(value))
        else:
            text = harmless(str(value))[:_LONGEST_CELL]
            widest = max(widest, len(text))
            sheet.write_string(row, position, text)
    sheet.set_column(position, position, min(_WIDEST_COLUMN, 2 + 1.6 * widest))


def _is_number(column: pd.Series) -> bool:
    import pandas as pd

    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


@dataclass(frozen=True)
class EntryColumn:
    """One column of a sheet that people fill in.

    Attributes:
        heading: First row.
        choices: Values to choose from; empty: anything of ``kind``.
        kind: ``text``, ``number``, ``date``, or ``key`` (a text that may stand only once in the column).
        low: Smallest number, None for any.
        high: Largest number, None for any.
        hint: Shown when the cell is entered.
        is_needed: Whether the heading is set off as one that must be filled.
    """

    heading: str
    choices: tuple[str, ...] = ()
    kind: str = "text"
    low: float | None = None
    high: float | None = None
    hint: str = ""
    is_needed: bool = False


def write_entry_sheet(
    columns: Sequence[EntryColumn], explained: Mapping[str, pd.DataFrame], *, name: str = "填写", rows: int = 500
) -> bytes:
    """Write a sheet to be filled in, with lists to choose from and limits, and sheets that explain it.

    Args:
        columns: In order.
        explained: Frames beside it by sheet name.
        name: Of the sheet to be filled.
        rows: How many rows carry the limits.
    """
    import xlsxwriter

    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        look = {"text_wrap": True, "valign": "top", "bottom": 1, "bold": True}
        heading, needed = book.add_format(look), book.add_format(look | {"bg_color": "#E3EEEA"})
        formats = {
            "text": book.add_format({"num_format": "@"}),
            "key": book.add_format({"num_format": "@"}),
            "number": book.add_format({"num_format": "General"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        sheet.set_row(0, 64)
        lists = book.add_worksheet("选项")
        lists.hide()
        for place, column in enumerate(columns):
            sheet.write_string(0, place, harmless(column.heading), needed if column.is_needed else heading)
            sheet.set_column(place, place, 14, formats[column.kind if not column.choices else "text"])
            for row, choice in enumerate(column.choices):
                lists.write_string(row, place, choice)
            sheet.data_validation(1, place, rows, place, _limits(column, place))
        for title, frame in explained.items():
            _write_sheet(book.add_worksheet(title[:31]), frame, heading)
    return target.getvalue()


def _limits(column: EntryColumn, place: int) -> dict[str, Any]:
    from xlsxwriter.utility import xl_col_to_name

    letter = xl_col_to_name(place)
    says = {"input_title": column.heading[:32], "input_message": column.hint[:255]} if column.hint else {}
    if column.choices:
        source = f"=选项!${letter}$1:${letter}${len(column.choices)}"
        return says | {
            "validate": "list",
            "source": source,
            "error_title": "请选一个",
            "error_message": "请从下拉里选。",
        }
    if column.kind == "key":
        once = f"=COUNTIF(${letter}:${letter},{letter}2)=1"
        return says | {
            "validate": "custom",
            "value": once,
            "error_title": "重复了",
            "error_message": "这个编号已经有了。",
        }
    if column.kind == "number" and column.low is not None and column.high is not None:
        said = f"请填 {column.low:g} 到 {column.high:g} 之间的数字。"
        return says | {"validate": "decimal", "criteria": "between", "minimum": column.low, "maximum": column.high,
                       "error_title": "数字不对", "error_message": said}  # fmt: skip
    return says | {"validate": "any"}
