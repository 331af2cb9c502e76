"""Rows of the database as a frame for a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd


def frame_of(rows: Iterable[Sequence], columns: Sequence[str]) -> pd.DataFrame:
    """Give rows as a frame in which a missing text stays None, which is false; pandas makes it NaN, which is true.

    Numbers and moments keep their columns' types, with NaN and NaT where there is none.
    """
    frame = pd.DataFrame([tuple(row) for row in rows], columns=list(columns))
    for name in frame.columns:
        if isinstance(frame[name].dtype, pd.StringDtype):
            frame[name] = frame[name].astype(object).where(frame[name].notna(), None)
    return frame
