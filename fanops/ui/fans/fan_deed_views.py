"""What one does on a fan's page: nominate, tag by hand, note who brought whom; and what is expected of the fan."""

from __future__ import annotations

from datetime import date

import streamlit as st
from sqlmodel import Session

from fanops.access import Actor
from fanops.fans import records_levels, records_outlook, records_tags, records_value
from fanops.fans.levels import level_words
from fanops.fans.outlook import FURTHEST_DAYS, HELD_OUT_DAYS, LEAST_DAYS
from fanops.fans.records_matches import matches
from fanops.tables import Fan
from fanops.ui import words
from fanops.ui.address import way_to
from fanops.ui.done import deeds_done, said_done
from fanops.ui.fans.match_views import match_card
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals


def outlook(session: Session, actor: Actor, fan_id: int) -> None:
    """Say how likely the fan still comes and when next, on what it stands, and how right the model was."""
    fit, found, days = records_outlook.fan_outlook(session, actor, fan_id)
    if found is None:
        if not fit.bounds:
            why = f"全品牌下过单的顾客只有 {fit.buyers} 位" if fit.fitted_on else "每晚估一次，还没有估过"
        else:
            why = f"只在 {days} 天来过，{LEAST_DAYS} 天起才估"
        st.caption(f"还会来吗：样本不足（{why}）")
        return
    when = f"大约 {found.next_in_days} 天内会再来一次" if found.next_in_days else f"{FURTHEST_DAYS} 天内不一定再来"
    st.markdown(
        f"**还会来的把握 {words.share(found.alive, 0)}**，{when}（未来 {HELD_OUT_DAYS} 天预计 {found.orders:.1f} 个到店日）"
    )
    fitted = words.day(date.fromisoformat(fit.fitted_on))
    st.caption(
        f"看了这位 {found.purchase_days} 个到店日；模型用 {fit.buyers:,} 位顾客的订单，{fitted}估的。像这样的顾客，"
        f"上个 {HELD_OUT_DAYS} 天预计人均 {found.predicted:.2f}，实际 {found.observed:.2f}。"
    )


def level(actor: Actor, fan: Fan) -> None:
    """Say why the fan has this level; nominate, or take a nomination back."""
    with page_database().read() as session:
        rules = records_levels.level_rules(session, actor)
    why = fan.level_reason or level_words(rules)[fan.level]
    st.caption(f"{words.LEVEL_LABELS[fan.level]}：{plain(why)}")
    if actor.role not in records_levels.NOMINATORS:
        return
    fan_id, was = fan.id, (fan.level, fan.level_reason)
    with st.container(horizontal=True):
        with st.popover("提名", icon=":material/star:", key=f"fan.nominate.{fan_id}.{deeds_done()}"):
            as_what = st.segmented_control("成为", ["core", "fan"], default="core", format_func=words.LEVEL_LABELS.get,
                                           key=f"fan.nominate.level.{fan_id}")  # fmt: skip
            ground = st.segmented_control("因为是", records_levels.GROUNDS, key=f"fan.nominate.ground.{fan_id}")
            said = st.text_input("为什么", key=f"fan.nominate.why.{fan_id}", max_chars=150,
                                 placeholder="例如：每次上新都第一天来，还带朋友来")  # fmt: skip
            if st.button("提名", key=f"fan.nominate.do.{fan_id}", type="primary"):
                with refusals():
                    with page_database().write() as session:
                        records_levels.nominate(session, actor, fan_id, as_what or "", ground or "", said)
                    said_done("已提名，不随订单变。", lambda: _level_back(actor, fan_id, *was))
                    st.rerun()
        if fan.level_reason and st.button("按规则算", key=f"fan.level.rules.{fan_id}", type="tertiary",
                                          help="去掉手工给的分层，由订单和原声决定。"):  # fmt: skip
            with refusals():
                _level_back(actor, fan_id)
                said_done("已改为按规则算。", lambda: _level_back(actor, fan_id, *was))
                st.rerun()


def _level_back(actor: Actor, fan_id: int, was: str = "", reason: str = "") -> None:
    with page_database().write() as session:
        records_levels.put_level_back(session, actor, fan_id, was, reason)


def add_tag(actor: Actor, fan_id: int, carried: set[int]) -> None:
    """Put a tag of the dictionary on the fan by hand."""
    with page_database().read() as session:
        table = records_tags.tag_dictionary(session, actor)
    names = {int(row.tag_id): row.name for row in table.itertuples() if row.tag_id not in carried}
    if not names:
        return
    with st.popover("贴标签", icon=":material/sell:", key=f"fan.tag.{fan_id}.{deeds_done()}"):
        chosen = st.selectbox("标签", list(names), format_func=names.get, key=f"fan.tag.choice.{fan_id}")
        reason = st.text_input("为什么（可不填）", key=f"fan.tag.reason.{fan_id}", max_chars=100)
        if st.button("贴上", key=f"fan.tag.do.{fan_id}", type="primary"):
            with refusals():
                with page_database().write() as session:
                    records_tags.tag_by_hand(session, actor, fan_id, chosen, reason)
                said_done(f"已贴上“{names[chosen]}”。")
                st.rerun()


def referral(session: Session, actor: Actor, fan_id: int) -> None:
    """Show who brought this fan and whom they brought; note it."""
    by, brought = records_value.referrals_of(session, actor, fan_id)
    title = "谁介绍来的" + (f" · 介绍来 {len(brought)} 位" if len(brought) else "")
    with st.expander(title, icon=":material/diversity_3:"):
        for row in by.itertuples():
            note = f"：{row.note}" if row.note else ""
            with st.container(horizontal=True, vertical_alignment="center"):
                label = f"{plain(row.fan or '未留姓名')}介绍来的{plain(note)}"
                way_to("fan.py", label, f"fan.by.{fan_id}", fan=row.fan_id)
                if st.button("记错了，去掉", key=f"fan.referral.drop.{fan_id}", type="tertiary"):
                    with refusals():
                        with page_database().write() as writing:
                            records_value.remove_referral(writing, actor, fan_id)
                        said_done("已去掉。")
                        st.rerun()
        for row in brought.itertuples():
            label = f"介绍来 {plain(row.fan or '未留姓名')}（{words.day(row.at)}）"
            way_to("fan.py", label, f"fan.brought.{row.fan_id}", fan=row.fan_id)
        if by.empty:
            number = st.text_input("介绍人的手机号或会员号", key=f"fan.referral.{fan_id}", max_chars=40)
            note = st.text_input("怎么说的（可不填）", key=f"fan.referral.note.{fan_id}", max_chars=100)
            if st.button("记下", key=f"fan.referral.do.{fan_id}"):
                with refusals():
                    with page_database().write() as writing:
                        records_value.record_referral(writing, actor, fan_id, number, note)
                    said_done("已记下是谁介绍来的。", lambda: _drop_referral(actor, fan_id))
                    st.rerun()


def _drop_referral(actor: Actor, fan_id: int) -> None:
    with page_database().write() as session:
        records_value.remove_referral(session, actor, fan_id)


def likely_matches(session: Session, actor: Actor, fan_id: int) -> None:
    """Show what was found at night and waits for a decision on this fan."""
    if actor.role in records_levels.NOMINATORS:
        for match in matches(session, actor, fan_id, limit=3):
            match_card(actor, match)
