"""Recording for a fan on the screen: one question at a time, large targets, next question by itself."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

import pandas as pd
import segno
import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.collect import record_on_behalf as record
from fanops.collect import records_surveys as records
from fanops.collect.surveys import flow
from fanops.collect.surveys.answers import OTHER, Form, Given, scale, scale_ends
from fanops.collect.surveys.definition import Question
from fanops.collect.surveys.flow import answer_words, ordered_options, piped
from fanops.fans.records import fan_at_counter
from fanops.settings import settings
from fanops.tables import Wave
from fanops.ui import words
from fanops.ui.collect import quota_views
from fanops.ui.done import said_done
from fanops.ui.fan_picker import new_fan, phone_field, pick_fan
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals

RECEIPT = "record.receipt"  # in the session: what is to be given to the fan who was just asked
_AGAIN = "record.again"  # in the session: (wave, store, fan) of somebody who answered before, until it is decided
_NEXT, _BACK, _SKIP, _LATER = "next", "back", "skip", "later"


def no_wave(actor: Actor) -> None:
    """Say why there is nothing to ask, and who can open a wave."""
    st.info("现在没有正在收集的问卷。", icon=":material/quiz:")
    if actor.role in records.WAVE_KEEPERS:
        st.page_link("surveys.py", label="去开一期", icon=":material/arrow_forward:")
    else:
        st.caption("请店长在“问卷”里开一期。")


def unfinished_list(drafts: pd.DataFrame) -> None:
    """Offer to go on with what was begun."""
    if drafts.empty:
        return
    with st.expander(f"没记完的 {len(drafts)} 份", icon=":material/edit_note:", expanded=len(drafts) <= 2):
        for row in drafts.itertuples():
            who = "不留身份的顾客" if pd.isna(row.fan_id) else words.called(row.fan, row.tail)
            label = f"{plain(who)} · {plain(row.wave)} · 已答 {row.answers} 题 · {words.minute(row.started_at)}"
            if st.button(label, key=f"record.resume.{row.response_id}", width="stretch", icon=":material/play_arrow:"):
                st.query_params["draft"] = str(row.response_id)
                st.rerun()


def begin(actor: Actor, waves: list[Wave]) -> None:
    """Choose what is asked and who is asked."""
    if _AGAIN in st.session_state:
        _ask_again(actor, *st.session_state[_AGAIN])
        return
    with page_database().read() as session:
        stores = {store.id: store.name for store in visible_stores(session, actor)}
    titles = {wave.id: wave.title for wave in waves}
    with st.container(horizontal=True):
        wave_id = st.selectbox("问卷", list(titles), format_func=titles.get, key="record.wave", persist_state="session")
        store_id = st.selectbox(
            "门店", list(stores), format_func=stores.get, key="record.store", persist_state="session"
        )
    quota_views.own_quota(actor, wave_id, store_id)
    look_for = st.text_input(
        "问的是哪位", key="record.look_for", placeholder="手机号、会员号，或姓", max_chars=40, icon=":material/search:"
    )
    fan_id = pick_fan(actor, look_for, "record")
    if fan_id is not None:
        _start(actor, wave_id, store_id, fan_id)
    fan_id = new_fan(actor, look_for, store_id, "record")
    if fan_id is not None:
        _start(actor, wave_id, store_id, fan_id)
    if st.button("不留身份，直接开始", key="record.unknown", width="stretch"):
        _start(actor, wave_id, store_id, None)


def _start(actor: Actor, wave_id: int, store_id: int, fan_id: int | None, *, again: bool = False) -> None:
    with refusals():
        if fan_id is not None and not again:
            with page_database().read() as session:
                before = record.answered_at(session, actor, wave_id, fan_id)
            if before is not None:
                st.session_state[_AGAIN] = (wave_id, store_id, fan_id)
                st.rerun()
        with page_database().write() as session:
            draft_id = record.start_on_behalf(session, actor, wave_id, store_id=store_id, fan_id=fan_id, again=again).id
        st.session_state.pop(_AGAIN, None)
        st.query_params["draft"] = str(draft_id)
        st.session_state.pop("record.at", None)
        st.rerun()


def _ask_again(actor: Actor, wave_id: int, store_id: int, fan_id: int) -> None:
    """Say that this fan answered the wave before; a second response takes the place of the first only when it is wanted."""
    before, who = None, ""
    with refusals(), page_database().read() as session:
        before = record.answered_at(session, actor, wave_id, fan_id)
        who = fan_at_counter(session, actor, fan_id).name_masked
    st.warning(
        f"{plain(who) or '这位顾客'}：这一期 {words.day(before)} 已答过；再记会替换那一份，结果里只算新的。",
        icon=":material/published_with_changes:",
    )
    with st.container(horizontal=True):
        if st.button("不记了，选别的顾客", type="primary", key="record.again.no"):
            del st.session_state[_AGAIN]
            st.rerun()
        if st.button("再记一份，替换原来的", key="record.again.yes"):
            _start(actor, wave_id, store_id, fan_id, again=True)


def receipt(code: str) -> None:
    """Show the receipt of what was just handed in until it is said that the fan has it: to scan, to copy, to read out."""
    st.subheader("已交，请把回执码给顾客", anchor=False)
    st.caption("顾客凭它可以查看、更正或删除这份回答。点“给过了”以后就看不到了：我们只存它的指纹。")
    address = f"{settings().forms_url}/s/receipt"
    picture = io.BytesIO()
    segno.make(f"回执码\n{code}\n查回执：{address}", error="m").save(picture, kind="png", scale=6, border=2)
    st.image(picture.getvalue(), width=220, caption="顾客扫一下就有回执码")
    st.code(code, language=None)
    st.caption(f"查回执的地址：{plain(address)}")
    if st.button("给过了，下一位", type="primary", key="record.receipt.done", width="stretch"):
        del st.session_state[RECEIPT]
        leave()
        st.rerun()


def handed_in(actor: Actor, draft: record.Draft) -> None:
    """Say that it is handed in: the page was loaded anew, and the receipt code with it is gone."""
    who = "不留身份的顾客" if draft.response.fan_id is None else words.called(draft.fan, draft.tail)
    st.success(f"{plain(who)}的这份已经交了。", icon=":material/check:")
    st.caption("回执码还没给顾客的话，一小时内可以再给一个，原来的就不能用了。")
    if st.button("再给一个回执码", key="record.receipt.renew", icon=":material/qr_code:"):
        with refusals():
            with page_database().write() as session:
                renewed = record.renew_receipt(session, actor, draft.response.id)
            st.session_state[RECEIPT] = renewed
            st.rerun()


def ask(actor: Actor, draft: record.Draft) -> None:
    """Show the question that is due, or the end."""
    questions = draft.questions()
    at = st.session_state.get("record.at")
    at = draft.first_unanswered() if at is None else min(at, len(questions))
    place = f"第 {min(at + 1, len(questions))} 题，共 {len(questions)} 题"
    who = "不留身份的顾客" if draft.response.fan_id is None else words.called(draft.fan, draft.tail)
    st.progress(at / max(1, len(questions)), text=f"{plain(who)} · {plain(draft.form.wave.title)} · {place}")
    if at == 0 and draft.response.store_id is not None:
        quota_views.own_quota(actor, draft.form.wave.id, draft.response.store_id, only_full=True)
    if at >= len(questions):
        _finish(actor, draft)
        return
    question = questions[at]
    values = flow.values(draft.given)
    st.subheader(
        plain(piped(question.title, draft.form.survey, values)) + ("" if question.required else "（可不答）"),
        anchor=False,
    )
    if question.help:
        st.caption(plain(piped(question.help, draft.form.survey, values)))
    if question.probes:
        st.caption("追问：" + plain("；".join(question.probes)))
    tapped = _ask_one(draft, question, at)
    if tapped is not None:
        _go(actor, draft, question, at, *tapped)


def _go(actor: Actor, draft: record.Draft, question: Question, at: int, way: str, form: Form | None) -> None:
    """Keep what was answered, if anything was, and go the way that was tapped; what can't be kept keeps the question open."""
    with refusals():
        if form is not None:
            with page_database().write() as session:
                record.answer_on_behalf(session, actor, draft.response.id, question.code, form)
        if way == _LATER:
            leave()
            said_done("已经存好，在“没记完的”里可以接着记。")
        else:
            st.session_state["record.at"] = max(0, at - 1) if way == _BACK else at + 1
        st.rerun()


