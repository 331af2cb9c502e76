"""Tables without a database: read a text column from CSV or Excel, write results beside it, whole or not at all."""

from __future__ import annotations

import csv
import errno
import io
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fanops.errors import InvalidInput, Problem
from fanops.text.big5 import big5_codec

if TYPE_CHECKING:
    import pandas as pd

LARGEST_BYTES = 400_000_000
LARGEST_UNZIPPED = 1_000_000_000
MOST_RATIO, MOST_ENTRIES = 100, 2_000
# The mark at its beginning tells Excel that it is UTF-8.
_TEXT = {"mode": "w", "encoding": "utf-8-sig", "errors": "replace", "newline": ""}
_SEPARATORS = ",\t;|"
_NO_SEPARATOR = "\x1f"
# Why a file can't be written or read; the system says it in the language of the machine.
_REASONS = {
    errno.ENOENT: "没有这个文件或文件夹", errno.EACCES: "没有权限", errno.EPERM: "没有权限", errno.EROFS: "磁盘是只读的",
    errno.ENOSPC: "磁盘满了", errno.ENOTDIR: "路径里有一段不是文件夹", errno.EISDIR: "这是文件夹", errno.ENAMETOOLONG: "名字太长",
}  # fmt: skip
# Stands behind the last line: where it ends up inside a cell, a quote was still open. What is read has no NUL.
_END = "\x00"


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
    content = file_content(path)
    sheet = _read_zip(content, needed) if content[:4] == b"PK\x03\x04" else read_csv(content)
    check_columns(sheet.names, needed)
    return sheet


def file_content(path: str | Path) -> bytes:
    """Read a file whole.

    Raises:
        InvalidInput: Not there, a folder, too large, or one that may not be read.
    """
    path = Path(path)
    try:
        if not path.is_file():
            what = "这是文件夹，不是文件" if path.is_dir() else "没有这个文件"
            raise InvalidInput(f"{what}：{path.name}", "请检查路径。")
        if path.stat().st_size > LARGEST_BYTES:
            raise InvalidInput(f"文件太大（{path.stat().st_size / 1e6:.0f} MB）。", "请拆成几个文件。")
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"打不开这个文件：{path.name}（{_reason(error)}）", "请检查路径和权限。") from error


def check_columns(names: Sequence[object], needed: tuple[str, ...]) -> None:
    """Refuse a table that lacks a column, naming those it has."""
    missing = [name for name in needed if name not in names]
    if missing:
        have = "、".join(str(name) for name in list(names)[:30])
        raise InvalidInput(f"文件里没有“{'”“'.join(missing)}”这一列。", f"现有的列：{have}")


