"""Interviews on the screen: begin, hold, bring in a transcript, read."""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, time
from functools import partial

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from fanops.access import Actor, Role, visible_stores
from fanops.access.attachments import add_attachment
from fanops.access.attachments import attachments as list_attachments
from fanops.access.media import SOUND_NAMES, prepare_media
from fanops.collect import record_interview as record
from fanops.collect.import_interviews import HeldInterview, HeldTurn, import_interviews
from fanops.collect.interviews.transcript import SpokenTurn, guess_fan, read_transcript, read_turns
from fanops.collect.surveys.definition import SurveyDefinition
from fanops.collect.undo_finish_interview import reopen_interview
from fanops.settings import settings, today
from fanops.tables import Interview, now
from fanops.ui import words
from fanops.ui.address import may_open
from fanops.ui.collect.attachment_views import attachments
from fanops.ui.collect.live_note import live_note
from fanops.ui.done import said_done
from fanops.ui.fan_picker import new_fan, phone_field, pick_fan
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table

_SHOWN = 30
_NOBODY = "未识别的顾客"
IMPORTERS = (Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.ADMIN)


def interview_list(actor: Actor) -> None:
    """List interviews, live ones first, or those that are looked for."""
    looked_for = st.session_state.get("interviews.words", "")
    with page_database().read() as session:
        table, total = record.interview_table(session, actor, looked_for, _SHOWN)
    if table.empty and not looked_for.strip():
        way = "，或导入已有的文字稿" if actor.role in IMPORTERS else ""
        st.info(f"还没有访谈。点“现场访谈”开始一次{way}。", icon=":material/record_voice_over:")
        return
    st.text_input("找访谈", key="interviews.words", placeholder="门店、店员，顾客的姓、手机号或尾号", max_chars=30)
    if table.empty:
        st.info("没有这样的访谈。换一个字，或清空“找访谈”看全部。", icon=":material/search_off:")
    for row in table.to_dict("records"):
        live = row["state"] == "live"
        who = words.called(row["fan"], row["tail"]) if row["fan_id"] == row["fan_id"] and row["fan_id"] else _NOBODY
        label = f"**{plain(who)}** · {plain(row['store'] or '—')} · {words.day(row['started_at'])}"
        with st.container(border=True, gap=None):
            st.page_link("interview.py", label=label + ("　进行中" if live else ""), icon=":material/mic:" if live else ":material/notes:",
                         query_params={"interview": str(int(row["interview_id"]))})  # fmt: skip
            st.caption(f"{plain(row['staff'] or '未注明店员')} · {words.count(row['turns'], '段原话')}")
    if total > len(table):
        st.caption(f"共 {total:,} 次，先列最近 {len(table)} 次；用上面的框来找。")


def begin(actor: Actor) -> None:
    """Choose guide, store and fan, and begin."""
    guides = record.guides()
    with page_database().read() as session:
        stores = {store.id: store.name for store in visible_stores(session, actor)}
    if not stores:
        st.info("还没有门店。先添加门店，再开始访谈。", icon=":material/store:")
        if may_open("organisation.py"):
            st.page_link("organisation.py", label="去添加门店", icon=":material/arrow_forward:")
        return
    with st.container(horizontal=True):
        guide = st.selectbox("提纲", list(guides), format_func=lambda code: guides[code].title, key="interviews.guide")
        store = st.selectbox("门店", list(stores), format_func=stores.get, key="interviews.store")
    st.caption(guides[guide].purpose)
    look_for = st.text_input(
        "和哪位顾客聊", key="interviews.fan", placeholder="手机号、会员号，或姓；可以不填", max_chars=40
    )
    fan_id = pick_fan(actor, look_for, "interviews")
    if fan_id is not None:
        _start(actor, guide, store, fan_id)
    fan_id = new_fan(actor, look_for, store, "interviews")
    if fan_id is not None:
        _start(actor, guide, store, fan_id)
    if st.button("不留身份，直接开始", key="interviews.unknown", width="stretch"):
        _start(actor, guide, store, None)


def _start(actor: Actor, guide: str, store_id: int, fan_id: int | None) -> None:
    with refusals():
        with page_database().write() as session:
            interview_id = record.start_interview(session, actor, guide, store_id=store_id, fan_id=fan_id).id
        st.switch_page("interview.py", query_params={"interview": str(interview_id)})


