"""Rules on the screen: when, what, whom it would reach; run and undo; what each makes; the brand's own."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st
from sqlmodel import Session

from fanops.access import Actor, visible_stores
from fanops.access.organisation import set_brand_choice
from fanops.actions import run_rules as acting
from fanops.collect import records_surveys as surveys
from fanops.fans import records_rules as records
from fanops.fans.records import tag_table
from fanops.fans.records_rules import KnownRule
from fanops.fans.records_segments import segments
from fanops.fans.rules import CARD, INVITATION, OUTCOMES, TAG, Outcome, RuleNumbers
from fanops.ui import words
from fanops.ui.done import deeds_done, said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.roles import HEAD_OFFICE
from fanops.ui.tables import show_table

_SHOWN, _FIT, _HEIGHT = 500, 8, 320  # more rows than fit are scrolled to
_LABELS = {
    "new_from": "新客：第一次来至少几天前", "new_to": "新客：最多几天前", "asleep_from": "沉睡：至少几天没来",
    "asleep_to": "沉睡：最多几天没来", "recovery_days": "补救：近几天说过不满", "quiet_days": "同一规则几天内不重复",
    "most": "一次最多几位",
}  # fmt: skip
_DO = {CARD: "给门店生成 {} 张服务卡", INVITATION: "邀请这 {} 位答问卷", TAG: "给这 {} 位贴标签"}
_DONE = {
    CARD: "“{}”生成了 {} 张服务卡。",
    INVITATION: "“{}”邀请了 {} 位，各有自己的问卷链接；每人算一次联系。",
    TAG: "“{}”给 {} 位贴了标签。",
}
_NOTES = {
    CARD: "门店的人在“今天”看到，做了才算一次联系。",
    INVITATION: "每位一个自己的问卷链接，从“问卷”的“邀请”里下载后由人发出；算一次联系，退订的、近期联系太多的不邀请。",
    TAG: "只给总部和门店看，不打扰粉丝，所以退订的也会贴；拒绝过的不再贴，手工贴的不动；到期按标签的有效期。",
}
_STANDING = {CARD: "{} 张还没处理", INVITATION: "{} 份还没打开", TAG: "{} 个标签还在"}


def rule_card(actor: Actor, rule: KnownRule) -> None:
    """Show a rule with its dry run, its last run, and for head office what it makes."""
    with page_database().read() as session:
        makes = acting.outcome_words(session, actor, rule)
        last = acting.last_run(session, actor, rule.code)
    with st.container(border=True, gap="small"):
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.markdown(f"**{plain(rule.title)}** · {plain(rule.when)}")
        if actor.role in HEAD_OFFICE:
            nightly = right.toggle("每晚执行", rule.nightly, key=f"rule.nightly.{rule.code}")
            if nightly != rule.nightly:
                with refusals(), page_database().write() as session:
                    records.choose_nightly(session, actor, rule.code, nightly)
                st.rerun()
        st.caption(f":material/arrow_forward: {plain(makes)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("试算", key=f"rule.try.{rule.code}", icon=":material/science:"):
                st.session_state["rule.tried"] = rule.code
            if actor.role in HEAD_OFFICE:
                _change(actor, rule)
            if last is not None and last.standing and st.button(
                "撤回上一批", key=f"rule.undo.{rule.code}", type="tertiary",
                help="只撤回上一批里还没处理的卡、还没打开的邀请、还在的标签。",
            ):  # fmt: skip
                with refusals():
                    said_done(f"“{rule.title}”上一批撤回了 {_undo(actor, rule.code)} 位。")
                    st.rerun()
        if last is not None:
            standing = f"，{_STANDING[last.kind].format(last.standing)}" if last.standing else ""
            st.caption(f"上一批 {words.minute(last.ran_at)}，{words.count(last.made, '位')}{standing}。")
        if st.session_state.get("rule.tried") == rule.code:
            with refusals():
                _dry_run(actor, rule)


def _dry_run(actor: Actor, rule: KnownRule) -> None:
    with page_database().read() as session:
        found = acting.dry_run(session, actor, rule.code)
        stores = {store.id: store.name for store in visible_stores(session, actor)}
    excluded = "、".join(f"{plain(reason)} {count} 位" for reason, count in found.reasons().items())
    st.markdown(f"会做 **{words.count(len(found.reached), '位')}**" + (f"；不含：{excluded}" if excluded else ""))
    if len(found.left_out):
        with st.expander("不含的名单"):
            _people(found.left_out.rename(columns={"why": "原因"}), ["粉丝", "原因"])
    if found.reached.empty:
        return
    named = found.reached.assign(门店=[stores.get(store_id, "—") for store_id in found.reached["store_id"]])
    _people(named.rename(columns={"why": "为什么"}), ["粉丝", "门店", "为什么"])
    kind = rule.outcome.kind
    if st.button(_DO[kind].format(len(found.reached)), key=f"rule.run.{rule.code}", type="primary"):
        with refusals():
            with page_database().write() as session:
                made = acting.run_rule(session, actor, rule.code)
            st.session_state.pop("rule.tried", None)
            way_on = {
                CARD: ("today.py", "去看今天"),
                INVITATION: ("surveys.py", "去问卷下载链接"),
                TAG: ("tags.py", "去看标签"),
            }
            said_done(_DONE[kind].format(rule.title, made), lambda: _undo(actor, rule.code), link=way_on[kind])
            st.rerun()


def _people(table: pd.DataFrame, columns: list[str]) -> None:
    shown = table.head(_SHOWN).assign(粉丝=table["fan"].head(_SHOWN).replace("", "未留姓名"))[columns]
    show_table(shown, hide_index=True, height=_HEIGHT if len(shown) > _FIT else "content")
    if len(table) > _SHOWN:
        st.caption(f"先列 {_SHOWN} 位，后面还有 {len(table) - _SHOWN} 位。")


def _undo(actor: Actor, code: str) -> int:
    with page_database().write() as session:
        return acting.undo_rule(session, actor, code)


# --- what a rule makes ------------------------------------------------------------------------------------------


def _change(actor: Actor, rule: KnownRule) -> None:
    """Let head office choose what a rule makes, and remove one of the brand's own."""
    with st.popover("改做法", icon=":material/tune:", key=f"rule.change.{rule.code}.{deeds_done()}"):
        kind = st.segmented_control("做什么", list(OUTCOMES), default=rule.outcome.kind, format_func=OUTCOMES.get,
                                    key=f"rule.kind.{rule.code}") or rule.outcome.kind  # fmt: skip
        st.caption(_NOTES[kind])
        with page_database().read() as session:
            choices = _choices(session, actor, kind)
        about_id = None
        if kind == INVITATION and not choices:
            st.page_link("surveys.py", label="还没有正在进行的问卷，去开一期", icon=":material/arrow_forward:")
        elif kind == TAG and not choices:
            st.page_link("tags.py", label="还没有标签，去建一个", icon=":material/arrow_forward:")
        elif choices:
            now_in_force = list(choices).index(rule.outcome.about_id) if rule.outcome.about_id in choices else 0
            about_id = st.selectbox("哪一期问卷" if kind == INVITATION else "哪个标签", list(choices), now_in_force,
                                    format_func=choices.get, key=f"rule.about.{rule.code}.{kind}")  # fmt: skip
        with st.container(horizontal=True):
            if st.button("保存做法", key=f"rule.outcome.{rule.code}", type="primary"):
                with refusals():
                    _choose(actor, rule.code, Outcome(kind, about_id))
                    was = rule.outcome
                    said_done(f"“{rule.title}”以后做：{OUTCOMES[kind]}。", lambda: _put_back(actor, rule.code, was))
                    st.rerun()
            if rule.is_own and st.button("删除这条规则", key=f"rule.remove.{rule.code}", type="tertiary"):
                with refusals():
                    _remove(actor, rule.code)
                    said_done(f"已删除规则“{rule.title}”，做过的都还在。", lambda: _remove(actor, rule.code, back=True))
                    st.rerun()


