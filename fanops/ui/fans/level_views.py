"""Rules of levels, RFM, stages and activity on the screen: in words, changed by head office, with what it would change first."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.fans import records_levels as records
from fanops.fans.behaviour import PARTS, ActivityRules, StageRules, stage_words
from fanops.fans.levels import LevelRules, RfmRules, level_words, rfm_words
from fanops.fans.refresh import refresh_activity, refresh_levels
from fanops.ui import words
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.roles import HEAD_OFFICE
from fanops.ui.tables import show_table

_LEVEL_FIELDS = {
    "repeat_window_days": "回头客：几天内来第二次", "fan_orders": "粉丝：至少几单", "fan_window_days": "粉丝：看近几天",
    "core_orders": "核心粉丝：至少几单", "core_voices": "核心粉丝：至少几条有内容的原声",
}  # fmt: skip
_RFM_FIELDS = {"recency_days": "最近一单几天内（R）", "frequency": "单数（F）", "money_yuan": "消费，元（M）"}
_STAGE_FIELDS = {"new_days": "新客：第一次来几天内", "asleep_days": "沉睡：几天没来", "lost_days": "流失：几天没来"}
_FULL_FIELDS = {"full_orders": "几单算满", "full_units": "几句有内容的话算满", "full_breadth": "几个主题和门店算满",
                "full_months": "几个月算满", "window_days": "看近几天"}  # fmt: skip


def levels(actor: Actor) -> None:
    """Show the rules of levels; head office changes them after seeing who would move."""
    with page_database().read() as session:
        rules = records.level_rules(session, actor)
    for level, said in level_words(rules).items():
        st.markdown(f"**{words.LEVEL_LABELS[level]}**：{plain(said)}")
    st.caption("提名的和导入时给出的分层不随规则变。每晚重算一次。")
    if actor.role not in HEAD_OFFICE:
        return
    with st.expander("改分层规则", icon=":material/tune:"):
        with st.container(horizontal=True):
            numbers = {name: st.number_input(plain(label), 1, 5_000, getattr(rules, name), key=f"levels.{name}", width=230)
                       for name, label in _LEVEL_FIELDS.items()}  # fmt: skip
        wanted = LevelRules(**numbers)
        with refusals():
            _level_preview(actor, wanted)
            if st.button("保存并重算", key="levels.save", type="primary", disabled=wanted == rules):
                _save_levels(actor, wanted)
                said_done("已保存并重算分层。", lambda: _save_levels(actor, rules))
                st.rerun()


def _level_preview(actor: Actor, wanted: LevelRules) -> None:
    with page_database().read() as session:
        moves = records.preview_levels(session, actor, wanted)
    if moves.empty:
        st.markdown("照这样算，没有人的分层会变。")
        return
    st.markdown(f"照这样算，**{words.count(moves['fans'].sum(), '位')}**的分层会变：")
    shown = {
        "现在": moves["before"].map(words.LEVEL_LABELS),
        "会成为": moves["after"].map(words.LEVEL_LABELS),
        "人数": moves["fans"],
    }
    show_table(pd.DataFrame(shown), hide_index=True, key="levels.moves")


def _save_levels(actor: Actor, rules: LevelRules) -> None:
    with page_database().write() as session:
        records.save_rules(session, actor, records.LEVEL_RULES, rules)
    refresh_levels(page_database(), actor)


def rfm(actor: Actor) -> None:
    """Show the cuts of RFM; head office changes them."""
    with page_database().read() as session:
        rules = records.rfm_rules(session, actor)
    for line in rfm_words(rules):
        st.markdown(plain(line))
    if actor.role not in HEAD_OFFICE:
        return
    with st.expander("改 RFM 的分界", icon=":material/tune:"), st.form("rfm.form", border=False):
        typed = {name: st.text_input(label, "、".join(map(str, getattr(rules, name))), key=f"rfm.{name}", max_chars=60,
                                     placeholder="四个数，从小到大，例如 7、14、30、60；不填按名次")
                 for name, label in _RFM_FIELDS.items()}  # fmt: skip
        if st.form_submit_button("保存", type="primary"):
            with refusals():
                wanted = RfmRules(**{name: records.read_cuts(text) for name, text in typed.items()})
                _save(actor, records.RFM_RULES, wanted)
                said_done("已保存，“粉丝变化”里的 RFM 按新的分界算。", lambda: _save(actor, records.RFM_RULES, rules))
                st.rerun()


def stages(actor: Actor) -> None:
    """Show the rules of the stages of life; head office changes them."""
    with page_database().read() as session:
        rules = records.stage_rules(session, actor)
    st.markdown(plain(stage_words(rules)))
    if actor.role not in HEAD_OFFICE:
        return
    with st.expander("改生命周期的天数", icon=":material/tune:"), st.form("stages.form", border=False):
        numbers = {name: st.number_input(plain(label), 1, 2_000, getattr(rules, name), key=f"stages.{name}")
                   for name, label in _STAGE_FIELDS.items()}  # fmt: skip
        if st.form_submit_button("保存", type="primary"):
            with refusals():
                _save(actor, records.STAGE_RULES, StageRules(**numbers))
                said_done("已保存，今晚按新的天数记录变化。", lambda: _save(actor, records.STAGE_RULES, rules))
                st.rerun()


def activity(actor: Actor) -> None:
    """Show what the activity index is made of; head office changes the weights."""
    with page_database().read() as session:
        rules = records.activity_rules(session, actor)
    whole = rules.frequency + rules.quality + rules.breadth + rules.duration
    says = {
        "frequency": f"近 {rules.window_days} 天的订单，{rules.full_orders} 单算满",
        "quality": f"近 {rules.window_days} 天有内容的话，{rules.full_units} 句算满",
        "breadth": f"近 {rules.window_days} 天说到的主题和去过的门店，共 {rules.full_breadth} 个算满",
        "duration": f"第一次来或第一次说话到现在，{rules.full_months} 个月算满",
    }
    for name, label in PARTS.items():
        st.markdown(f"**{label}** 占 {words.share(getattr(rules, name) / whole, 0)}：{plain(says[name])}")
    st.caption("四部分各 0 到 100，按权重平均；每天留一份，改权重不改过去的。")
    if actor.role not in HEAD_OFFICE:
        return
    with st.expander("改活跃指数的权重", icon=":material/tune:"), st.form("activity.form", border=False):
        weights = {name: st.number_input(f"{label}的权重", 0.0, 100.0, float(getattr(rules, name)), 0.5, key=f"activity.{name}")
                   for name, label in PARTS.items()}  # fmt: skip
        full = {name: st.number_input(label, 1, 1_000, getattr(rules, name), key=f"activity.{name}")
                for name, label in _FULL_FIELDS.items()}  # fmt: skip
        if st.form_submit_button("保存并重算今天的", type="primary"):
            with refusals():
                _save_activity(actor, replace(rules, **weights, **full))
                said_done("已保存，今天的活跃指数已重算。", lambda: _save_activity(actor, rules))
                st.rerun()


def _save_activity(actor: Actor, rules: ActivityRules) -> None:
    _save(actor, records.ACTIVITY_RULES, rules)
    refresh_activity(page_database(), actor)


def _save(actor: Actor, name: str, rules: RfmRules | StageRules | ActivityRules) -> None:
    with page_database().write() as session:
        records.save_rules(session, actor, name, rules)
