"""Tables without a database: read a text column from CSV or Excel, write results beside it, whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from fanops.errors import InvalidInput, Problem

if TYPE_CHECKING:
    import pandas as pd

LARGEST_BYTES = 400_000_000
LARGEST_UNZIPPED = 1_000_000_000
MOST_RATIO, MOST_ENTRIES = 100, 2_000
_SEPARATORS = ",\t;|"


class Sheet(NamedTuple):
    """A table as read, before it is a frame: importing pandas takes as long as theming thousands of texts.

    Attributes:
        names: Columns, all different.
        rows: One list of cells per data row, each as long as ``names``.
    """

    names: list[str]
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        """Give the cells of a column."""
        at = self.names.index(name)
        return [row[at] for row in self.rows]


def read_table(path: str | Path, *needed: str) -> pd.DataFrame:
    """Read a CSV, TSV or Excel file; every cell as text, empty cells as "".

    Args:
        path: The file; its kind is told by content, not by name. A zip with one CSV inside is opened.
        *needed: Columns that must be there.

    Returns:
        One row per data row, in order.

    Raises:
        InvalidInput: As ``read_sheet``.
    """
    import pandas as pd

    sheet = read_sheet(path, *needed)
    return pd.DataFrame(sheet.rows, columns=sheet.names, dtype=object)


def read_sheet(path: str | Path, *needed: str) -> Sheet:
    """Read a file as ``read_table`` does, without pandas.

    Raises:
        InvalidInput: Missing, empty, too large, not a table, undecodable (with the row), or lacking a column.
    """
    path = Path(path)
    if not path.is_file():
        raise InvalidInput(f"没有这个文件：{path.name}", "请检查路径。")
    if path.stat().st_size > LARGEST_BYTES:
        raise InvalidInput(f"文件太大（{path.stat().st_size / 1e6:.0f} MB）。", "请拆成几个文件。")
    content = path.read_bytes()
    sheet = _read_zip(content) if content[:4] == b"PK\x03\x04" else read_csv(content)
    check_columns(sheet.names, needed)
    return sheet


def check_columns(names: Sequence[object], needed: tuple[str, ...]) -> None:
    """Refuse a table that lacks a column, naming those it has."""
    missing = [name for name in needed if name not in names]
    if missing:
        have = "、".join(str(name) for name in list(names)[:30])
        raise InvalidInput(f"文件里没有“{'”“'.join(missing)}”这一列。", f"现有的列：{have}")


def _read_zip(content: bytes) -> Sheet:
    check_zip(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if "[Content_Types].xml" in names:
            return read_excel(content)
        tables = [name for name in names if name.lower().endswith((".csv", ".tsv", ".txt"))]
        if len(tables) != 1:
            raise InvalidInput("压缩包里要正好有一个 CSV 文件。", "请解压后选择其中一个。")
        return read_csv(archive.read(tables[0]))


def check_zip(content: bytes, largest: int = LARGEST_UNZIPPED) -> None:
    """Refuse a zip (also an xlsx) that would unfold beyond measure, before anything is unfolded."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile as error:
        raise InvalidInput("文件已损坏，打不开。", "请重新导出一次。") from error
    size = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if size > largest or len(entries) > MOST_ENTRIES or (size > 20_000_000 and size / packed > MOST_RATIO):
        raise InvalidInput("这个文件解开后大得不正常，已拒绝。", "请另存为 CSV 后再试。")


def read_excel(content: bytes) -> Sheet:
    """Read the first sheet that holds something; formulas give their stored values."""
    from python_calamine import CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    except Exception as error:  # the reader fails in many ways on damaged files; the person can only export again
        raise InvalidInput("这个 Excel 文件打不开。", "请在 Excel 里另存一次，或另存为 CSV。") from error
    rows = next((sheet for sheet in sheets if any(any(cell != "" for cell in row) for row in sheet)), [])
    if not rows:
        raise InvalidInput("文件是空的。", "第一行要是列名，下面是数据。")
    while rows and all(cell == "" for cell in rows[0]):
        rows = rows[1:]
    return _sheet([_words(cell) for cell in rows[0]], [[_words(cell) for cell in row] for row in rows[1:]])


def _words(cell: object) -> str:
    if isinstance(cell, float) and cell == int(cell) and abs(cell) < 1e15:
        return str(int(cell))
    return "" if cell is None else str(cell)


def read_csv(content: bytes) -> Sheet:
    """Read delimited text in UTF-8 (with or without BOM), UTF-16 or GB18030."""
    text = decode(content)
    if not text.strip():
        raise InvalidInput("文件是空的。", "第一行要是列名，下面是数据。")
    csv.field_size_limit(10_000_000)
    lines = text.splitlines()
    heading = next(line for line in lines if line.strip())
    separator = max(_SEPARATORS, key=heading.count) if any(mark in heading for mark in _SEPARATORS) else ","
    try:
        rows = list(csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=separator))
    except csv.Error as error:
        raise InvalidInput("这个文件不是 CSV。", "请用 Excel 另存为 CSV（UTF-8）。") from error
    rows = [row for row in rows if row]
    if not rows:
        raise InvalidInput("文件是空的。", "第一行要是列名，下面是数据。")
    return _sheet(rows[0], rows[1:])


def decode(content: bytes) -> str:
    """Decode a text file; mixed encodings are refused with the row where they begin."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise InvalidInput("文件的编码有错。", "请另存为 UTF-8 编码的 CSV。") from error
    if b"\x00" in content[:4096] and content.count(b"\x00") > len(content) // 20:
        raise InvalidInput("这个文件不是文本表格。", "可以用 CSV 或 Excel（xlsx）文件。")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as first:
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError as second:
            at = max(first.start, second.start)
            row = content.count(b"\n", 0, at) + 1
            problem = Problem("这一行的编码和别的行不同", row=row)
            raise InvalidInput("文件里混着两种编码。", "请在 Excel 里另存为“CSV UTF-8”后再试。", [problem]) from second


def _sheet(heading: list[str], rows: list[list[str]]) -> Sheet:
    names: list[str] = []
    for place, name in enumerate(heading):
        name = str(name).strip() or f"列{place + 1}"
        names.append(name if name not in names else f"{name}.{place + 1}")
    width = len(names)
    return Sheet(names, [row[:width] + [""] * (width - len(row)) for row in rows])


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV with BOM (Excel opens its Chinese intact); a half file never carries the name."""
    with _whole(path) as file:
        frame.to_csv(file, index=False, lineterminator="\n")


def write_columns(columns: Mapping[str, Sequence[object]], path: str | Path) -> None:
    """Write columns of equal length as ``write_table`` writes a frame, without pandas."""
    with _whole(path) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        table.writerows(zip(*columns.values(), strict=True))


@contextmanager
def _whole(path: str | Path) -> Iterator[TextIO]:
    path = Path(path)
    if not path.parent.is_dir():
        raise InvalidInput(f"没有这个文件夹：{path.parent}", "请先建好，或换一个位置。")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with unfinished.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
