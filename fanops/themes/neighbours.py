"""Nearest neighbours by cosine, exact, in blocks; and the weighted graph they make."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fanops.themes.spread import one_thread

_BLOCK = 512  # rows whose similarities fit into the cache
_GROUP = 16  # columns whose maximum is looked at first
_AT_ONCE = min(4, os.cpu_count() or 1)  # blocks: bounds memory


def nearest(vectors: NDArray[np.float32], k: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the ``k`` most similar others of each vector.

    Args:
        vectors: Unit rows, shape (n, d).
        k: Between 1 and n − 1.

    Returns:
        ``index, similarity``: shape (n, k) each, the most similar first; similarity is the cosine, −1 to 1.
    """
    with one_thread(), ThreadPoolExecutor(_AT_ONCE) as pool:  # the work is done outside the interpreter's lock
        found = list(pool.map(partial(_nearest_of, vectors, k), range(0, len(vectors), _BLOCK)))
    return np.concatenate([index for index, _ in found]), np.concatenate([similarity for _, similarity in found])


def _nearest_of(vectors: NDArray[np.float32], k: int, start: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the neighbours of one block's vectors."""
    n = len(vectors)
    groups = max(k, n // _GROUP)
    block = vectors[start : start + _BLOCK] @ vectors.T
    rows = np.arange(len(block))
    block[rows, rows + start] = -2.0
    # The k-th best of group maxima bounds the k-th best of all from below: few entries are left to compare.
    whole = n // groups * groups
    peaks = block[:, :whole].reshape(len(block), -1, groups).max(axis=1)
    floor = np.partition(peaks, groups - k, axis=1)[:, groups - k]
    row, column = np.divmod(np.flatnonzero(block >= floor[:, None]), n)  # far faster than nonzero in two dimensions
    values = block[row, column]
    order = np.lexsort((column, -values, row))
    first = np.searchsorted(row, rows)
    kept = order[first[:, None] + np.arange(k)]
    return column[kept].astype(np.int32), values[kept]


def neighbour_graph(vectors: NDArray[np.float32], k: int, in_common: float = 0.0) -> sparse.csr_matrix:
    """Build the symmetric graph of nearest neighbours, edges weighted by cosine (negative ones dropped).

    A neighbour that does not look back counts half: a vague sentence is near to many and would tie their themes together.

    Args:
        vectors: Unit rows, shape (n, d).
        k: Neighbours, at least 1.
        in_common: How far an edge counts only by the share of neighbours that its ends have in common, 0–1.

    Returns:
        Adjacency, shape (n, n), zero diagonal, sorted indices.

    Source:
        Jarvis & Patrick (1973), Clustering Using a Similarity Measure Based on Shared Near Neighbors.
    """
    n = len(vectors)
    k = min(k, n - 1)
    index, similarity = nearest(vectors, k)
    weights = np.maximum(similarity.ravel(), 1e-6).astype(np.float64)
    rows = np.repeat(np.arange(n), k)
    directed = sparse.csr_matrix((weights, (rows, index.ravel())), shape=(n, n))
    graph = (0.5 * (directed + directed.T)).tocsr()
    if in_common > 0:
        graph = ((1 - in_common) * graph + in_common * graph.multiply(_in_common(index))).tocsr()
    graph.sort_indices()
    return graph


def _in_common(index: NDArray[np.int32]) -> sparse.csr_matrix:
    """Give the share of neighbours that two vectors have in common, each its own neighbour too (Jaccard); shape (n, n)."""
    n, k = index.shape
    near = sparse.csr_matrix((np.ones(n * k), (np.repeat(np.arange(n), k), index.ravel())), shape=(n, n))
    near = near + sparse.identity(n, format="csr")
    shared = (near @ near.T).tocsr()
    shared.data /= 2 * (k + 1) - shared.data
    return shared
