"""Long lists in pages: the page that is open is one that there is, also after a filter has left fewer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st


def open_page(key: str, size: int, load: Callable[..., tuple[pd.DataFrame, int]]) -> tuple[pd.DataFrame, int, int]:
    """Load the page that is open; where there are no longer so many, the last one.

    Args:
        key: Of the page bar that stands under the list (``turn_pages``).
        size: Rows on a page.
        load: Gives the rows from ``offset`` on, and how many there are in all.

    Returns:
        The rows, how many there are in all, and the number of the page, from 1.
    """
    page = st.session_state.get(key, 1)
    rows, total = load(offset=(page - 1) * size)
    last = _pages(size, total)
    if page > last:
        rows, total = load(offset=(last - 1) * size)
        st.session_state[key] = page = last
    return rows, total, page


def rows_from(rows: Any, size: int) -> Callable[..., tuple[Any, int]]:
    """Give the ``load`` of a list or frame that is in memory."""
    return lambda offset: (rows[offset : offset + size], len(rows))


def turn_pages(key: str, size: int, total: int) -> None:
    """Show the page bar where there is more than one page."""
    if total > size:
        st.pagination(_pages(size, total), key=key)


def _pages(size: int, total: int) -> int:
    return max(1, -(-total // size))