def leave() -> None:
    """Go back to where a fan is chosen."""
    st.query_params.clear()
    st.session_state.pop("record.at", None)


def _ask_one(draft: record.Draft, question: Question, at: int) -> tuple[str, Form | None] | None:
    """Show the fields of one question and the ways on.

    Returns:
        On the run on which a way was tapped: the way, and what is to be kept (None: nothing new).
    """
    code, key = question.code, f"record.{draft.response.id}.{question.code}"
    before = draft.given.get(code)
    if question.kind in ("rating", "nps"):
        chosen = _points(question, key, before)
        if chosen is not None and (before is None or str(before.value) != chosen):
            return _NEXT, {code: [chosen]}
        return _tapped(_go_on(before, code) or _ways(question, at, st.button))
    if question.kind == "single":
        return _single(draft, question, key, at)
    with st.form(key, border=False, enter_to_submit=False):
        form = _fields(draft, question, key)
        way = _NEXT if st.form_submit_button("下一题", type="primary", width="stretch") else None
        # Inside the form: a tap on any of these brings along what was typed.
        way = _ways(question, at, st.form_submit_button) or way
    return None if way is None else (way, None if way == _SKIP else form)


def _ways(question: Question, at: int, button: Callable[..., bool]) -> str | None:
    """Show the other ways on; give the one that was tapped."""
    tapped = None
    with st.container(horizontal=True):
        if at and button("上一题", key=f"record.back.{question.code}", icon=":material/arrow_back:"):
            tapped = _BACK
        if not question.required and button("跳过", key=f"record.skip.{question.code}"):
            tapped = _SKIP
        if button("先存着，以后再记", key=f"record.later.{question.code}"):
            tapped = _LATER
    return tapped


