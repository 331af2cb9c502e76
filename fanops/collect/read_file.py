"""Files as people have them: kind by content, encoding, separator and heading row found; what can't be read is named by row."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from fanops.collect.encodings import find_encoding
from fanops.collect.fields import fitting, is_heading
from fanops.errors import InvalidInput, Problem
from fanops.text.table_file import check_zip

LARGEST_BYTES = 190_000_000
LARGEST_UNZIPPED = 200_000_000
MOST_COLUMNS = 500
_LOOKED_AT = 30
_CHUNK = 50_000
_SEPARATORS = ",\t;|"
_NO_SEPARATOR = "\x1f"
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
_SHOWN = 20

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class SourceTable:
    """A file as a table of text.

    Attributes:
        filename: Its name, without folders.
        sha256: Of its bytes; of the bytes and the sheet's name where a person chose another sheet than the fitting one,
            so that two sheets of a workbook can both be imported.
        rows: One row per data row, every cell as text, "" where empty. The index is the row number that a spreadsheet
            shows; blank rows are left out.
        encoding: Of a text file, "" for a workbook.
        sheet: Of a workbook, "" for a text file.
        sheets: All sheets of a workbook that have rows, in order.
        problems: Rows that do not fit the headings; they are not in ``rows``.
        notes: What a person should know (other sheets that were not read).
    """

    filename: str
    sha256: str
    rows: pd.DataFrame
    encoding: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def headings(self) -> list[str]:
        """The columns' names, in order, each once."""
        return list(self.rows.columns)


def read_path(
    path: str | Path,
    *,
    largest: int = LARGEST_BYTES,
    progress: Progress | None = None,
    kind: str = "",
    sheet: str = "",
) -> SourceTable:
    """Read a file from disk; its size is looked at before its content; ``kind`` and ``sheet`` as in ``read_content``.

    Raises:
        InvalidInput: No such file, too large, or what ``read_content`` refuses.
    """
    path = Path(path)
    if not path.is_file():
        raise InvalidInput(f"没有这个文件：{path.name}", "请检查路径。")
    check_size(path.stat().st_size, largest)
    return read_content(path.read_bytes(), path.name, largest=largest, progress=progress, kind=kind, sheet=sheet)


def check_size(size: int, largest: int = LARGEST_BYTES) -> None:
    """Refuse a file that is too large, before it is read."""
    if size > largest:
        raise InvalidInput(
            f"文件太大：{size / 1e6:.0f} MB，最大 {largest / 1e6:.0f} MB。", "请按时间拆成几个文件，分几次导入。"
        )


