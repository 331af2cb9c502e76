"""Teaching: units that a person moved tell where units like them belong (few-shot learning on the vectors)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from fanops.themes.neighbours import neighbour_graph

NO_THEME = 0
_NEIGHBOURS = 15
_MOST_SPREAD = 12_000  # units that the corrections are spread over; the others follow a classifier fitted on those
_SMOOTHING, _ROUNDS = 0.8, 25
_ENOUGH = 10  # corrections per theme after which the classifier counts fully against the run's own grouping
_PENALTY = 10.0
_CONFIRMED = (
    0.5  # of as many as were taken to one theme: with so many confirmed, the corrections tell both themes apart
)
_BEYOND_CHANCE = 2.5  # standard errors; one unit in 160 would follow as many taken at random
_SURE = 0.5  # chance above which a unit of no theme follows those that were taken out of the pile


def generalise(
    vectors: NDArray[np.float32], themes: NDArray[np.int64], taught: Mapping[int, int], seed: int = 7
) -> NDArray[np.int64]:
    """Spread corrections to the units that are like the corrected ones.

    Only units that lie in a theme from which or into which something was moved may change; corrected units stay where
    they were put. What was taken out says nothing about what a theme keeps: where hardly a unit of it was confirmed, only
    those follow that are more like the taken ones than chance gives (sentences taken at random draw nothing after them).
    Units of no theme follow only where a person took enough of their like out of the pile, and only surely.

    Args:
        vectors: Unit vectors, shape (n, d).
        themes: Theme id per unit as the run groups them, 0 none, shape (n,).
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
    spread = _sample(free, at[known], seed)
    labels = np.unique(np.concatenate([touched, to[known]]))
    settled = {int(place): int(theme) for place, theme in zip(at[known], to[known], strict=True)}
    chances = _propagated(vectors[spread], themes[spread], [settled.get(place) for place in spread.tolist()], labels)
    found = _decided(chances, labels, themes[spread])
    result[spread] = found
    rest = np.setdiff1d(free, spread)
    if len(rest) and len(np.unique(found)) > 1:
        model = _classifier(vectors[spread], found)
        result[rest] = _decided(model.predict_proba(vectors[rest]), model.classes_, themes[rest])
    _take_back(result, vectors, themes, at, to)
    result[at] = to
    return result


def _take_back(
    result: NDArray[np.int64], vectors: NDArray[np.float32], themes: NDArray[np.int64], at: NDArray[np.int64],
    to: NDArray[np.int64],
) -> None:  # fmt: skip
    """Return to its theme what left only because others were taken out; changes ``result``.

    In the graph only the taken ones are held fast. A few of them, whatever they say, would draw the rest of the theme along.
    """
    for theme in np.unique(themes[at][themes[at] != to]):
        if theme == NO_THEME:
            continue
        here = themes[at] == theme
        confirmed = np.count_nonzero(here & (to == theme))
        stay = np.setdiff1d(np.flatnonzero(themes == theme), at[to != theme])
        left = np.setdiff1d(stay[result[stay] != theme], at)
        for into in np.unique(result[left]):
            taken, follow = at[here & (to == into)], left[result[left] == into]
            if confirmed < max(1, _CONFIRMED * len(taken)):
                result[follow[~_like_taken(vectors[follow], vectors[taken], vectors[stay])]] = theme


def _like_taken(units: NDArray[np.float32], taken: NDArray[np.float32], stay: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Say which units are more like the taken ones than like as many drawn from those that stay (themselves left out)."""
    if not len(taken):
        return np.zeros(len(units), dtype=bool)
    others = max(1, len(stay) - 1)
    usual = (units @ stay.sum(axis=0) - 1) / others
    square = (((units @ (stay.T @ stay)) * units).sum(axis=1) - 1) / others
    error = np.sqrt(np.maximum(square - usual**2, 0) / len(taken))
    return units @ taken.mean(axis=0) - usual > np.maximum(_BEYOND_CHANCE * error, 1e-6)


def _decided(chances: NDArray[np.float64], labels: NDArray[np.int64], themes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give each unit its likeliest theme; a unit of no theme stays where it is unless that is likelier than not."""
    best = labels[chances.argmax(axis=1)]
    share = chances.max(axis=1) / np.maximum(chances.sum(axis=1), 1e-12)
    return np.where((themes == NO_THEME) & (share < _SURE), NO_THEME, best)


def _sample(free: NDArray[np.int64], taught: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    others = np.setdiff1d(free, taught)
    if len(others) > _MOST_SPREAD:
        others = np.sort(np.random.default_rng(seed).choice(others, _MOST_SPREAD, replace=False))
    return np.concatenate([np.sort(taught), others])


def _propagated(
    vectors: NDArray[np.float32], themes: NDArray[np.int64], settled: list[int | None], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Let settled units and the run's grouping flow over the neighbour graph until they agree; chances, shape (n, labels)."""
    column = {int(label): place for place, label in enumerate(labels)}
    fixed = np.array([place for place, theme in enumerate(settled) if theme is not None])
    fixed_to = np.array([column[theme] for theme in settled if theme is not None])
    start = np.zeros((len(vectors), len(labels)))
    lies_in = np.array([column.get(int(theme), -1) for theme in themes])
    start[np.flatnonzero(lies_in >= 0), lies_in[lies_in >= 0]] = 1.0
    trust = min(1.0, len(fixed) / (_ENOUGH * len(labels)))
    if len(np.unique(fixed_to)) > 1:
        model = _classifier(vectors[fixed], fixed_to)
        chances = np.zeros_like(start)
        chances[:, model.classes_] = model.predict_proba(vectors)
        start = (1 - trust) * start + trust * chances
    clamped = np.zeros((len(fixed), len(labels)))
    clamped[np.arange(len(fixed)), fixed_to] = 1.0
    start[fixed] = clamped
    if len(vectors) > 3:
        graph = neighbour_graph(vectors, min(_NEIGHBOURS, len(vectors) - 1))
        flow = sparse.diags_array(1 / np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1e-9)) @ graph
        state = start
        for _ in range(_ROUNDS):
            state = _SMOOTHING * (flow @ state) + (1 - _SMOOTHING) * start
            state[fixed] = clamped
        start = _by_size(state)
        start[fixed] = clamped
    return start


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
