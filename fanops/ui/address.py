"""What stands in the address: a choice by its value, so that a link can make it (``?store=7``), and links that set it.

Streamlit's own binding writes the label a person reads into the address, and takes nothing else from a link.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from fanops.tables import row_id

PAGE = "address.page"  # in the session state: file of the page that runs, noted by the frame
OPEN = "address.open"  # likewise: files of the pages that the person's role may open


def may_open(file: str) -> bool:
    """Tell whether who is signed in may open a page: a link to any other is a dead end."""
    return file in st.session_state.get(OPEN, ())


def way_to_first_voices() -> None:
    """Show the way out of a page without data: a file for who may import, listening to a fan for everybody else."""
    if may_open("import_voices.py"):
        st.page_link("import_voices.py", label="去导入", icon=":material/arrow_forward:")
    else:
        st.page_link("interviews.py", label="去访谈一位顾客", icon=":material/record_voice_over:")


def way_to(file: str, label: str, key: str, *, icon: str | None = None, **query: Any) -> None:
    """Show a link to a page that may be the one that runs; the address follows in both cases.

    ``st.page_link`` to its own page shows the new content but leaves the old address, to which the next tap falls back.

    Args:
        file: Of the page.
        label: Markdown; words of people through ``plain``.
        key: Of the button that it is on its own page.
        icon: Before the label.
        query: What the address then carries, nothing else.
    """
    asked = {name: str(value) for name, value in query.items()}
    if st.session_state.get(PAGE) != file:
        st.page_link(file, label=label, icon=icon, query_params=asked)
        return
    st.button(label, key=key, icon=icon, type="tertiary", on_click=st.query_params.from_dict, args=(asked,))


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
