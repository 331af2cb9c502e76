"""The backlog on the screen: board and table, gate, rollout per store, fan trial."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.actions import gates, merge_items
from fanops.actions import records_backlog as backlog
from fanops.actions import records_rollout as rollouts
from fanops.actions.invite_raisers import CHANNELS
from fanops.actions.records_gates import set_gate_rules
from fanops.errors import Conflict
from fanops.intervals import wilson
from fanops.settings import today
from fanops.ui import words
from fanops.ui.actions.board import board
from fanops.ui.done import said_done
from fanops.ui.effect import raiser_views
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table

# The text that a stage asks for, and the key of its box.
_TEXTS = {
    "listen": ("wanted", "item.wanted"), "define": ("wanted", "item.wanted"), "sample": ("sample_note", "item.sample"),
    "review": ("untold_reason", "item.why"),
}  # fmt: skip


def item_board(actor: Actor, items: pd.DataFrame, rules: gates.GateRules, chosen: int) -> int | None:
    """Show items as cards in the columns of their stages; moving a card goes through the gate.

    Returns:
        The item just opened, None when none was.
    """
    columns = [{"name": stage, "label": gates.LABELS[stage]} for stage in gates.stages_of(rules)]
    cards = [
        {"id": int(row.item_id), "column": row.stage, "title": row.title,
         "lines": [f"{row.fans} 位粉丝，{row.sentences} 句",
                   *([f"已上线 {row.live}/{row.planned} 家"] if row.planned else []),
                   *(["已关闭"] if row.stage == "closed" else [f"还缺：{row.lacking[0].rstrip('。')}"] if row.lacking else ["可以前进"])]}
        for row in items.itertuples()
    ]  # fmt: skip
    movable = actor.role in backlog.KEEPERS
    opened, moved = board(columns, cards, "backlog.board", chosen=chosen, movable=movable)
    if movable:
        st.caption("拖动卡片、用卡片上的箭头，或按 Alt 加左右键换阶段；往前要过门槛，往回要写原因。")
    if moved:
        _move(actor, items.set_index("item_id").loc[moved[0]], moved[0], moved[1], rules)
    return opened


def _move(actor: Actor, row, item_id: int, to: str, rules: gates.GateRules) -> None:
    if gates.STAGES.index(to) < gates.STAGES.index(row["stage"]):
        _send_back(actor, item_id, row["title"], to)
        return
    with refusals():
        if to != gates.following(row["stage"], rules):
            raise Conflict(
                f"“{row['title']}”一次只能进一个阶段。",
                f"下一个是“{gates.LABELS[gates.following(row['stage'], rules)]}”。",
            )
        with page_database().write() as session:
            backlog.advance(session, actor, item_id)
        said_done(f"“{row['title']}”已进入“{gates.LABELS[to]}”。", lambda: _step_back(actor, item_id, row["stage"]))
        st.rerun()


@st.dialog("退回更早的阶段")
def _send_back(actor: Actor, item_id: int, title: str, to: str) -> None:
    st.write(f"把“{plain(title)}”退回“{gates.LABELS[to]}”。")
    why = st.text_input("原因", key=f"item.back.why.{item_id}", max_chars=200, placeholder="例如：打样后发现要换供应商")
    if st.button("退回", key=f"item.back.do.{item_id}", type="primary"):
        with refusals():
            with page_database().write() as session:
                backlog.send_back(session, actor, item_id, to, why)
            said_done(f"“{title}”已退回“{gates.LABELS[to]}”。")
            st.rerun()


def item_table(items: pd.DataFrame) -> None:
    """Show all items as a table with their stage and what they lack."""
    shown = pd.DataFrame(
        {
            "条目": items["title"],
            "阶段": items["stage"].map(gates.LABELS),
            "粉丝": items["fans"],
            "依据": items["sentences"],
            "上线": [f"{row.live}/{row.planned} 家" if row.planned else "—" for row in items.itertuples()],
            "下一步还缺": ["".join(lacking) or "可以前进" for lacking in items["lacking"]],
        }
    )
    show_table(shown, hide_index=True)


def store_states(actor: Actor, items: pd.DataFrame) -> None:
    """Show each item's state in each store: one row per store."""
    with page_database().read() as session:
        table = rollouts.store_item_table(session, actor)
    if table.empty:
        st.info("还没有条目铺到门店。到一个条目的“门店铺开”里选门店。", icon=":material/storefront:")
        return
    wide = table.assign(state=table["state"].map(rollouts.ROLLOUT_LABELS)).pivot(
        index="store", columns="title", values="state"
    )
    show_table(wide.fillna("—").rename_axis("门店").reset_index(), hide_index=True)


