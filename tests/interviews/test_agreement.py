"""Agreement: tables computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fanops.collect.interviews.agreement import agreement, coded_characters


def test_textbook_table():
    # 20 both yes, 5 only A, 10 only B, 15 both no: observed .70, chance .50, κ = .40 (Cohen's own example form)
    a = [1] * 20 + [1] * 5 + [0] * 10 + [0] * 15
    b = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    found = agreement(a, b)
    assert found.observed_share == pytest.approx(0.70)
    assert found.kappa == pytest.approx(0.40)
    # α: 100 values, 55 ones, 45 zeros; D_o = .30, D_e = 2·55·45/(100·99) = .5; α = 1 − .3/.5
    assert found.alpha == pytest.approx(0.40)
    assert found.base == 50


def test_limits():
    assert agreement([1, 0, 1], [1, 0, 1]).kappa == 1
    same = agreement([1, 1], [1, 1])
    assert same.observed_share == 1 and np.isnan(same.kappa) and np.isnan(same.alpha)
    assert agreement([], []).base == 0
    assert agreement([1, 0], [0, 1]).kappa == -1


def test_passages_become_characters():
    assert coded_characters(5, [(1, 3), (2, 4)]).tolist() == [0, 1, 1, 1, 0]
    assert coded_characters(3, []).tolist() == [0, 0, 0]
    assert coded_characters(3, [(-2, 99)]).tolist() == [1, 1, 1]
