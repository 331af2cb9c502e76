"""Features of a clause for the polarity model: hashed words and word pairs under negation, and what the lexicon read."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fanops.text.polarity_lexicon import read_clause, rules
from fanops.text.tokens import Tokenizer

BITS = 17
DENSE = 7
BY_WORDS = 1 << BITS  # the column with what the lexicon read, −1 to 1
_WORD = re.compile(r"\w")


def features(texts: Sequence[str], tokenizer: Tokenizer) -> sparse.csr_matrix:
    """Give the features of clauses; see ``read_features``."""
    return read_features(texts, tokenizer)[0]


def read_features(texts: Sequence[str], tokenizer: Tokenizer) -> tuple[sparse.csr_matrix, NDArray[np.bool_]]:
    """Give the features of clauses, and which of them a negation or a set phrase turned.

    Returns:
        The features, shape (n, 2^17 + 7), float32: hashed words and pairs (rows of unit length), then the lexicon's score squashed,
        its pleased and displeased parts, their presence, and whether there was a question or an exclamation; and the turned
        ones, shape (n,).
    """
    negation = rules()["negation"]
    indices: list[int] = []
    bounds = [0]
    bent = np.zeros(len(texts), dtype=bool)
    dense = np.zeros((len(texts), DENSE), dtype=np.float32)
    for place, text in enumerate(texts):
        words = [word.lower() for word in tokenizer.tokens(text[:600]) if _WORD.search(word)]
        negated, marked = 0, []
        for word in words:
            if word in negation:
                negated = 3
            marked.append(f"不·{word}" if negated and word not in negation else word)
            negated = max(0, negated - 1)
        grams = set(marked) | {f"{a}|{b}" for a, b in pairwise(words)}
        indices += [zlib.crc32(gram.encode("utf-8", "replace")) & ((1 << BITS) - 1) for gram in grams]
        bounds.append(len(indices))
        read = read_clause(text[:600])
        bent[place] = read.bent
        dense[place] = (
            np.tanh(read.score / 2), np.tanh(read.positive / 2), np.tanh(read.negative / 2), read.positive > 0,
            read.negative > 0, "?" in text or "？" in text, "!" in text or "！" in text,
        )  # fmt: skip
    counts = np.diff(bounds)
    data = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
    hashed = sparse.csr_matrix((data, np.array(indices, dtype=np.int32), bounds), shape=(len(texts), 1 << BITS))
    return sparse.hstack([hashed, sparse.csr_matrix(dense)], format="csr", dtype=np.float32), bent


def linear(rows: sparse.csr_matrix, weights: NDArray[np.float32], bias: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give class scores, shape (n, 3)."""
    return np.asarray(rows @ weights + bias, dtype=np.float32)
