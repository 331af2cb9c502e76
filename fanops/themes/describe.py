"""What a theme is called and who speaks for it: name, key words, quotes, and whether it is a demand at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fanops.text.word_lists import general_words, praise_words
from fanops.themes.keywords import WordCounts
from fanops.themes.naming import Namer
from fanops.themes.partition import centroids
from fanops.themes.quotes import diverse_quotes

GENERAL_SHARE = 0.5


@dataclass(frozen=True)
class Group:
    """One theme (or sub-theme) that a run proposes.

    Attributes:
        name: A short Chinese phrase, unique in the run.
        keywords: (word, score), best first; empty for sub-themes.
        quotes: Positions of typical units in the input.
        centroid: Unit vector, shape (d,).
        parent: Label of the theme a sub-theme belongs to, −1 for a theme.
        general: Most of it is praise or complaint about nothing in particular (笼统评价): no demand.
    """

    name: str
    keywords: tuple[tuple[str, float], ...]
    quotes: tuple[int, ...]
    centroid: NDArray[np.float32]
    parent: int = -1
    general: bool = False


@dataclass(frozen=True)
class Distinct:
    """The different texts of an input, n of them.

    Attributes:
        texts: One spelling each.
        vectors: Unit rows, shape (n, d).
        weights: How often each was said, shape (n,).
        first: Where each stands first in the input, shape (n,).
    """

    texts: list[str]
    vectors: NDArray[np.float32]
    weights: NDArray[np.int64]
    first: NDArray[np.int64]


@dataclass(frozen=True)
class Placed:
    """Which theme and sub-theme texts lie in, and where those are.

    Attributes:
        labels: Theme per text, −1 none, shape (n,).
        sublabels: Sub-theme per text, −1 none, shape (n,).
        middle: Unit centroids of themes, shape (k, d).
        sub_middle: Unit centroids of sub-themes, shape (s, d).
        parent: Theme of each sub-theme, shape (s,).
    """

    labels: NDArray[np.int32]
    sublabels: NDArray[np.int32]
    middle: NDArray[np.float32]
    sub_middle: NDArray[np.float32]
    parent: NDArray[np.int32]

    @classmethod
    def of(
        cls, labels: NDArray[np.int32], sublabels: NDArray[np.int32], vectors: NDArray[np.float32],
        weights: NDArray[np.int64],
    ) -> Placed:  # fmt: skip
        """Find the centres of themes and sub-themes."""
        middle, sub_middle = centroids(vectors, labels, weights), centroids(vectors, sublabels, weights)
        parent = np.zeros(len(sub_middle), dtype=np.int32)
        inside = sublabels >= 0
        parent[sublabels[inside]] = labels[inside]
        return cls(labels, sublabels, middle, sub_middle, parent)


def describe(
    said: Distinct, placed: Placed, counts: WordCounts, fit: NDArray[np.int64], namer: Namer
) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """Describe themes and sub-themes.

    Args:
        said: The texts.
        placed: Where they lie.
        counts: Words of the texts that were partitioned.
        fit: Which those are.
        namer: Of the same texts.

    Returns:
        One Group per theme, and one per sub-theme.
    """
    lengths = np.array([len(text) for text in said.texts], dtype=np.int64)

    def quotes(members: NDArray[np.int64], centre: NDArray[np.float32], most: int) -> tuple[int, ...]:
        found = diverse_quotes(said.vectors[members], centre, lengths[members], most)
        return tuple(said.first[members[found]].tolist())

    labels, middle = placed.labels, placed.middle
    words = counts.keywords(labels[fit], most=10) + [[]] * len(middle)
    moods = namer.moods(labels, len(middle))
    names = namer.name(labels, middle, words, moods)
    general = _general(moods, labels[fit], said.weights[fit], counts)
    themes = tuple(
        Group(
            names[k], tuple(words[k]), quotes(np.flatnonzero(labels == k), middle[k], 5), middle[k], general=general[k]
        )
        for k in range(len(middle))
    )
    labels, middle = placed.sublabels, placed.sub_middle
    words = counts.keywords(labels[fit], most=8) + [[]] * len(middle)
    names = namer.name(labels, middle, words, namer.moods(labels, len(middle)), frozenset(names))
    subthemes = tuple(
        Group(names[k], (), quotes(np.flatnonzero(labels == k), middle[k], 3), middle[k], int(placed.parent[k]))
        for k in range(len(middle))
    )
    return themes, subthemes


def _general(
    moods: NDArray[np.int8], labels: NDArray[np.int32], weights: NDArray[np.int64], counts: WordCounts
) -> list[bool]:
    """Say of which themes most is general: words about nothing in particular, or where most are pleased, praise of the whole."""
    nothing, praise = (counts.only(words) * weights for words in (general_words(), general_words() | praise_words()))
    result = []
    for label, mood in enumerate(moods.tolist()):
        own = labels == label
        said = (praise if mood > 0 else nothing)[own].sum()
        result.append(bool(said >= GENERAL_SHARE * max(1, weights[own].sum())))
    return result
