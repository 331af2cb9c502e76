"""Tables out of the house, as Excel or CSV, in which nothing a fan wrote can become a formula or a link."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"

# What spreadsheets take for the beginning of a formula, half and full width.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_LONGEST_CELL = 32_000
_WIDEST_COLUMN = 60


def harmless(text: str) -> str:
    """Give a cell's text so that no spreadsheet runs it: an apostrophe in front of what would start a formula."""
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


def write_xlsx(sheets: Mapping[str, pd.DataFrame] | pd.DataFrame) -> bytes:
    """Write frames as an Excel file: numbers as numbers, everything else as text cells.

    Args:
        sheets: Frame per sheet name, or one frame; the index is left out.
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
        for name, frame in sheets.items():
            _write_sheet(book.add_worksheet(name[:31]), frame, heading)
    return target.getvalue()


def _write_sheet(sheet: Any, frame: pd.DataFrame, heading: Any) -> None:
    sheet.freeze_panes(1, 0)
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        sheet.write_string(0, position, harmless(str(name)), heading)
        is_number = _is_number(column)
        widest = len(str(name))
        for row, (value, missing) in enumerate(zip(column, column.isna(), strict=True), start=1):
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
