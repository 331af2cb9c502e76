"""The encoding of a text file (编码), found by its bytes; bytes that fit none are named by row."""

from __future__ import annotations

import codecs

from fanops.errors import InvalidInput, Problem
from fanops.text.big5 import big5_codec

_BLOCK = 1 << 20
_SHOWN = 20


def find_encoding(content: bytes) -> str:
    """Find the encoding of a text file: UTF-8 (with or without BOM), UTF-16, GB18030 (which holds GBK and GB2312), Big5.

    Raises:
        InvalidInput: Not text, or two encodings in one file (the rows that differ are named).
    """
    if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        wide = "utf-16"
    else:
        sample = content[:4096]
        even, odd = sample[::2].count(0), sample[1::2].count(0)
        wide = "" if max(even, odd) < max(4, len(sample) // 40) else "utf-16-le" if odd > even else "utf-16-be"
    if wide:
        _must_decode(content, wide)
        return wide
    if _decodes(content, "utf-8-sig") is None:
        return "utf-8-sig"
    mixed = _mixed_rows(content)
    if mixed:
        problems = [Problem("这一行的编码和其他行不同", row=row) for row in mixed[:_SHOWN]]
        raise InvalidInput(
            f"文件里混着两种编码，从第 {mixed[0]} 行开始不同。",
            "请用 Excel 打开，另存为“CSV UTF-8”后再导入。",
            problems,
        )
    if codec := big5_codec(content):
        return codec
    _must_decode(content, "gb18030")
    return "gb18030"


def _decodes(content: bytes, encoding: str) -> int | None:
    """Give the offset of the first byte that does not decode, None when all do."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    for start in range(0, len(content), _BLOCK):
        block = content[start : start + _BLOCK]
        try:
            decoder.decode(block, final=start + _BLOCK >= len(content))
        except UnicodeDecodeError as error:
            return max(0, start + error.start - 4)
    return None


def _must_decode(content: bytes, encoding: str) -> None:
    at = _decodes(content, encoding)
    if at is None:
        return
    newline = "\n".encode(encoding.replace("utf-16", "utf-16-le") if encoding == "utf-16" else encoding)
    row = content.count(newline, 0, at) + 1
    raise InvalidInput(
        f"第 {row} 行附近有无法识别的字符。",
        "请用 Excel 打开，另存为“CSV UTF-8”后再导入。",
        [Problem("这里的编码有错", row=row)],
    )


def _mixed_rows(content: bytes) -> list[int]:
    """Give the rows in the rarer of two encodings; empty when there is one only."""
    kinds: dict[str, list[int]] = {"utf-8": [], "gb18030": []}
    for row, line in enumerate(content.split(b"\n"), start=1):
        if line.isascii():
            continue
        try:
            text = line.decode("utf-8-sig")
        except UnicodeDecodeError:
            kinds["gb18030"].append(row)
        else:
            # Two-byte pairs of GBK can pass for rare two-byte UTF-8 letters; Chinese in UTF-8 has three bytes.
            if sum("一" <= letter <= "鿿" for letter in text) >= 2:
                kinds["utf-8"].append(row)
    return min(kinds.values(), key=len)
