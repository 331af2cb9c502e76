"""Today's work on the screen: service cards, tellings, expected visitors."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.actions import records_backlog as backlog
from fanops.fans import records_cards as cards
from fanops.fans import records_tellings
from fanops.fans.records_contacts import reasons_not_to_contact
from fanops.ui import words
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.paging import open_page, rows_from, turn_pages
from fanops.ui.refusal import plain, refusals
from fanops.ui.roles import MANAGERS

ANSWERS = {"yes": "真的改好了", "no": "还没改好", "": "没有回答"}
_SHOWN = 20
_OPEN_AT_ONCE = 3


def card_list(actor: Actor, table: pd.DataFrame) -> None:
    """Show the cards, late ones first; the first few open, with who it is in five lines."""
    if table.empty:
        st.info("没有要做的服务卡。自动规则每晚会按粉丝的情况生成。", icon=":material/done_all:")
        if actor.role in MANAGERS:
            st.page_link("rules.py", label="看自动规则", icon=":material/arrow_forward:")
        return
    looked_for = st.text_input("找人", key="today.words", placeholder="姓、尾号或要做的事", max_chars=30)
    if looked_for.strip():
        text = table["fan"].fillna("") + table["tail"] + table["deed"] + table["rule"]
        table = table[text.str.contains(looked_for.strip(), regex=False)]
        if table.empty:
            st.info("没有这样的服务卡。换一个字，或清空“找人”看全部。", icon=":material/search_off:")
    shown, total, _ = open_page("today.cards", _SHOWN, rows_from(table, _SHOWN))
    for place, row in enumerate(shown.to_dict("records")):
        _card(actor, row, opened=place < _OPEN_AT_ONCE, first=place == 0)
    turn_pages("today.cards", _SHOWN, total)


def _card(actor: Actor, row: dict, *, opened: bool, first: bool) -> None:
    card_id = int(row["card_id"])
    with st.container(border=True, gap="small"):
        late = " · **过期**" if row["late"] else ""
        st.markdown(
            f"**{plain(words.called(row['fan'], row['tail']))}** · {words.LEVEL_LABELS[row['level']]} · {row['rule']}{late}"
        )
        with page_database().read() as session:
            lines = cards.card_lines(session, actor, int(row["fan_id"]), row["deed"], brief=not opened)
        # What the rule found belongs to the deed: nobody can apologise for what they don't know.
        because = f"（{plain(row['reason'])}）" if row["reason"] else ""
        for label, text in lines:
            st.caption(f"{label}　**{plain(text)}**{because}" if label == "现在做" else f"{label}　{plain(text)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(
                "做了", key=f"card.done.{card_id}", type="primary" if first else "secondary", icon=":material/check:"
            ):
                _close(actor, card_id, cards.DONE)
            with st.popover("没做", key=f"card.not.{card_id}"):
                for reason in ("今天没来", "不愿意聊", "情况已变"):
                    if st.button(reason, key=f"card.not.{card_id}.{reason}", width="stretch"):
                        _close(actor, card_id, cards.NOT_DONE, reason)
            if row["own"]:
                st.page_link("fan.py", label="看这位", query_params={"fan": str(row["fan_id"])})


def _close(actor: Actor, card_id: int, state: str, reason: str = "") -> None:
    with refusals():
        with page_database().write() as session:
            cards.close_card(session, actor, card_id, state, reason)
        said_done("已记下。" if state == cards.DONE else f"已记下：{reason}。", lambda: _reopen(actor, card_id))
        st.rerun()


def _reopen(actor: Actor, card_id: int) -> None:
    with page_database().write() as session:
        cards.reopen_card(session, actor, card_id)


def telling_list(actor: Actor, due: pd.DataFrame) -> None:
    """Show whom to tell, and take the answer to "is it really fixed"."""
    if due.empty:
        st.info("没有要告知的粉丝。条目在门店上线后，提出过的粉丝会出现在这里。", icon=":material/done_all:")
        st.page_link("fixes.py", label="看服务改进", icon=":material/arrow_forward:")
        return
    looked_for = st.text_input("找人", key="tell.words", placeholder="姓、尾号或做了的事", max_chars=30).strip()
    if looked_for:
        text = due["fan"].fillna("") + due["tail"] + due["title"].fillna("") + due["store"].fillna("")
        due = due[text.str.contains(looked_for, regex=False)]
    if due.empty:
        st.info("没有这样要告知的。换一个字，或清空“找人”看全部。", icon=":material/search_off:")
        return
    shown, total, _ = open_page("tell.page", _SHOWN, rows_from(due, _SHOWN))
    with page_database().read() as session:
        barred = reasons_not_to_contact(session, [int(fan_id) for fan_id in shown["fan_id"]])
    for row in shown.itertuples():
        with st.container(border=True):
            _telling(actor, row, barred.get(int(row.fan_id), ""))
    turn_pages("tell.page", _SHOWN, total)


def _telling(actor: Actor, row, barred: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(words.called(row.fan, row.tail))}** · {plain(row.store or '')}")
        if row.own:
            st.page_link("fan.py", label="看这位", query_params={"fan": str(row.fan_id)})
    if barred:
        st.caption(f"现在不能联系：{barred}。")
        return
    st.text(f"告诉他/她：您说过的“{row.title}”，已经做了。")
    answer = st.segmented_control(
        "回答", list(ANSWERS), format_func=ANSWERS.get, key=f"tell.answer.{row.telling_id}",
        label_visibility="collapsed",
    )  # fmt: skip
    if st.button("已告知", key=f"tell.done.{row.telling_id}"):
        with refusals():
            with page_database().write() as session:
                records_tellings.record_told(session, actor, int(row.telling_id), answer or "")
            back = partial(_take_back_told, actor, int(row.telling_id))
            if answer == "no" and row.of_fix:
                said_done("已记下：还没改好。这项改进排到了最前面。", back, link=("fixes.py", "去看服务改进"))
            else:
                said_done("已记下：告诉过了。", back)
            st.rerun()


def _take_back_told(actor: Actor, telling_id: int) -> None:
    with page_database().write() as session:
        records_tellings.take_back_told(session, actor, telling_id)


def trial_list(actor: Actor, trials: pd.DataFrame) -> None:
    """Show who was invited to try, and take their verdict in one tap."""
    if trials.empty:
        st.info("没有等评价的试用。产品团队邀请提出者以后，会出现在这里。", icon=":material/done_all:")
        return
    looked_for = st.text_input("找人", key="trials.words", placeholder="姓、尾号或试的东西", max_chars=30).strip()
    if looked_for:
        text = trials["fan"].fillna("") + trials["tail"] + trials["title"]
        trials = trials[text.str.contains(looked_for, regex=False)]
        if trials.empty:
            st.info("没有这样的试用。换一个字，或清空“找人”看全部。", icon=":material/search_off:")
    shown, total, _ = open_page("today.trials", _SHOWN, rows_from(trials, _SHOWN))
    with page_database().read() as session:
        barred = reasons_not_to_contact(session, [int(fan_id) for fan_id in shown["fan_id"]])
    for row in shown.itertuples():
        with st.container(border=True):
            st.markdown(f"**{plain(words.called(row.fan, row.tail))}** · {plain(row.title)}")
            st.caption(f"{plain(row.store or '')} {words.day(row.invited_at)}邀请。试过以后问：会买吗？")
            if reason := barred.get(int(row.fan_id)):
                st.caption(f"不要去请：{reason}。本人自己来试了，才记。")
            said = st.text_input("原话（可不填）", key=f"trials.said.{row.trial_id}", max_chars=200)
            with st.container(horizontal=True):
                for verdict, label in backlog.VERDICTS.items():
                    if st.button(label, key=f"trials.{verdict}.{row.trial_id}"):
                        _try(actor, int(row.trial_id), verdict, said)
    turn_pages("today.trials", _SHOWN, total)


def _try(actor: Actor, trial_id: int, verdict: str, said: str) -> None:
    with refusals():
        with page_database().write() as session:
            backlog.record_verdict(session, actor, trial_id, verdict, said)
        said_done(f"已记下：{backlog.VERDICTS[verdict]}。", lambda: _take_back_verdict(actor, trial_id))
        st.rerun()


def _take_back_verdict(actor: Actor, trial_id: int) -> None:
    with page_database().write() as session:
        backlog.take_back_verdict(session, actor, trial_id)


def birthday_list(born: pd.DataFrame) -> None:
    """Show whose birthday is today, of those who agreed to wishes; nothing when there is nobody."""
    for row in born.itertuples():
        label = f"**{plain(row.fan or '未留姓名')}** · {words.LEVEL_LABELS[row.level]} · 今天生日"
        st.page_link("fan.py", label=label, icon=":material/cake:", query_params={"fan": str(row.fan_id)})


def coming_list(actor: Actor, coming: pd.DataFrame) -> None:
    """Show regulars who are likely to come today."""
    if coming.empty:
        st.info("今天没有按习惯该来的老顾客。来得规律的粉丝会出现在这里。", icon=":material/event_available:")
        return
    if coming["chance"].notna().any():
        st.caption("把握由全品牌的到店模型估计：今天来一次的可能；今天已经来过的不列。")
    for row in coming.itertuples():
        habit = f"平均 {row.usual_days:g} 天来一次，上次 {words.day(row.last_on)}"
        who = plain(words.called(row.fan, row.tail))
        chance = "" if row.chance != row.chance else f"今天来的把握 {words.share(row.chance, 0)}，"
        label = f"**{who}** · {words.LEVEL_LABELS[row.level]}"
        with st.container(gap=None):
            st.page_link("fan.py", label=label, icon=":material/person:", query_params={"fan": str(row.fan_id)})
            st.caption(chance + habit)
