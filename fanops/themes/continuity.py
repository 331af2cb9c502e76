"""Continuity: registered themes that a run would throw together stay apart, unless they say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fanops.themes.partition import UNASSIGNED, canonical, centroids, coinciding

_FEWEST = 5
_OF_IT = 0.2  # a cluster with a smaller part of one theme is no part of that theme
_TOLERANCE = 2.0  # a theme is divided where a resolution this many times lower would divide it too
_CLEARLY = 0.3  # by so much more a unit must be like another theme's centre to leave its own
_SAME = 0.8  # a cluster whose centre is so near to that of a theme that a person merged away is that theme
NOT_REGISTERED = -1


@dataclass(frozen=True)
class Known:
    """What is known of n texts from earlier runs and from people.

    Attributes:
        lay_in: Registered theme of each text, −1 none; shape (n,). Those themes stay apart.
        same_grain: The themes were found as coarsely: one is divided only where that is clearly better. False: a person asked for
            other granularity, and gets it.
        joined: Themes that a person joined of several, which are never divided: centres of what was merged into each,
            shape (merged, d).
    """

    lay_in: NDArray[np.int64]
    same_grain: bool = True
    joined: Mapping[int, NDArray[np.float32]] = field(default_factory=dict)


def majority(position: NDArray[np.int64], before: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Give each distinct text the registered theme that most of its repetitions lay in.

    Args:
        position: Distinct text of each unit, shape (n,).
        before: Registered theme of each unit, −1 none, shape (n,).
        count: Number of distinct texts.

    Returns:
        Shape (count,), −1 where no repetition lay in a theme.
    """
    result = np.full(count, NOT_REGISTERED, dtype=np.int64)
    known = before >= 0
    pairs, times = np.unique(np.stack([position[known], before[known]]), axis=1, return_counts=True)
    for place in np.lexsort((-pairs[1], times)):
        result[pairs[0, place]] = pairs[1, place]
    return result


def rejoin(
    labels: NDArray[np.int32], before: NDArray[np.int64], weights: NDArray[np.int64], fit: NDArray[np.int64],
    graph: sparse.csr_matrix, resolution: float | None, joined: Mapping[int, NDArray[np.float32]] = MappingProxyType({}),
    middle: NDArray[np.float32] | None = None,
) -> NDArray[np.int32]:  # fmt: skip
    """Take back divisions of registered themes that are not clearly better than the theme as it was.

    Where a theme is only loosely knit, a few more texts decide whether a partition divides it: the next run would join it
    again. A cluster that is mostly a part of one theme, whose greater part lies in another cluster, stays apart when it would
    be worth it at a resolution ``_TOLERANCE`` times lower too (modularity of the two against their union); else it is joined.
    What holds hardly anything of a theme is new, and no concern of this.

    Args:
        labels: Cluster per text, −1 none, shape (n,).
        before: Registered theme per text, −1 none, shape (n,).
        weights: How often each text was said, shape (n,).
        fit: Texts that the graph is of, shape (m,).
        graph: Neighbour graph, shape (m, m).
        resolution: That the clusters were found with; None: nothing is taken back but what a person joined.
        joined: See ``Known``; however unlike the parts of such a theme are, none of them is divided from it.
        middle: Centre of each cluster, needed only where something was joined; shape (clusters, d).

    Returns:
        Labels, numbered by weight; the same partition where nothing was taken back.
    """
    themes, held = _held(labels, before, weights)
    if not len(themes):
        return labels
    count = held.shape[1]
    main = held.argmax(axis=1)
    size = np.bincount(labels[labels >= 0], weights=weights[labels >= 0], minlength=count)
    joint, degree = _ties(graph, labels[fit], count)
    merged_away: dict[int, int] = {}
    if middle is not None:
        for row, theme in enumerate(themes.tolist()):
            near = (middle @ joined[theme].T).max(axis=1, initial=-1.0) >= _SAME if theme in joined else ()
            merged_away |= dict.fromkeys(np.flatnonzero(near).tolist(), row)
    result = labels.copy()
    for label in np.setdiff1d(np.arange(count), main).tolist():
        if label in merged_away:
            result[labels == label] = main[merged_away[label]]
            continue
        theme = int(held[:, label].argmax())
        if held[theme, label] < max(_FEWEST, _OF_IT * size[label]):
            continue
        loosely = False
        if resolution is not None:
            by_chance = resolution / _TOLERANCE * degree[label] * degree[main[theme]] / max(degree.sum(), 1e-9)
            loosely = joint[label, main[theme]] > by_chance
        if loosely or int(themes[theme]) in joined:
            result[labels == label] = main[theme]
    return labels if np.array_equal(result, labels) else canonical(result, weights)


