"""Registered themes stay apart when a run throws them together, and stay together when they say the same."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import v_measure_score

from fanops.themes.continuity import keep_apart, majority, rejoin, stay
from fanops.themes.neighbours import nearest, neighbour_graph
from fanops.themes.teach import generalise


def around(*centres: tuple[float, ...], each: int = 30, seed: int = 1) -> np.ndarray:
    """Unit vectors around some centres, ``each`` per centre."""
    draw = np.random.default_rng(seed)
    vectors = np.repeat(np.array(centres, dtype=float), each, axis=0)
    vectors = vectors + draw.normal(scale=0.05, size=vectors.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


ONE, TWO, BETWEEN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def test_two_themes_in_one_cluster_are_divided_again_and_new_units_go_to_the_nearer() -> None:
    vectors = around(ONE, TWO, ONE)
    before = np.repeat([4, 9, -1], 30)
    labels = keep_apart(vectors, np.zeros(90, dtype=np.int32), before, np.ones(90, dtype=np.int64))
    assert len(set(labels[:30])) == len(set(labels[30:60])) == 1
    assert labels[0] != labels[30]
    assert set(labels[60:]) == {labels[0]}


def test_themes_that_say_the_same_may_merge() -> None:
    vectors = around(ONE, ONE)
    labels = keep_apart(vectors, np.zeros(60, dtype=np.int32), np.repeat([1, 2], 30), np.ones(60, dtype=np.int64))
    assert set(labels) == {0}


def test_what_is_new_and_far_larger_does_not_take_a_theme_over() -> None:
    vectors = around(ONE, TWO, TWO, TWO)
    before = np.repeat([3, -1, -1, -1], 30)
    labels = keep_apart(vectors, np.zeros(120, dtype=np.int32), before, np.ones(120, dtype=np.int64))
    assert len(set(labels[:30])) == 1 and set(labels[30:]) == {0} and labels[0] == 1


def test_nothing_changes_where_no_theme_was_swallowed() -> None:
    vectors = around(ONE, TWO)
    given = np.repeat([0, 1], 30).astype(np.int32)
    for before in (np.full(60, -1), np.repeat([7, 8], 30)):
        assert np.array_equal(keep_apart(vectors, given, before, np.ones(60, dtype=np.int64)), given)


def test_the_majority_of_repetitions_says_where_a_text_lay() -> None:
    assert majority(np.array([0, 0, 0, 1, 2]), np.array([5, 6, 6, -1, 3]), 3).tolist() == [6, -1, 3]


def test_nearest_agrees_with_a_full_sort() -> None:
    vectors = np.random.default_rng(5).normal(size=(700, 24)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for k in (1, 15, 699):
        index, similarity = nearest(vectors, k)
        full = vectors @ vectors.T
        np.fill_diagonal(full, -2)
        np.testing.assert_allclose(similarity, -np.sort(-full, axis=1)[:, :k], atol=1e-5)
        assert (np.sort(index, axis=1)[:, 1:] != np.sort(index, axis=1)[:, :-1]).all()


def test_corrections_spread_to_what_is_alike_and_to_nothing_else() -> None:
    vectors = around(ONE, TWO, BETWEEN)
    grouped = np.repeat([10, 10, 30], 30)  # the run threw the first two groups together
    taught = dict.fromkeys(range(30, 40), 20) | dict.fromkeys(range(10), 10)
    found = generalise(vectors, grouped, taught)
    assert (found[:30] == 10).mean() > 0.9 and (found[30:60] == 20).mean() > 0.9
    assert set(found[60:]) == {30}
    assert [found[place] for place in taught] == list(taught.values())


def test_a_unit_taken_out_stays_out_and_confirming_changes_nothing() -> None:
    vectors = around(ONE, TWO)
    grouped = np.repeat([10, 20], 30)
    assert np.array_equal(generalise(vectors, grouped, {0: 10, 31: 20}), grouped)
    found = generalise(vectors, grouped, {3: 0})
    assert found[3] == 0 and (np.delete(found, 3) == np.delete(grouped, 3)).all()


def corrected_by_twenty(grouped: np.ndarray, vectors: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Give the V on units that nobody corrected, before and after twenty corrections of each theme."""
    taught = {int(at): int(truth[at]) for theme in np.unique(truth) for at in np.flatnonzero(truth == theme)[:20]}
    rest = np.setdiff1d(np.arange(len(truth)), list(taught))
    found = generalise(vectors, grouped, taught)
    assert [found[at] for at in taught] == list(taught.values())
    return float(v_measure_score(truth[rest], grouped[rest])), float(v_measure_score(truth[rest], found[rest]))


