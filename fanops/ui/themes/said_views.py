"""The sentences under a figure of a theme: all of them, page by page, each saying once."""

from __future__ import annotations

from functools import partial

import streamlit as st
from sqlmodel import Session

from fanops.access import Actor
from fanops.themes.records_sayings import sayings
from fanops.themes.selection import Selection
from fanops.ui import words
from fanops.ui.paging import open_page, turn_pages
from fanops.ui.quotes import quotes
from fanops.ui.refusal import plain

PAGE_SIZE = 10


def said_under(
    session: Session, actor: Actor, selection: Selection, theme_id: int, heading: str, units: int, key: str
) -> None:
    """Show what is said of a theme or sub-theme.

    Args:
        session: A reading session.
        actor: Who reads.
        selection: What the figure counts.
        theme_id: Of which theme or sub-theme.
        heading: What the figure is of.
        units: The figure: how many sentences.
        key: Of the list, one per figure.
    """
    load = partial(sayings, session, actor, selection, theme_id=theme_id, limit=PAGE_SIZE)
    rows, total, page = open_page(f"{key}.page", PAGE_SIZE, load)
    st.markdown(f"**{plain(heading)}：{words.count(units, '句')}、{words.count(total, '种说法')}**")
    quotes(rows, f"{key}.quotes.{page}")
    turn_pages(f"{key}.page", PAGE_SIZE, total)
