"""A choice that the address carries by its value, so that a link can make it: ``?store=7``, ``?action=item-3``.

Streamlit's own binding writes the label a person reads into the address, and takes nothing else from a link.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from fanops.tables import row_id


def asked_id(key: str) -> int | None:
    """Give the row id that the address carries under ``key``; None where there is none, or nothing that can be one."""
    return row_id(st.query_params.get(key, ""))


def choice(
    label: str,
    options: Sequence[Any],
    key: str,
    format_func: Callable[[Any], Any] = str,
    *,
    place: Any = st,
    persist: bool = False,
    **look: Any,
) -> Any:
    """Show a select box whose value stands in the address under ``key``; the first option is left out of it.

    Args:
        label: Of the box.
        options: At least one; their ``str`` stands in the address.
        key: Of the widget and in the address.
        format_func: Word on the screen.
        place: Where it is drawn.
        persist: Whether the choice stays when the person goes to another page and back.
        look: Passed on to ``st.selectbox``.
    """
    by_address = {str(option): option for option in options}
    seen = f"{key}.asked"
    asked = st.query_params.get(key)
    if asked in by_address and (key not in st.session_state or st.session_state.get(seen) != asked):
        st.session_state[key] = by_address[asked]
    kept = {"persist_state": "session"} if persist else {}
    chosen = place.selectbox(label, list(options), key=key, format_func=format_func, **kept, **look)
    if chosen == options[0]:
        st.query_params.pop(key, None)
        st.session_state[seen] = None
    else:
        st.query_params[key] = st.session_state[seen] = str(chosen)
    return chosen
