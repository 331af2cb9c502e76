"""Notices of what was done, shown on the next run (after the commit), with 撤销 where there is a way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from fanops.ui.address import PAGE
from fanops.ui.refusal import plain, refusals

_KEY, _DEEDS, _UNSEEN, _SHOWN_ON = "done.notice", "done.deeds", "done.unseen", "done.shown_on"


def said_done(
    text: str, undo: Callable[[], None] | None = None, *, link: tuple[str, str] | None = None, **query: Any
) -> None:
    """Remember a notice for the next run.

    Args:
        text: What was done.
        undo: Takes it back; raises a refusal when that is not possible any more.
        link: (page file, label) of the way on.
        query: What the address of that page then carries.
    """
    asked = {name: str(value) for name, value in query.items()}
    st.session_state[_KEY] = (text, undo, link, asked)
    st.session_state[_UNSEEN] = True
    st.session_state[_DEEDS] = deeds_done() + 1


def deeds_done() -> int:
    """Count the deeds of this session: in the key of a popover, it closes the popover once the deed is done."""
    return st.session_state.get(_DEEDS, 0)


def show_done() -> None:
    """Show the remembered notice: at this place, and once floating where this place is out of sight (``theme.NOTICES``).

    It belongs to the page that shows it first, which a deed may have led to; on any other it would speak of something else.
    """
    # The place is there without a notice too: tabs below that move down would go back to their first one.
    place = st.empty()
    notice = st.session_state.get(_KEY)
    if notice is None:
        return
    here = st.session_state.get(PAGE)
    if st.session_state.get(_UNSEEN):
        st.session_state[_SHOWN_ON] = here
    elif st.session_state.get(_SHOWN_ON) != here:
        del st.session_state[_KEY]
        return
    with place.container(key="done"):
        text, undo, link, asked = notice
        if st.session_state.pop(_UNSEEN, False):
            # The icon among the words, not beside them as with a refusal: by it the style knows what this place says too.
            st.toast(f":material/check: {plain(text)}")
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.success(plain(text), icon=":material/check:")
        if undo is not None and right.button("撤销", key="done.undo", icon=":material/undo:", width="stretch"):
            with refusals():
                undo()
                del st.session_state[_KEY]
                st.toast("已撤销。", icon=":material/undo:")  # the notice itself may still float
                st.rerun()
        if link is not None:
            st.page_link(link[0], label=link[1], icon=":material/arrow_forward:", query_params=asked)
        if undo is None:
            del st.session_state[_KEY]
