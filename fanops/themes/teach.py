"""Teaching: units that a person moved tell where units like them belong (few-shot learning on the vectors)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fanops.themes.neighbours import neighbour_graph
from fanops.themes.partition import discriminant, membership

NO_THEME = 0
_NEIGHBOURS = 15
_MOST_SPREAD = 12_000  # units that the corrections are spread over; the others go by the borders between them
_SMOOTHING, _ROUNDS = 0.8, 25
_ENOUGH = 10  # corrections per theme after which the classifier counts fully against the run's own grouping
_PENALTY = 10.0
_ANCHORS = 3  # units of a theme that hardly anyone corrected, times the corrections of the theme with most: they say what it is
_TOLD = 60  # corrections of a theme that the classifier is fitted on: whoever moves thousands at once says no more with them
_CONFIRMED = 0.5  # of as many corrections a theme speaks for itself
_BEYOND_CHANCE = 2.5  # standard errors; one unit in 160 would follow as many taken at random
_SURE = 0.5  # chance above which a unit of no theme follows those that were taken out of the pile


def generalise(
    vectors: NDArray[np.float32], themes: NDArray[np.int64], taught: Mapping[int, int], seed: int = 7
) -> NDArray[np.int64]:
    """Spread corrections to the units that are like the corrected ones.

    Only units that lie in a theme from which or into which something was moved may change, and only into one that something was
    moved into; corrected units stay where they were put. Units of no theme follow only where a person took enough of their like
    out of the pile, and only surely. What a theme of few corrections is, those say that lie in it (anchors): without them a few
    sentences moved anywhere would draw all others along.

    Args:
        vectors: Unit vectors, shape (n, d).
        themes: Theme id per unit, 0 none, shape (n,); of the units that a person placed, where they lay before that.
        taught: Theme id (0: none) by position, of the units that a person placed.
        seed: Of the sample that is spread over when there are many units.

    Returns:
        Theme id per unit, shape (n,).

    Source:
        Zhou et al. 2003, Learning with Local and Global Consistency; started from a logistic regression on the corrections.
    """
    result = themes.copy()
    at = np.fromiter(taught, dtype=np.int64, count=len(taught))
    to = np.fromiter(taught.values(), dtype=np.int64, count=len(taught))
    moved = themes[at] != to
    result[at] = to
    known = to != NO_THEME
    if not moved.any() or len(np.unique(to[known])) == 0:
        return result
    touched = np.unique(np.concatenate([themes[at[moved]], to[moved]]))
    touched = touched[touched != NO_THEME]
    sorted_out = (themes[at] == NO_THEME) & known
    named = len(np.unique(to[known]))
    opened = named > 1 and sorted_out.sum() >= _ENOUGH and known.sum() >= _ENOUGH * named
    movable = np.isin(themes, touched) | ((themes == NO_THEME) & opened)
    free = np.flatnonzero(movable & np.any(vectors, axis=1))
    labels = np.unique(np.concatenate([touched, to[known]]))
    settled = {int(place): int(theme) for place, theme in zip(at[known], to[known], strict=True)}
    ways, follows = _ways(vectors, themes, at, to, labels)
    spread = _sample(free, np.union1d(at[known], free[follows[free]]), seed)
    chances = _propagated(
        vectors[spread], themes[spread], [settled.get(place) for place in spread.tolist()], labels, follows[spread]
    )
    found = _decided(chances * ways[spread], labels, themes[spread])
    result[spread] = found
    placed = found != NO_THEME
    held, own = np.unique(found[placed], return_inverse=True)
    if len(held) > 1:
        # As a run does. Who follows the taken ones is left there: a theme that they are moved to may lie elsewhere altogether.
        others = free[~follows[free]]
        chances = membership(vectors[others], discriminant(vectors[spread][placed], own))
        result[others] = _decided(chances * ways[others][:, np.isin(labels, held)], held, themes[others])
    result[at] = to
    return result


def _ways(
    vectors: NDArray[np.float32], themes: NDArray[np.int64], at: NDArray[np.int64], to: NDArray[np.int64],
    labels: NDArray[np.int64],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:  # fmt: skip
    """Say which themes each unit may come to lie in, shape (n, labels), and which units are like those taken out of their theme.

    Its own, and what something was moved into. From a theme of few corrections units go only where some of it were moved to, and only
    those that are more like the taken ones than chance gives, had as many been drawn from those that stay.
    """
    targets = np.isin(labels, to[themes[at] != to])
    corrected = np.array([np.count_nonzero(to == label) for label in labels])
    clear = labels[corrected >= max(1, _CONFIRMED * corrected.max())]
    ways = (labels == themes[:, None]) | (targets & np.isin(themes, [*clear, NO_THEME])[:, None])
    follows = np.zeros(len(themes), dtype=bool)
    for theme in np.unique(themes[at][(themes[at] != to) & (themes[at] != NO_THEME)]):
        own = themes[at] == theme
        stay = np.setdiff1d(np.flatnonzero(themes == theme), at[own & (to != theme)])
        inside, others = vectors[stay], max(1, len(stay) - 1)
        usual = (inside @ inside.sum(axis=0) - 1) / others  # without itself
        square = (((inside @ (inside.T @ inside)) * inside).sum(axis=1) - 1) / others
        for into in np.setdiff1d(to[own], (theme, NO_THEME)):
            taken = at[own & (to == into)]
            error = np.sqrt(np.maximum(square - usual**2, 0) / len(taken))
            alike = inside @ vectors[taken].mean(axis=0) - usual > np.maximum(_BEYOND_CHANCE * error, 1e-6)
            ways[stay, np.searchsorted(labels, into)] |= alike
            follows[stay] |= alike
    return ways, follows


def _decided(chances: NDArray[np.float64], labels: NDArray[np.int64], themes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give each unit its likeliest theme; one that nothing is open to stays, and one of no theme unless another is likelier than not."""
    best = np.where(chances.max(axis=1) > 0, labels[chances.argmax(axis=1)], themes)
    share = chances.max(axis=1) / np.maximum(chances.sum(axis=1), 1e-12)
    return np.where((themes == NO_THEME) & (share < _SURE), NO_THEME, best)


