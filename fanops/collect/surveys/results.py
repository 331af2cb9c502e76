"""What a wave answered: counts with base and interval, cross tables with a mark that accounts for many comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fanops.collect.surveys.answers import OTHER, scale
from fanops.collect.surveys.definition import Question
from fanops.intervals import Z95, holm, wilson

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Average:
    """均值 of a numeric question.

    Attributes:
        value: Mean; for NPS the score, promoters minus detractors in points (−100 to 100). NaN without answers.
        low: Lower end of the 95 % interval (normal approximation), NaN with fewer than two answers.
        high: Upper end.
        base: Answers.
    """

    value: float
    low: float
    high: float
    base: int


def _labels(question: Question) -> dict[Any, str]:
    if question.kind in ("rating", "nps"):
        return {point: str(point) for point in scale(question)}
    labels: dict[Any, str] = {option.code: option.label for option in question.options}
    return labels | ({OTHER: question.other} if question.other else {})


def _chosen(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _counted(question: Question, value: Any) -> list[Any]:
    """Give what of an answer is counted: of a ranking its first place."""
    return _chosen(value)[:1] if question.kind == "ranking" else _chosen(value)


def said_words(question: Question, value: Any) -> list[str]:
    """Give what an answer says, an entry for each thing that is counted: options, points, ``row：option`` of a matrix, the value itself."""
    if value is None:
        return []
    if question.kind == "matrix":
        options = {option.code: option.label for option in question.options}
        return [f"{row.label}：{options[value[row.code]]}" for row in question.rows if value.get(row.code) in options]
    labels = _labels(question)
    return [str(labels.get(each, each)) for each in _counted(question, value)]


def counts(question: Question, answers: Sequence[Any]) -> pd.DataFrame:
    """Count the options of a question with options or a scale.

    Args:
        question: single, multiple, rating, nps or ranking (counted by first place).
        answers: Values of those who answered; None is not counted in the base.

    Returns:
        One row per option in the question's order: ``code, label, count, share, low, high``; shares 0–1 of those who
        answered, with Wilson intervals.
    """
    answered = [value for value in answers if value is not None]
    labels = _labels(question)
    found = [code for value in answered for code in _counted(question, value)]
    frame = pd.DataFrame({"code": list(labels), "label": list(labels.values())})
    frame["count"] = [found.count(code) for code in labels]
    frame["share"] = frame["count"] / len(answered) if answered else np.nan
    frame["low"], frame["high"] = wilson(frame["count"], np.full(len(frame), len(answered)))
    frame.attrs["base"] = len(answered)
    return frame


def matrix_counts(question: Question, answers: Sequence[Any]) -> pd.DataFrame:
    """Count a matrix: rows ``row, code, label, count, share, base``, one per cell."""
    cells = []
    for row in question.rows:
        given = [value[row.code] for value in answers if isinstance(value, dict) and row.code in value]
        for option in question.options:
            count = given.count(option.code)
            cells.append(
                (row.label, option.code, option.label, count, count / len(given) if given else np.nan, len(given))
            )
    return pd.DataFrame(cells, columns=["row", "code", "label", "count", "share", "base"])


def average(question: Question, answers: Sequence[Any]) -> Average:
    """Give the mean of a rating or number, or the NPS of a recommendation question."""
    values = np.array([value for value in answers if isinstance(value, (int, float))], dtype=float)
    if question.kind == "nps":
        values = np.where(values >= 9, 100.0, np.where(values <= 6, -100.0, 0.0))
    n = len(values)
    if n == 0:
        return Average(np.nan, np.nan, np.nan, 0)
    half = Z95 * values.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return Average(float(values.mean()), float(values.mean() - half), float(values.mean() + half), n)


def cross_table(question: Question, answers: Sequence[Any], groups: Sequence[Any]) -> pd.DataFrame:
    """Compare options between groups (stores, tiers, waves).

    Each option × group is tested against all other groups together (Fisher's exact test), and the p values of the whole
    table are corrected by Holm, so a mark holds for the table, not only for its cell.

    Args:
        question: A question with options or a scale; a ranking is counted by first place, as in ``counts``.
        answers: Values, None for unanswered.
        groups: The group of each answer, same length; None left out.

    Returns:
        Rows ``group, code, label, count, base, share, p, differs``; ``p`` is corrected, ``differs`` is −1, 0 or 1.

    Source:
        Holm (1979).
    """
    from scipy.stats import fisher_exact

    pairs = [(v, g) for v, g in zip(answers, groups, strict=True) if v is not None and g is not None]
    rows = []
    for group in dict.fromkeys(group for _, group in pairs):
        inside = [set(_counted(question, value)) for value, g in pairs if g == group]
        outside = [set(_counted(question, value)) for value, g in pairs if g != group]
        for code, label in _labels(question).items():
            a, c = sum(code in value for value in inside), sum(code in value for value in outside)
            p = fisher_exact([[a, len(inside) - a], [c, len(outside) - c]]).pvalue if outside else 1.0
            other = c / len(outside) if outside else np.nan
            rows.append((group, code, label, a, len(inside), a / len(inside), other, p))
    frame = pd.DataFrame(rows, columns=["group", "code", "label", "count", "base", "share", "other_share", "p"])
    frame["p"] = holm(frame["p"].to_numpy())
    sign = np.sign(frame["share"] - frame["other_share"]).fillna(0).astype(int)
    frame["differs"] = np.where(frame["p"] < SIGNIFICANT, sign, 0)
    return frame.drop(columns="other_share")
