"""The rows of a file that don't fit its headings, cell by cell as they stand in it, so that a person can mend them."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from itertools import islice

from fanops.collect.read_file import SourceTable

_SEPARATORS = ",\t;|"
_LOOKED_AT = 30


def misfit_rows(content: bytes, table: SourceTable, numbers: Collection[int]) -> dict[int, list[str]]:
    """Give the cells of rows that ``read_content`` refused.

    Args:
        content: The file.
        table: What was read of it.
        numbers: Row numbers, as in the table's problems.

    Returns:
        Cells by row number; rows that are not in the file are left out.
    """
    if not numbers:
        return {}
    last = max(numbers)
    rows = _workbook_rows(content, table.sheet) if table.sheet else _text_rows(content, table)
    found = {}
    for number, row in enumerate(rows, start=1):
        if number in numbers:
            found[number] = row
        if number >= last:
            break
    return found


def _text_rows(content: bytes, table: SourceTable) -> Iterable[list[str]]:
    """Cut the text with the separator that gives the headings the table has."""
    text = content.decode(table.encoding, "replace")

    def alike(separator: str) -> int:
        early = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        first = islice(early, _LOOKED_AT)
        return max((sum(cell.strip() in table.headings for cell in row) for row in first), default=0)

    return csv.reader(io.StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=alike))


def _workbook_rows(content: bytes, sheet: str) -> Iterable[list[str]]:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for row in book.get_sheet_by_name(sheet).to_python(skip_empty_area=False):
        yield [str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell) for cell in row]
