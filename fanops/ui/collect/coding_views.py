"""Coding on the screen: transcript left, codebook right; select a passage, tap a code."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.collect import record_interview as record
from fanops.collect import records_coding as records
from fanops.collect.export_codings import SPEAKERS
from fanops.tables import Interview, Turn
from fanops.ui import words
from fanops.ui.collect.passage import choose_passage
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table, tapped_row

_KEYS = 9  # the first codes have a key of their own
_COLOURS = ("#2F6F5E", "#C8552B", "#3E7CB1", "#D9822B", "#7A5C99", "#5B8C3A", "#B0446A", "#8A7A52")


def code(actor: Actor, held: Interview) -> None:
    """Show the transcript and the codes; one's own codings only, so that a second coder works blind."""
    with page_database().read() as session:
        turns = record.turns_of(session, actor, held.id)
        book = records.codebook(session, actor)
        mine = records.codings(session, actor, held.id, mine=True)
    left, right = st.columns([3, 2], gap="large")
    with left:
        passage = choose_passage(_marked(turns, mine, book), f"transcript.{held.id}")
    with right:
        _codes(actor, turns, book, passage)
        _own_passages(actor, mine)


def _marked(turns: list[Turn], mine: pd.DataFrame, book: pd.DataFrame) -> list[dict]:
    colours = {code_id: _COLOURS[place % len(_COLOURS)] for place, code_id in enumerate(book["code_id"])}
    marks: dict[int, list[dict]] = {}
    for row in mine.itertuples():
        marks.setdefault(row.turn_id, []).append(
            {
                "start": int(row.start),
                "end": int(row.end),
                "code": row.code,
                "colour": colours.get(row.code_id, _COLOURS[0]),
            }
        )
    return [
        {"id": turn.id, "speaker": turn.speaker, "label": SPEAKERS.get(turn.speaker, turn.speaker), "text": turn.text,
         "marks": marks.get(turn.id, [])}
        for turn in turns
    ]  # fmt: skip


def _codes(actor: Actor, turns: list[Turn], book: pd.DataFrame, passage: dict[str, int] | None) -> None:
    text = next((turn.text for turn in turns if passage and turn.id == passage["turn"]), "")
    chosen = text[passage["start"] : passage["end"]].strip() if passage else ""
    if not chosen:
        st.info("在原话里划选一段，再点一个编码，或按它的数字键。", icon=":material/ink_highlighter:")
    else:
        st.markdown(f"选中：**“{plain(chosen[:60])}{'…' if len(chosen) > 60 else ''}”**")
    looked_for = st.text_input("找编码", key="coding.words", placeholder="输入几个字", max_chars=40)
    shown = book[book["name"].str.contains(looked_for.strip(), regex=False)] if looked_for.strip() else book
    with st.container(horizontal=True):
        for place, row in enumerate(shown.to_dict("records"), 1):
            if st.button(
                plain(row["name"]), key=f"coding.{row['code_id']}", disabled=not chosen, help=row["definition"] or None,
                shortcut=str(place) if place <= _KEYS else None,
            ):  # fmt: skip
                _put(actor, passage, int(row["code_id"]))
    if actor.role in records.KEEPERS and looked_for.strip() and looked_for.strip() not in set(book["name"]):
        if st.button(f"新编码“{plain(looked_for.strip())}”", icon=":material/add:", key="coding.new"):
            with refusals():
                with page_database().write() as session:
                    code_id = records.save_code(session, actor, name=looked_for).id
                if chosen:
                    _put(actor, passage, code_id)
                st.rerun()
    elif book.empty:
        st.caption("编码本还是空的。在上面输入名字就能新建，或到“编码本”里写定义。")


def _put(actor: Actor, passage: dict[str, int], code_id: int) -> None:
    with refusals():
        with page_database().write() as session:
            coding_id = records.code_passage(
                session, actor, passage["turn"], code_id, passage["start"], passage["end"]
            ).id
        said_done("已编码。", lambda: _withdraw(actor, coding_id))
        st.rerun()


