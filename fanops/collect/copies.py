"""Copies (雷同): voices that repeat another nearly word for word are marked, never thrown away."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fanops.text.normalise import simplified

SHORTEST = 12  # characters with meaning; shorter ones (很好吃) are said alike by many people
_GRAM = 4
_HASHES, _BANDS = 24, 8
_ALIKE_SHARE = 0.8
_MOST_IN_BUCKET = 60
_MARKS = re.compile(r"[\W_]+")
_PRIME = (1 << 61) - 1


def bare(text: str) -> str:
    """Give a text without marks, spaces, case, width and traditional characters: what two copies have in common.

    Drawn-out letters stay, unlike in ``normalise``: the keys of voices stored before would change.
    """
    return _MARKS.sub("", simplified(unicodedata.normalize("NFKC", text).lower()))


def copy_key(text: str) -> int | None:
    """Give a signed 64-bit number that copies of a text share, None for a text too short to be one."""
    stripped = bare(text)
    if len(stripped) < SHORTEST:
        return None
    digest = hashlib.blake2b(stripped.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def find_copies(texts: Sequence[str], *, seed: int = 7) -> NDArray[np.int64]:
    """Find for each text the earliest one that it repeats.

    Args:
        texts: In order of age.
        seed: Of the hash functions.

    Returns:
        Place of the text it repeats, −1 for an original, shape (n,). A copy always leads to an original.

    Source:
        Broder 1997, On the resemblance and containment of documents (min-hash, here with banding); candidates are
        confirmed by their exact resemblance over 4-character pieces.
    """
    stripped = [bare(text) for text in texts]
    result = np.full(len(texts), -1, dtype=np.int64)
    first: dict[str, int] = {}
    fresh: list[int] = []
    for place, text in enumerate(stripped):
        if len(text) < SHORTEST:
            continue
        earlier = first.setdefault(text, place)
        if earlier == place:
            fresh.append(place)
        else:
            result[place] = earlier
    for place, earlier in _near(stripped, fresh, seed).items():
        result[place] = earlier
    for place in np.flatnonzero(result >= 0):
        if result[result[place]] >= 0:
            result[place] = result[result[place]]
    return result


def _near(stripped: Sequence[str], places: list[int], seed: int) -> dict[int, int]:
    grams = [{text[i : i + _GRAM] for i in range(len(text) - _GRAM + 1)} for text in (stripped[p] for p in places)]
    signatures = _signatures(grams, seed)
    rows = _HASHES // _BANDS
    copies: dict[int, int] = {}
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for at, place in enumerate(places):
        tried: set[int] = set()
        for band in range(_BANDS):
            bucket = buckets[band, signatures[at, band * rows : (band + 1) * rows].tobytes()]
            tried.update(bucket)
            if len(bucket) < _MOST_IN_BUCKET:
                bucket.append(at)
        for other in sorted(tried):
            shared = len(grams[at] & grams[other])
            if shared >= _ALIKE_SHARE * (len(grams[at]) + len(grams[other]) - shared):
                origin = places[other]
                copies[place] = copies.get(origin, origin)
                break
    return copies


def _signatures(grams: Sequence[set[str]], seed: int) -> NDArray[np.uint64]:
    numbers: dict[str, int] = {}
    sizes = np.fromiter((len(each) for each in grams), dtype=np.int64, count=len(grams))
    flat = np.fromiter(
        (numbers.setdefault(gram, len(numbers)) for each in grams for gram in sorted(each)), dtype=np.int64
    )
    if not len(flat):
        return np.empty((0, _HASHES), dtype=np.uint64)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    # A number per gram that depends on the gram alone, not on the company it keeps.
    base = np.fromiter((_spread(gram) for gram in numbers), dtype=np.uint64, count=len(numbers))
    turns = np.random.default_rng(seed).integers(1, _PRIME, size=(_HASHES, 2), dtype=np.uint64)
    result = np.empty((len(grams), _HASHES), dtype=np.uint64)
    for place, (factor, shift) in enumerate(turns):
        mixed = base * (factor | np.uint64(1)) + shift
        mixed ^= mixed >> np.uint64(31)
        result[:, place] = np.minimum.reduceat(mixed[flat], starts)
    return result


def _spread(gram: str) -> int:
    value = 1469598103934665603
    for letter in gram:
        value = ((value ^ ord(letter)) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    return value