def gate_form(actor: Actor, rules: gates.GateRules) -> None:
    """Let the head office choose the brand's stages and what its gates ask."""
    if actor.role not in backlog.KEEPERS:
        return
    with st.expander("阶段与门槛", icon=":material/tune:"), st.form("gates.rules", border=False):
        optional = list(gates.OPTIONAL)
        used = st.pills("要走的阶段（聆听、定义、分波铺开总要走）", optional, selection_mode="multi", key="gates.used",
                        default=[stage for stage in optional if stage not in rules.skipped], format_func=gates.LABELS.get)  # fmt: skip
        fewest = st.number_input("试用至少要几份评价", 1, 200, rules.fewest_verdicts, key="gates.fewest")
        baseline = st.checkbox("第一家店之前要冻结效果方案", rules.needs_baseline, key="gates.baseline")
        told = st.checkbox("关闭之前要告知每一位提出者（或写明原因）", rules.needs_told, key="gates.told")
        if st.form_submit_button("保存"):
            with refusals():
                with page_database().write() as session:
                    set_gate_rules(session, actor, gates.GateRules(
                        [stage for stage in optional if stage not in (used or [])], int(fewest), baseline, told))  # fmt: skip
                said_done("阶段与门槛已保存。")
                st.rerun()


def gate(actor: Actor, row, rules: gates.GateRules) -> None:
    """Show an item's stage, what its gate lacks, and the fields that fill it."""
    item_id = int(row["item_id"])
    stage = row["stage"]
    stages = gates.stages_of(rules)
    st.progress((stages.index(stage) + 1) / len(stages), text=" → ".join(
        f"**{gates.LABELS[name]}**" if name == stage else gates.LABELS[name] for name in stages))  # fmt: skip
    if row["theme"]:
        st.page_link("theme.py", label=f"来自主题“{plain(row['theme'])}”", icon=":material/topic:",
                     query_params={"theme": str(int(row["theme_id"]))})  # fmt: skip
    for sentence in row["lacking"]:
        st.markdown(f":material/lock: {plain(sentence)}")
    if any("效果" in sentence for sentence in row["lacking"]):
        st.page_link("effects.py", label="去“效果”里定方案、看结论", icon=":material/trending_up:",
                     query_params={"action": f"item-{item_id}"})  # fmt: skip
    if actor.role not in backlog.KEEPERS or stage == "closed":
        return
    _stage_fields(actor, item_id, stage)
    seen = st.session_state.get(f"item.stage.{item_id}", stage)  # what stood here when the button was pressed
    st.session_state[f"item.stage.{item_id}"] = stage
    if st.button("进入下一阶段", key="item.advance", type="primary", disabled=bool(row["lacking"])):
        with refusals():
            with page_database().write() as session:
                to = backlog.advance(session, actor, item_id, seen=seen).stage
            said_done(f"“{row['title']}”已进入“{gates.LABELS[to]}”。", lambda: _step_back(actor, item_id, stage))
            st.rerun()


def _step_back(actor: Actor, item_id: int, stage: str) -> None:
    with page_database().write() as session:
        backlog.send_back(session, actor, item_id, stage, "撤销")


def _stage_fields(actor: Actor, item_id: int, stage: str) -> None:
    with page_database().read() as session:
        item = backlog.get_item(session, actor, item_id)
    known, fields = item.stage_evidence, {}
    text = _TEXTS.get(stage)
    if text is None:
        return
    name, box = text
    if f"{box}.{item_id}" not in st.session_state:  # begun afresh: what is there now is what this writer has read
        st.session_state[f"item.seen.{name}.{item_id}"] = backlog.written(item, name)
    with st.form(f"item.fields.{item_id}.{stage}", border=False):
        match stage:
            case "listen" | "define":
                fields["wanted"] = st.text_area("要做成什么样", item.wanted, key=f"item.wanted.{item_id}")
            case "sample":
                fields["sample_note"] = st.text_area(
                    "打样结果", known.get("sample_note", ""), key=f"item.sample.{item_id}"
                )
                line = st.slider("试用达标线：多少比例的粉丝愿意买", 10, 100, int(100 * known.get("pass_share", 0.6)), 5,
                                 format="%d%%", key=f"item.line.{item_id}")  # fmt: skip
                fields["pass_share"] = line / 100
            case "review":
                fields["untold_reason"] = st.text_input(
                    "还有人没告知时，写明原因", known.get("untold_reason", ""), key=f"item.why.{item_id}"
                )
        if st.form_submit_button("记下"):
            with refusals():
                _write_down(actor, item_id, name, fields)
                st.rerun()


