"""Partition: units into themes and sub-themes, the same for the same texts in whatever order they come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fanops.themes.neighbours import neighbour_graph
from fanops.themes.parameters import Parameters

UNASSIGNED = -1
_SEARCHED = 20_000  # units over all searches for communities
_MOST_TRIALS = 20  # searches: with few units one alone is luck
_MANY = 3_000  # vectors from which on the nearest ones tell enough
_SUB_RESOLUTION = 1.0
_SUB_LEAST = 8  # members of a part
_SUB_PARTS, _HEAP_PARTS = 25, 10  # at most, of a theme and of a heap
_FINER = (1, 1.5, 2.25, 3.4, 5)  # times the resolution, in turn, by which a heap is divided
_FEW, _COPIES = 200, 3  # up to so many sentences, repeated ones count for themselves, up to so often
_SHRUNK = 0.1  # of the covariance within themes, towards that of a ball: at least so much
_SHRUNK_EACH = 2.0  # times the dimensions over the texts: the fewer, the more
_ALIKE = 0.92  # centroids of one theme's halves lie above, of neighbouring themes below (docs/method.md)
_COHERENT = 0.5  # mean cosine to the centre; labelled aspects and topics have .43 to .8


@dataclass(frozen=True)
class Partition:
    """A partition of n vectors.

    Attributes:
        labels: Theme of each vector, 0 the largest, −1 unassigned; shape (n,).
        sublabels: Sub-theme of each vector, numbered over all themes, −1 where a theme is not divided; shape (n,).
    """

    labels: NDArray[np.int32]
    sublabels: NDArray[np.int32]


def partition(
    vectors: NDArray[np.float32], graph: sparse.csr_matrix, weights: NDArray[np.int64], people: list[set[int]],
    parameters: Parameters,
) -> Partition:  # fmt: skip
    """Divide vectors into themes.

    Args:
        vectors: Unit rows of distinct texts in canonical order, shape (n, d), n at least 4; no zero rows.
        graph: Their ``neighbourhood``.
        weights: How often each text was said, shape (n,).
        people: Who said each text, n sets.
        parameters: See Parameters.
    """
    copies = np.minimum(weights, np.clip(_FEW // len(vectors), 1, _COPIES))
    if parameters.method == "hdbscan":
        raw = density(vectors, weights, parameters)
    elif copies.max() > 1:
        raw = _by_copies(vectors, weights, copies, parameters)
    else:
        raw = coherent_communities(vectors, graph, weights, parameters)
    raw = with_enough_people(vectors, raw, weights, people, parameters.min_people)
    labels = canonical(raw, weights)
    return Partition(labels, _divided(graph, labels, weights, people, parameters))


def neighbourhood(vectors: NDArray[np.float32], parameters: Parameters) -> sparse.csr_matrix:
    """Build the graph that vectors of distinct texts, n at least 4, are divided in; shape (n, n).

    The fewer there are, the more neighbours in common count: among few sentences the nearest ones are often of another theme.
    """
    return neighbour_graph(vectors, _breadth(len(vectors), parameters), max(0.0, 1 - len(vectors) / _MANY))


def _breadth(n: int, parameters: Parameters) -> int:
    return min(parameters.neighbours, max(3, n // 6), round(np.cbrt(n)) + 3, n - 1)


def _by_copies(
    vectors: NDArray[np.float32], weights: NDArray[np.int64], copies: NDArray[np.int64], parameters: Parameters
) -> NDArray[np.int32]:
    """Divide a small set in which a sentence said by several people stands there as several: else it had no neighbour of its kind.

    Neighbours in common would count for nothing here: copies have all of theirs in common and would be a theme by themselves.
    """
    each = np.repeat(np.arange(len(vectors)), copies)
    graph = neighbour_graph(vectors[each], _breadth(len(each), parameters))
    labels = coherent_communities(vectors[each], graph, np.repeat(weights / copies, copies), parameters)
    return labels[np.searchsorted(each, np.arange(len(vectors)))]


def communities(graph: sparse.csr_matrix, resolution: float, seed: int, trials: int = 1) -> NDArray[np.int32]:
    """Find communities by the Leiden method, the best of several trials; labels shape (n,).

    Source:
        Traag, Waltman & van Eck (2019), From Louvain to Leiden.
    """
    import graspologic_native

    n = graph.shape[0]
    if graph.nnz == 0:
        return np.arange(n, dtype=np.int32)
    _, found = graspologic_native.leiden_csr(
        graph.indptr.astype(np.int64), graph.indices.astype(np.int32), graph.data.astype(np.float64), n,
        resolution=resolution, seed=seed, iterations=3, trials=trials,
    )  # fmt: skip
    labels = np.full(n, UNASSIGNED, dtype=np.int32)
    items = found.items() if isinstance(found, dict) else enumerate(found)
    for node, community in items:
        labels[int(node)] = community
    return labels


def coherent_communities(
    vectors: NDArray[np.float32], graph: sparse.csr_matrix, weights: NDArray[np.int64], parameters: Parameters
) -> NDArray[np.int32]:
    """Find communities, and divide once more those that hold together by nothing but being unlike the rest.

    The members of such a heap are far from their centre. Parts of it too small to be a theme go to the theme nearest to each
    member.

    Args:
        vectors: Unit rows, shape (n, d).
        graph: Their neighbour graph, shape (n, n).
        weights: How often each was said, shape (n,).
        parameters: Resolution and seed.

    Returns:
        Labels, shape (n,).
    """
    trials = int(np.clip(_SEARCHED // len(vectors), 1, _MOST_TRIALS))
    labels = canonical(communities(graph, parameters.resolution, parameters.seed, trials), weights)
    middle = centroids(vectors, labels, weights)
    near = np.einsum("nd,nd->n", vectors, middle[labels]) * weights
    result, following = labels.copy(), len(middle)
    for label in range(len(middle)):
        members = np.flatnonzero(labels == label)
        if len(members) < 2 * _SUB_LEAST or near[members].sum() >= _COHERENT * weights[members].sum():
            continue
        inner, large = _taken_apart(graph[members][:, members], parameters)
        if large.any():
            result[members] = np.where(large, following + inner, UNASSIGNED)
            following += int(inner.max()) + 1
    whole = _to_nearest(vectors, result, result < 0, weights)
    first = np.array(coinciding(centroids(vectors, whole, weights)), dtype=np.int32)
    return np.where(whole >= 0, first[whole], UNASSIGNED).astype(np.int32) if len(first) else whole


def _taken_apart(graph: sparse.csr_matrix, parameters: Parameters) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Divide a heap, ever more finely until there are two parts large enough to be themes; parts, and which are large."""
    for finer in _FINER:
        inner = communities(graph, finer * parameters.resolution, parameters.seed)
        sizes = np.bincount(inner)
        large = sizes >= max(_SUB_LEAST, graph.shape[0] // _HEAP_PARTS)
        if large.sum() > 1:
            break
    return inner, large[inner]


def density(vectors: NDArray[np.float32], weights: NDArray[np.int64], parameters: Parameters) -> NDArray[np.int32]:
    """Find dense cores by HDBSCAN; what lies in no core is −1.

    Source:
        Campello, Moulavi & Sander (2013); McInnes, Healy & Astels (2017).
    """
    import hdbscan

    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred[:: max(1, len(centred) // 4000)], full_matrices=False)
    reduced = centred @ axes[: min(12, len(axes))].T
    share = {"coarse": 0.02, "normal": 0.008, "fine": 0.003}[parameters.granularity]
    least = max(parameters.min_people, 3, round(share * len(vectors)))
    model = hdbscan.HDBSCAN(min_cluster_size=least, min_samples=3, cluster_selection_method="leaf")
    return model.fit_predict(reduced.astype(np.float64)).astype(np.int32)


def centroids(
    vectors: NDArray[np.float32], labels: NDArray[np.int32], weights: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Give the unit mean direction of each label 0…max; shape (n_labels, d); zero row for an empty label."""
    count = int(labels.max(initial=-1)) + 1
    assigned = labels >= 0
    member = sparse.csr_matrix(
        (weights[assigned].astype(np.float32), (labels[assigned], np.flatnonzero(assigned))), shape=(count, len(labels))
    )
    sums = np.asarray(member @ vectors, dtype=np.float32)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 1e-9)


def discriminant(
    vectors: NDArray[np.float32], labels: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give the linear borders between themes: ``vectors @ slope + offset`` is largest for the likeliest theme.

    Better than the nearest centre: they know which directions vary within every theme, and how large each is. The fewer texts there are,
    the more they become what lies halfway between two centres.

    Args:
        vectors: Rows that were partitioned, shape (n, d).
        labels: Their themes, 0 to k − 1 without a gap, −1 none, shape (n,).

    Returns:
        ``slope`` of shape (d, k), ``offset`` of shape (k,).

    Source:
        Linear discriminant analysis with a shrunken covariance: Friedman (1989), Regularized Discriminant Analysis.
    """
    inside = labels >= 0
    rows, own = vectors[inside].astype(np.float64), labels[inside]
    sizes = np.bincount(own)
    member = sparse.csr_matrix((np.ones(len(own)), (own, np.arange(len(own)))), shape=(len(sizes), len(own)))
    means = (member @ rows) / sizes[:, None]
    centred = rows - means[own]
    within = centred.T @ centred / max(len(rows) - len(sizes), 1)
    shrunk = min(1.0, max(_SHRUNK, _SHRUNK_EACH * len(within) / len(rows)))
    within = (1 - shrunk) * within + shrunk * np.trace(within) / len(within) * np.eye(len(within))
    slope = np.linalg.solve(within + 1e-9 * np.eye(len(within)), means.T)
    offset = np.log(sizes / len(rows)) - 0.5 * np.einsum("kd,dk->k", means, slope)
    return slope.astype(np.float32), offset.astype(np.float32)


def likeliest(
    vectors: NDArray[np.float32], borders: tuple[NDArray[np.float32], NDArray[np.float32]]
) -> NDArray[np.int32]:
    """Give the theme that each vector most likely belongs to, by the borders of ``discriminant``; shape (n,)."""
    slope, offset = borders
    return np.argmax(vectors @ slope + offset, axis=1).astype(np.int32)


def membership(
    vectors: NDArray[np.float32], borders: tuple[NDArray[np.float32], NDArray[np.float32]]
) -> NDArray[np.float64]:
    """Give the chance of each theme by the borders of ``discriminant``, each row summing to 1; shape (n, k)."""
    slope, offset = borders
    score = (vectors @ slope + offset).astype(np.float64)
    chance = np.exp(score - score.max(axis=1, keepdims=True))
    return chance / chance.sum(axis=1, keepdims=True)


def coinciding(middle: NDArray[np.float32]) -> list[int]:
    """Give each centre the place of the first one that it nearly coincides with, its own where there is none; rows of zeros are alone."""
    alike = middle @ middle.T >= _ALIKE
    first = list(range(len(middle)))
    for place in range(len(middle)):
        for other in range(place):
            if alike[place, other]:
                first[place] = first[other]
                break
    return first


def canonical(labels: NDArray[np.int32], weights: NDArray[np.int64]) -> NDArray[np.int32]:
    """Number labels by what they weigh, heaviest first, ties by the first member; −1 stays."""
    kept = np.unique(labels[labels >= 0])
    order = sorted(kept, key=lambda label: (-int(weights[labels == label].sum()), int(np.argmax(labels == label))))
    lookup = {label: place for place, label in enumerate(order)}
    return np.array([lookup.get(label, UNASSIGNED) for label in labels], dtype=np.int32)


def with_enough_people(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int32],
    weights: NDArray[np.int64],
    people: list[set[int]],
    least: int,
) -> NDArray[np.int32]:
    """Give groups of too few people to the theme nearest to each member; none is left from fewer than ``least``."""
    said: dict[int, set[int]] = {}
    for label, who in zip(labels.tolist(), people, strict=True):
        said.setdefault(label, set()).update(who)
    small = {label for label, who in said.items() if label >= 0 and len(who) < least}
    if not small:
        return labels
    loose = np.isin(labels, list(small))
    return _to_nearest(vectors, np.where(loose, UNASSIGNED, labels).astype(np.int32), loose, weights)


def _to_nearest(
    vectors: NDArray[np.float32], labels: NDArray[np.int32], loose: NDArray[np.bool_], weights: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Give the loose ones (−1) to the theme nearest to each; where there is no theme they stay."""
    if not loose.any() or labels.max(initial=UNASSIGNED) < 0:
        return labels
    kept, numbered = np.unique(labels, return_inverse=True)
    shift = int(kept[0] < 0)
    middle = centroids(vectors, (numbered - shift).astype(np.int32), weights)
    result = labels.copy()
    result[loose] = kept[shift:][np.argmax(vectors[loose] @ middle.T, axis=1)]
    return result


def _divided(
    graph: sparse.csr_matrix, labels: NDArray[np.int32], weights: NDArray[np.int64], people: list[set[int]],
    parameters: Parameters,
) -> NDArray[np.int32]:  # fmt: skip
    """Divide each theme once more inside its own part of the graph; sub-themes that are too small are given up."""
    result = np.full(len(labels), UNASSIGNED, dtype=np.int32)
    following = 0
    every = [np.flatnonzero(labels == label) for label in range(int(labels.max(initial=-1)) + 1)]
    large = [members for members in every if len(members) >= 2 * _SUB_LEAST]

    def parts(members: NDArray[np.int64]) -> NDArray[np.int32]:
        return canonical(communities(graph[members][:, members], _SUB_RESOLUTION, parameters.seed), weights[members])

    with ThreadPoolExecutor(2) as pool:  # communities are looked for outside the interpreter's lock
        divided = list(pool.map(parts, large))
    for members, inner in zip(large, divided, strict=True):
        least = max(_SUB_LEAST, len(members) // _SUB_PARTS)
        for sub in range(int(inner.max(initial=-1)) + 1):
            own = members[inner == sub]
            who = set().union(*(people[member] for member in own))
            if len(own) >= least and len(who) >= parameters.min_people and len(own) < len(members):
                result[own] = following
                following += 1
    return result
