"""The toolbox on tables: a frame in, a frame out; ``fanops text`` does the same with files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fanops.errors import InvalidInput
from fanops.text.no_content import no_content
from fanops.text.polarity import polarity
from fanops.text.table_file import check_columns, free_suffix
from fanops.text.tokens import Tokenizer
from fanops.text.units import split_many


def column_of(frame: pd.DataFrame, name: str) -> list[Any]:
    """Give the values of a column, None where one is missing in any of the ways that pandas knows.

    Raises:
        InvalidInput: No such column, or two of that name.
    """
    check_columns(list(frame.columns), (name,))
    if list(frame.columns).count(name) > 1:
        raise InvalidInput(f"有两列都叫“{name}”。", "请先给其中一列改名。")
    column = frame[name]
    return [None if gone else value for value, gone in zip(column.tolist(), column.isna().tolist(), strict=True)]


def texts_of(frame: pd.DataFrame, text_column: str) -> list[str]:
    """Give a column's texts, "" where one is missing, numbers as they are written; raises as ``column_of``."""
    return ["" if value is None else str(value) for value in column_of(frame, text_column)]


def beside(frame: pd.DataFrame, results: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Put results beside a person's columns; where one has a result's name, it stays, and all results end in ``_新``."""
    suffix = free_suffix(results, frame.columns, "_新")
    return frame.assign(**{f"{name}{suffix}": values for name, values in results.items()})


def polarity_table(
    frame: pd.DataFrame, text_column: str, *, level: str = "auto", adapt: bool | None = None
) -> pd.DataFrame:
    """Judge a table of texts (情感判断).

    Args:
        frame: One text per row; missing ones count as empty.
        text_column: Where the text stands.
        level: As in ``polarity``.
        adapt: As in ``polarity``.

    Returns:
        The frame, and ``polarity`` (−1, 0, 1), ``polarity_probability`` (0–1), ``polarity_score`` (−1 to 1); see ``beside``.

    Raises:
        InvalidInput: No such column, or no such level.
    """
    found = polarity(texts_of(frame, text_column), level, adapt)
    results = {
        "polarity": found.values, "polarity_probability": found.probability.round(4),
        "polarity_score": found.score.round(4),
    }  # fmt: skip
    return beside(frame, results)


def tokens_table(
    frame: pd.DataFrame, text_column: str, *, words: frozenset[str] = frozenset(), engine: str = "rjieba"
) -> pd.DataFrame:
    """Cut a table of texts into words.

    Args:
        frame: One text per row.
        text_column: Where the text stands.
        words: The brand's own words.
        engine: ``rjieba``, or ``jieba`` for reference.

    Returns:
        The frame, and ``tokens``: words with a space between; see ``beside``.

    Raises:
        InvalidInput: No such column, or no such engine.
    """
    cut = Tokenizer(words, engine)
    found = [" ".join(filter(str.strip, cut.tokens(text))) for text in texts_of(frame, text_column)]
    return beside(frame, {"tokens": found})


def units_table(frame: pd.DataFrame, text_column: str) -> pd.DataFrame:
    """Cut a table of texts into units (语义单元).

    Args:
        frame: One text per row.
        text_column: Where the text stands.

    Returns:
        One row per unit: ``row`` (1-based), ``start`` and ``end`` in its text (all units joined are the text), ``unit``,
        ``no_content`` (whether it says nothing).

    Raises:
        InvalidInput: No such column.
    """
    texts = texts_of(frame, text_column)
    row, start, end = split_many(texts)
    found = [texts[at][first:last] for at, first, last in zip(row.tolist(), start.tolist(), end.tolist(), strict=True)]
    # a lone surrogate has no place in an Arrow string
    unit = pd.Series(found, dtype=object)
    return pd.DataFrame({"row": row + 1, "start": start, "end": end, "unit": unit, "no_content": no_content(found)})