def _write_down(actor: Actor, item_id: int, name: str, fields: dict[str, Any]) -> None:
    key = f"item.seen.{name}.{item_id}"
    try:
        with page_database().write() as session:
            backlog.write_down(session, actor, item_id, seen={name: st.session_state[key]}, **fields)
        st.session_state[key] = fields[name]
    except Conflict:
        with page_database().read() as session:  # the refusal shows it; pressed once more, it is known
            st.session_state[key] = backlog.written(backlog.get_item(session, actor, item_id), name)
        raise


def rollout(actor: Actor, item_id: int) -> None:
    """Show and change the item's state in each store."""
    with page_database().read() as session:
        table = rollouts.rollout_table(session, actor, item_id)
        stores = {store.id: store.name for store in visible_stores(session, actor)}
    if table.empty:
        st.info("还没有选门店。先选试点门店，有结论后再铺开。", icon=":material/storefront:")
    else:
        live = int((table["state"] == "live").sum())
        st.markdown(f"**已在 {live} / {len(table)} 家计划门店上线**")
        shown = table.assign(state=table["state"].map(rollouts.ROLLOUT_LABELS), live_on=table["live_on"].map(words.day),
                             wave=table["wave"].map(rollouts.wave_name))  # fmt: skip
        show_table(
            shown.drop(columns="store_id").rename(
                columns={"store": "门店", "wave": "波次", "state": "状态", "live_on": "上线日"}
            ),
            hide_index=True,
        )
    if actor.role in backlog.KEEPERS:
        _plan_form(actor, item_id, stores, set(table["store_id"]))
    if len(table):
        _state_form(actor, item_id, table)


def _plan_form(actor: Actor, item_id: int, stores: dict[int, str], planned: set[int]) -> None:
    st.caption("先选试点；试点有了效果结论，才能加区域和全部。")
    left, middle, right = st.columns([3, 1, 1], vertical_alignment="bottom")
    free = [store for store in stores if store not in planned]
    chosen = left.multiselect("加入门店", free, format_func=stores.get, key=f"roll.add.{item_id}", placeholder="选门店")
    wave = middle.selectbox("波次", list(rollouts.WAVES), format_func=rollouts.wave_name, key=f"roll.wave.{item_id}")
    if right.button("加入", key=f"roll.do.{item_id}", width="stretch", disabled=not chosen):
        with refusals():
            with page_database().write() as session:
                rollouts.plan_stores(session, actor, item_id, chosen, int(wave))
            said_done(f"{words.count(len(chosen), '家门店')}已加入“{rollouts.wave_name(int(wave))}”。",
                      lambda: _unplan(actor, item_id, chosen))  # fmt: skip
            st.rerun()


def _unplan(actor: Actor, item_id: int, chosen: list[int]) -> None:
    with page_database().write() as session:
        rollouts.undo_plan(session, actor, item_id, chosen)


def _state_form(actor: Actor, item_id: int, table: pd.DataFrame) -> None:
    names = dict(zip(table["store_id"].astype(int), table["store"], strict=True))
    left, middle, when, right = st.columns([2, 2, 2, 1], vertical_alignment="bottom")
    store = left.selectbox("门店", list(names), format_func=names.get, key=f"roll.store.{item_id}")
    state = middle.selectbox("状态", list(rollouts.ROLLOUT_LABELS), index=1, format_func=rollouts.ROLLOUT_LABELS.get,
                             key=f"roll.state.{item_id}")  # fmt: skip
    day = when.date_input("上线日", today(), key=f"roll.day.{item_id}", format="YYYY-MM-DD")
    if right.button("更新", key=f"roll.set.{item_id}", width="stretch"):
        with refusals():
            with page_database().write() as session:
                was = rollouts.rollout_of(session, actor, item_id, store)
                rollouts.set_rollout(session, actor, item_id, store, state, day)
            said_done(
                f"{names[store]}：{rollouts.ROLLOUT_LABELS[state]}。", lambda: _set_back(actor, item_id, store, was)
            )
            st.rerun()


def _set_back(actor: Actor, item_id: int, store: int, was: tuple[str, date | None]) -> None:
    with page_database().write() as session:
        rollouts.undo_rollout(session, actor, item_id, store, *was)


