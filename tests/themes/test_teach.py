"""Teaching on planted sentences: a group that was moved takes its like along, sentences taken at random take nothing."""

from __future__ import annotations

import numpy as np
import pytest

from fanops.themes.teach import generalise
from tests.themes.test_discovery import corpus, find


@pytest.fixture(scope="module")
def planted():
    """Give the texts, their vectors, the theme of each (from 1), and the two largest themes."""
    texts, _ = corpus()
    found = find(texts, granularity="coarse")  # themes large enough that groups can be taken out
    themes = found.labels.astype(np.int64) + 1
    one, other = np.argsort(-np.bincount(themes)[1:])[:2] + 1
    return np.array(texts), found.vectors, themes, int(one), int(other)


@pytest.mark.parametrize(("moved", "confirmed"), [(6, 0), (12, 0), (12, 1), (20, 3)])
def test_sentences_moved_at_random_take_hardly_anything_along(planted, moved, confirmed):
    _, vectors, themes, one, other = planted
    inside = np.flatnonzero(themes == one)
    followed = []
    for seed in range(12):
        chosen = np.random.default_rng(seed).permutation(inside)[: moved + confirmed].tolist()
        taught = dict.fromkeys(chosen[:moved], other) | dict.fromkeys(chosen[moved:], one)
        found = generalise(vectors, themes, taught)
        followed.append(np.count_nonzero(found[inside] != one) - moved)
        assert [found[at] for at in taught] == list(taught.values())
    assert np.mean(followed) <= 4 and np.median(followed) <= 2


def test_what_else_came_into_the_theme_does_not_let_it_go(planted):
    _, vectors, themes, one, other = planted
    inside = np.flatnonzero(themes == one)
    chosen = np.random.default_rng(0).choice(inside, 12, replace=False).tolist()
    came = int(np.flatnonzero(~np.isin(themes, [one, other]))[0])
    found = generalise(vectors, themes, dict.fromkeys(chosen, other) | {came: one})
    assert np.count_nonzero(found[inside] != one) <= 16


@pytest.mark.parametrize("word", ["等位", "等上菜", "服务员"])
def test_a_group_that_was_moved_takes_its_like_along_and_nothing_else(planted, word):
    texts, vectors, themes, one, other = planted
    said = np.array([word in text for text in texts])
    home = np.bincount(themes[said]).argmax()
    into = other if home == one else one
    half, rest = np.split(np.flatnonzero(said & (themes == home)), [(said & (themes == home)).sum() * 3 // 5])
    assert len(rest) >= 4
    found = generalise(vectors, themes, dict.fromkeys(half.tolist(), into))
    assert np.mean(found[rest] == into) >= 0.8
    assert np.count_nonzero(found[(themes == home) & ~said] != home) == 0
