"""The sentences behind an action, within what its reader may see."""

from __future__ import annotations

import streamlit as st

from fanops.access import Actor
from fanops.actions import records
from fanops.themes.records_evidence import evidence
from fanops.ui import words
from fanops.ui.guard import page_database
from fanops.ui.paging import open_page, rows_from, turn_pages
from fanops.ui.quotes import quotes

PAGE_SIZE = 8


def evidence_list(actor: Actor, *, fix_id: int | None = None, item_id: int | None = None) -> None:
    """Show the sentences behind an action, within the actor's scope."""
    name = f"fix.{fix_id}" if fix_id else f"item.{item_id}"
    with page_database().read() as session:
        units = records.evidence_units(session, actor, fix_id=fix_id, item_id=item_id)
        here, total, page = open_page(f"evidence.page.{name}", PAGE_SIZE, rows_from(units, PAGE_SIZE))
        rows, _ = evidence(session, actor, unit_ids=here, limit=PAGE_SIZE)
    if not units:
        st.caption("您的门店没有说过这件事的原声；依据来自别的门店。")
        return
    quotes(rows, f"evidence.{name}.{page}")
    turn_pages(f"evidence.page.{name}", PAGE_SIZE, total)
    st.caption(f"共 {words.count(len(units), '句')}依据。")
