"""Quotas on the screen: set per store and staff member, progress for all who see it, one's own before recording."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.collect import records_quotas as records
from fanops.collect import records_surveys as surveys
from fanops.tables import Wave
from fanops.terms import TERMS
from fanops.ui import words
from fanops.ui.collect import panel_views
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table

_EVERY = "每家门店"


def own_quota(actor: Actor, wave_id: int, store_id: int, *, only_full: bool = False) -> None:
    """Show how far the actor and the store are; a full quota is said, and nobody is kept from recording.

    Args:
        actor: Who records.
        wave_id: The wave.
        store_id: Where.
        only_full: Only the notice of a full quota, without the bars.
    """
    with page_database().read() as session:
        shares = records.own_shares(session, actor, wave_id, store_id)
    for each in () if only_full else shares:
        st.progress(each.done_share, text=f"{plain(each.name)}：答了 {each.answered} / 要 {each.wanted}")
    full = [each for each in shares if each.is_full]
    if full:
        st.warning(
            f"{'、'.join(plain(each.name) for each in full)}的配额已经满了，可以不再问下去。要记也照样能记，不会丢。",
            icon=":material/task_alt:",
        )


def quotas(actor: Actor, wave: Wave) -> None:
    """Show a wave's quotas with progress, and let those who keep waves set them."""
    with page_database().read() as session:
        stores = records.store_progress(session, actor, wave.id)
        staff = records.staff_progress(session, actor, wave.id)
        people = records.staff_in_scope(session, actor)
    st.caption(TERMS["quota"].definition + "满了只提醒，不拒收。")
    wanted = stores["wanted"].notna()
    if wanted.any():
        limited = stores[wanted]
        done = int((limited["missing"] == 0).sum())
        st.markdown(f"**{done} / {len(limited)}** 家门店收满了；还缺 **{words.count(limited['missing'].sum(), '份')}**")
    _table(stores, "store", "门店")
    if len(staff):
        _table(staff, "staff", "员工")
    _who(actor, wave, stores, staff)
    if actor.role in surveys.WAVE_KEEPERS:
        _set(actor, wave, stores, {each.id: f"{each.name}（{each.code}）" for each in people})


def _table(table: pd.DataFrame, name: str, heading: str) -> None:
    shown = pd.DataFrame(
        {
            heading: table[name],
            "答了": table["answered"],
            "要": [f"{value:.0f}" if value == value else "不限" for value in table["wanted"]],
            "进度": (table["answered"] / table["wanted"].where(table["wanted"] > 0)).clip(upper=1),
            "还缺": [f"{value:.0f}" if value == value else "—" for value in table["missing"]],
        }
    )
    show_table(
        shown,
        hide_index=True,
        column_config={"进度": st.column_config.ProgressColumn("进度", format="percent", min_value=0, max_value=1)},
    )


def _who(actor: Actor, wave: Wave, stores: pd.DataFrame, staff: pd.DataFrame) -> None:
    numbers = {
        f"{kind}_id:{row[f'{kind}_id']}": f"{row[kind]}（{row['answered']} 份）"
        for kind, table in (("store", stores), ("staff", staff))
        for row in table.to_dict("records")
        if row["answered"]
    }
    if not numbers:
        return
    chosen = st.selectbox(
        "看是哪些人", list(numbers), index=None, format_func=numbers.get, key=f"quota.who.{wave.id}",
        placeholder="选一家门店或一位员工",
    )  # fmt: skip
    if chosen is None:
        return
    name, _, number = chosen.partition(":")
    with page_database().read() as session:
        fans, others = records.who_answered(session, actor, wave.id, **{name: int(number)})
    panel_views.fan_rows(fans, list(fans["fan_id"]), f"quota.fans.{wave.id}")
    if others:
        st.caption(f"另有 {others} 份没有留身份，或是常去别家店的粉丝。")


def _set(actor: Actor, wave: Wave, stores: pd.DataFrame, people: dict[int, str]) -> None:
    choices: dict[str, str] = {"every": _EVERY} if actor.sees_all_stores else {}
    choices |= {f"store:{store_id}": store for store_id, store in zip(stores["store_id"], stores["store"], strict=True)}
    choices |= {f"staff:{staff_id}": name for staff_id, name in people.items()}
    if not choices:
        return
    with st.form(f"quota.{wave.id}", border=True, enter_to_submit=False):
        st.markdown("**定配额**")
        about = st.selectbox("给谁", list(choices), format_func=choices.get, key=f"quota.about.{wave.id}")
        wanted = st.number_input(
            "要几份（留空是不限）", 0, records.MOST, None, key=f"quota.wanted.{wave.id}", placeholder="不限"
        )
        st.caption("给“每家门店”的数，单独定过的门店不受影响。")
        if st.form_submit_button("定下来", width="stretch"):
            with refusals():
                _store(actor, wave.id, about, wanted)
                said_done(f"{choices[about]}：{'不限' if wanted is None else f'要 {wanted} 份'}。")
                st.rerun()


def _store(actor: Actor, wave_id: int, about: str, wanted: int | None) -> None:
    kind, _, number = about.partition(":")
    with page_database().write() as session:
        if kind == "every":
            records.set_default_quota(session, actor, wave_id, wanted)
        elif kind == "store":
            records.set_quota(session, actor, wave_id, wanted, store_id=int(number))
        else:
            records.set_quota(session, actor, wave_id, wanted, staff_id=int(number))
