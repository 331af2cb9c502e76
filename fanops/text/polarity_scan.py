"""Looking many texts over at once: folded characters, clauses, words of a list, hashed n-grams; arrays throughout.

A text is a row of characters in one long array. Hashes of all stretches of one to ten characters are built by adding one
character at a time to all of them together, which is some hundred times faster than a loop over texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fanops.text.word_lists import simplified_characters

BITS = 18  # n-grams fall into 2^18 buckets
GRAMS = (1, 2, 3, 4)
_LONGEST_WORD = 10
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_MARKS = '，,。！？!?；;：:…\n\r\t\u2028\u2029 \u3000~～.()（）【】[]《》<>“”"‘’—|/'
_STRONG_MARKS = "。！？!?；;…\n\r\u2028\u2029.~～"
_LETTERS_KEPT = 0x10000


@dataclass(frozen=True)
class Scan:
    """What a look over n texts found.

    Attributes:
        text: All texts in their folded form (width, case, simplified), a line feed after each.
        codes: The same as code points, uint32, shape (characters,).
        starts: Where each text begins, int64, shape (n + 1,).
        run: How many characters follow in the same clause, this one included; 0 at a mark. Shape (characters,).
        clause: For each character the index of its clause; only sound where ``run`` is above 0.
        clause_text: The text of each clause, shape (clauses,).
        clause_start: Where each clause begins, shape (clauses,).
        sentence: For each clause the index of its sentence.
    """

    text: str
    codes: NDArray[np.uint32]
    starts: NDArray[np.int64]
    run: NDArray[np.int64]
    clause: NDArray[np.int64]
    clause_text: NDArray[np.int64]
    clause_start: NDArray[np.int64]
    sentence: NDArray[np.int64]


@lru_cache(maxsize=1)
def _fold() -> NDArray[np.uint32]:
    """Give the folded form of each character of the first plane; every fold is one character long, so offsets stay."""
    table = np.arange(_LETTERS_KEPT, dtype=np.uint32)
    for code in (*range(0x41, 0x5B), *range(0xC0, 0xDF)):
        table[code] = code + 32
    for code in range(0xFF01, 0xFF5F):
        folded = code - 0xFEE0
        table[code] = folded + 32 if 0x41 <= folded <= 0x5A else folded
    for old, new in simplified_characters().items():
        if max(ord(old), ord(new)) < _LETTERS_KEPT:
            table[ord(old)] = ord(new)
    table[[space.start() for space in re.finditer(r"\s", _every_character())]] = 0x20
    table[0xD800:0xE000] = 0x20
    table[:0x20] = 0x20
    table[0x0A] = 0x0A
    return table


def _every_character() -> str:
    """Give the first plane as one text, so that a pattern asks about each character in one pass."""
    return np.arange(_LETTERS_KEPT, dtype=np.uint32).tobytes().decode("utf-32-le", "surrogatepass")


@lru_cache(maxsize=2)
def _among(marks: str) -> NDArray[np.bool_]:
    table = np.zeros(_LETTERS_KEPT, dtype=bool)
    table[[ord(mark) for mark in marks]] = True
    return table


def scan(texts: Sequence[str]) -> Scan:
    """Fold texts and cut them into clauses."""
    lengths = np.fromiter((len(text) + 1 for text in texts), dtype=np.int64, count=len(texts))
    starts = np.concatenate([[0], np.cumsum(lengths)])
    codes = np.frombuffer(("\n".join([*texts, ""])).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    basic = codes < _LETTERS_KEPT
    low = np.where(basic, codes, 0)
    codes = np.where(basic, _fold()[low], codes)
    low = np.where(basic, codes, 0)
    marked, strong = _among(_MARKS)[low] & basic, _among(_STRONG_MARKS)[low] & basic
    ends = starts[1:] - 1
    marked[ends] = strong[ends] = True
    place = np.arange(len(codes))
    border = np.where(marked, place, len(codes))
    run = np.minimum.accumulate(border[::-1])[::-1] - place if len(codes) else border
    opens = ~marked & np.concatenate([[True], marked[:-1]]) if len(codes) else marked
    clause_start = np.flatnonzero(opens)
    return Scan(
        codes.tobytes().decode("utf-32-le", "surrogatepass"), codes, starts, run, np.cumsum(opens) - 1,
        np.searchsorted(starts, clause_start, side="right") - 1, clause_start, np.cumsum(strong)[clause_start],
    )  # fmt: skip


@lru_cache(maxsize=1)
def _letters() -> NDArray[np.bool_]:
    table = np.zeros(_LETTERS_KEPT, dtype=bool)
    for run in re.finditer(r"[^\W_]+", _every_character()):
        table[run.start() : run.end()] = True
    return table


def lettered(found: Scan) -> NDArray[np.bool_]:
    """Say which texts have a letter, a figure or a Chinese character at all, shape (n,)."""
    basic = found.codes < _LETTERS_KEPT
    places = np.flatnonzero(_letters()[np.where(basic, found.codes, 0)] & basic)
    owners = np.searchsorted(found.starts, places, side="right") - 1
    return np.bincount(owners, minlength=len(found.starts) - 1) > 0


def _grown(codes: NDArray[np.uint32], longest: int) -> Iterable[tuple[int, NDArray[np.uint64]]]:
    """Give the hashes of all stretches of 1, 2, … characters, each from its first character."""
    single = (codes.astype(np.uint64) + np.uint64(1)) * _MIX
    single ^= single >> np.uint64(29)
    hashes = single.copy()
    for length in range(1, longest + 1):
        if length > 1:
            hashes = hashes[:-1] * _FACTOR + single[length - 1 :]
        yield length, hashes


def _finished(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = hashes ^ (hashes >> np.uint64(32))
    mixed = mixed * _MIX
    return mixed ^ (mixed >> np.uint64(29))


def word_hash(word: str) -> int:
    """Give the hash under which a stretch of text is found."""
    codes = np.frombuffer(word.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    *_, (_, hashes) = _grown(codes, len(codes))
    return int(hashes[0])


class WordFinder:
    """Finds every place where a word of a list stands, also overlapping ones."""

    def __init__(self, words: Iterable[str]) -> None:
        """Prepare; words longer than ten characters are left out."""
        self._by_length: dict[int, tuple[NDArray[np.uint64], NDArray[np.bool_]]] = {}
        groups: dict[int, list[str]] = {}
        for word in words:
            if 0 < len(word) <= _LONGEST_WORD:
                groups.setdefault(len(word), []).append(word)
        for length, group in groups.items():
            codes = np.frombuffer("".join(group).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
            *_, (_, hashes) = _grown(codes, length)
            hashes = np.sort(hashes[::length])
            maybe = np.zeros(1 << 16, dtype=bool)
            maybe[hashes >> np.uint64(48)] = True
            self._by_length[length] = hashes, maybe

    def find(self, found: Scan) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give start and length of every hit, by start, the longest first."""
        starts, lengths = [], []
        for length, hashes in _grown(found.codes, max(self._by_length, default=0)):
            if length not in self._by_length:
                continue
            known, maybe = self._by_length[length]
            place = np.flatnonzero(maybe[hashes >> np.uint64(48)])
            wanted = hashes[place]
            at = np.searchsorted(known, wanted)
            place = place[known[np.minimum(at, len(known) - 1)] == wanted]
            starts.append(place)
            lengths.append(np.full(len(place), length))
        if not starts:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        start, size = np.concatenate(starts), np.concatenate(lengths)
        order = np.lexsort((-size, start))
        return start[order], size[order]


def gram_buckets(found: Scan) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Give the n-grams of one to four characters: bucket and clause of each; an n-gram never crosses a mark."""
    buckets, clauses = [], []
    for length, hashes in _grown(found.codes, max(GRAMS)):
        inside = np.flatnonzero(found.run[: len(hashes)] >= length)
        buckets.append((_finished(hashes[inside]) >> np.uint64(64 - BITS)).astype(np.int32))
        clauses.append(found.clause[inside])
    return np.concatenate(buckets), np.concatenate(clauses)
