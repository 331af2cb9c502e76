"""Themes without a database: a table in, one row per input row (or unit) out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from fanops.errors import InvalidInput, TooLittleData
from fanops.text.encoder import load_encoder
from fanops.text.no_content import no_content
from fanops.text.table_file import check_columns
from fanops.text.tokens import tokenizer
from fanops.text.units import split_many
from fanops.themes.discovery import Progress, discover
from fanops.themes.parameters import Parameters

LEVELS = ("row", "unit")
NO_THEME, NO_CONTENT_NAME = "未归类", "无内容"


@dataclass(frozen=True)
class Labelled:
    """What ``label_table`` gives.

    Attributes:
        table: ``row`` (1-based data row), the id column if given, ``start``/``end``/``text`` for units, ``theme_id`` (0 the
            largest, −1 none), ``theme_name``, ``subtheme_name``, ``strength``, ``polarity``, ``aspect``.
        themes: One row per theme: ``theme_id, name, keywords, size``.
        fingerprint: Hash of input, parameters, encoder and result; empty when there was too little.
        note: A Chinese sentence where there was too little data, else empty.
    """

    table: pd.DataFrame
    themes: pd.DataFrame
    fingerprint: str
    note: str = ""


def label_table(
    frame: pd.DataFrame,
    text_column: str,
    id_column: str | None = None,
    *,
    level: str = "row",
    granularity: str = "normal",
    method: str = "graph",
    encoder_name: str | None = None,
    words: frozenset[str] = frozenset(),
    pack: str | None = None,
    progress: Progress = lambda share, doing: None,
) -> Labelled:
    """Label a table of texts with themes, polarity and aspect.

    Args:
        frame: One text per row; missing and empty texts get theme −1.
        text_column: Where the text stands.
        id_column: Carried into the result; also tells people apart (a theme needs three).
        level: ``row``: each row is one unit; ``unit``: rows are cut into units first.
        granularity: ``coarse``, ``normal`` or ``fine``.
        method: ``graph`` or ``hdbscan``.
        encoder_name: Another sentence-transformers model, None for the shipped encoder.
        words: The brand's own words.
        pack: Industry pack for aspects, None for the general one.
        progress: Called with share done and what is being done.

    Raises:
        InvalidInput: A column is missing, or an unknown level.
    """
    check_columns(frame, (text_column, *((id_column,) if id_column else ())))
    if level not in LEVELS:
        raise InvalidInput(f"没有“{level}”这个层级。", f"可用：{'、'.join(LEVELS)}。")
    texts = ["" if value is None or value != value else str(value) for value in frame[text_column].tolist()]
    table, units = _units(frame, texts, id_column, level)
    from fanops.text.aspects import aspects
    from fanops.text.polarity import polarity

    empty = no_content(units)
    useful = np.flatnonzero(~empty)
    parameters = Parameters(granularity=granularity, method=method)
    table["theme_id"], table["strength"] = -1, 0.0
    table["theme_name"] = np.where(empty, NO_CONTENT_NAME, NO_THEME)
    table["subtheme_name"] = ""
    themes = pd.DataFrame(columns=["theme_id", "name", "keywords", "size"])
    fingerprint, note = "", ""
    try:
        found = discover(
            [units[i] for i in useful], table["row"].to_numpy()[useful], load_encoder(encoder_name),
            tokenizer(words), parameters, progress,
        )  # fmt: skip
    except TooLittleData as refusal:
        note = f"{refusal.message}{refusal.hint}"
    else:
        names = np.array([group.name for group in found.themes] + [NO_THEME], dtype=object)
        sub_names = np.array([group.name for group in found.subthemes] + [""], dtype=object)
        for column, values in {
            "theme_id": found.labels, "strength": found.strength.round(4), "theme_name": names[found.labels],
            "subtheme_name": sub_names[found.sublabels],
        }.items():  # fmt: skip
            table.loc[useful, column] = values
        sizes = np.bincount(found.labels[found.labels >= 0], minlength=len(found.themes))
        themes = pd.DataFrame(
            {
                "theme_id": range(len(found.themes)),
                "name": [group.name for group in found.themes],
                "keywords": ["、".join(word for word, _ in group.keywords[:6]) for group in found.themes],
                "size": sizes,
            }
        )
        fingerprint = found.fingerprint
    judged = polarity(units)
    table["polarity"] = np.where(empty, 0, judged.values)
    table["polarity_probability"] = judged.probability.round(4)
    table["aspect"] = aspects(units, pack)
    return Labelled(table, themes, fingerprint, note)


def _units(frame: pd.DataFrame, texts: list[str], id_column: str | None, level: str) -> tuple[pd.DataFrame, list[str]]:
    if level == "row":
        table = pd.DataFrame({"row": np.arange(1, len(texts) + 1)})
        if id_column:
            table[id_column] = frame[id_column].to_numpy()
        return table, texts
    voice, start, end = split_many(texts)
    units = [texts[v][s:e] for v, s, e in zip(voice.tolist(), start.tolist(), end.tolist(), strict=True)]
    table = pd.DataFrame({"row": voice + 1})
    if id_column:
        table[id_column] = frame[id_column].to_numpy()[voice]
    table["start"], table["end"] = start, end
    table["text"] = pd.Series(units, dtype=object)  # a lone surrogate has no place in an Arrow string
    return table, units
