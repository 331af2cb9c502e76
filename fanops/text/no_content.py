"""Answers that say nothing (没有, 挺好的, 都可以, 。。。, 哈哈): recognised, counted, set aside; never thrown away."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fanops.text.word_lists import empty_answers

_LONGEST = 40
_MARKS = re.compile(r"[\W_]+")
_SQUEEZE = re.compile(r"(.)\1{2,}")
_DIGITS = re.compile(r"\d{1,6}|[a-z]")


def is_no_content(text: str) -> bool:
    """Say whether an answer says nothing (无内容).

    Marks, spaces and emoji do not count; a chain of empty answers (没有，都挺好的) is empty too. Anything that names a
    thing is not: 没有吸管, 味道挺好的.
    """
    head = text[: 4 * _LONGEST]
    if len(text) > 4 * _LONGEST and _MARKS.sub("", text):
        return False
    bare = _MARKS.sub("", unicodedata.normalize("NFKC", head)).lower()
    return len(bare) <= _LONGEST and (not bare or _is_chain(_SQUEEZE.sub(r"\1\1", bare)))


def no_content(texts: Iterable[str]) -> NDArray[np.bool_]:
    """Apply ``is_no_content`` to many answers; shape (n,)."""
    return np.fromiter((is_no_content(text) for text in texts), dtype=bool)


@lru_cache(maxsize=1)
def _longest_known() -> int:
    return max(map(len, empty_answers()))


@lru_cache(maxsize=1)
def _letters() -> frozenset[str]:
    return frozenset("".join(empty_answers()))


def _is_chain(bare: str) -> bool:
    if _DIGITS.fullmatch(bare):
        return True
    if not _letters().issuperset(bare):  # most answers leave here
        return False
    known = empty_answers()
    reachable = [True] + [False] * len(bare)
    for end in range(1, len(bare) + 1):
        reachable[end] = any(
            reachable[start] and bare[start:end] in known for start in range(max(0, end - _longest_known()), end)
        )
    return reachable[-1]