def _choices(session: Session, actor: Actor, kind: str) -> dict[int, str]:
    if kind == INVITATION:
        return {wave.id: wave.title for wave in surveys.waves(session, actor) if surveys.is_open(wave)}
    if kind == TAG:
        table = tag_table(session, actor)
        return dict(zip(table["tag_id"].astype(int), table["name"], strict=True))
    return {}


def _choose(actor: Actor, code: str, outcome: Outcome) -> None:
    with page_database().write() as session:
        acting.set_outcome(session, actor, code, outcome)


def _put_back(actor: Actor, code: str, outcome: Outcome) -> None:
    """Go back to what the rule made before, be its wave still open or not."""
    with page_database().write() as session:
        records.keep_outcome(session, actor, code, outcome)


def _remove(actor: Actor, code: str, *, back: bool = False) -> None:
    with page_database().write() as session:
        records.remove_own_rule(session, actor, code, removed=not back)


def new_rule(actor: Actor) -> None:
    """Let head office make a rule of the brand's own: a saved segment, and what staff do."""
    if actor.role not in HEAD_OFFICE:
        return
    with st.expander("新规则：给一个人群做一件事", icon=":material/add:"):
        with page_database().read() as session:
            known = {each.id: each.name for each in segments(session, actor)}
        if not known:
            st.page_link("segments.py", label="先到“人群”里存一个人群", icon=":material/arrow_forward:")
            return
        with st.form("rules.new", border=False):
            segment = st.selectbox("什么样的粉丝（人群）", list(known), format_func=known.get, key="rule.new.segment")
            name = st.text_input("规则名", key="rule.new.name", max_chars=records.NAME_LIMIT,
                                 placeholder="例如：周末常客试新品")  # fmt: skip
            deed = st.text_input("店员做什么", key="rule.new.deed", max_chars=records.DEED_LIMIT,
                                 placeholder="例如：问问最近想喝什么，介绍新品")  # fmt: skip
            st.caption("先做服务卡；建好以后可以改成问卷邀请或标签。")
            if st.form_submit_button("建这条规则", type="primary"):
                with refusals():
                    with page_database().write() as session:
                        code = records.add_own_rule(session, actor, name, segment, deed)
                    said_done(f"已建规则“{name.strip()}”。先试算，看会做给谁。", lambda: _remove(actor, code))
                    st.rerun()


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
            was = {name: getattr(numbers, name) for name in chosen}
            _save(actor, chosen)
            said_done("已保存，全品牌生效。", lambda: _save(actor, was))
            st.rerun()


def _save(actor: Actor, chosen: dict[str, int]) -> None:
    with refusals(), page_database().write() as session:
        kept = records.numbers_of(session, actor)  # read here: somebody may have switched a rule on meanwhile
        set_brand_choice(session, actor, records.NUMBERS, replace(kept, **chosen))
