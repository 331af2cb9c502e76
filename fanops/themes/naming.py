"""Names people would write: a short phrase from the data (排队等位太久), unlike any other theme's name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fanops.text.units import unit_texts

SHORTEST, LONGEST = 3, 12
_LOOKED_AT = 400
_EDGES = re.compile(
    r"^(?:[\W_]|但是|但|不过|而且|并且|就是|可惜|还有|另外|然后|所以|因为|虽然|总体|感觉|觉得|真的|真心|其实|这次|每次|一如既往的?|我|他家|她家|你们|他们|这家|店里|店家的?|的|也|都|了|又|还|很|就|是)+"
    r"|(?:[\W_]|了|啊|呀|哦|呢|吧|的|哈|啦|嘛|噢|！)+$"
)
_HAN = re.compile(r"[一-鿿]")
_INNER = re.compile(r"[\W_]+")


def trimmed(clause: str) -> str:
    """Take leading connectives and closing particles off a clause."""
    before = None
    while before != clause:
        before, clause = clause, _EDGES.sub("", clause)
    return clause


def candidates(texts: Sequence[str], weights: Sequence[int]) -> Counter[str]:
    """Count the short clauses in texts that could be a name."""
    found: Counter[str] = Counter()
    for text, weight in zip(texts, weights, strict=True):
        pieces = [text] if len(text) <= LONGEST + 4 else unit_texts(text[:400])
        for name in {trimmed(piece) for piece in pieces}:
            if SHORTEST <= len(name) <= LONGEST and not _INNER.search(name) and len(_HAN.findall(name)) == len(name):
                found[name] += weight
    return found


def name_themes(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    weights: NDArray[np.int64],
    labels: NDArray[np.int32],
    middle: NDArray[np.float32],
    keywords: Sequence[Sequence[tuple[str, float]]],
    encode,
    taken: frozenset[str] = frozenset(),
) -> list[str]:
    """Name each theme by the clause that is said often, lies near its centre, far from the others, and has its words.

    Args:
        texts: Distinct texts, n.
        vectors: Their unit vectors, shape (n, d).
        weights: How often each was said, shape (n,).
        labels: Theme per text, shape (n,).
        middle: Unit centroids, shape (n_themes, d).
        keywords: Key words of each theme, best first.
        encode: Function from a list of phrases to unit vectors.
        taken: Names that must not be used again.

    Returns:
        A name per theme, all different; 未命名主题 with a number only where nothing was said in words.
    """
    names: list[str] = []
    used = set(taken)
    for label in range(len(middle)):
        members = np.flatnonzero(labels == label)
        near = members[np.argsort(-(vectors[members] @ middle[label]), kind="stable")[:_LOOKED_AT]]
        found = candidates([texts[m] for m in near], weights[near].tolist())
        name = _best(found, label, middle, keywords[label], encode, used)
        if name is None:
            name = _from_words(keywords[label], used) or f"未命名主题{label + 1}"
        used.add(name)
        names.append(name)
    return names


def _best(
    found: Counter[str],
    label: int,
    middle: NDArray[np.float32],
    words: Sequence[tuple[str, float]],
    encode,
    used: set[str],
) -> str | None:
    phrases = sorted((name for name in found if name not in used), key=lambda name: (-found[name], name))[:150]
    if not phrases:
        return None
    similarity = encode(phrases) @ middle.T
    own = similarity[:, label]
    others = np.delete(similarity, label, axis=1)
    apart = own - (others.max(axis=1) if others.shape[1] else 0.0)
    key = {word: 1 / (place + 1) for place, (word, _) in enumerate(words[:8])}
    covered = np.array([sum(weight for word, weight in key.items() if word in name) for name in phrases])
    often = np.log1p(np.array([found[name] for name in phrases], dtype=float))
    length = np.array([abs(len(name) - 6) for name in phrases], dtype=float)
    score = own + 0.7 * apart + 0.35 * np.minimum(covered, 1.5) + 0.12 * often - 0.02 * length
    return phrases[int(np.argmax(score))]


def _from_words(words: Sequence[tuple[str, float]], used: set[str]) -> str | None:
    parts = [word for word, _ in words if len(word) > 1][:3]
    name = "、".join(parts)
    return name if parts and name not in used else None
