"""Identity: which registered theme a run's cluster is; continued, split, merged, born, died, revived."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

# Calibrated on runs over growing parts of real reviews (docs/method.md): shared units tell nearly everything while the
# data overlaps; the centroid decides only where hardly any unit is shared (a new wave of new voices).
LEAST_SHARED = 0.15
SURE_SHARED = 0.5
LEAST_COSINE = 0.80
SURE_COSINE = 0.92
SPLIT_SHARE = 0.30
_FEW_UNITS = 5


@dataclass(frozen=True)
class Registered:
    """A theme of the registry, as identity needs it.

    Attributes:
        theme_id: Its id.
        units: Ids of the units it holds now.
        centroid: Unit vector, or None.
        is_live: False for a theme that died: it can be revived.
    """

    theme_id: int
    units: frozenset[int]
    centroid: NDArray[np.float32] | None
    is_live: bool = True


@dataclass(frozen=True)
class Match:
    """What became of one cluster.

    Attributes:
        cluster: Label of the cluster.
        theme_id: The registered theme it is, None for a new one.
        kind: continued, revived, split (a new theme out of ``from_ids``), merged (it also holds most of ``from_ids``),
            or born.
        from_ids: The other registered themes involved.
        shared_units: Units it shares with ``theme_id`` (or with the theme it split from).
        grey: Whether a person should confirm.
    """

    cluster: int
    theme_id: int | None
    kind: str
    from_ids: tuple[int, ...] = ()
    shared_units: int = 0
    grey: bool = False


@dataclass(frozen=True)
class _Likeness:
    """How alike clusters and registered themes are; each of shape (clusters, themes).

    Attributes:
        shared: Units of both.
        overlap: Share of the theme that the cluster took.
        inside: Share of the cluster's known units that were the theme's.
        jaccard: Both together.
        cosine: Of their centres, 0 where a theme has none.
    """

    shared: NDArray[np.float64]
    overlap: NDArray[np.float64]
    inside: NDArray[np.float64]
    jaccard: NDArray[np.float64]
    cosine: NDArray[np.float64]


@dataclass(frozen=True)
class Matching:
    """All matches of a run, and the live themes that no cluster continues."""

    matches: tuple[Match, ...]
    died: tuple[int, ...] = field(default=())


def match_clusters(
    registered: list[Registered], clusters: list[frozenset[int]], centroids: NDArray[np.float32]
) -> Matching:
    """Match clusters to registered themes, one to one, best total first.

    Args:
        registered: The registry.
        clusters: Unit ids of each cluster, by label.
        centroids: Unit centroids of the clusters, shape (k, d).

    Returns:
        A match per cluster in label order, and who died.

    Source:
        One-to-one by the assignment method of Kuhn (1955); the kinds of change follow MONIC (Spiliopoulou et al., 2006).
    """
    if not registered:
        return Matching(tuple(Match(label, None, "born") for label in range(len(clusters))))
    like = _likeness(registered, clusters, centroids)
    live = np.array([theme.is_live for theme in registered])
    score = like.jaccard + 0.25 * np.maximum(like.cosine, 0) + 0.01 * live[None, :]
    rows, columns = linear_sum_assignment(-score)
    chosen: dict[int, int] = {}
    for cluster, place in zip(rows.tolist(), columns.tolist(), strict=True):
        few = like.shared[cluster, place] < _FEW_UNITS
        if like.jaccard[cluster, place] >= LEAST_SHARED or (few and like.cosine[cluster, place] >= LEAST_COSINE):
            chosen[cluster] = place
    kept = set(chosen.values())
    matches = tuple(_describe(cluster, chosen.get(cluster), kept, registered, like) for cluster in range(len(clusters)))
    died = tuple(theme.theme_id for place, theme in enumerate(registered) if place not in kept and theme.is_live)
    return Matching(matches, died)


def _likeness(
    registered: list[Registered], clusters: list[frozenset[int]], centroids: NDArray[np.float32]
) -> _Likeness:
    holders: dict[int, list[int]] = {}
    for place, theme in enumerate(registered):
        for unit in theme.units:
            holders.setdefault(unit, []).append(place)
    shared = np.zeros((len(clusters), len(registered)))
    for cluster, units in enumerate(clusters):
        held = [place for unit in units for place in holders.get(unit, ())]
        shared[cluster] = np.bincount(held, minlength=len(registered)) if held else 0.0
    sizes = np.array([max(1, len(theme.units)) for theme in registered], dtype=float)
    known = np.maximum(1.0, shared.sum(axis=1))
    none = np.zeros(centroids.shape[1], dtype=np.float32)
    middle = np.stack([none if theme.centroid is None else theme.centroid for theme in registered])
    return _Likeness(
        shared, shared / sizes[None, :], shared / known[:, None], 2 * shared / (sizes[None, :] + known[:, None]),
        (centroids @ middle.T).astype(np.float64),
    )  # fmt: skip


def _describe(cluster: int, place: int | None, kept: set[int], registered: list[Registered], like: _Likeness) -> Match:
    shared, overlap, inside = like.shared[cluster], like.overlap[cluster], like.inside[cluster]
    others = [p for p in np.flatnonzero(overlap >= SURE_SHARED).tolist() if p not in kept and registered[p].is_live]
    if place is not None:
        theme = registered[place]
        sure = like.jaccard[cluster, place] >= SURE_SHARED or overlap[place] >= SURE_SHARED
        sure = sure or like.cosine[cluster, place] >= SURE_COSINE
        kind = "revived" if not theme.is_live else ("merged" if others else "continued")
        merged_ids = tuple(registered[p].theme_id for p in others)
        return Match(cluster, theme.theme_id, kind, merged_ids, int(shared[place]), not sure)
    source = int(np.argmax(inside))
    if shared[source] >= _FEW_UNITS and inside[source] >= SPLIT_SHARE:
        return Match(cluster, None, "split", (registered[source].theme_id,), int(shared[source]))
    return Match(cluster, None, "born")
