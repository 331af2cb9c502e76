"""Find a fan by phone, member number or name, and pick one with a tap; the field for a number."""

from __future__ import annotations

import streamlit as st

from fanops.access import Actor
from fanops.collect.record_on_behalf import add_person
from fanops.fans.records import fan_table
from fanops.ui import words
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals

_FOUND = 6


def phone_field(label: str, key: str, value: str = "", *, placeholder: str = "") -> str:
    """Ask for a fan's phone: digits come up on the clerk's phone, and its browser does not offer the clerk's own number."""
    return st.text_input(
        label, value, key=key, type="phone", max_chars=20, placeholder=placeholder, icon="", autocomplete="off"
    )


def pick_fan(actor: Actor, look_for: str, key: str) -> int | None:
    """Show who is found.

    Args:
        actor: Whose fans.
        look_for: What was typed; nothing is shown while it is empty.
        key: Of the buttons.

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
        st.caption("没有找到。可以在下面新增。")
    return None


def new_fan(actor: Actor, look_for: str, store_id: int, key: str) -> int | None:
    """Ask who it is that is not known here yet: a new fan, or one of another store.

    Args:
        actor: Who asks.
        look_for: What was looked for; a number needs no second typing.
        store_id: Home store of a new fan.
        key: Of the fields.

    Returns:
        The fan on the run on which it was handed in, None otherwise.
    """
    with (
        st.expander("新顾客", icon=":material/person_add:"),
        st.form(f"{key}.new", border=False, enter_to_submit=False),
    ):
        # The key follows what was looked for: a field that is there already takes no new value.
        number = look_for.strip()
        phone = phone_field("手机号", f"{key}.new.phone.{number}", number if number.isdecimal() else "")
        member = st.text_input("或会员号", key=f"{key}.new.member", max_chars=40)
        name = st.text_input("称呼（可不填）", key=f"{key}.new.name", max_chars=40)
        if st.form_submit_button("新增并开始", type="primary", width="stretch"):
            with refusals(), page_database().write() as session:
                return add_person(session, actor, store_id=store_id, name=name, phone=phone, member=member).id
    return None