def read_content(
    content: bytes,
    filename: str,
    *,
    largest: int = LARGEST_BYTES,
    progress: Progress | None = None,
    kind: str = "",
    sheet: str = "",
) -> SourceTable:
    """Read a CSV, TSV, XLSX, XLS or ODS file.

    Args:
        content: The file's bytes; its kind is told by them, not by the name.
        filename: For messages.
        largest: Most bytes taken.
        progress: Called with (share 0–1, Chinese phrase).
        kind: Of import: of a workbook, the sheet whose headings fit it best is read; without it the first with rows.
        sheet: This sheet of a workbook instead.

    Raises:
        InvalidInput: No such sheet; empty, too large, not a table, a damaged or monstrous workbook, mixed encodings (with the rows).
    """
    check_size(len(content), largest)
    name = filename.replace("\\", "/").rsplit("/", 1)[-1][:200]
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise _empty()
    digest = hashlib.sha256(content).hexdigest()
    if content[:4] in (_ZIP, _OLE):
        return _read_workbook(content, name, digest, kind, sheet)
    if content[:5] == b"%PDF-" or content[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0", b"Rar!", b"\x1f\x8b\x08\x00"):
        raise InvalidInput("这个文件不是表格。", "可以导入 CSV、TSV、XLSX 和 XLS 文件。")
    return _read_text(content, name, digest, progress)


def _empty() -> InvalidInput:
    return InvalidInput("文件是空的，没有可以导入的行。", "第一行要是列名，下面每行一条数据。")


# --- text -------------------------------------------------------------------------------------------------------


def _read_text(content: bytes, name: str, digest: str, progress: Progress | None) -> SourceTable:
    encoding = find_encoding(content)
    head = _lines(content, encoding, _LOOKED_AT)
    separator = _find_separator(head)
    csv.field_size_limit(max(len(content), 131_072))
    reader = csv.reader(_stream(content, encoding), delimiter=separator)
    early: list[list[str]] = []
    for row in reader:
        early.append(row)
        if len(early) == _LOOKED_AT:
            break
    at, headings = _find_headings(early)
    gathered = _Gatherer(headings)
    for number, row in enumerate(early[at:], start=at + 1):
        gathered.take(number, row)
    for number, row in enumerate(reader, start=len(early) + 1):
        gathered.take(number, row)
        if progress is not None and number % _CHUNK == 0:
            progress(0.0, f"读取文件 {number:,} 行")
    rows, problems = gathered.result()
    return SourceTable(name, digest, rows, encoding=encoding, problems=problems)


def _stream(content: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")


def _lines(content: bytes, encoding: str, count: int) -> list[str]:
    stream = io.TextIOWrapper(io.BytesIO(content), encoding=encoding)
    return list(islice((text[:20_000] for text in stream if text.strip()), count))


def _find_separator(lines: list[str]) -> str:
    """Choose the mark that cuts most lines to the same width; free text under one heading stays one column."""
    if not lines:
        raise _empty()
    if not any(mark in lines[0] for mark in _SEPARATORS) and is_heading(lines[0].strip("\"' \r\n")):
        return _NO_SEPARATOR
    best, best_score = _NO_SEPARATOR, (0.6, 0)
    for separator in _SEPARATORS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=separator) if len(row) > 1)
        width, count = max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(0, 0))
        if (count / len(lines), width) > best_score:
            best, best_score = separator, (count / len(lines), width)
    if best == _NO_SEPARATOR:  # a heading with several columns, and rows too uneven to show it
        best = max(_SEPARATORS, key=lines[0].count)
        best = best if sum(map(is_heading, lines[0].split(best))) > 1 else _NO_SEPARATOR
    return best


# --- rows -------------------------------------------------------------------------------------------------------


