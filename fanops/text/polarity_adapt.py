"""Learning from the file at hand: reviews that the shipped model is sure of teach the words of their own domain.

Nothing is kept. 松动 or 一股味 may be nothing in one trade and a complaint in another; a few hundred reviews of one trade
show it. Source: self-training with naive Bayes (Nigam et al., Machine Learning 39, 2000); the choice of two rounds and of
the share was made on the MIT clauses and checked on ten categories of reviews (docs/method.md).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fanops.text.polarity_scan import BITS, gram_buckets, scan

FEWEST = 300  # below this the file has too little to teach
_TEACHERS = 20_000  # so many reviews teach at most, chosen by their hash: bounds time and memory
_ROUNDS, _SURE_SHARE = 2, 0.9
_KEPT_SHARE = 0.5  # how far the share of pleased reviews is held at what it was before
_RARE, _LONGEST_WEIGHT, _SMOOTHING = 3, 2.0, 1.0


def adapted(reviews: Sequence[str], score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the scores of whole reviews anew, with what the reviews teach each other.

    Args:
        reviews: Texts; when hardly any is pleased, or displeased, the scores come back as they are.
        score: Their scores so far, above 0 pleased, shape (n,).

    Returns:
        Scores on the same scale, shape (n,); independent of the order of the reviews.
    """
    teachers = np.arange(len(reviews))
    if len(reviews) > _TEACHERS:
        hashes = np.fromiter((zlib.crc32(each.encode("utf-8", "replace")) for each in reviews), dtype=np.int64)
        teachers = np.sort(np.lexsort((score, hashes))[:_TEACHERS])
    spread = float(np.std(score[teachers])) if len(teachers) else 0.0
    if spread == 0:
        return score
    first = current = score[teachers] / spread
    owner, bucket, length = _grams([reviews[each] for each in teachers])
    weights, scale, shift = np.zeros(1 << BITS), 1.0, 0.0
    for _ in range(_ROUNDS):
        border = np.quantile(np.abs(current), 1 - _SURE_SHARE)
        pleased, displeased = current > border, current < -border
        if min(pleased.sum(), displeased.sum()) < _RARE:
            return score
        weights = _weights(bucket, owner, pleased, displeased)
        learned = np.bincount(owner, weights[bucket], minlength=len(teachers)) / length
        scale = max(float(np.std(learned)), 1e-9)
        shift = _KEPT_SHARE * float(np.quantile(learned / scale, float(np.mean(first <= 0))))
        current = first + learned / scale - shift
    if len(teachers) == len(reviews):
        return current * spread / 2
    result = np.zeros(len(reviews))
    for at in range(0, len(reviews), _TEACHERS):
        owner, bucket, length = _grams(reviews[at : at + _TEACHERS])
        learned = np.bincount(owner, weights[bucket], minlength=len(length)) / length
        result[at : at + _TEACHERS] = score[at : at + _TEACHERS] / spread + learned / scale - shift
    return result * spread / 2


def _grams(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Give the different n-grams of each text as pairs (text, bucket), and the root of their number per text."""
    found = scan(texts)
    bucket, clause = gram_buckets(found)
    pairs = np.sort((found.clause_text[clause] << BITS) | bucket)  # np.unique takes forty times as long
    pairs = pairs[np.diff(pairs, prepend=-1) != 0]
    owner = pairs >> BITS
    return owner, pairs & ((1 << BITS) - 1), np.sqrt(np.maximum(np.bincount(owner, minlength=len(texts)), 1))


def _weights(
    bucket: NDArray[np.int64], owner: NDArray[np.int64], pleased: NDArray[np.bool_], displeased: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Give the log odds of n-grams between pleased and displeased reviews; rare ones say nothing."""
    size = 1 << BITS
    ups, downs = (np.bincount(bucket[side[owner]], minlength=size) for side in (pleased, displeased))
    odds = np.log((ups + _SMOOTHING) / (pleased.sum() + 2 * _SMOOTHING))
    odds -= np.log((downs + _SMOOTHING) / (displeased.sum() + 2 * _SMOOTHING))
    odds[ups + downs < _RARE] = 0
    return np.clip(odds, -_LONGEST_WEIGHT, _LONGEST_WEIGHT)
