"""From a theme to what is done: tag the raisers, open a service fix in stores, open a backlog item."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.actions import records, records_areas, records_backlog, records_fixes
from fanops.actions.undo_open_item import undo_open_item
from fanops.settings import today
from fanops.tables import Theme
from fanops.text.aspects import GENERAL
from fanops.ui.done import deeds_done, said_done, show_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import refusals


def action_bar(actor: Actor, theme: Theme) -> None:
    """Show the acts a person of this role can do with a theme."""
    show_done()
    if actor.role not in records.MANAGERS:
        return
    if theme.aspect == GENERAL:
        st.caption("笼统评价，不算需求：不会出现在总览、发现和待办里。要行动，先从里面拆出具体的事。")
    with st.container(horizontal=True):
        with st.popover("开服务改进", icon=":material/build:", key=f"act.fix.{theme.id}.{deeds_done()}"):
            _fix_form(actor, theme)
        with st.popover("给提出者贴标签", icon=":material/sell:", key=f"act.tag.{theme.id}.{deeds_done()}"):
            _tag_form(actor, theme)
        if actor.role in records_backlog.KEEPERS:
            with st.popover("开需求条目", icon=":material/checklist:", key=f"act.item.{theme.id}.{deeds_done()}"):
                _item_form(actor, theme)


def _fix_form(actor: Actor, theme: Theme) -> None:
    with page_database().read() as session:
        stores = {store.id: store.name for store in visible_stores(session, actor)}
        areas = records_areas.areas(session, actor)
    with st.form(f"act.fix.{theme.id}", border=False, enter_to_submit=False):
        title = st.text_input("要改好什么", theme.name, max_chars=records.TITLE_LIMIT, key=f"act.fix.title.{theme.id}")
        what = st.text_area(
            "怎么做", key=f"act.fix.what.{theme.id}", placeholder="例如：高峰期加一人叫号，等位超过 10 分钟送小食"
        )
        lines = st.text_area("检查项，每行一条（可以不写）", key=f"act.fix.lines.{theme.id}", height=80)
        chosen = st.multiselect(
            "门店", list(stores), list(stores) if len(stores) == 1 else None, format_func=stores.get,
            key=f"act.fix.stores.{theme.id}", placeholder="选门店",
        )  # fmt: skip
        area = st.segmented_control(
            "类别",
            list(areas),
            default="service" if "service" in areas else None,
            format_func=areas.get,
            key=f"act.fix.area.{theme.id}",
        )
        due = st.date_input("截止", today() + timedelta(days=14), key=f"act.fix.due.{theme.id}", format="YYYY-MM-DD")
        if st.form_submit_button("开这项改进", type="primary"):
            with refusals():
                with page_database().write() as session:
                    fix_id = records_fixes.open_fix(
                        session,
                        actor,
                        theme.id,
                        chosen,
                        title,
                        what_to_do=what,
                        area=area or next(iter(areas)),
                        due_on=due,
                        checklist=lines.splitlines(),
                    ).id
                said_done(f"已在 {len(chosen)} 家门店开了“{title.strip()}”。", lambda: _undo_fix(actor, fix_id),
                          link=("fixes.py", "去看服务改进"))  # fmt: skip
                st.rerun()


def _undo_fix(actor: Actor, fix_id: int) -> None:
    with page_database().write() as session:
        records_fixes.undo_open_fix(session, actor, fix_id)


def _tag_form(actor: Actor, theme: Theme) -> None:
    name = st.text_input("标签名", theme.name[:20], max_chars=20, key=f"act.tag.name.{theme.id}")
    days = st.number_input("有效天数", 7, 730, 180, key=f"act.tag.days.{theme.id}")
    with page_database().read() as session:
        would = records.tag_preview(session, actor, theme.id, name)
    st.caption(
        f"说过这件事的粉丝 {would['raisers']} 位：新贴 {would['new']}，已有 {would['already']}，曾拒绝 {would['rejected']}。"
    )
    if would["raisers"] == 0:
        st.caption("这些原声没有对应到粉丝。导入时带上手机号或会员号，就能贴标签。")
    if st.button(
        f"贴给 {would['new']} 位粉丝", key=f"act.tag.do.{theme.id}", type="primary", disabled=not would["new"]
    ):
        with refusals():
            with page_database().write() as session:
                tag, count = records.tag_raisers(session, actor, theme.id, name, lasts_days=int(days))
                moment = records.last_tagged_at(session, tag.id)
                tag_id = tag.id
            said_done(f"已给 {count} 位粉丝贴上“{name.strip()}”，每个标签都带着来源句子。",
                      lambda: _undo_tag(actor, tag_id, moment), link=("fans.py", "去看粉丝"))  # fmt: skip
            st.rerun()


def _undo_tag(actor: Actor, tag_id: int, moment) -> None:
    with page_database().write() as session:
        records.undo_tagging(session, actor, tag_id, moment)


def _item_form(actor: Actor, theme: Theme) -> None:
    with st.form(f"act.item.{theme.id}", border=False, enter_to_submit=False):
        title = st.text_input(
            "要做的产品改动", theme.name, max_chars=records.TITLE_LIMIT, key=f"act.item.title.{theme.id}"
        )
        wanted = st.text_area("做成什么样", key=f"act.item.wanted.{theme.id}", placeholder="可以以后再写")
        if st.form_submit_button("开需求条目", type="primary"):
            with refusals():
                with page_database().write() as session:
                    item_id = records_backlog.open_item(session, actor, theme.id, title, wanted).id
                    taken, fans = records.evidence_counts(session, item_id=item_id)
                    said = records.count_said(session, actor, theme.id)
                told = f"{said:,} 句里带上了 {taken:,} 句作依据，来自 {fans:,} 位粉丝"
                told += "（先带不满和中性的话）" if taken < said else ""
                said_done(f"已开需求条目“{title.strip()}”：{told}。", lambda: _undo_item(actor, item_id),
                          link=("backlog.py", "去看需求条目"))  # fmt: skip
                st.rerun()


def _undo_item(actor: Actor, item_id: int) -> None:
    with page_database().write() as session:
        undo_open_item(session, actor, item_id)
