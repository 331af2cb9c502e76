"""The learned part of polarity: n-gram weights over the words' reading, read with NumPy alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fanops.content import content_path
from fanops.errors import NotReady
from fanops.text.polarity_rules import READ, read_clauses
from fanops.text.polarity_scan import Scan, gram_buckets, scan

DENSE = 9
_OPENING, _OPENING_WEIGHT = 2, 1.5  # a review's first clauses tell its gist more often than its last
_LEARNED_FLOOR = 0.1  # what the n-grams hardly say is noise that adds up over a long review
_SILENCE = 0.05  # who is pleased says so: a review without an opinion word is more often a report of what went wrong


@dataclass(frozen=True)
class Looked:
    """What is known of n texts before anything is decided.

    Attributes:
        found: The scan.
        reading: By the words, for each clause (see ``Reading.table``).
        sums: By the n-grams, class sums for each clause, shape (clauses, 3).
        grams: Number of n-grams for each clause.
    """

    found: Scan
    reading: NDArray[np.float32]
    sums: NDArray[np.float64]
    grams: NDArray[np.int64]


@dataclass(frozen=True)
class Model:
    """Weights and calibration.

    Attributes:
        weights: Of n-gram buckets, float32, shape (2^18, 3), and their bias, shape (3,).
        bias: See weights.
        stack: From n-gram scores and reading to classes, shape (3 + DENSE, 3), and its bias.
        stack_bias: See stack.
        log_prior: Of the classes in training.
        temperature: For short texts.
        slope: For whole reviews.
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    stack: NDArray[np.float32]
    stack_bias: NDArray[np.float32]
    log_prior: NDArray[np.float32]
    temperature: float
    slope: float


@lru_cache(maxsize=1)
def load_model() -> Model:
    """Load the shipped model.

    Raises:
        NotReady: A file is missing or damaged.
    """
    folder = content_path("models", "polarity")
    try:
        weights = np.load(folder / "weights.npy", allow_pickle=False).astype(np.float32)
        about = json.loads((folder / "model.json").read_text("utf-8"))
        bias, stack, stack_bias, prior = (
            np.array(about[name], dtype=np.float32) for name in ("bias", "stack", "stack_bias", "log_prior")
        )
        return Model(weights, bias, stack, stack_bias, prior, float(about["temperature"]), float(about["slope"]))
    except (OSError, ValueError, KeyError) as error:
        raise NotReady("情感模型读不出来。", "请重新安装 fanops，或运行 fanops model train-polarity。") from error


def look(texts: Sequence[str], weights: NDArray[np.float32]) -> Looked:
    """Scan texts, read them by their words and sum up their n-grams."""
    found = scan(texts)
    clauses = len(found.clause_text)
    bucket, clause = gram_buckets(found)
    sums = np.stack([np.bincount(clause, weights[bucket, each], minlength=clauses) for each in range(3)], axis=1)
    return Looked(found, read_clauses(found).table, sums, np.bincount(clause, minlength=clauses))


def clause_lean(looked: Looked, bias: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give what the n-grams of each clause say, −1 to 1, 0 where they say nothing."""
    chance = softmax(looked.sums / np.sqrt(np.maximum(looked.grams, 1))[:, None] + bias)
    return chance[:, 2] - chance[:, 0]


def review_scores(looked: Looked, texts: int, bias: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sum what the clauses of each text say, by words and by n-grams; above 0 pleased, shape (n,)."""
    owner = looked.found.clause_text
    count = np.bincount(owner, minlength=texts)
    place = np.arange(len(owner)) - (np.cumsum(count) - count)[owner]
    learned = clause_lean(looked, bias)
    said = np.tanh(looked.reading[:, 0]) + np.sign(learned) * np.maximum(np.abs(learned) - _LEARNED_FLOOR, 0)
    total = by_text(np.where(place < _OPENING, _OPENING_WEIGHT, 1.0) * said, looked, texts)
    silent = by_text(looked.reading[:, 5], looked, texts) == 0
    return total / np.sqrt(np.maximum(count, 1)) - _SILENCE * silent


def by_text(values: NDArray[np.floating], looked: Looked, texts: int) -> NDArray[np.float64]:
    """Sum clause values over their texts."""
    if values.ndim == 1:
        return np.bincount(looked.found.clause_text, values, minlength=texts)
    return np.stack([by_text(values[:, each], looked, texts) for each in range(values.shape[1])], axis=1)


def stack_features(looked: Looked, texts: int, bias: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give for each text the n-grams' class scores and its reading squashed, shape (n, 3 + DENSE)."""
    grams = np.maximum(by_text(looked.grams.astype(float), looked, texts), 1)
    scores = by_text(looked.sums, looked, texts) / np.sqrt(grams)[:, None] + bias
    return np.hstack([scores, dense(by_text(looked.reading, looked, texts))])


def dense(reading: NDArray[np.floating]) -> NDArray[np.float64]:
    """Squash summed readings, shape (n, READ), to what the stack takes, shape (n, DENSE)."""
    score, pleased, displeased, turned, plain, *_ = (reading[:, each] for each in range(READ))
    return np.stack(
        [np.tanh(score / 2), np.tanh(pleased / 2), np.tanh(displeased / 2), pleased > 0, displeased > 0,
         np.tanh(turned), np.tanh(2 * plain), np.tanh(score), (pleased > 0) & (displeased > 0)], axis=1,
    ).astype(float)  # fmt: skip


def softmax(logits: NDArray[np.floating]) -> NDArray[np.floating]:
    """Give probabilities of rows of class scores."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