def test_twenty_corrections_a_theme_bring_eight_points_of_v_where_the_run_went_wrong() -> None:
    draw = np.random.default_rng(11)
    middle = draw.normal(size=(5, 48))
    middle[1] = middle[0] + 0.5 * draw.normal(size=48)  # two themes so near that the run took them for one
    truth = np.repeat([10, 20, 30, 40, 50], [400, 300, 200, 150, 60])
    vectors = middle[truth // 10 - 1] + 1.3 * draw.normal(size=(len(truth), 48))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    grouped = np.where(truth == 20, 10, truth)
    wrong = draw.random(len(truth)) < 0.15
    grouped[wrong] = draw.choice([10, 30, 40, 50], size=int(wrong.sum()))
    before, after = corrected_by_twenty(grouped, vectors, truth)
    assert after >= before + 0.08


def test_a_pile_sorted_by_a_person_follows_into_the_themes() -> None:
    vectors = around(ONE, TWO, each=200)
    truth = np.repeat([10, 20], 200)
    grouped = np.where(np.arange(400) % 200 < 120, 0, truth)
    before, after = corrected_by_twenty(grouped, vectors, truth)
    assert after >= before + 0.08 and after > 0.95


def test_the_pile_stays_when_only_one_unit_was_taken_out_of_it() -> None:
    vectors = around(ONE, TWO)
    grouped = np.repeat([0, 20], 30)
    found = generalise(vectors, grouped, {0: 20})
    assert found[0] == 20 and (found[1:30] == 0).all()


def test_a_unit_leaves_its_theme_only_for_one_it_fits_clearly_better():
    centres = {1: np.array([1, 0], np.float32), 2: np.array([0, 1], np.float32)}
    vectors = np.array([[0.69, 0.72], [0.1, 0.99], [0.69, 0.72], [0.1, 0.99], [0.5, 0.5]], np.float32)
    themes, before = np.array([2, 2, 2, 3, 2]), np.array([1, 1, 0, 1, 2])
    # near the border it stays, far over it goes; one that lay nowhere, or that a new theme takes, goes where the run says
    assert stay(vectors, themes, before, centres).tolist() == [1, 2, 2, 3, 2]


def rejoined(vectors: np.ndarray, labels: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Labels after ``rejoin``, all texts said once and all in the graph."""
    n = len(vectors)
    graph, weights = neighbour_graph(vectors, 15), np.ones(n, dtype=np.int64)
    return rejoin(labels.astype(np.int32), before, weights, np.arange(n), graph, 0.35)


def test_a_theme_is_not_divided_where_its_halves_are_closely_tied() -> None:
    vectors, halves = around(ONE, each=60), np.arange(60) % 2
    assert set(rejoined(vectors, halves, np.full(60, 4))) == {0}
    assert np.array_equal(rejoined(vectors, halves, np.full(60, -1)), halves)


def test_well_separated_topics_that_were_one_theme_become_two() -> None:
    vectors, found = around(ONE, TWO, TWO, each=40), np.repeat([1, 0], [40, 80])
    before = np.repeat([4, 4, -1], [40, 10, 70])  # the second topic was tiny when the theme was found
    assert np.array_equal(rejoined(vectors, found, before), found)


def test_a_new_topic_of_a_twelfth_is_born() -> None:
    vectors = around(ONE, TWO, BETWEEN, each=60)[:130]
    found, before = np.repeat([0, 1, 2], [60, 60, 10]), np.repeat([7, 8, -1], [60, 60, 10])
    labels = keep_apart(vectors, rejoined(vectors, found, before), before, np.ones(130, dtype=np.int64))
    assert np.array_equal(labels, found)


def test_a_small_theme_scattered_over_a_larger_wave_stays() -> None:
    vectors = around(ONE, TWO, BETWEEN)
    before = np.repeat([4, 9, 11], 30)
    labels = np.repeat([0, 0, 0], 30).astype(np.int32)
    labels[80:] = 1  # the third theme lies in two clusters, most of it in one that is mainly others'
    kept = keep_apart(vectors, labels, before, np.ones(90, dtype=np.int64))
    assert len(set(kept[:80])) == 3
