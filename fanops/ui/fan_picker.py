"""Find a fan by phone, member number or name, and pick one with a tap."""

from __future__ import annotations

import streamlit as st

from fanops.access import Actor
from fanops.fans.records import fan_table
from fanops.ui import words
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain

_FOUND = 6


def pick_fan(actor: Actor, look_for: str, key: str, nobody: str) -> int | None:
    """Show who is found.

    Args:
        actor: Whose fans.
        look_for: What was typed; nothing is shown while it is empty.
        key: Of the buttons.
        nobody: What to do when nobody is found.

    Returns:
        The fan that was tapped on this run, None otherwise.
    """
    if not look_for.strip():
        return None
    with page_database().read() as session:
        found, total = fan_table(session, actor, look_for=look_for, limit=_FOUND)
    for row in found.itertuples():
        label = f"{plain(words.called(row.name, row.tail))} · {words.LEVEL_LABELS[row.level]} · {plain(row.store or '—')} · {row.orders} 单"
        if st.button(label, key=f"{key}.fan.{row.fan_id}", width="stretch", icon=":material/person:"):
            return int(row.fan_id)
    if total > _FOUND:
        st.caption(f"共 {total} 位，先列 {_FOUND} 位。输入完整手机号或尾号 4 位最准。")
    if not total:
        st.caption(f"没有找到。{nobody}")
    return None
