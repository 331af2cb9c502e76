"""The effect on panels with planted truth: it holds it, shows it, and does not see what is not there."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from fanops.cli.effect import effect as effect_group
from fanops.effect.before_after import compare
from fanops.effect.did import estimate_effect
from fanops.effect.panel import Panel, read_panel, time_key
from fanops.effect.verdict import FAILED, NOT_SHOWN, WORKED, verdict
from fanops.errors import InvalidInput, TooLittleData


def planted(
    seed: int, share: float, *, stores=12, treated=4, weeks=26, noise=0.03, staggered=False, growing=False
) -> Panel:
    """Stores of very different size, a shared season, correlated noise, and a planted effect."""
    rng = np.random.default_rng(seed)
    error = rng.normal(0, noise, (stores, weeks))
    for week in range(1, weeks):
        error[:, week] = 0.3 * error[:, week - 1] + np.sqrt(0.91) * error[:, week]
    y = rng.normal(10, 0.6, stores)[:, None] + 0.1 * np.sin(np.arange(weeks) / 4) + error
    start = np.full(stores, weeks)
    for place, store in enumerate(rng.choice(stores, treated, replace=False)):
        start[store] = weeks // 2 + (3 * place if staggered else 0)
        after = np.arange(start[store], weeks)
        y[store, after] += np.log1p(share * ((after - start[store] + 1) / 6 if growing else 1))
    return Panel(tuple(map(str, range(stores))), tuple(map(str, range(weeks))), np.exp(y), start)


def two_way_fixed_effects(panel: Panel) -> float:
    """The regression that is wrong under staggered starts, as a comparison."""
    y = np.log(panel.values)
    d = (np.arange(panel.n_periods)[None, :] >= panel.start[:, None]).astype(float)

    def within(values):
        return values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()

    return float((within(d) * y).sum() / (within(d) ** 2).sum())


def test_five_percent_is_held_and_shown():
    found = [estimate_effect(planted(seed, 0.05)) for seed in range(100)]
    assert sum(e.low_share <= 0.05 <= e.high_share for e in found) >= 90
    assert sum(e.low_share > 0 for e in found) >= 90
    assert np.mean([e.minimum_detectable_share for e in found]) < 0.05


def test_nothing_planted_is_hardly_ever_called_effective():
    found = [estimate_effect(planted(seed, 0.0)) for seed in range(100)]
    assert sum(verdict(e) == WORKED for e in found) <= 6
    assert sum(e.pre_trend_p < 0.05 for e in found) <= 12


def test_growing_staggered_effects_are_unbiased_where_two_way_fixed_effects_is_not():
    ours, theirs, truth = [], [], []
    for seed in range(40):
        panel = planted(seed, 0.05, stores=10, treated=8, weeks=30, noise=0.01, staggered=True, growing=True)
        ours.append(np.log1p(estimate_effect(panel).estimate_share))
        theirs.append(two_way_fixed_effects(panel))
        lengths = [panel.n_periods - s for s in panel.start if 0 < s < panel.n_periods]
        truth.append(np.mean([np.log1p(0.05 * (k + 1) / 6) for length in lengths for k in range(length)]))
    bias = float(np.mean(ours) - np.mean(truth))
    assert abs(bias) < 0.01
    assert abs(float(np.mean(theirs) - np.mean(truth))) > 3 * abs(bias)


def test_by_hand():
    # two controls rise by 2, the treated store by 5: the effect is 3, on the level scale (a zero forbids logs)
    values = np.array([[0.0, 0, 2, 2], [4.0, 4, 6, 6], [10.0, 10, 15, 15]])
    found = estimate_effect(Panel(("a", "b", "c"), ("1", "2", "3", "4"), values, np.array([4, 4, 2])))
    assert found.scale == "level"
    assert found.estimate == pytest.approx(3)
    assert found.counterfactual == pytest.approx(12)
    assert found.estimate_share == pytest.approx(0.25)


def test_missing_weeks_and_zero_revenue_are_survived():
    panel = planted(1, 0.05)
    values = panel.values.copy()
    values[0, 3], values[5, 20] = np.nan, 0.0
    found = estimate_effect(Panel(panel.units, panel.periods, values, panel.start))
    assert np.isfinite([found.estimate, found.low, found.high, found.estimate_share]).all()


@pytest.mark.parametrize("start", [[4, 4, 4], [0, 4, 4], [2, 2, 2], [2, 2, 4]])
def test_too_little_is_refused(start):
    with pytest.raises(TooLittleData):
        estimate_effect(Panel(("a", "b", "c"), ("1", "2", "3", "4"), np.ones((3, 4)), np.array(start)))


def test_verdict_rule():
    found = estimate_effect(planted(3, 0.05))
    assert verdict(found) == WORKED
    assert verdict(found, pass_share=0.5) == NOT_SHOWN
    assert verdict(found, higher_is_better=False) == FAILED
    assert verdict(estimate_effect(planted(4, 0.0)), smallest_share=0.2) == FAILED


@pytest.mark.parametrize(
    ("earlier", "later"), [("2026-W05", "2026-W10"), ("2026-01", "2026-11"), ("3", "10"), ("2026-02-01", "2026-02-03")]
)
def test_times_sort(earlier, later):
    assert time_key(earlier) < time_key(later)


def test_bad_tables_name_row_and_column():
    frame = pd.DataFrame(
        {"s": ["a", "a", "b", ""], "t": ["1", "1", "x", "2"], "v": ["1", "2", "三", "4"], "f": ["", "2", "", ""]}
    )
    with pytest.raises(InvalidInput) as refused:
        read_panel(frame, "s", "t", "v", "f")
    said = [str(problem) for problem in refused.value.problems]
    assert any("两行" in text for text in said) and any("两个不同的上线时间" in text for text in said)
    assert any("第 4 行" in text and "“v”" in text for text in said) and any("第 5 行" in text for text in said)
    with pytest.raises(InvalidInput, match="“w”"):
        read_panel(frame, "s", "w", "v", "f")


def test_command_prints_what_is_promised(tmp_path):
    panel = planted(2, 0.05)
    rows = [
        (unit, f"2026-W{week + 1:02d}", panel.values[i, week], f"2026-W{panel.start[i] + 1:02d}" if panel.start[i] < 26 else "")
        for i, unit in enumerate(panel.units) for week in range(26)
    ]  # fmt: skip
    file = tmp_path / "panel.csv"
    pd.DataFrame(rows, columns=["store", "week", "revenue", "rollout_week"]).to_csv(
        file, index=False, encoding="utf-8-sig"
    )
    args = [
        "did",
        str(file),
        "--unit",
        "store",
        "--time",
        "week",
        "--value",
        "revenue",
        "--treated-from",
        "rollout_week",
    ]
    done = CliRunner().invoke(effect_group, [*args, "--json"], catch_exceptions=False)
    found = json.loads(done.output)
    promised = {"estimate", "low", "high", "estimate_share", "low_share", "high_share", "verdict", "n_treated", "n_control",
                "minimum_detectable_share", "pre_trend_p"}  # fmt: skip
    assert promised <= set(found)
    assert (found["n_treated"], found["n_control"], found["verdict"]) == (4, 8, WORKED)
    assert found["low_share"] <= 0.05 <= found["high_share"]
    assert "有效" in CliRunner().invoke(effect_group, args, catch_exceptions=False).output


def test_before_and_after_by_hand():
    found = compare(np.array([10.0, 12, 14, 18, 20, 22]), 3)
    assert (found["before"], found["after"]) == (12, 20)
    assert found["change_share"] == pytest.approx(8 / 12)
    # Welch: both variances 4, n = 3: error √(8/3), 4 degrees of freedom, t = 2.776
    assert found["high"] - found["change_share"] == pytest.approx(2.776 * np.sqrt(8 / 3) / 12, rel=1e-3)
    assert np.isnan(compare(np.array([1.0, 2]), 1)["change_share"])


@pytest.mark.parametrize("gone", ["before", "controls", "all"])
def test_where_no_data_tell_it_refuses_instead_of_falling(gone):
    panel = planted(1, 0.05)
    values = panel.values.copy()
    treated = panel.start < panel.n_periods
    if gone == "before":
        values[:, : panel.n_periods // 2] = np.nan
    elif gone == "controls":
        values[np.flatnonzero(~treated)[1:]] = np.nan
    else:
        values[:] = np.nan
    with pytest.raises(TooLittleData) as refused:
        estimate_effect(Panel(panel.units, panel.periods, values, panel.start))
    assert refused.value.hint


def test_a_control_store_without_data_does_not_count_and_does_not_spoil():
    panel = planted(1, 0.05)
    values = panel.values.copy()
    values[np.flatnonzero(panel.start == panel.n_periods)[0]] = np.nan
    found = estimate_effect(Panel(panel.units, panel.periods, values, panel.start))
    assert found.n_control == 7 and found.low_share <= 0.05 <= found.high_share
    zeros = np.zeros((3, 8))
    zeros[0, 4:] = 5.0
    assert np.isnan(
        estimate_effect(Panel(("a", "b", "c"), tuple("12345678"), zeros, np.array([4, 8, 8]))).estimate_share
    )