def _find_headings(rows: list[list[str]]) -> tuple[int, list[str]]:
    """Give how many rows come before the data, and the headings (made up when there are none)."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    widest = max(filled, default=0)
    if widest == 0:
        raise _empty()
    at = next(place for place, count in enumerate(filled) if count >= max(1, 0.6 * widest))
    width = max(place for place, cell in enumerate(rows[at], start=1) if cell.strip())
    if width > MOST_COLUMNS:
        raise InvalidInput(f"文件有 {width:,} 列，最多 {MOST_COLUMNS} 列。", "请删去不需要的列。")
    names: list[str] = []
    for place, cell in enumerate(rows[at][:width], start=1):
        name = " ".join(cell.split())[:60] or f"列{place}"
        while name in names:
            name = f"{name}.{place}"
        names.append(name)
    return at + 1, names


class _Gatherer:
    """Gathers rows of text into a frame by chunks, so that a million rows never stand as Python lists."""

    def __init__(self, headings: list[str], sheet: str | None = None) -> None:
        self._headings, self._sheet = headings, sheet
        self._numbers: list[int] = []
        self._rows: list[list[str]] = []
        self._frames: list[pd.DataFrame] = []
        self._problems: list[Problem] = []

    def take(self, number: int, row: list[str]) -> None:
        width = len(self._headings)
        if len(row) != width:
            if not any(cell.strip() for cell in row):
                return
            extra = [cell for cell in row[width:] if cell.strip()]
            if extra:
                why = f"比列名多出 {len(row) - width} 格，可能是内容里的分隔符没有加引号"
                self._problems.append(Problem(why, row=number, value=extra[0][:20], sheet=self._sheet))
                return
            row = row[:width] + [""] * (width - len(row))
        elif not any(row):
            return
        self._numbers.append(number)
        self._rows.append(row)
        if len(self._rows) >= _CHUNK:
            self._flush()

    def _flush(self) -> None:
        try:
            frame = pd.DataFrame(self._rows, columns=self._headings, index=self._numbers, dtype="str")
        except UnicodeEncodeError:
            # A lone surrogate can't stand in a text column: such a cell ends in NUL, which the row checks refuse.
            safe = [[_without_surrogates(cell) for cell in row] for row in self._rows]
            frame = pd.DataFrame(safe, columns=self._headings, index=self._numbers, dtype="str")
        self._frames.append(frame)
        self._rows, self._numbers = [], []

    def result(self) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
        if self._rows or not self._frames:
            self._flush()
        frame = pd.concat(self._frames) if len(self._frames) > 1 else self._frames[0]
        if frame.empty and not self._problems:
            raise InvalidInput("文件只有列名，没有数据行。", "第一行要是列名，下面每行一条数据。")
        return frame, tuple(self._problems)


def _without_surrogates(cell: str) -> str:
    safe = cell.encode("utf-8", "replace").decode()
    return cell if safe == cell else f"{safe}\x00"


# --- workbooks --------------------------------------------------------------------------------------------------


def _read_workbook(content: bytes, name: str, digest: str, kind: str, sheet: str) -> SourceTable:
    filled = _filled_sheets(content)
    titles = tuple(filled)
    fitting_title = _fitting_sheet(filled, kind)
    title = sheet or fitting_title
    if title not in filled:
        raise InvalidInput(
            f"没有“{title}”这张工作表，或里面没有内容。", f"有内容的工作表：{'、'.join(titles[:_SHOWN])}。"
        )
    words = _as_text(filled[title])
    early = list(islice(words, _LOOKED_AT))  # zip would take a row more than it gives
    at, headings = _find_headings(early)
    gathered = _Gatherer(headings, sheet=title)
    for number, row in enumerate(early[at:], start=at + 1):
        gathered.take(number, row)
    for number, row in enumerate(words, start=len(early) + 1):
        gathered.take(number, row)
    frame, problems = gathered.result()
    notes = tuple(f"只导入工作表“{title}”，没有导入“{other}”。" for other in titles if other != title)[:3]
    if title != fitting_title:
        digest = hashlib.sha256(f"{digest} {title}".encode()).hexdigest()
    return SourceTable(name, digest, frame, sheet=title, sheets=titles, problems=problems, notes=notes)


def list_sheets(content: bytes, kind: str) -> tuple[str, ...]:
    """Give the sheets of a workbook that have rows, the one that fits the kind of import first; none of a text file.

    Raises:
        InvalidInput: A damaged or monstrous workbook.
    """
    if content[:4] not in (_ZIP, _OLE):
        return ()
    filled = _filled_sheets(content)
    first = _fitting_sheet(filled, kind)
    return (first, *(title for title in filled if title != first))


def _filled_sheets(content: bytes) -> dict[str, list[list[object]]]:
    """Give the rows of every sheet that has any, by its name, in order."""
    from python_calamine import CalamineWorkbook

    if content[:4] == _ZIP:
        check_zip(content, LARGEST_UNZIPPED)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [(title, book.get_sheet_by_name(title).to_python(skip_empty_area=False)) for title in book.sheet_names]
    except Exception as error:  # the reader fails in many ways on damaged files; a person can only save it again
        raise InvalidInput(
            "这个 Excel 文件打不开，可能已损坏或加了密码。", "请在 Excel 里另存一次，或另存为 CSV。"
        ) from error
    filled = {title: rows for title, rows in sheets if any(any(cell != "" for cell in row) for row in rows)}
    if not filled:
        raise _empty()
    return filled


def _fitting_sheet(filled: dict[str, list[list[object]]], kind: str) -> str:
    """Give the sheet whose headings fit the kind's fields best; the first of equals, so a cover sheet is passed over."""
    if not kind or len(filled) == 1:
        return next(iter(filled))
    fits = {}
    for title, rows in filled.items():
        early = list(islice(_as_text(rows), _LOOKED_AT))
        if any(any(cell.strip() for cell in row) for row in early):
            fits[title] = fitting(kind, _find_headings(early)[1])
    return max(fits, key=fits.get, default=next(iter(filled)))


def _as_text(rows: list[list[object]]) -> Iterator[list[str]]:
    for row in rows:
        yield [_words(cell) for cell in row]


def _words(cell: object) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool) or cell is None:
        return "" if cell is None else str(cell)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e16:
        return str(int(cell))
    return str(cell)
