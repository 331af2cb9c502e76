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
        is_live: False for a theme that died or was retired: it can be revived.
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
    shared = np.array([[len(units & theme.units) for theme in registered] for units in clusters], dtype=float)
    sizes = np.array([max(1, len(theme.units)) for theme in registered], dtype=float)
    cluster_known = np.maximum(1.0, shared.sum(axis=1))
    # what the cluster took of the theme, and what the theme is of the cluster's known units
    overlap = shared / sizes[None, :]
    inside = shared / cluster_known[:, None]
    cosine = np.array([
        [float(centre @ theme.centroid) if theme.centroid is not None else 0.0 for theme in registered]
        for centre in centroids
    ])  # fmt: skip
    jaccard = 2 * shared / (sizes[None, :] + cluster_known[:, None])
    live = np.array([theme.is_live for theme in registered])
    score = jaccard + 0.25 * np.maximum(cosine, 0) + 0.01 * live[None, :]
    rows, columns = linear_sum_assignment(-score)
    chosen: dict[int, int] = {}
    for cluster, place in zip(rows.tolist(), columns.tolist(), strict=True):
        few = shared[cluster, place] < _FEW_UNITS
        enough = jaccard[cluster, place] >= LEAST_SHARED or (few and cosine[cluster, place] >= LEAST_COSINE)
        if enough:
            chosen[cluster] = place
    matches = tuple(
        _describe(cluster, chosen, registered, shared, overlap, inside, cosine, jaccard)
        for cluster in range(len(clusters))
    )
    kept = set(chosen.values())
    died = tuple(theme.theme_id for place, theme in enumerate(registered) if place not in kept and theme.is_live)
    return Matching(matches, died)


def _describe(cluster, chosen, registered, shared, overlap, inside, cosine, jaccard) -> Match:
    place = chosen.get(cluster)
    others = [
        p for p in range(len(registered))
        if p != place and p not in chosen.values() and overlap[cluster, p] >= SURE_SHARED and registered[p].is_live
    ]  # fmt: skip
    if place is not None:
        theme = registered[place]
        sure = jaccard[cluster, place] >= SURE_SHARED or overlap[cluster, place] >= SURE_SHARED
        sure = sure or cosine[cluster, place] >= SURE_COSINE
        kind = "revived" if not theme.is_live else ("merged" if others else "continued")
        merged_ids = tuple(registered[p].theme_id for p in others)
        return Match(cluster, theme.theme_id, kind, merged_ids, int(shared[cluster, place]), not sure)
    source = int(np.argmax(inside[cluster]))
    if shared[cluster, source] >= _FEW_UNITS and inside[cluster, source] >= SPLIT_SHARE:
        return Match(cluster, None, "split", (registered[source].theme_id,), int(shared[cluster, source]))
    return Match(cluster, None, "born")
