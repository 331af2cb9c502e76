"""What changed in the same fans between two waves: paired, per question, with interval and base; where choices went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fanops.collect.surveys.answers import OTHER, scale
from fanops.collect.surveys.definition import Question, SurveyDefinition
from fanops.intervals import Z95, holm

COMPARED = ("rating", "nps", "single")
SIGNIFICANT = 0.05
_COLUMNS = ["code", "title", "kind", "option", "label", "base", "before", "after", "change", "low", "high", "p"]
Answers = Mapping[int, Any]


@dataclass(frozen=True)
class Difference:
    """A difference with its 95 % interval.

    Attributes:
        before: Mean of the first (points of the scale, NPS points, or a share 0–1).
        after: Mean of the second.
        change: ``after`` minus ``before``.
        low: Lower end of the interval, NaN where the answers allow none.
        high: Upper end.
        p: Two-sided p value, NaN where there is none.
    """

    before: float
    after: float
    change: float
    low: float
    high: float
    p: float


def nps_points(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn answers 0–10 into what each adds to the NPS: 100, 0 or −100."""
    return np.where(values >= 9, 100.0, np.where(values <= 6, -100.0, 0.0))


def mean_change(before: NDArray[np.float64], after: NDArray[np.float64]) -> Difference:
    """Give the mean change of the same people by the paired t test.

    Args:
        before: One value per person, shape (n,).
        after: The same people in the same order, shape (n,).

    Returns:
        Interval and p are NaN with fewer than two people, or when everybody changed by the same amount (the spread that
        an interval is made of can't be estimated then).
    """
    from scipy.stats import ttest_rel

    if len(before) == 0:
        return Difference(*[np.nan] * 6)
    step = float(np.mean(after - before))
    plain = (float(before.mean()), float(after.mean()), step)
    if len(before) < 2 or np.ptp(after - before) == 0:
        return Difference(*plain, np.nan, np.nan, np.nan)
    found = ttest_rel(after, before)
    interval = found.confidence_interval(0.95)
    return Difference(*plain, float(interval.low), float(interval.high), float(found.pvalue))


def share_change(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Difference:
    """Give the change of a share among the same people: adjusted Wald interval, exact McNemar test.

    Source:
        Bonett & Price (2012), Journal of Educational and Behavioral Statistics 37(4):479–488; recommended by Fagerland,
        Lydersen & Laake (2014), BMC Medical Research Methodology 14:42.
    """
    from scipy.stats import binomtest

    n = len(before)
    if n == 0:
        return Difference(*[np.nan] * 6)
    came, went = int(np.sum(~before & after)), int(np.sum(before & ~after))
    to, off = (came + 1) / (n + 2), (went + 1) / (n + 2)
    half = Z95 * np.sqrt((to + off - (to - off) ** 2) / (n + 2))
    low, high = max(-1.0, to - off - half), min(1.0, to - off + half)
    p = float(binomtest(came, came + went).pvalue) if came + went else 1.0
    return Difference(float(before.mean()), float(after.mean()), (came - went) / n, float(low), float(high), p)


def option_labels(*questions: Question) -> dict[str, str]:
    """Give the options of the same question in several versions, in order, “其他” last."""
    labels = {option.code: option.label for question in questions for option in question.options}
    other = next((question.other for question in questions if question.other), "")
    return labels | ({OTHER: other} if other else {})


def comparable(first: SurveyDefinition, second: SurveyDefinition) -> tuple[list[tuple[Question, Question]], list[str]]:
    """Find the questions of two versions that can be compared.

    Returns:
        Pairs of the same question, and the titles of those that were asked in both but not in the same way (another
        kind or scale).
    """
    pairs, unlike = [], []
    for _, question in first.questions():
        later = second.question(question.code)
        if later is None or question.kind not in COMPARED:
            continue
        if later.kind != question.kind or (question.kind != "single" and scale(later) != scale(question)):
            unlike.append(question.title)
            continue
        pairs.append((question, later))
    return pairs, unlike


def both(before: Answers, after: Answers) -> list[int]:
    """List the fans who answered both times, by id."""
    return sorted(fan for fan, value in before.items() if value is not None and after.get(fan) is not None)


def changes(
    pairs: list[tuple[Question, Question]], before: Mapping[str, Answers], after: Mapping[str, Answers]
) -> pd.DataFrame:
    """Give the change of every question in the fans who answered it both times.

    Args:
        pairs: As ``comparable`` gives them.
        before: Question code → fan id → value in the earlier wave.
        after: The same in the later wave.

    Returns:
        One row per rating and NPS, one per option of a single choice: ``code, title, kind, option, label, base, before,
        after, change, low, high, p, differs``. Ratings in points, NPS in points −100 to 100, choices in shares 0–1.
        ``p`` is corrected over the whole table by Holm; ``differs`` is −1, 0 or 1.
    """
    rows = []
    for question, later in pairs:
        first, second = before.get(question.code, {}), after.get(question.code, {})
        fans = both(first, second)
        if question.kind == "single":
            for option, label in option_labels(question, later).items():
                found = share_change(
                    np.array([first[fan] == option for fan in fans], dtype=bool),
                    np.array([second[fan] == option for fan in fans], dtype=bool),
                )
                rows.append(_row(question, option, label, len(fans), found))
            continue
        values = [np.array([side[fan] for fan in fans], dtype=float) for side in (first, second)]
        if question.kind == "nps":
            values = [nps_points(each) for each in values]
        label = "净推荐值" if question.kind == "nps" else "平均分"
        rows.append(_row(question, "", label, len(fans), mean_change(*values)))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return marked(table, table["change"])


def _row(question: Question, option: str, label: str, base: int, found: Difference) -> tuple[Any, ...]:
    figures = (found.before, found.after, found.change, found.low, found.high, found.p)
    return (question.code, question.title, question.kind, option, label, base, *figures)


def marked(table: pd.DataFrame, change: pd.Series) -> pd.DataFrame:
    """Correct the p values of a table together and mark what survives with the sign of its change."""
    table["p"] = holm(table["p"].to_numpy(dtype=float))
    sign = np.sign(change.astype(float)).fillna(0).astype(int)
    table["differs"] = np.where(table["p"] < SIGNIFICANT, sign, 0)
    return table


def transitions(question: Question, later: Question, before: Answers, after: Answers) -> pd.DataFrame:
    """Count where the choices went.

    Returns:
        One row per pair of options that occurs or is the same twice: ``source, target`` (codes), ``from_label, to_label,
        count, base, fan_ids``; ``base`` is how many chose ``source`` before.
    """
    labels, fans = option_labels(question, later), both(before, after)
    rows = []
    for source, from_label in labels.items():
        base = sum(before[fan] == source for fan in fans)
        for target, to_label in labels.items():
            moved = [fan for fan in fans if before[fan] == source and after[fan] == target]
            if moved or source == target:
                rows.append((source, target, from_label, to_label, len(moved), base, moved))
    return pd.DataFrame(rows, columns=["source", "target", "from_label", "to_label", "count", "base", "fan_ids"])