def _tapped(way: str | None) -> tuple[str, None] | None:
    return None if way is None else (way, None)


def _go_on(before: Given | None, code: str) -> str | None:
    """Offer the way on when a question was answered before; its answer stays."""
    asked = before is not None and st.button("下一题", key=f"record.on.{code}", type="primary", width="stretch")
    return _NEXT if asked else None


def _points(question: Question, key: str, before: Given | None) -> str | None:
    """Show the points of a scale with the words at its ends, as on the fan's page."""
    chosen = st.segmented_control("分数", [str(point) for point in scale(question)], key=key, label_visibility="collapsed",
                                  width="stretch", default=None if before is None else str(before.value))  # fmt: skip
    low, high = scale_ends(question)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.caption(low, width="content")
        st.caption(high, width="content")
    return chosen


def _single(draft: record.Draft, question: Question, key: str, at: int) -> tuple[str, Form | None] | None:
    code, before = question.code, draft.given.get(question.code)
    for option in ordered_options(question, draft.response.seed):
        chosen = before is not None and before.value == option.code
        if st.button(
            plain(option.label), key=f"{key}.{option.code}", width="stretch", type="primary" if chosen else "secondary"
        ):
            return _NEXT, {code: [option.code]}
    if not question.other:
        return _tapped(_go_on(before, code) or _ways(question, at, st.button))
    with st.form(f"{key}.other", border=False):
        words_given = st.text_input(
            question.other, before.other if before else "", key=f"{key}.other.text", max_chars=200
        )
        own = st.form_submit_button("用这句，下一题", width="stretch") and words_given.strip()
        way = _ways(question, at, st.form_submit_button) or (_NEXT if own else None)
    if way is not None:
        keeps = way != _SKIP and words_given.strip()
        return way, {code: [OTHER], f"{code}.other": [words_given]} if keeps else None
    return _tapped(_go_on(before, code))


