"""Units: the smallest stretches of a voice that say one thing, with offsets that rejoin to the voice exactly.

Two passes over the whole text by compiled patterns, no loop over characters: first every place where a clause may end,
then short or dependent pieces are given back to a neighbour so that nothing meaningless stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHORTEST = 2  # characters with meaning; a piece with fewer joins a neighbour
LONGEST = 400  # a stretch without any mark is cut here at the latest


@dataclass(frozen=True, slots=True)
class Unit:
    """语义单元: characters ``start`` to ``end`` (exclusive) of its voice."""

    start: int
    end: int


# A number's own marks (3.5, 12:30, 1,000), addresses and mail are never a border.
_KEPT = r"https?://[^\s一-鿿，。！？；、]+|[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]{1,63}\.[A-Za-z0-9.]{2,60}|\d+(?:[.,:：/-]\d+)+"
_STOP = r"[。！？!?；;…\n\r\u2028\u2029]+"
_COMMA = r"[，,]+"
_TILDE = r"[~～]+"
_DOT = r"\.{1,}(?=\s|$|[一-鿿])"
_EMOJI = r"(?:[\U0001F000-\U0001FAFF☀-➿⌚-⏿][\uFE0F\u200D\U0001F3FB-\U0001F3FF]*)+"
_SPACE = r"(?<=[一-鿿])[ \t\u3000]+(?=[一-鿿])"
_LISTED = r"(?<=[一-鿿])(?=\d[、.)）][一-鿿])|(?<=[\s。；;，,！!])(?=(?:\d{1,2}[.、)）]|[①-⑳]|[一二三四五六七八九十][、.])(?!\d))"
# Connectives that open a clause of their own even where no mark was typed.
_TURN = (
    r"(?<=[一-鿿])(?=但是|但(?!凡|求|愿)|不过(?!瘾|如此|时|期|关|分|敏)|可惜|然而|只是(?!因)|就是(?!说|因|这|那|一|我|他|它|个)(?=[一-鿿]{2,})"
    r"|而且|並且|并且|另外|此外|唯一|美中不足|缺点|優點|优点|總之|总之|所以(?!然)|因此|结果(?!是)|下次|希望(?![一-鿿]?$)|建议|建議)"
)
_PIECE = re.compile(f"({_KEPT})|({_STOP}|{_DOT})|({_COMMA})|({_TILDE})|({_EMOJI})|({_SPACE})|({_LISTED})|({_TURN})")
_CLOSING = re.compile(r"[\s”’」』）)】》\]\"'，,。！？!?；;…~～、.]*")
_WORTH = re.compile(r"[^\W_]")

# Pieces that only prepare what follows (总体来说，…) or only echo it: they belong with a neighbour.
_LEADS = re.compile(
    r"^\W*(?:虽然|雖然|虽说|虽|尽管|儘管|除了|如果|要是|假如|因为|因爲|由于|既然|当|總體|总体|整体|总的|总得|个人|個人|我觉得|我覺得|感觉|感覺|说实话|說實話"
    r"|老实说|其实|首先|其次|最后|第[一二三四]|关于|對於|对于|至于|作为|每次|这次|今天|昨天|上次|第一次|中午|晚上|早上|周末|朋友|和朋友|跟朋友)"
    r"[^，,。！？!?；;]{0,14}\W*$"
)
_CONDITION = re.compile(r"^\W*(?:除了|如果|要是|假如|因为|因爲|由于|既然)")
_ECHO = re.compile(
    r"^\W*(?:哈+|呵+|嘿+|嗯+|哦+|噢|啊+|呀|唉+|哎+|额|呃|总之|總之|反正|真的|真心|好吧|是的|对的|对吧|没错|不错(?=\W*$)(?!\w)|谢谢|謝謝|多谢|赞|棒"
    r"|点赞|推荐|亲|老板|拜拜|加油|么么哒|[0-9]+|[a-zA-Z]{1,2})\W*$"
)


def split_units(text: str) -> list[Unit]:
    """Cut a voice into units (语义单元).

    Args:
        text: Any string, also empty, with emoji, control characters or lone surrogates.

    Returns:
        Units in order; their slices concatenate to ``text`` exactly. Empty only for empty text.
    """
    if not text:
        return []
    borders = _borders(text)
    pieces = list(zip([0, *borders], [*borders, len(text)], strict=True))
    return [Unit(start, end) for start, end in _joined(text, pieces)]


def _borders(text: str) -> list[int]:
    borders: list[int] = []
    last = 0
    for match in _PIECE.finditer(text):
        kind = match.lastindex
        if kind == 1:
            continue
        at = match.start() if kind in (7, 8) else match.end()
        if kind in (2, 3, 4, 5):
            at = _CLOSING.match(text, at).end()
        while at - last > LONGEST:
            last += LONGEST
            borders.append(last)
        if last < at < len(text):
            borders.append(at)
            last = at
    while len(text) - last > LONGEST:
        last += LONGEST
        borders.append(last)
    return borders


def _joined(text: str, pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Give dependent pieces to their neighbours: leads to the next piece, echoes and scraps to the one before."""
    result: list[tuple[int, int]] = []
    held: int | None = None  # start of a lead that waits for its clause
    for start, end in pieces:
        piece = text[start:end]
        begin = start if held is None else held
        scrap = len(_WORTH.findall(piece)) < SHORTEST or _ECHO.match(piece) is not None
        if scrap and held is None and result and not _ends_line(text, result[-1][1]):
            result[-1] = (result[-1][0], end)
            continue
        leads = _LEADS.match(piece) is not None and not _ends_sentence(piece)
        if (leads or scrap) and end < len(text) and end - begin < 60:
            held = begin
            continue
        result.append((begin, end))
        held = None
    if held is not None:
        if result:
            result[-1] = (result[-1][0], len(text))
        else:
            result.append((held, len(text)))
    return result


def _ends_line(text: str, at: int) -> bool:
    return text[at - 1 : at] in "\n\r"


def _ends_sentence(piece: str) -> bool:
    return bool(re.search(r"[。！？!?；;\n]\W*$", piece))


def unit_texts(text: str) -> list[str]:
    """Give the units of a voice as strings; joined they are the voice."""
    return [text[unit.start : unit.end] for unit in split_units(text)]


def split_many(texts: Iterable[str]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut many voices.

    Args:
        texts: Voices, in order.

    Returns:
        ``voice, start, end``: for each unit the index of its voice and its offsets, shape (n_units,) each, in order.
    """
    voice: list[int] = []
    start: list[int] = []
    end: list[int] = []
    for place, text in enumerate(texts):
        for unit in split_units(text):
            voice.append(place)
            start.append(unit.start)
            end.append(unit.end)
    return np.array(voice, dtype=np.int64), np.array(start, dtype=np.int64), np.array(end, dtype=np.int64)
