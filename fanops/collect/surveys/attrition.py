"""Who is still there: asked and answered per wave, and whether those who stayed were different from the start."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fanops.collect.surveys.change import COMPARED, Answers, Difference, marked, nps_points, option_labels
from fanops.collect.surveys.definition import Question
from fanops.intervals import Z95, wilson


@dataclass(frozen=True)
class AskedWave:
    """One wave of a panel: who was asked, and who answered (both as fan ids)."""

    wave_id: int
    title: str
    asked: frozenset[int]
    answered: frozenset[int]


def attrition(waves: Sequence[AskedWave]) -> pd.DataFrame:
    """Count a panel through its waves.

    Args:
        waves: In order of their opening; somebody who answered counts as asked.

    Returns:
        Per wave ``wave_id, title, asked, answered, share, low, high`` (share of those asked, Wilson), ``all_along``
        (answered this and every earlier wave), ``dropped`` (answered the wave before, not this one), ``back`` (answered
        this one and some earlier one, but not the one before), ``first_time``; and the fans behind each as
        ``*_ids`` (``asked_ids``…).
    """
    rows, all_along, ever = [], frozenset[int](), frozenset[int]()
    before: frozenset[int] | None = None
    for wave in waves:
        asked = wave.asked | wave.answered
        all_along = wave.answered if before is None else all_along & wave.answered
        dropped = frozenset() if before is None else before - wave.answered
        back = frozenset() if before is None else (wave.answered & ever) - before
        groups = {
            "asked": asked, "answered": wave.answered, "all_along": all_along, "dropped": dropped, "back": back,
            "first_time": wave.answered - ever,
        }  # fmt: skip
        rows.append(
            {"wave_id": wave.wave_id, "title": wave.title}
            | {name: len(fans) for name, fans in groups.items()}
            | {f"{name}_ids": sorted(fans) for name, fans in groups.items()}
        )
        before, ever = wave.answered, ever | wave.answered
    names = ["asked", "answered", "all_along", "dropped", "back", "first_time"]
    table = pd.DataFrame(rows, columns=["wave_id", "title", *names, *(f"{name}_ids" for name in names)])
    asked = table["asked"].to_numpy(dtype=float)
    table["share"] = np.divide(table["answered"], asked, out=np.full(len(table), np.nan), where=asked > 0)
    table["low"], table["high"] = wilson(table["answered"], asked)
    return table


def mean_difference(stayed: NDArray[np.float64], left: NDArray[np.float64]) -> Difference:
    """Compare the means of two groups of people by Welch's t test.

    Returns:
        ``before`` those who left, ``after`` those who stayed; interval and p are NaN with fewer than two in a group or
        no spread in either.
    """
    from scipy.stats import ttest_ind

    means = (float(left.mean()) if len(left) else np.nan, float(stayed.mean()) if len(stayed) else np.nan)
    step = means[1] - means[0]
    if min(len(stayed), len(left)) < 2 or (np.ptp(stayed) == 0 and np.ptp(left) == 0):
        return Difference(*means, step, np.nan, np.nan, np.nan)
    found = ttest_ind(stayed, left, equal_var=False)
    interval = found.confidence_interval(0.95)
    return Difference(*means, step, float(interval.low), float(interval.high), float(found.pvalue))


def share_difference(stayed: tuple[int, int], left: tuple[int, int]) -> Difference:
    """Compare a share between two groups: Agresti–Caffo interval, Fisher's exact test.

    Args:
        stayed: How many of how many.
        left: The same of the others.

    Source:
        Agresti & Caffo (2000), The American Statistician 54(4):280–288.
    """
    from scipy.stats import fisher_exact

    (a, n), (b, m) = stayed, left
    if n == 0 or m == 0:
        return Difference(b / m if m else np.nan, a / n if n else np.nan, *[np.nan] * 4)
    one, other = (a + 1) / (n + 2), (b + 1) / (m + 2)
    half = Z95 * np.sqrt(one * (1 - one) / (n + 2) + other * (1 - other) / (m + 2))
    low, high = max(-1.0, one - other - half), min(1.0, one - other + half)
    p = float(fisher_exact([[a, n - a], [b, m - b]]).pvalue)
    return Difference(b / m, a / n, a / n - b / m, float(low), float(high), p)


def stayed_against_left(
    questions: Sequence[Question], first: Mapping[str, Answers], stayed: Collection[int], left: Collection[int]
) -> pd.DataFrame:
    """Compare, at the first wave, those who went on answering with those who did not.

    Args:
        questions: Of the first wave; ratings, NPS and single choices are compared.
        first: Question code → fan id → value in the first wave.
        stayed: Who answered every wave.
        left: Who answered the first but not every wave.

    Returns:
        Rows ``code, title, kind, option, label, stayed_base, left_base, left, stayed, change, low, high, p, differs``;
        units as in ``changes``, ``change`` is stayed minus left, ``p`` corrected over the table by Holm.
    """
    rows = []
    for question in questions:
        if question.kind not in COMPARED:
            continue
        values = first.get(question.code, {})
        mine = [values[fan] for fan in sorted(stayed) if values.get(fan) is not None]
        theirs = [values[fan] for fan in sorted(left) if values.get(fan) is not None]
        head = (question.code, question.title, question.kind)
        if question.kind == "single":
            found = [
                (option, label, share_difference((mine.count(option), len(mine)), (theirs.count(option), len(theirs))))
                for option, label in option_labels(question).items()
            ]
        else:
            sides = [np.array(side, dtype=float) for side in (mine, theirs)]
            if question.kind == "nps":
                sides = [nps_points(side) for side in sides]
            found = [("", "净推荐值" if question.kind == "nps" else "平均分", mean_difference(*sides))]
        rows += [
            (*head, option, label, len(mine), len(theirs), d.before, d.after, d.change, d.low, d.high, d.p)
            for option, label, d in found
        ]
    columns = ["code", "title", "kind", "option", "label", "stayed_base", "left_base", "left", "stayed", "change",
               "low", "high", "p"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return marked(table, table["change"])