def trial(actor: Actor, item_id: int) -> None:
    """Invite the raisers, record verdicts, compare with the pass line."""
    with page_database().read() as session:
        facts = backlog.facts_of(session, backlog.get_item(session, actor, item_id))
        table = backlog.trial_table(session, actor, item_id)
    came = int((table["verdict"] != "").sum())
    here = "" if actor.sees_all_stores else "其中您这里"
    st.caption(f"提出者 {facts.raisers} 位，{here}已邀请 {len(table)} 位，已评价 {came} 位。")
    if facts.verdicts:
        whole = "" if actor.sees_all_stores else "全品牌："
        low, high = (float(end[0]) for end in wilson([facts.likes], [facts.verdicts]))
        line = f"，达标线 {words.share(facts.pass_share, 0)}" if facts.pass_share else ""
        st.markdown(
            f"{whole}**{facts.likes}/{facts.verdicts} 位会买**（{words.share(facts.likes / facts.verdicts, 0)}，"
            f"区间 {words.share(low, 0)} 到 {words.share(high, 0)}{line}）"
        )
    if actor.role in backlog.KEEPERS:
        raiser_views.invite(actor, item_id)
    if table.empty:
        return
    shown = table.assign(
        level=table["level"].map(words.LEVEL_LABELS), channel=table["channel"].map(CHANNELS),
        verdict=table["verdict"].map(backlog.VERDICTS).fillna("还没来"), invited_at=table["invited_at"].map(words.day),
    )  # fmt: skip
    show_table(
        shown[["fan", "tail", "level", "store", "channel", "invited_at", "verdict", "words"]].rename(
            columns={
                "fan": "粉丝",
                "tail": "尾号",
                "level": "分层",
                "store": "门店",
                "channel": "怎样邀请",
                "invited_at": "邀请",
                "verdict": "评价",
                "words": "原话",
            }
        ),
        hide_index=True,
    )
    _verdict_form(actor, item_id, table)


def _verdict_form(actor: Actor, item_id: int, table: pd.DataFrame) -> None:
    waiting = {
        int(row.trial_id): f"{row.fan}{f' 尾号 {row.tail}' if row.tail else ''} {row.store or ''}"
        for row in table.itertuples()
        if not row.verdict
    }
    if not waiting:
        return
    with st.form(f"trial.verdict.{item_id}", border=False, clear_on_submit=False):
        key = f"{item_id}.{len(table) - len(waiting)}"  # a new form for the next fan, so that nothing of the last one stays
        trial_id = st.selectbox("谁来试了", list(waiting), format_func=waiting.get, key=f"trial.who.{key}")
        verdict = st.segmented_control(
            "评价", list(backlog.VERDICTS), format_func=backlog.VERDICTS.get, key=f"trial.what.{key}"
        )
        said = st.text_input("原话", key=f"trial.words.{key}", max_chars=200)
        if st.form_submit_button("记录评价"):
            with refusals():
                with page_database().write() as session:
                    backlog.record_verdict(session, actor, trial_id, verdict or "", said)
                said_done(f"{waiting[trial_id]}：{backlog.VERDICTS[verdict]}。", lambda: _take_back(actor, trial_id))
                st.rerun()


def _take_back(actor: Actor, trial_id: int) -> None:
    with page_database().write() as session:
        backlog.take_back_verdict(session, actor, trial_id)


def duplicates(actor: Actor, item_id: int) -> None:
    """Suggest items that may be the same, merge them as a pointer, take merges back."""
    with page_database().read() as session:
        likely = merge_items.likely_duplicates(session, actor, item_id)
        merged = merge_items.merged_items(session, actor, item_id)
    if likely.empty and not merged:
        st.info("没有看起来重复的条目。", icon=":material/done_all:")
    for row in likely.itertuples():
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.markdown(f"**{plain(row.title)}** · {gates.LABELS[row.stage]} · {row.why}")
        if actor.role in backlog.KEEPERS and right.button("并进来", key=f"item.merge.{row.item_id}", width="stretch"):
            with refusals():
                with page_database().write() as session:
                    merge_items.merge_items(session, actor, int(row.item_id), item_id)
                said_done(f"“{row.title}”已并进来。", lambda other=int(row.item_id): _unmerge(actor, other))
                st.rerun()
    for other, title in merged:
        left, right = st.columns([4, 1], vertical_alignment="center")
        left.caption(f"“{plain(title)}”已并入这一条。")
        if actor.role in backlog.KEEPERS and right.button("拆开", key=f"item.unmerge.{other}", width="stretch"):
            with refusals():
                _unmerge(actor, other)
                said_done(f"“{title}”已拆开，和合并前一样。")
                st.rerun()


def _unmerge(actor: Actor, item_id: int) -> None:
    with page_database().write() as session:
        merge_items.unmerge_item(session, actor, item_id)