def _ties(graph: sparse.csr_matrix, labels: NDArray[np.int32], count: int) -> tuple[NDArray, NDArray]:
    """Give the weight of edges between each two clusters, shape (count, count), and that of all edges of each."""
    inside = np.flatnonzero(labels >= 0)
    shape = (count, len(labels))
    member = sparse.csr_matrix((np.ones(len(inside)), (labels[inside], inside)), shape=shape)
    return (member @ graph @ member.T).toarray(), np.asarray(member @ graph.sum(axis=1)).ravel()


def keep_apart(
    vectors: NDArray[np.float32], labels: NDArray[np.int32], before: NDArray[np.int64], weights: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Divide clusters that swallowed registered themes.

    A cluster that holds the greatest part of two registered themes, or of one and far more of something new, is divided
    among them: each known text stays where it was, each new one goes to the nearest centre. A larger wave makes coarser
    clusters, and small themes don't end by that. Themes whose centres nearly coincide are left together: a true merge.

    Args:
        vectors: Unit rows, shape (n, d).
        labels: Cluster per text, −1 none, shape (n,).
        before: Registered theme per text, −1 none, shape (n,).
        weights: How often each text was said, shape (n,).

    Returns:
        Labels, numbered by weight; the same partition where nothing had to be divided.
    """
    result = labels.copy()
    following = int(labels.max(initial=-1)) + 1
    themes, held = _held(labels, before, weights)
    main = dict(zip(themes.tolist(), held.argmax(axis=1).tolist(), strict=True)) if len(themes) else {}
    for label in range(following):
        members = np.flatnonzero(labels == label)
        parts = _parts(members, before, main, label)
        if len(parts) < 2:
            continue
        local = np.full(len(labels), UNASSIGNED, dtype=np.int32)
        for place, part in enumerate(parts):
            local[part] = place
        middle = centroids(vectors, local, weights)
        joined = coinciding(middle)
        if len(set(joined)) < 2:
            continue
        nearest = np.argmax(vectors[members] @ middle.T, axis=1)
        own = np.where(local[members] >= 0, local[members], nearest)
        groups = np.array(joined)[own]
        for group in sorted(set(joined))[1:]:
            result[members[groups == group]] = following
            following += 1
    return result if following == int(labels.max(initial=-1)) + 1 else canonical(result, weights)


def stay(
    vectors: NDArray[np.float32], themes: NDArray[np.int64], before: NDArray[np.int64], centres: Mapping[int, NDArray[np.float32]]
) -> NDArray[np.int64]:  # fmt: skip
    """Let units stay in the theme they were in, unless they fit the one they would move to clearly better.

    Borders between neighbouring themes shift with every wave; a person who comes back wants to find what was there. Only moves
    between themes of both runs are held back: new themes take what is theirs, and what was in no theme goes where it fits.

    Args:
        vectors: Unit rows, shape (n, d).
        themes: Theme id per unit as the run groups them, 0 none, shape (n,).
        before: Registered theme id per unit, 0 none, shape (n,).
        centres: Centre of each theme that was registered before and was found again, by id.

    Returns:
        Theme id per unit, shape (n,).
    """
    known = np.array(sorted(centres), dtype=np.int64)
    moved = np.flatnonzero((themes != before) & np.isin(themes, known) & np.isin(before, known))
    if not len(moved):
        return themes
    middle = np.stack([centres[int(theme)] for theme in known])
    here, there = (middle[np.searchsorted(known, ids[moved])] for ids in (before, themes))
    gain = np.einsum("nd,nd->n", vectors[moved], there) - np.einsum("nd,nd->n", vectors[moved], here)
    result = themes.copy()
    held = moved[gain < _CLEARLY]
    result[held] = before[held]
    return result


def _held(
    labels: NDArray[np.int32], before: NDArray[np.int64], weights: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the registered themes that occur, ascending, and how much of each every cluster holds; shape (themes, clusters)."""
    known = (before >= 0) & (labels >= 0)
    themes, row = np.unique(before[known], return_inverse=True)
    held = np.zeros((len(themes), int(labels.max(initial=-1)) + 1), dtype=np.int64)
    np.add.at(held, (row, labels[known]), weights[known])
    return themes, held


def _parts(
    members: NDArray[np.int64], before: NDArray[np.int64], main: dict[int, int], label: int
) -> list[NDArray[np.int64]]:
    """Give the registered themes whose greatest part a cluster is, and what is new in it where that outweighs them."""
    known = before[members]
    parts = [members[known == theme] for theme, place in sorted(main.items()) if place == label]
    parts = [part for part in parts if len(part) >= _FEWEST]
    new = members[known < 0]
    if len(new) > sum(len(part) for part in parts):
        parts.append(new)
    return parts