def _sample(free: NDArray[np.int64], taught: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    others = np.setdiff1d(free, taught)
    if len(others) > _MOST_SPREAD:
        others = np.sort(np.random.default_rng(seed).choice(others, _MOST_SPREAD, replace=False))
    return np.concatenate([np.sort(taught), others])


def _propagated(
    vectors: NDArray[np.float32], themes: NDArray[np.int64], settled: list[int | None], labels: NDArray[np.int64],
    follows: NDArray[np.bool_],
) -> NDArray[np.float64]:  # fmt: skip
    """Let settled units and the run's grouping flow over the neighbour graph until they agree; chances, shape (n, labels)."""
    column = {int(label): place for place, label in enumerate(labels)}
    fixed = np.array([place for place, theme in enumerate(settled) if theme is not None])
    fixed_to = np.array([column[theme] for theme in settled if theme is not None])
    start = np.zeros((len(vectors), len(labels)))
    lies_in = np.array([column.get(int(theme), -1) for theme in themes])
    start[np.flatnonzero(lies_in >= 0), lies_in[lies_in >= 0]] = 1.0
    corrected = np.bincount(fixed_to, minlength=len(labels))
    trust = min(1.0, len(fixed) / (_ENOUGH * np.count_nonzero(corrected)))
    anchors = _anchors(np.where(follows, -1, lies_in), fixed, np.minimum(corrected, _TOLD))
    shown, shown_as = np.concatenate([fixed, anchors]), np.concatenate([fixed_to, lies_in[anchors]])
    if len(np.unique(shown_as)) > 1:
        told = np.concatenate([_evenly(np.flatnonzero(fixed_to == label), _TOLD) for label in np.unique(fixed_to)])
        told = np.concatenate([told, np.arange(len(fixed), len(shown))])
        model = _classifier(vectors[shown[told]], shown_as[told])
        chances = np.zeros_like(start)
        chances[:, model.classes_] = model.predict_proba(vectors)
        # who is like the taken ones more than chance gives is not held back by where they lay
        believed = np.where(follows, 1.0, trust)[:, None]
        start = (1 - believed) * start + believed * chances
    clamped = np.eye(len(labels))[shown_as]
    start[shown] = clamped
    if len(vectors) > 3:
        graph = neighbour_graph(vectors, min(_NEIGHBOURS, len(vectors) - 1))
        flow = sparse.diags_array(1 / np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1e-9)) @ graph
        state = start
        for _ in range(_ROUNDS):
            state = _SMOOTHING * (flow @ state) + (1 - _SMOOTHING) * start
            state[shown] = clamped
        # anchors are as many as they are whatever the themes' sizes
        start = state if len(anchors) else _by_size(state)
        start[shown] = clamped
    return start


def _anchors(lies_in: NDArray[np.int64], fixed: NDArray[np.int64], corrected: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give units, evenly taken, of each theme that has far fewer corrections than the theme with most."""
    most = int(corrected.max())
    found = []
    for label in np.flatnonzero(corrected < _CONFIRMED * most).tolist():
        members = np.setdiff1d(np.flatnonzero(lies_in == label), fixed)
        found.append(_evenly(members, _ANCHORS * most))
    return np.concatenate([np.zeros(0, dtype=np.int64), *found])


def _evenly(places: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    return places[np.linspace(0, len(places) - 1, min(len(places), most)).astype(np.int64)]


def _by_size(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh each theme by how much of the units it seems to hold: twenty corrections of each say nothing about that.

    Source:
        One step of Saerens, Latinne & Decaestecker 2002, Adjusting the outputs of a classifier to new a priori probabilities.
    """
    chances = np.maximum(chances, 1e-12)
    chances = chances / chances.sum(axis=1, keepdims=True)
    return chances * chances.mean(axis=0)


def _classifier(vectors: NDArray[np.float32], labels: NDArray[np.int64]):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=_PENALTY, max_iter=300).fit(vectors, labels)
