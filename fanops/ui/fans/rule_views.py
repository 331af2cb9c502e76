"""Rules on the screen: when, what, whom it would reach; run and undo."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.access.organisation import set_brand_choice
from fanops.fans import records_rules as records
from fanops.fans.rules import RULES, RuleNumbers, when_words
from fanops.ui import words
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.roles import HEAD_OFFICE

_SAMPLE = 8
_LABELS = {
    "new_from": "新客：第一次来至少几天前", "new_to": "新客：最多几天前", "asleep_from": "沉睡：至少几天没来",
    "asleep_to": "沉睡：最多几天没来", "recovery_days": "补救：近几天说过不满", "quiet_days": "同一规则几天内不重复",
    "most": "一次最多几张卡",
}  # fmt: skip


def rule_card(actor: Actor, code: str, numbers: RuleNumbers) -> None:
    """Show a rule with its dry run."""
    rule = RULES[code]
    with st.container(border=True, gap="small"):
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.markdown(f"**{rule.title}** · {when_words(code, numbers)}")
        if actor.role in HEAD_OFFICE:
            nightly = right.toggle("每晚执行", code in numbers.nightly, key=f"rule.nightly.{code}")
            if nightly != (code in numbers.nightly):
                chosen = tuple(each for each in RULES if (nightly if each == code else each in numbers.nightly))
                _save(actor, replace(numbers, nightly=chosen))
                st.rerun()
        st.caption(f"店员做什么：{rule.deed}")
        with st.container(horizontal=True):
            if st.button("试算", key=f"rule.try.{code}", icon=":material/science:"):
                st.session_state["rule.tried"] = code
            if st.button("撤回上一批未处理的", key=f"rule.undo.{code}", type="tertiary"):
                with refusals():
                    with page_database().write() as session:
                        taken = records.undo_rule(session, actor, code)
                    said_done(f"撤回了 {taken} 张还没处理的卡。")
                    st.rerun()
        if st.session_state.get("rule.tried") == code:
            _dry_run(actor, code)


def _dry_run(actor: Actor, code: str) -> None:
    with page_database().read() as session:
        reached, left_out = records.dry_run(session, actor, code)
        stores = {store.id: store.name for store in visible_stores(session, actor)}
    excluded = "、".join(f"{reason} {count} 位" for reason, count in left_out.items())
    st.markdown(f"会提醒 **{words.count(len(reached), '位')}**" + (f"；不含：{excluded}" if excluded else ""))
    if reached.empty:
        return
    shown = reached.head(_SAMPLE).assign(store=reached["store_id"].map(stores))
    st.dataframe(
        shown.rename(columns={"fan": "粉丝", "store": "门店", "why": "为什么"})[["粉丝", "门店", "为什么"]],
        hide_index=True,
    )
    if st.button(f"给门店生成 {len(reached)} 张卡", key=f"rule.run.{code}", type="primary"):
        with refusals():
            with page_database().write() as session:
                made = records.run_rule(session, actor, code)
            st.session_state.pop("rule.tried", None)
            said_done(
                f"“{RULES[code].title}”生成了 {made} 张服务卡。",
                lambda: _undo(actor, code),
                link=("today.py", "去看今天"),
            )
            st.rerun()


def _undo(actor: Actor, code: str) -> None:
    with page_database().write() as session:
        records.undo_rule(session, actor, code)


def _save(actor: Actor, numbers: RuleNumbers) -> None:
    with refusals(), page_database().write() as session:
        set_brand_choice(session, actor, records.NUMBERS, numbers)


def numbers_form(actor: Actor, numbers: RuleNumbers) -> None:
    """Let head office change the numbers."""
    if actor.role not in HEAD_OFFICE:
        return
    with st.expander("改规则里的数字", icon=":material/tune:"), st.form("rules.numbers", border=False):
        chosen = {
            name: st.number_input(plain(label), 1, 5000, int(getattr(numbers, name)), key=f"rules.{name}")
            for name, label in _LABELS.items()
        }
        if st.form_submit_button("保存", type="primary"):
            if chosen["new_from"] > chosen["new_to"] or chosen["asleep_from"] > chosen["asleep_to"]:
                st.error("“至少”不能大于“最多”。改好再保存，填的都还在。", icon=":material/block:")
                return
            _save(actor, replace(numbers, **chosen))
            said_done("已保存，全品牌生效。", lambda: _save(actor, numbers))
            st.rerun()
