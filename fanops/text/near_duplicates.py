"""Copied texts: the same words again, or nearly so, found by MinHash over character pairs."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fanops.text.normalise import normalise

SHORTEST = 8  # characters; shorter answers are alike without being copied
HASHES, BANDS = 64, 16
_LONGEST = 2_000
_MARKS = re.compile(r"[\W_]+")
_PRIME = np.uint64((1 << 31) - 1)


def near_duplicates(texts: Sequence[str], similarity: float = 0.8) -> NDArray[np.int64]:
    """Group copied texts (疑似复制).

    Args:
        texts: n texts.
        similarity: Jaccard overlap of character pairs, estimated with 64 hashes, from which two texts count as copies.

    Returns:
        Group of each text, shape (n,), numbered by first appearance; -1 for texts without a copy and for texts of fewer
        than 8 letters, which people write alike on their own.

    Source: Broder, On the resemblance and containment of documents (1997).
    """
    bare = [_MARKS.sub("", normalise(text[:_LONGEST])) for text in texts]
    parent = list(range(len(bare)))
    first: dict[str, int] = {}
    for place, text in enumerate(bare):
        if len(text) >= SHORTEST:
            parent[place] = first.setdefault(text, place)
    distinct = np.array(list(first.values()), dtype=np.int64)
    if len(distinct) > 1:
        _join_alike(distinct, np.stack([_signature(bare[place]) for place in distinct]), similarity, parent)
    return _numbered([_root(parent, place) for place in range(len(bare))])


def _signature(text: str) -> NDArray[np.uint64]:
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    pairs = np.unique((codes[:-1] * np.uint64(1_000_003) + codes[1:]) % _PRIME)
    draw = np.random.default_rng(20_231)
    scale = draw.integers(1, int(_PRIME), HASHES, dtype=np.uint64)
    shift = draw.integers(0, int(_PRIME), HASHES, dtype=np.uint64)
    return ((pairs[:, None] * scale + shift) % _PRIME).min(axis=0)


def _join_alike(
    distinct: NDArray[np.int64], signatures: NDArray[np.uint64], similarity: float, parent: list[int]
) -> None:
    """Compare texts that share a band with the first of that band and with the one before: linear in the texts."""
    rows = HASHES // BANDS
    for band in range(BANDS):
        held: dict[bytes, list[int]] = {}
        part = np.ascontiguousarray(signatures[:, band * rows : (band + 1) * rows])
        for place in range(len(distinct)):
            known = held.setdefault(part[place].tobytes(), [])
            for other in {known[0], known[-1]} if known else ():
                if (signatures[place] == signatures[other]).mean() >= similarity:
                    low, high = sorted((_root(parent, int(distinct[place])), _root(parent, int(distinct[other]))))
                    parent[high] = low
            known.append(place)


def _root(parent: list[int], place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = parent[place]
    return place


def _numbered(roots: list[int]) -> NDArray[np.int64]:
    found = np.array(roots, dtype=np.int64)
    if not len(found):
        return found
    groups = np.full(len(found), -1, dtype=np.int64)
    repeated = np.flatnonzero(np.bincount(found, minlength=len(found)) > 1)
    for number, root in enumerate(repeated):
        groups[found == root] = number
    return groups
