"""The map: every unit a point, near means alike; the same every time, and drawn in a second for tens of thousands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_STEPS = 300


def place_units(
    vectors: NDArray[np.float32], labels: NDArray[np.int32], middle: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Place units on the plane: themes as discs by how alike their centres are, members inside by their own directions.

    Args:
        vectors: Unit vectors, shape (n, d).
        labels: Theme per unit, −1 unassigned (placed between the themes by similarity); shape (n,).
        middle: Unit centroids, shape (k, d).

    Returns:
        Coordinates, shape (n, 2), about −1 to 1.
    """
    n, k = len(vectors), len(middle)
    if n == 0 or k == 0:
        return np.zeros((n, 2), dtype=np.float32)
    sizes = np.bincount(labels[labels >= 0], minlength=k).astype(float)
    radius = 0.9 * np.sqrt(np.maximum(sizes, 1) / max(1.0, sizes.sum()))
    centre = _apart(_plane(middle), radius)
    points = np.zeros((n, 2))
    for label in range(k):
        members = np.flatnonzero(labels == label)
        if len(members):
            inner = _plane(vectors[members])
            far = np.quantile(np.linalg.norm(inner, axis=1), 0.95) if len(members) > 3 else 1.0
            inner = inner / max(far, 1e-9)
            length = np.linalg.norm(inner, axis=1, keepdims=True)
            points[members] = centre[label] + radius[label] * inner / np.maximum(1.0, length)
    loose = np.flatnonzero(labels < 0)
    if len(loose):
        pull = np.maximum(vectors[loose] @ middle.T, 0) ** 3 + 1e-6
        points[loose] = (pull @ centre) / pull.sum(axis=1, keepdims=True)
    return (points / max(1e-9, np.abs(points).max())).astype(np.float32)


def _plane(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Project on the two directions of largest spread, signs fixed so that the picture never flips."""
    centred = np.asarray(vectors, dtype=np.float64) - np.mean(vectors, axis=0)
    if len(centred) < 3:
        return np.array([[0.0, 0.0], [1.0, 0.0]])[: len(centred)]
    values, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, np.argsort(-values, kind="stable")[:2]]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(2)])
    return centred @ axes


def _apart(centre: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Push discs apart until they hardly overlap."""
    spread = np.abs(centre).max() or 1.0
    centre = centre / spread * radius.sum() * 0.35
    centre = centre + np.linspace(0, 1e-3, len(centre))[:, None]  # no two in the very same place
    wanted = radius[:, None] + radius[None, :]
    for _ in range(_STEPS):
        offset = centre[:, None, :] - centre[None, :, :]
        distance = np.linalg.norm(offset, axis=2)
        np.fill_diagonal(distance, 1.0)
        push = np.maximum(0.0, wanted * 1.05 - distance)
        np.fill_diagonal(push, 0.0)
        if push.max() < 1e-3:
            break
        centre = centre + 0.5 * (offset / np.maximum(distance, 1e-9)[:, :, None] * push[:, :, None]).sum(axis=1) / 2
    return centre