def _withdraw(actor: Actor, coding_id: int) -> None:
    with page_database().write() as session:
        records.withdraw_coding(session, actor, coding_id)


def _restore(actor: Actor, coding_id: int) -> None:
    with page_database().write() as session:
        records.restore_coding(session, actor, coding_id)


def _own_passages(actor: Actor, mine: pd.DataFrame) -> None:
    st.markdown(f"**我编的 {len(mine)} 段**")
    for row in mine.itertuples():
        with st.container(border=True, gap=None):
            st.caption(f"**{plain(row.code)}**　“{plain(row.quoted)}”")
            if row.memo:
                st.caption("备忘：" + plain(row.memo))
            with st.container(horizontal=True):
                if st.button("去掉", key=f"coding.off.{row.coding_id}"):
                    _withdraw(actor, row.coding_id)
                    said_done("已去掉这段编码。", lambda each=row.coding_id: _restore(actor, each))
                    st.rerun()
                with st.popover("备忘", key=f"coding.memo.{row.coding_id}"):
                    memo = st.text_area("想到什么", row.memo, key=f"coding.memo.text.{row.coding_id}", max_chars=1000)
                    if st.button("记下", key=f"coding.memo.do.{row.coding_id}"):
                        with page_database().write() as session:
                            records.write_memo(session, actor, row.coding_id, memo)
                        st.rerun()


def codebook(actor: Actor, book: pd.DataFrame) -> None:
    """List the codes, change them, merge them, add one."""
    if book.empty:
        st.info("编码本还是空的。先写三五个最常遇到的，编的时候再加。", icon=":material/library_books:")
    else:
        names = {"name": "编码", "definition": "定义", "include": "包括", "exclude": "不包括", "example": "例", "passages": "段数",
                 "interviews": "访谈数"}  # fmt: skip
        show_table(book[list(names)].rename(columns=names), hide_index=True)
    if actor.role not in records.KEEPERS:
        st.caption("编码本由产品团队维护。")
        return
    by_id = {int(row["code_id"]): row for row in book.to_dict("records")}
    chosen = st.selectbox(
        "改哪一个",
        [None, *by_id],
        format_func=lambda each: by_id[each]["name"] if each else "新编码",
        key="codebook.code",
    )
    row = by_id.get(chosen, {})
    with st.form(f"codebook.{chosen}", border=False, enter_to_submit=False):
        said = {
            "name": st.text_input("名字", row.get("name", ""), key=f"codebook.name.{chosen}", max_chars=40),
            "definition": st.text_area(
                "定义", row.get("definition", ""), key=f"codebook.definition.{chosen}", max_chars=400, height=70
            ),
            "include": st.text_input("包括", row.get("include", ""), key=f"codebook.include.{chosen}", max_chars=400),
            "exclude": st.text_input("不包括", row.get("exclude", ""), key=f"codebook.exclude.{chosen}", max_chars=400),
            "example": st.text_input("例", row.get("example", ""), key=f"codebook.example.{chosen}", max_chars=400),
        }
        if st.form_submit_button("保存" if chosen else "添加", type="primary"):
            with refusals():
                with page_database().write() as session:
                    records.save_code(session, actor, chosen, **said)
                said_done(f"“{said['name'].strip()}”已保存。")
                st.rerun()
    if chosen and not row["passages"] and st.button("删除这个编码", key=f"codebook.delete.{chosen}", type="tertiary"):
        with refusals():
            with page_database().write() as session:
                was = records.delete_code(session, actor, chosen)
            said_done(f"已删除“{row['name']}”。", partial(_put_back, actor, was))
            st.rerun()
    others = {each: by_id[each]["name"] for each in by_id if each != chosen}
    if chosen and others:
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        into = left.selectbox("合并到", list(others), format_func=others.get, key="codebook.into")
        if right.button("合并", key="codebook.merge", width="stretch"):
            with refusals():
                with page_database().write() as session:
                    moved = records.merge_codes(session, actor, chosen, into)
                said_done(f"已合并，{len(moved)} 段移了过去。", lambda: _unmerge(actor, chosen, moved))
                st.rerun()


