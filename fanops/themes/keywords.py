"""Words that set a theme apart: class-based TF-IDF over the units' own words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST = 10


def theme_keywords(
    tokens: Sequence[Sequence[str]], labels: NDArray[np.int32], weights: NDArray[np.int64], most: int = MOST
) -> list[list[tuple[str, float]]]:
    """Give the key words of each theme.

    Args:
        tokens: Content words of each text, n sequences.
        labels: Theme per text, −1 ignored; shape (n,).
        weights: How often each text was said; shape (n,).
        most: Words per theme.

    Returns:
        For each label 0…max: (word, score), best first. A text counts each word once, so a copied rant adds nothing.

    Source:
        c-TF-IDF: Grootendorst (2022), BERTopic, eq. 3.
    """
    count = int(labels.max(initial=-1)) + 1
    inside: list[Counter[str]] = [Counter() for _ in range(count)]
    overall: Counter[str] = Counter()
    for words, label, weight in zip(tokens, labels.tolist(), weights.tolist(), strict=True):
        if label < 0:
            continue
        for word in set(words):
            inside[label][word] += weight
            overall[word] += weight
    mean = sum(overall.values()) / max(1, count)
    result = []
    for counts in inside:
        total = sum(counts.values()) or 1
        scored = [(word, n / total * np.log1p(mean / overall[word])) for word, n in counts.items()]
        result.append(sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:most])
    return result
