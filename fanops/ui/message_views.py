"""Messages on the screen: the log with its attempts, the receivers with their health."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.errors import Conflict
from fanops.sending import records as sending
from fanops.sending.addresses import KINDS
from fanops.sending.events import EVENTS
from fanops.sending.send_messages import send_now
from fanops.settings import settings
from fanops.ui import words
from fanops.ui.done import deeds_done, said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table

_NEW_KEY = "messages.new_key"
_SHOWN = 200


# --- the log ------------------------------------------------------------------------------------------------------


def log(actor: Actor) -> None:
    """Show the messages of a state, one of them with its attempts, and what can be done with it."""
    with page_database().read() as session:
        counts = sending.message_counts(session, actor)
    choices = {"": f"全部 {sum(counts.values())}"}
    choices |= {state: f"{label} {counts[state]}" for state, label in sending.STATE_LABELS.items()}
    state = st.segmented_control(
        "状态", list(choices), default="", format_func=choices.get, key="messages.state", label_visibility="collapsed"
    )
    with page_database().read() as session:
        table = sending.message_table(session, actor, state or "", limit=_SHOWN)
    if table.empty:
        st.info(
            "这里会列出发出的每条消息和每次尝试。" if not sum(counts.values()) else "没有这种状态的消息。",
            icon=":material/outbox:",
        )
        return
    show_table(_shown(table), hide_index=True, key="messages.table")
    if len(table) == _SHOWN:
        st.caption(f"只显示最近 {_SHOWN} 条。")
    names = {int(row.message_id): f"{row.message_id} · {row.to} · {row.subject}" for row in table.itertuples()}
    chosen = st.selectbox("看哪一条", list(names), format_func=names.get, key="messages.chosen")
    _one(actor, table[table["message_id"] == chosen].iloc[0])


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "编号": table["message_id"],
            "状态": table["state"].map(sending.STATE_LABELS),
            "给谁": table["to"],
            "内容": table["subject"],
            "原因": table["why"],
            "试过": table["attempts"].map(len),
            "方式": table["channel"].map(sending.CHANNEL_LABELS),
            "写下": table["created_at"].map(words.minute),
            "下次": [words.minute(at) if at is not None and at == at else "" for at in table["next_try_at"]],
        }
    )


def _one(actor: Actor, row: pd.Series) -> None:
    message_id, attempts = int(row["message_id"]), row["attempts"]
    if attempts:
        show_table(
            [
                {
                    "第几次": place,
                    "时间": _second(each["at"]),
                    "回答": str(each["status"] or "—"),
                    "结果": each["why"] or "送到",
                    "用时(毫秒)": each["ms"],
                }
                for place, each in enumerate(attempts, 1)
            ],
            hide_index=True,
            key=f"messages.attempts.{message_id}",
        )
    else:
        st.caption("还没有试过。后台程序每几秒发一次。")
    left, right, _ = st.columns([1, 1, 2])
    again = "马上发" if row["state"] == sending.WAITING else "再发一次"
    if left.button(again, key=f"messages.again.{message_id}", icon=":material/send:", width="stretch"):
        with refusals():
            with page_database().write() as session:
                sending.send_again(session, actor, message_id)
            _send_and_say(actor, message_id, f"消息 {message_id} ")
    if row["state"] == sending.WAITING and right.button(
        "放弃", key=f"messages.give_up.{message_id}", icon=":material/block:", width="stretch"
    ):
        with refusals():
            with page_database().write() as session:
                sending.give_up(session, actor, message_id)
            said_done(f"消息 {message_id} 已放弃。", lambda: _again(actor, message_id))
            st.rerun()


def _send_and_say(actor: Actor, message_id: int, what: str) -> None:
    """Send a message while the person waits, and say what came of it.

    Raises:
        Conflict: It did not arrive, with the reason.
    """
    send_now(page_database(), message_id)
    with page_database().read() as session:
        row = sending.message_table(session, actor, message_id=message_id).iloc[0]
    if row["state"] == sending.SENT:
        said_done(f"{what}已送到。")
        st.rerun()
    if not row["why"]:
        said_done(f"{what}在等待发送，几秒后再看。")
        st.rerun()
    hint = (
        f"{words.minute(row['next_try_at'])} 会再试。"
        if row["state"] == sending.WAITING
        else "不会再试，改好后可以再发。"
    )
    raise Conflict(f"{what}没有送到：{row['why']}。", hint)


def _again(actor: Actor, message_id: int) -> None:
    with page_database().write() as session:
        sending.send_again(session, actor, message_id)


def _second(moment: str) -> str:
    at = datetime.fromisoformat(moment).astimezone(settings().zone)
    return f"{at.month}月{at.day}日 {at:%H:%M:%S}"


# --- receivers ----------------------------------------------------------------------------------------------------


def receivers(actor: Actor) -> None:
    """Show the receivers with their health and deeds, and the form to add one."""
    _show_secret()
    with page_database().read() as session:
        table = sending.webhook_table(session, actor)
    if table.empty:
        st.info("还没有接收地址。加一个，让外面的看板或门店群跟上进展。", icon=":material/webhook:")
    for row in table.itertuples():
        with st.container(border=True):
            _receiver(actor, row)
    with st.expander("添加接收地址", icon=":material/add:", expanded=table.empty):
        _add_form(actor)


def _health(row) -> str:
    if row.paused_at is not None and row.paused_at == row.paused_at:
        return ":material/pause_circle: 暂停着，等待的消息留着不发"
    parts = [
        f"送到 {row.sent} 条，最近 {words.minute(row.last_sent_at)}" if row.sent else "",
        f"没有送到 {row.failed} 条" if row.failed else "",
        f"等待 {row.waiting} 条" if row.waiting else "",
    ]
    said = "；".join(part for part in parts if part)
    if not said:
        return ":material/radio_button_unchecked: 近 7 天没有消息"
    return f":material/{'error' if row.failed or row.waiting else 'check_circle'}: 近 7 天{said}"


def _receiver(actor: Actor, row) -> None:
    place = plain(row.store) if isinstance(row.store, str) else "全部门店"
    st.markdown(f"**{plain(row.name)}** · {KINDS[row.kind]} · {place}")
    st.text(row.address)
    chosen = "全部事件" if set(row.events) == set(EVENTS) else "、".join(EVENTS[event] for event in row.events)
    st.caption(chosen or "只用来通知门店邀请顾客体验")
    st.markdown(_health(row))
    is_paused = row.paused_at is not None and row.paused_at == row.paused_at
    test, pause, remove = st.columns(3)
    number = int(row.webhook_id)
    if test.button("发测试消息", key=f"hook.test.{number}", width="stretch", disabled=is_paused):
        with refusals():
            with page_database().write() as session:
                message_id = sending.write_test(session, actor, number).id
            _send_and_say(actor, message_id, "测试消息")
    if pause.button("恢复" if is_paused else "暂停", key=f"hook.pause.{number}", width="stretch"):
        with refusals():
            with page_database().write() as session:
                sending.pause_webhook(session, actor, number, paused=not is_paused)
            said_done(f"“{row.name}”已{'恢复' if is_paused else '暂停'}。")
            st.rerun()
    with remove.popover("删除", width="stretch", key=f"hook.ask.{number}.{deeds_done()}"):
        st.write("地址和它的消息记录一起删除，不能恢复。")
        if st.button("删除", key=f"hook.remove.{number}", type="primary"):
            with refusals():
                with page_database().write() as session:
                    sending.remove_webhook(session, actor, number)
                said_done(f"“{row.name}”已删除。")
                st.rerun()


def _show_secret() -> None:
    kept = st.session_state.get(_NEW_KEY)
    if kept is None:
        return
    name, secret = kept
    with st.container(border=True):
        st.markdown(f"**“{plain(name)}”的签名密钥，只显示这一次**")
        st.code(secret, language=None)
        st.caption("交给接收方，用来核实消息确实从这里发出。丢了就删掉地址重新添加。")
        if st.button("已经保存好", key="hook.saved"):
            del st.session_state[_NEW_KEY]
            st.rerun()


def _add_form(actor: Actor) -> None:
    with page_database().read() as session:
        stores = {store.id: store.name for store in visible_stores(session, actor)}
    kind = st.segmented_control("方式", list(KINDS), default="webhook", format_func=KINDS.get, key="hook.kind")
    with st.form("hook.add", border=False):
        name = st.text_input("名称", key="hook.name", max_chars=40, placeholder="产品部看板")
        address = st.text_input(
            "网址", key="hook.address", max_chars=1_000, placeholder="https://",
            help="加密保存，之后只显示一部分。" + ("机器人的地址就是它的密码。" if kind == "wecom" else ""),
        )  # fmt: skip
        events = st.multiselect(
            "哪些事", list(EVENTS), default=list(EVENTS) if kind == "webhook" else [], format_func=EVENTS.get,
            key=f"hook.events.{kind}", placeholder="选事件",
        )  # fmt: skip
        store = st.selectbox(
            "门店",
            [None, *stores],
            format_func=lambda key: "全部门店" if key is None else stores[key],
            key="hook.store",
        )
        if st.form_submit_button("添加", type="primary"):
            with refusals():
                with page_database().write() as session:
                    row, secret = sending.add_webhook(
                        session, actor, kind or "webhook", name, address, events, store_id=store
                    )
                if secret:
                    st.session_state[_NEW_KEY] = (row.name, secret)
                for key in ("hook.name", "hook.address"):
                    del st.session_state[key]
                said_done(f"已添加“{row.name}”。先发一条测试消息。")
                st.rerun()