def _read_zip(content: bytes, needed: tuple[str, ...]) -> Sheet:
    check_zip(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if "[Content_Types].xml" in names:
            return read_excel(content, needed)
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


def read_excel(content: bytes, needed: tuple[str, ...] = ()) -> Sheet:
    """Read the sheet that has the needed columns, the first that holds something where none has; formulas give their stored values.

    Raises:
        InvalidInput: Damaged, empty, or several sheets have the columns: reading one of them would lose the others without a word.
    """
    from python_calamine import CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {name: _table(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names}
    except Exception as error:  # the reader fails in many ways on damaged files; the person can only export again
        raise InvalidInput("这个 Excel 文件打不开。", "请在 Excel 里另存一次，或另存为 CSV。") from error
    held = {name: sheet for name, sheet in sheets.items() if sheet is not None}
    if not held:
        raise InvalidInput("文件是空的。", "第一行要是列名，下面是数据。")
    fitting = [name for name, sheet in held.items() if needed and set(needed) <= set(sheet.names)]
    if len(fitting) > 1:
        raise InvalidInput(
            f"“{'”“'.join(needed)}”在好几张工作表里都有：{'、'.join(fitting)}。",
            "请把要读的那一张另存为一个文件，或合成一张。",
        )
    return held[fitting[0]] if fitting else next(iter(held.values()))


def _table(rows: list[list[object]]) -> Sheet | None:
    while rows and all(cell == "" for cell in rows[0]):
        rows = rows[1:]
    if not rows:
        return None
    return _sheet(_names([_words(cell) for cell in rows[0]]), [[_words(cell) for cell in row] for row in rows[1:]])


def _words(cell: object) -> str:
    if isinstance(cell, float) and cell == int(cell) and abs(cell) < 1e15:
        return str(int(cell))
    return "" if cell is None else str(cell)


def read_csv(content: bytes) -> Sheet:
    """Read delimited text in UTF-8 (with or without BOM), UTF-16, GB18030 or Big5.

    Under a heading without a separator everything is one column: a comma belongs to the text, and a blank line is a row,
    but for those at the end of the file. Where there are several columns a blank line is none.

    Raises:
        InvalidInput: Empty, undecodable, a quote that is never closed, or rows with more cells than headings (all named).
    """
    text = decode(content).replace("\x00", "")
    if not text.strip():
        raise InvalidInput("文件是空的。", "第一行要是列名，下面是数据。")
    heading = next(line for line in text.splitlines() if line.strip())
    separator = max(_SEPARATORS, key=heading.count) if any(mark in heading for mark in _SEPARATORS) else _NO_SEPARATOR
    rows = _cut(text, separator)
    at = next((place for place, row in enumerate(rows) if any(map(str.strip, row))), None)
    if at is None:
        raise InvalidInput("文件是空的。", "第一行要是列名，下面是数据。")
    names, data = _names(rows[at]), rows[at + 1 :]
    if len(names) == 1:
        while data and not data[-1]:
            data.pop()
        return Sheet(names, [[separator.join(row)] for row in data])
    _refuse_long_rows(data, len(names), at + 2)
    return _sheet(names, [row for row in data if row])


def _cut(text: str, separator: str) -> list[list[str]]:
    """Cut text without NUL into rows of cells; the place of a row is that in a spreadsheet."""
    csv.field_size_limit(10_000_000)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(chain(io.StringIO(text, newline=""), (_END,)), delimiter=separator):
            rows.append(row)
    except csv.Error as error:
        problem = Problem("从这一行起读不下去，可能有引号没有关上", row=len(rows) + 1)
        raise InvalidInput("这个文件不是 CSV。", "请用 Excel 另存为 CSV（UTF-8）。", [problem]) from error
    if rows.pop() != [_END]:
        problem = Problem("这一行里有一个引号，到文件末尾也没有关上", row=len(rows) + 1)
        raise InvalidInput(
            "文件里有没关上的引号，它后面的内容会连成一格。",
            "请在这一行补上或删去引号，或用 Excel 另存为 CSV（UTF-8）。",
            [problem],
        )
    return rows


def _refuse_long_rows(rows: Sequence[list[str]], width: int, first: int) -> None:
    """Refuse rows whose cells beyond the headings hold something: cutting them off would lose it without a word."""
    problems = []
    for number, row in enumerate(rows, first):
        extra = [cell for cell in row[width:] if cell.strip()]
        if extra:
            why = f"比列名多出 {len(row) - width} 格，可能是内容里的分隔符没有加引号"
            problems.append(Problem(why, row=number, value=extra[0][:20]))
    if problems:
        raise InvalidInput(
            f"有 {len(problems)} 行的格子比列名多。",
            "请给含有分隔符的内容加上引号，或用 Excel 另存为 CSV（UTF-8）。",
            problems,
        )


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
            return content.decode(big5_codec(content) or "gb18030")
        except UnicodeDecodeError as second:
            at = max(first.start, second.start)
            row = content.count(b"\n", 0, at) + 1
            problem = Problem("这一行的编码和别的行不同", row=row)
            raise InvalidInput("文件里混着两种编码。", "请在 Excel 里另存为“CSV UTF-8”后再试。", [problem]) from second


def _names(heading: list[str]) -> list[str]:
    names: list[str] = []
    for place, name in enumerate(heading):
        name = str(name).strip() or f"列{place + 1}"
        names.append(name if name not in names else f"{name}.{place + 1}")
    return names


def _sheet(names: list[str], rows: list[list[str]]) -> Sheet:
    width = len(names)
    return Sheet(names, [row if len(row) == width else row[:width] + [""] * (width - len(row)) for row in rows])


def free_suffix(names: Iterable[str], taken: Iterable[str], mark: str) -> str:
    """Give what to put behind all of ``names`` so that none is in ``taken``: nothing, else ``mark``, ``mark2`` …"""
    names, taken = list(names), set(taken)
    suffixes = chain(("", mark), (f"{mark}{number}" for number in count(2)))
    return next(suffix for suffix in suffixes if taken.isdisjoint(f"{name}{suffix}" for name in names))


def check_out(path: str | Path, *sources: str | Path | None) -> None:
    """Refuse a place that can't be written to, before hours of work are done for it.

    Args:
        path: The file to write.
        *sources: Files that are read; writing over one of them would lose it.

    Raises:
        InvalidInput: A folder, in a folder that is not there, or one of the sources.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise InvalidInput(f"“{path}”是文件夹，不能写成文件。", f"请写上文件名，例如 {path / '结果.csv'}。")
        if not path.parent.is_dir():
            raise InvalidInput(f"没有这个文件夹：{path.parent}", "请先建好，或换一个位置。")
        read = [Path(source) for source in sources if source is not None]
        if path.exists() and any(source.exists() and path.samefile(source) for source in read):
            raise InvalidInput(f"结果不能写到要读的文件上：{path.name}", "请换一个文件名，原来的数据才不会丢。")
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> InvalidInput:
    return InvalidInput(f"写不进这个文件：{path}（{_reason(error)}）", "请换一个位置或文件名，或检查权限和磁盘空间。")


def _reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0) or error.strerror or type(error).__name__


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV with BOM (Excel opens its Chinese intact); a half file never carries the name."""
    with _whole(path, **_TEXT) as file:
        frame.to_csv(file, index=False, lineterminator="\n")


def write_columns(columns: Mapping[str, Sequence[object]], path: str | Path) -> None:
    """Write columns of equal length as ``write_table`` writes a frame, without pandas."""
    with _whole(path, **_TEXT) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        table.writerows(zip(*columns.values(), strict=True))


def write_file(content: bytes, path: str | Path) -> None:
    """Write a file; a half file never carries the name."""
    with _whole(path, mode="wb") as file:
        file.write(content)


@contextmanager
def _whole(path: str | Path, **how: Any) -> Iterator[Any]:
    path = Path(path)
    check_out(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with unfinished.open(**how) as file:
                yield file
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