def _put_back(actor: Actor, was: dict[str, str]) -> None:
    with page_database().write() as session:
        records.save_code(session, actor, **was)


def _unmerge(actor: Actor, code_id: int, moved: list[int]) -> None:
    with page_database().write() as session:
        records.unmerge_codes(session, actor, code_id, moved)


def grid(actor: Actor, table: pd.DataFrame) -> None:
    """Show fans × codes, and how often each code occurs by store or tier."""
    if table.empty:
        st.info("还没有编码过的访谈。打开一次访谈，划选一段话，点一个编码。", icon=":material/grid_on:")
        st.page_link("interviews.py", label="去看访谈", icon=":material/arrow_forward:")
        return
    _open_tapped(table, "codebook.grid")
    by = st.segmented_control("按", ["store", "level"], default="store", key="codebook.by",
                              format_func={"store": "门店", "level": "分层"}.get)  # fmt: skip
    with page_database().read() as session:
        counts = records.frequency(session, actor, by or "store")
    wide = counts.assign(
        shown=[f"{row.interviews} / {row.base}" for row in counts.itertuples()]
    ).pivot(index="group", columns="code", values="shown").fillna("0")  # fmt: skip
    show_table(wide)
    st.caption("提到它的访谈 / 该组编码过的访谈。")


def agreement(actor: Actor) -> None:
    """Compare two coders; only those who coded something see it, so that nobody looks before they have coded."""
    with page_database().read() as session:
        people = records.coders(session, actor)
    if len(people) < 2:
        st.info(
            "两个人各自编过同一批访谈，这里会算出一致性（Cohen κ、Krippendorff α）和不同的段落。",
            icon=":material/group:",
        )
        return
    if actor.account_id not in people:
        st.info("您还没有编过。先独立编完，再来对照，免得互相影响。", icon=":material/visibility_off:")
        return
    with st.container(horizontal=True):
        first = st.selectbox("编码人", list(people), format_func=people.get, key="codebook.first")
        second = st.selectbox(
            "对照", [each for each in people if each != first], format_func=people.get, key="codebook.second"
        )
    with page_database().read() as session:
        codes, differ = records.compare_coders(session, actor, first, second)
    if codes.empty:
        st.info("他们还没有编过同一次访谈。", icon=":material/group:")
        return
    shown = pd.DataFrame(
        {
            "编码": codes["code"],
            "一致": codes["observed_share"].map(words.share),
            "κ": codes["kappa"].map("{:.2f}".format).replace("nan", "—"),
            "α": codes["alpha"].map("{:.2f}".format).replace("nan", "—"),
            "字数": codes["base"],
        }
    )
    show_table(shown, hide_index=True)
    st.markdown(f"**只有一人编了的 {len(differ)} 段**")
    names = {"code": "编码", "coder": "谁编的", "quoted": "原话", "interview_id": "访谈"}
    _open_tapped(differ.rename(columns=names), "codebook.differ")


def _open_tapped(table: pd.DataFrame, key: str) -> None:
    """Show rows of interviews; the one that is tapped is opened at what was said."""
    chosen = tapped_row(table, key)
    st.caption("点一行看那次访谈。")
    if chosen is not None:
        st.switch_page("interview.py", query_params={"interview": str(int(table.iloc[chosen]["访谈"]))})


def exports(book: pd.DataFrame) -> None:
    """Offer the files."""
    if book.empty:
        st.info("还没有可以导出的编码。", icon=":material/download:")
        return
    with st.container(horizontal=True):
        st.link_button("Excel", "/export/codings", icon=":material/download:")
        st.link_button("编码本 .qdc", "/export/codings?as=qdc", icon=":material/download:")
        st.link_button("项目 .qdpx", "/export/codings?as=qdpx", icon=":material/download:")
    st.caption(".qdc 和 .qdpx 是 REFI-QDA 交换格式，QualCoder、NVivo、ATLAS.ti、MAXQDA 都能读。")
