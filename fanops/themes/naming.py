"""Names people would write: a short phrase from the data (排队等位太久), unlike any other theme's name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from fanops.text.aspects import aspects_of
from fanops.text.units import unit_texts

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

SHORTEST, LONGEST = 3, 12
_LOOKED_AT = 400
_MOST_PHRASES = 150
_EDGES = re.compile(
    r"^(?:[\W_]|但是|但|不过|而且|并且|就是|可惜|还有|另外|然后|所以|因为|虽然|总体|感觉|觉得|真的|真心|其实|这次|每次|一如既往的?|我|他家|她家|你们|他们|这家|店里|店家的?|的|也|都|了|又|还|很|就|是)+"
    r"|(?:[\W_]|了|啊|呀|哦|呢|吧|的|哈|啦|嘛|噢|！)+$"
)
_HAN = re.compile(r"[一-鿿]")


def trimmed(clause: str) -> str:
    """Take leading connectives and closing particles off a clause."""
    before = None
    while before != clause:
        before, clause = clause, _EDGES.sub("", clause)
    return clause


class Namer:
    """Names groups of texts; what it cut and looked up for one group serves the next."""

    def __init__(
        self, texts: Sequence[str], vectors: NDArray[np.float32], weights: NDArray[np.int64], encode: Encode
    ) -> None:
        """Keep what all groups share.

        Args:
            texts: Distinct texts, n.
            vectors: Their unit vectors, shape (n, d).
            weights: How often each was said, shape (n,).
            encode: From phrases to unit vectors.
        """
        self._texts, self._vectors, self._weights, self._encode = texts, vectors, weights, encode
        self._cut: dict[int, frozenset[str]] = {}

    def name(
        self,
        labels: NDArray[np.int32],
        middle: NDArray[np.float32],
        keywords: Sequence[Sequence[tuple[str, float]]],
        taken: frozenset[str] = frozenset(),
    ) -> list[str]:
        """Name each group by a clause said often, near its centre, far from the others, with its words, that judges a thing.

        Args:
            labels: Group per text, shape (n,).
            middle: Unit centroids, shape (n_groups, d).
            keywords: Key words of each group, best first.
            taken: Names that must not be used again.

        Returns:
            A name per group, all different; 未命名主题 with a number only where nothing was said in words.
        """
        found = [self._phrases(np.flatnonzero(labels == label), middle[label]) for label in range(len(middle))]
        every = sorted(set().union(*found)) if found else []
        place = {phrase: at for at, phrase in enumerate(every)}
        similarity = self._encode(every) @ middle.T if every else np.empty((0, len(middle)), np.float32)
        telling = _telling(every)
        names: list[str] = []
        used = set(taken)
        for label, phrases in enumerate(found):
            free = [phrase for phrase in phrases if phrase not in used]
            if free:
                at = np.array([place[phrase] for phrase in free])
                often = np.array([phrases[phrase] for phrase in free], dtype=float)
                name = free[_best(free, similarity[at], label, often, telling[at], keywords[label])]
            else:
                name = _from_words(keywords[label], used) or f"未命名主题{label + 1}"
            used.add(name)
            names.append(name)
        return names

    def _phrases(self, members: NDArray[np.int64], centre: NDArray[np.float32]) -> dict[str, int]:
        """Count the short clauses near the centre that could be a name, the frequent ones first."""
        near = members[np.argsort(-(self._vectors[members] @ centre), kind="stable")[:_LOOKED_AT]]
        found: Counter[str] = Counter()
        for place in near.tolist():
            for phrase in self._clauses(place):
                found[phrase] += int(self._weights[place])
        return dict(sorted(found.items(), key=lambda each: (-each[1], each[0]))[:_MOST_PHRASES])

    def _clauses(self, place: int) -> frozenset[str]:
        if place not in self._cut:
            text = self._texts[place]
            pieces = [text] if len(text) <= LONGEST + 4 else unit_texts(text[:400])
            self._cut[place] = frozenset(name for name in map(trimmed, pieces) if _could_be_name(name))
        return self._cut[place]


def _could_be_name(clause: str) -> bool:
    return SHORTEST <= len(clause) <= LONGEST and len(_HAN.findall(clause)) == len(clause)


def _telling(phrases: Sequence[str]) -> NDArray[np.float64]:
    """Say how much a phrase tells: half for a judgement in it, half for a thing that customers judge; shape (n,)."""
    from fanops.text.polarity_rules import read_clauses
    from fanops.text.polarity_scan import scan

    found = scan(list(phrases))
    judged = np.zeros(len(phrases))
    np.maximum.at(judged, found.clause_text, read_clauses(found).table[:, 5])
    named = np.array([bool(aspects_of(phrase)) for phrase in phrases], dtype=float)
    return 0.5 * judged + 0.5 * named


def _best(
    phrases: Sequence[str], similarity: NDArray[np.float32], label: int, often: NDArray[np.float64],
    telling: NDArray[np.float64], words: Sequence[tuple[str, float]],
) -> int:  # fmt: skip
    own = similarity[:, label]
    others = np.delete(similarity, label, axis=1)
    apart = own - (others.max(axis=1) if others.shape[1] else 0.0)
    key = {word: 1 / (place + 1) for place, (word, _) in enumerate(words[:8])}
    covered = np.array([sum(weight for word, weight in key.items() if word in phrase) for phrase in phrases])
    length = np.array([abs(len(phrase) - 6) for phrase in phrases], dtype=float)
    score = own + 0.7 * apart + 0.35 * np.minimum(covered, 1.5) + 0.12 * np.log1p(often) - 0.02 * length + 0.4 * telling
    return int(np.argmax(score))


def _from_words(words: Sequence[tuple[str, float]], used: set[str]) -> str | None:
    parts = [word for word, _ in words if len(word) > 1][:3]
    name = "、".join(parts)
    return name if parts and name not in used else None