@st.fragment(run_every=20)
def _clock(started_at: datetime) -> None:
    minutes = int((now() - started_at).total_seconds() // 60)
    st.caption(f":material/timer: 已聊 {minutes} 分钟 · 边写边存，断网也不会丢")


def live(actor: Actor, held: Interview, guide: SurveyDefinition) -> None:
    """Hold the interview: one question open at a time, each with the fan's own words and the staff's notes."""
    with page_database().read() as session:
        who = record.who_was_asked(session, held)
    st.caption(plain(words.called(*who) if who else _NOBODY))
    _clock(held.started_at)
    questions = [question for _, question in guide.questions() if question.is_asked]
    titles = {question.code: question.title for question in questions}
    current = st.pills(
        "问到哪一题", list(titles), default=questions[0].code, key=f"interview.at.{held.id}",
        format_func=lambda code: f"{list(titles).index(code) + 1}{' ✓' if held.notes.get(code, {}).get('said') else ''}",
    ) or questions[0].code  # fmt: skip
    question = next(each for each in questions if each.code == current)
    st.subheader(plain(question.title), anchor=False)
    if question.probes:
        st.caption("追问：" + plain("；".join(question.probes)))
    note = held.notes.get(current, {})
    live_note("顾客原话", held.id, current, "said", note, placeholder="照顾客说的写", longest=record.LONGEST_NOTE)
    live_note(
        "我的笔记（不算原声）",
        held.id,
        current,
        "note",
        note,
        placeholder="表情、背景、你的想法",
        longest=record.LONGEST_NOTE,
    )
    with st.expander("照片和录音", icon=":material/attach_file:"):
        attachments(actor, interview_id=held.id)
    with st.container(horizontal=True):
        if st.button("结束访谈", type="primary", key="interview.finish", icon=":material/check:"):
            with refusals():
                with page_database().write() as session:
                    voices = record.finish_interview(session, actor, held.id)
                said_done(f"访谈已结束，{voices} 段顾客原话成为原声。", partial(_reopen, actor, held.id))
                st.rerun()
        with st.popover("丢弃"):
            st.caption("记的都会删掉，不能恢复。")
            if st.button("确定丢弃", key="interview.discard"):
                with refusals():
                    with page_database().write() as session:
                        record.discard_interview(session, actor, held.id)
                    said_done("已丢弃。")
                    st.switch_page("interviews.py")


def _reopen(actor: Actor, interview_id: int) -> None:
    with page_database().write() as session:
        reopen_interview(session, actor, interview_id)


def about(actor: Actor, held: Interview) -> None:
    """Say who, where, how long, and how good the material is."""
    with page_database().read() as session:
        figures = record.quality(session, actor, held.id)
        who = record.who_was_asked(session, held)
    facts = [words.called(*who) if who else _NOBODY, words.day(held.started_at)]
    if not math.isnan(figures.minutes):
        facts.append(f"{figures.minutes:.0f} 分钟")
    facts.append(f"{figures.units} 个语义单元，其中 {words.share(figures.informative_share, 0)} 有内容")
    if not math.isnan(figures.own_words_share):
        facts.append(f"记下的字里 {words.share(figures.own_words_share, 0)} 是顾客原话")
    st.caption(" · ".join(plain(fact) for fact in facts))
    if figures.copied:
        st.warning(
            f"{figures.copied} 段话与别的访谈几乎一样，请看一眼是不是照抄。不影响任何人的考核。",
            icon=":material/content_copy:",
        )


def beside(actor: Actor, held: Interview) -> None:
    """Show the photos and the recording of an interview that is over, and take late ones."""
    with page_database().read() as session:
        count = len(list_attachments(session, actor, interview_id=held.id))
    label = f"照片和录音 {count}" if count else "照片和录音"
    with st.expander(label, icon=":material/attach_file:"):
        attachments(actor, interview_id=held.id)


def read_only(actor: Actor, held: Interview) -> None:
    """Show the turns."""
    with page_database().read() as session:
        turns = record.turns_of(session, actor, held.id)
    for turn in turns:
        said_by_fan = turn.speaker == "fan"
        with st.chat_message(
            "user" if said_by_fan else "assistant",
            avatar=":material/person:" if said_by_fan else ":material/storefront:",
        ):
            st.text(turn.text)


def bring_in(actor: Actor) -> None:
    """Bring in a transcript: file or pasted text, who is the fan, then whole."""
    file = st.file_uploader("文字稿", type=["txt", "docx", "srt", "vtt"], key="interviews.file")
    pasted = st.text_area(
        "或粘贴",
        key="interviews.pasted",
        height=140,
        placeholder="店员：最近来得多吗？\n顾客：每周两次，就是排队太久。",
    )
    if file is None and not pasted.strip():
        return
    turns: list[SpokenTurn] = []
    with refusals():
        turns = read_transcript(file.getvalue(), file.name) if file is not None else read_turns(pasted)
    if not turns:
        return
    speakers = list(dict.fromkeys(turn.speaker for turn in turns))
    guessed = guess_fan(turns)
    show_table(
        pd.DataFrame({"说话人": [turn.speaker or "（未注明）" for turn in turns], "内容": [turn.text for turn in turns]}),
        hide_index=True, height=240,
    )  # fmt: skip
    with page_database().read() as session:
        stores = {store.id: store.name for store in visible_stores(session, actor)}
    sound = st.file_uploader(
        "录音（可不传，和文字稿放在一起）",
        type=list(SOUND_NAMES),
        key="interviews.sound",
        max_upload_size=settings().upload_mb,
    )
    with st.form("interviews.bring", border=False, enter_to_submit=False):
        fan = st.radio("谁是顾客", speakers, speakers.index(guessed) if guessed in speakers else 0, horizontal=True,
                       format_func=lambda name: name or "（未注明）", key="interviews.speaker")  # fmt: skip
        with st.container(horizontal=True):
            store = st.selectbox("门店", list(stores), format_func=stores.get, key="interviews.bring.store")
            day = st.date_input("哪天聊的", today(), max_value=today(), format="YYYY-MM-DD", key="interviews.bring.day")
        with st.container(horizontal=True):
            phone = phone_field("顾客手机号（可不填）", "interviews.bring.phone")
            member = st.text_input("或会员号（可不填）", key="interviews.bring.member", max_chars=40)
        if not st.form_submit_button("导入这次访谈", type="primary"):
            return
    _import(actor, turns, fan, store, datetime.combine(day, time(12), settings().zone), {"phone": phone, "member": member},
            file.name if file is not None else "粘贴的文字稿", sound)  # fmt: skip


def _import(
    actor: Actor,
    turns: list[SpokenTurn],
    fan: str,
    store: int,
    at: datetime,
    identities: dict[str, str],
    name: str,
    sound: UploadedFile | None,
) -> None:
    digest = hashlib.sha256("\n".join(f"{turn.speaker}:{turn.text}" for turn in turns).encode()).hexdigest()
    held = HeldInterview(
        key=f"transcript:{digest[:32]}", started_at=at, store_id=store, staff_id=actor.staff_id,
        turns=[HeldTurn("fan" if turn.speaker == fan else "staff", turn.text) for turn in turns],
        identities={kind: value for kind, value in identities.items() if value.strip()},
    )  # fmt: skip
    with refusals():
        # Looked at first: a recording that can't be kept refuses the whole, so that nobody looks for it later.
        media = prepare_media(sound.getvalue(), sound.name) if sound is not None else None
        done = import_interviews(page_database(), actor, [held], filename=name, file_sha256=digest)
        with page_database().write() as session:
            interview_id = record.imported_interview(session, actor, held.key).id
            if media is not None:
                add_attachment(session, actor, media, interview_id=interview_id)
        if done.already:
            st.info("这份文字稿已经导入过，没有重复存。", icon=":material/info:")
            st.page_link("interview.py", label="打开那次访谈", icon=":material/arrow_forward:",
                         query_params={"interview": str(interview_id)})  # fmt: skip
            return
        said_done(
            f"已导入，{done.units} 段顾客原话成为原声。", link=("interview.py", "打开这次访谈"), interview=interview_id
        )
        st.rerun()