def _fields(draft: record.Draft, question: Question, key: str) -> Form | None:
    code, before = question.code, draft.given.get(question.code)
    value = before.value if before else None
    labels = {option.code: option.label for option in ordered_options(question, draft.response.seed)}
    if question.kind == "multiple":
        if question.other:
            labels[OTHER] = question.other
        chosen = st.pills(
            "可多选", list(labels), selection_mode="multi", default=value or None, format_func=labels.get, key=key
        )
        other = (
            st.text_input("其他，请说明", before.other if before else "", key=f"{key}.text", max_chars=200)
            if question.other
            else ""
        )
        return {code: list(chosen or []), f"{code}.other": [other]}
    if question.kind == "ranking":
        order = st.multiselect(
            "按先后点选", list(labels), value or None, format_func=labels.get, key=key, placeholder="先点第一名"
        )
        return {f"{code}.{each}": [str(place)] for place, each in enumerate(order, 1)}
    if question.kind == "matrix":
        chosen = {
            row.code: st.segmented_control(row.label, list(labels), format_func=labels.get, key=f"{key}.{row.code}",
                                           default=(value or {}).get(row.code))
            for row in question.rows
        }  # fmt: skip
        return {f"{code}.{row}": [each or ""] for row, each in chosen.items()}
    if question.kind == "date":
        day = st.date_input("日期", date.fromisoformat(value) if value else None, key=key, format="YYYY-MM-DD")
        return {code: [day.isoformat() if day else ""]}
    if question.kind == "contact":
        return _contact(question, key, value)
    if question.kind == "long_text":
        return {
            code: [st.text_area("顾客的原话", value or "", key=key, height=140, placeholder="照顾客说的写，不用润色")]
        }
    return {code: [st.text_input("回答", "" if value is None else str(value), key=key)]}


def _contact(question: Question, key: str, value: dict | None) -> Form | None:
    """Ask for a number; the one that was left is shown masked, and stays unless it is replaced or taken out."""
    code = question.code
    if value is not None:
        st.caption(f"已留下 **{plain(value['masked'])}**。不用再填；填新的号码就换掉它。")
    number = phone_field("手机号", key, placeholder="顾客愿意留才填")
    agreed = st.checkbox(question.consent or "顾客同意我们用它回复", key=f"{key}.consent")
    gone = value is not None and st.checkbox("顾客不想留了，删掉这个号码", key=f"{key}.gone")
    if value is not None and not number.strip() and not gone:
        return None
    return {code: [number], f"{code}.consent": ["yes" if agreed else ""]}


def _said(question: Question, given: Given | None) -> str:
    if given is None or given.value in (None, "", [], {}):
        return "—"
    if isinstance(given.value, dict):
        return given.value["masked"] if question.kind == "contact" else "已答"
    return answer_words(question, given.value)


def _warn_of_replacing(actor: Actor, draft: record.Draft) -> None:
    """Say it once more before handing in: the fan may have answered by themselves since the draft was begun."""
    before = None
    if draft.response.fan_id is not None:
        with refusals(), page_database().read() as session:
            before = record.answered_at(session, actor, draft.form.wave.id, draft.response.fan_id)
    if before is not None:
        st.warning(
            f"这位顾客 {words.day(before)} 已答过这一期；交上去会替换那一份。", icon=":material/published_with_changes:"
        )


def _finish(actor: Actor, draft: record.Draft) -> None:
    lacking = flow.still_missing(draft.form.survey, draft.given)
    st.subheader("都问完了" if not lacking else "还有必答的题", anchor=False)
    for question in draft.questions():
        given = draft.given.get(question.code)
        said = _said(question, given)
        if given and given.other:
            said += f"：{given.other}"
        st.caption(f"{plain(question.title)}　**{plain(said)}**")
    _warn_of_replacing(actor, draft)
    with st.container(horizontal=True):
        if st.button("交上去", type="primary", key="record.submit", icon=":material/check:", disabled=bool(lacking)):
            with refusals():
                with page_database().write() as session:
                    given_out = record.submit_on_behalf(session, actor, draft.response.id)
                # The address keeps the draft: a page loaded anew can offer another receipt.
                if given_out:
                    st.session_state[RECEIPT] = given_out
                st.rerun()
        if st.button("回去改", key="record.edit"):
            st.session_state["record.at"] = 0
            st.rerun()
        with st.popover("丢弃这份"):
            st.caption("已记的回答会删掉，不能恢复。")
            if st.button("确定丢弃", key="record.discard"):
                with refusals():
                    with page_database().write() as session:
                        record.discard_draft(session, actor, draft.response.id)
                    leave()
                    said_done("已丢弃。")
                    st.rerun()
