"""A table whose rows open with a tap anywhere on them, not only on the small square in front."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st


def tapped_row(shown: pd.DataFrame, key: str, **look: Any) -> int | None:
    """Show a table and give the place of the row that is tapped, None for none.

    Args:
        shown: The table.
        key: Of the table.
        look: Passed on to ``st.dataframe``.
    """
    chosen = st.dataframe(
        shown, hide_index=True, key=key, on_select="rerun", selection_mode=["single-row", "single-cell"], **look
    )
    place = place_of(chosen.selection.rows, chosen.selection.cells)
    return place if place is not None and place < len(shown) else None


def place_of(rows: list[int], cells: list[tuple[int, str]]) -> int | None:
    """Give the row of a selection: the one ticked, otherwise the one of the cell that was tapped."""
    return next((int(place) for place in (*rows, *(row for row, _ in cells))), None)
