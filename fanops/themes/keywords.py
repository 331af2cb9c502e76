"""Words that set a theme apart: class-based TF-IDF over the units' own words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

MOST = 10


class WordCounts:
    """Which words stand in which texts, counted once for all the groupings that are asked for."""

    def __init__(self, tokens: Sequence[Sequence[str]], weights: NDArray[np.int64]) -> None:
        """Count.

        Args:
            tokens: Content words of each text, n sequences.
            weights: How often each text was said, shape (n,).
        """
        known: dict[str, int] = {}
        kept = [
            [known.setdefault(word, len(known)) for word in dict.fromkeys(words) if not word.isnumeric()]
            for words in tokens
        ]  # a number alone (10, 四十) is no topic: 排队等了10分钟 is about waiting
        self._words = sorted(known)
        place = np.empty(len(known), dtype=np.int64)
        place[[known[word] for word in self._words]] = np.arange(len(known))
        bounds = np.concatenate([[0], np.cumsum([len(words) for words in kept])])
        column = place[np.fromiter((at for words in kept for at in words), dtype=np.int64, count=int(bounds[-1]))]
        count = np.repeat(weights.astype(np.float64), np.diff(bounds))
        self._said = sparse.csr_matrix((count, column, bounds), shape=(len(kept), len(known)))

    def only(self, words: frozenset[str]) -> NDArray[np.bool_]:
        """Say which texts have no content word but these; shape (n,)."""
        other = np.array([word not in words for word in self._words], dtype=np.float64)
        return np.asarray((self._said > 0) @ other).ravel() == 0

    def keywords(self, labels: NDArray[np.int32], most: int = MOST) -> list[list[tuple[str, float]]]:
        """Give the key words of each theme.

        Args:
            labels: Theme per text, −1 ignored; shape (n,).
            most: Words per theme.

        Returns:
            For each label 0…max: (word, score), best first. A text counts each word once, so a copied rant adds nothing.

        Source:
            c-TF-IDF: Grootendorst (2022), BERTopic, eq. 3.
        """
        themes = int(labels.max(initial=-1)) + 1
        member = np.flatnonzero(labels >= 0)
        belongs = sparse.csr_matrix((np.ones(len(member)), (labels[member], member)), shape=(themes, len(labels)))
        inside = (belongs @ self._said).tocsr()
        overall = np.asarray(inside.sum(axis=0)).ravel()
        mean = overall.sum() / max(1, themes)
        rarity = np.log1p(mean / np.maximum(overall, 1e-9))
        result = []
        for label in range(themes):
            row = slice(inside.indptr[label], inside.indptr[label + 1])
            words, counts = inside.indices[row], inside.data[row]
            score = counts / (counts.sum() or 1.0) * rarity[words]
            best = np.lexsort((words, -score))[:most]  # equal scores by the word itself: columns are in sorting order
            result.append([(self._words[words[at]], float(score[at])) for at in best])
        return result
