"""How one stands with a fan, on the screen: who looks after them, what they raised and were promised, whether one may contact."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from sqlmodel import Session

from fanops.access import Actor
from fanops.fans import records_consent, records_promises
from fanops.fans.records_contacts import why_not_contact
from fanops.tables import Fan
from fanops.ui import words
from fanops.ui.done import deeds_done, said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table

_THEMES = 12


def owner(session: Session, actor: Actor, fan_id: int) -> None:
    """Say who looks after the fan, and who did before."""
    name = records_promises.owner_of(session, actor, fan_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"跟进：{plain(name or '还没有人')}")
        # Asked for, not always: the log of a large chain is long.
        if not st.toggle("以前是谁", key=f"fan.owners.{fan_id}"):
            return
    moves = records_promises.owner_moves(session, actor, fan_id)
    for at, was, becomes in moves:
        st.caption(f"{words.day(at)}　{plain(was or '没有人')} → {plain(becomes)}")
    if not moves:
        st.caption("没有换过人。")


def raised(session: Session, actor: Actor, fan_id: int) -> None:
    """Show the themes the fan spoke of, and what was promised."""
    themes = records_promises.raised_themes(session, actor, fan_id)
    if len(themes):
        st.markdown(f"**提过 {len(themes)} 个主题**")
        with st.container(horizontal=True):
            for row in themes.head(_THEMES).itertuples():
                minded = f"，{row.minded} 句不满" if row.minded else ""
                st.page_link("theme.py", label=f"{plain(row.theme)}（{row.sentences} 句{minded}）", icon=":material/topic:",
                             query_params={"theme": str(row.theme_id)})  # fmt: skip
    table = records_promises.promises(session, actor, fan_id)
    if table.empty:
        return
    kept = int(table["kept"].sum())
    dates = [words.day(at) if done else "—" for at, done in zip(table["at"], table["kept"], strict=True)]
    st.markdown(f"**答应的事：{kept} / {len(table)} 件做到了**")
    show_table(
        pd.DataFrame({"答应": table["what"], "什么事": table["title"], "做到了吗": table["kept"].map({True: "做到了", False: "还没有"}),
                      "顾客怎么说": table["said"], "日期": dates}),
        hide_index=True,
    )  # fmt: skip


def consent(session: Session, actor: Actor, fan: Fan) -> None:
    """Show whether the fan may be contacted and what they agreed to; note it when they want no more."""
    barred, fan_id = why_not_contact(session, fan), fan.id
    out = fan.opted_out_at is not None
    table = records_consent.consent_state(session, actor, fan_id)
    with st.expander(f"能不能联系：{barred or '可以'}", icon=":material/handshake:"):
        for row in table.itertuples():
            purpose = records_consent.PURPOSES.get(row.purpose, row.purpose)
            st.caption(
                f"{plain(purpose)}：{'同意' if row.granted else '不同意'} · {words.day(row.given_at)} · {plain(row.basis or '—')}"
            )
        if table.empty:
            st.caption("没有同意或拒绝的记录。每 30 天最多联系 3 次。")
        label = "顾客怎么同意的" if out else "顾客怎么说的（可不填）"
        said = st.text_input(label, key=f"fan.consent.said.{fan_id}.{deeds_done()}", max_chars=100)
        if out and st.button("又可以联系了", key=f"fan.consent.in.{fan_id}"):
            with refusals():
                with page_database().write() as writing:
                    records_consent.opt_in(writing, actor, fan_id, said)
                said_done("已记下：又可以联系了。")
                st.rerun()
        may_wish = (
            not out and fan.birthday_sealed and records_consent.BIRTHDAY not in set(table["purpose"][table["granted"]])
        )
        if may_wish and st.button("同意收生日问候", key=f"fan.consent.birthday.{fan_id}"):
            with refusals():
                with page_database().write() as writing:
                    records_consent.agree(writing, actor, fan_id, records_consent.BIRTHDAY, said)
                said_done("已记下：生日那天会出现在“今天”里。")
                st.rerun()
        if not out and st.button("不要再联系这位", key=f"fan.consent.out.{fan_id}"):
            with refusals():
                with page_database().write() as writing:
                    records_consent.opt_out(writing, actor, fan_id, said)
                said_done("已退订：卡片、邀请、邮件和告知都不再找这位。", lambda: _back(actor, fan_id))
                st.rerun()


def _back(actor: Actor, fan_id: int) -> None:
    with page_database().write() as session:
        records_consent.opt_in(session, actor, fan_id, "刚才记错了")
