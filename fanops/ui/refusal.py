"""How a page says no: what, why, the way out; everything typed stays where it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from fanops.errors import FanopsError, InvalidInput, Problem
from fanops.ui.tables import show_table

_SHOWN = 200
_BEFORE, _NOW = "refusal.before", "refusal.now"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-!|<>~$:&])")


def plain(text: str | float | None) -> str:
    """Give ``text`` so that Streamlit's markdown shows it as it is: no link, picture, colour or formula in it acts.

    For labels and notices that carry words of people. Where a whole element is such text, use ``st.text``. A missing
    value (None, the NaN of a frame) is empty: one odd row never takes a page down.
    """
    if not isinstance(text, str):
        return ""
    text = _MARKDOWN.sub(r"\\\1", text)
    return re.sub(r"(?i)(www)\.|(:)(//)", lambda m: f"{m[1]}\u2060." if m[1] else f"{m[2]}\u2060{m[3]}", text)


def begin_run() -> None:
    """Note that the page is drawn anew: what was refused on the run before and stands there still floats no second time."""
    st.session_state[_BEFORE] = st.session_state.pop(_NOW, ())


@contextmanager
def refusals() -> Iterator[None]:
    """Show a refusal raised inside, with its hint and its problems, and go on with the page.

    Bugs (anything that is not a FanopsError) pass through: they are logged with an id by the application.
    """
    try:
        yield
    except FanopsError as refusal:
        show_refusal(refusal)


def show_refusal(refusal: FanopsError) -> None:
    """Show what was refused, why, and the way out."""
    said = f"{plain(refusal.message)}{plain(refusal.hint)}"
    st.error(said, icon=":material/block:")
    if said not in st.session_state.get(_BEFORE, ()):
        # Floating too: under the button of a tall form on a phone nobody sees it.
        st.toast(said, icon=":material/block:")
    st.session_state[_NOW] = (*st.session_state.get(_NOW, ()), said)
    if isinstance(refusal, InvalidInput) and refusal.problems:
        show_problems(refusal.problems)


def show_problems(problems: Sequence[Problem]) -> None:
    """Show what is wrong in a file as a table a person can work through."""
    rows = [
        {"工作表": p.sheet or "", "行": p.row, "列": p.column or "", "内容": p.value or "", "原因": p.why}
        for p in problems[:_SHOWN]
    ]
    empty = [name for name in ("工作表", "行", "列", "内容") if all(not row[name] for row in rows)]
    show_table([{k: v for k, v in row.items() if k not in empty} for row in rows], hide_index=True)
    if len(problems) > _SHOWN:
        st.caption(f"只显示前 {_SHOWN} 处，另有 {len(problems) - _SHOWN} 处。")
