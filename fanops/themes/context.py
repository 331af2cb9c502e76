"""Context: a scrap of a sentence (只好撕开喝) means what the sentence beside it means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fanops.text.encoder import Encoder
from fanops.text.plain import gist

_SHARE = 1.0  # of what stands beside a text, against the text itself
_DOUBT = 3.0  # as if each text had been said so often beside nothing: chance neighbours of a rare text hardly count


def in_context(
    vectors: NDArray[np.float32], position: NDArray[np.int64], voices: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Mix into the vector of each text those of the texts it is said beside.

    A text said often takes on what it is always said beside; one said beside this and that takes on nothing, for its
    neighbours cancel out; one said once takes on little (a shrunken mean).

    Args:
        vectors: Unit rows of distinct texts, zero where nothing is known, shape (m, d).
        position: Distinct text of each unit, shape (n,).
        voices: Voice of each unit, shape (n,); the units of a voice stand together, in the order they were said.

    Returns:
        Unit rows, shape (m, d); a zero row stays zero, and without neighbours nothing changes.
    """
    first = np.flatnonzero(voices[1:] == voices[:-1])
    if not len(first):
        return vectors
    one, other = position[first], position[first + 1]
    m = len(vectors)
    beside = sparse.csr_matrix(
        (np.ones(2 * len(first), np.float32), (np.concatenate([one, other]), np.concatenate([other, one]))),
        shape=(m, m),
    )
    share = (_SHARE / (np.bincount(position, minlength=m) + _DOUBT)).astype(np.float32)
    mixed = beside @ vectors
    mixed *= share[:, None]
    mixed += vectors
    mixed[~vectors.any(axis=1)] = 0.0
    lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
    return np.divide(mixed, lengths, out=np.zeros_like(mixed), where=lengths > 1e-9)


def unit_vectors(encoder: Encoder, texts: Sequence[str], voices: Sequence[int]) -> NDArray[np.float32]:
    """Give the vectors of new units as a run over them would see them.

    Args:
        encoder: From texts to unit vectors.
        texts: Units, n of them.
        voices: Voice of each, the units of a voice together and in order.

    Returns:
        Unit rows, shape (n, d).
    """
    said, position = np.unique(np.array([gist(text) for text in texts], dtype=object), return_inverse=True)
    return in_context(encoder.encode(said.tolist()), position, np.asarray(voices, dtype=np.int64))[position]
