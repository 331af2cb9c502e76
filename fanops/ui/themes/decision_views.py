"""Doubtful matches on the screen: what the theme was and what was found now, side by side; a person says whether it is one thing."""

from __future__ import annotations

import streamlit as st

from fanops.access import Actor
from fanops.themes.edit import EDITORS
from fanops.themes.records_edit import NAME_LIMIT
from fanops.themes.records_evidence import evidence
from fanops.themes.records_lineage import Question, decide_lineage, open_questions
from fanops.ui import words
from fanops.ui.guard import page_database
from fanops.ui.quotes import quotes
from fanops.ui.refusal import plain
from fanops.ui.themes.theme_edits import carry_out

_AROUND = 16  # the sentences are compared; whole reviews beside each other would push the answer off a phone's screen


def decisions(actor: Actor) -> None:
    """Ask, one by one, whether what the newest run found is still the theme that it took it for."""
    if actor.role not in EDITORS:
        return
    with page_database().read() as session:
        questions = open_questions(session, actor)
    if not questions:
        return
    st.markdown(f"**{words.count(len(questions), '个主题')}的对应要人确认**")
    st.caption("这次发现的句子和原来的主题只有一部分相同。看看两边的原话：说的还是同一件事吗？")
    for question in questions:
        with st.container(border=True):
            _ask(actor, question)


def _ask(actor: Actor, question: Question) -> None:
    left, right = st.columns(2)
    with left:
        st.markdown(f"**原来的主题 {question.theme_id}** “{plain(question.name_before)}”")
        before = (
            "上次没有发现它"
            if question.units_before is None
            else f"上次发现 {words.count(question.units_before, '句')}"
        )
        st.caption(f"{before}；这次的句子里，{words.count(question.shared_units, '句')}本来就在它里面。")
        _shown(actor, question.old_quotes, f"lineage.old.{question.lineage_id}", "里面没有上次发现时就有的原话。")
        for theme_id, name, unit_ids in question.others:
            st.markdown(f"**主题 {theme_id}** “{plain(name)}”的大半也到了这里")
            _shown(actor, unit_ids, f"lineage.other.{question.lineage_id}.{theme_id}", "")
    with right:
        new_name = f" “{plain(question.name)}”" if question.name != question.name_before else "，名字没变"
        st.markdown(f"**这次发现的**{new_name}")
        parts = [(question.units, "句"), (question.fans, "位粉丝"), (question.stores, "家门店")]
        st.caption(" · ".join(words.count(number, unit) for number, unit in parts))
        _shown(
            actor, question.new_quotes, f"lineage.new.{question.lineage_id}", "没有新来的原话，都是上次发现时就有的。"
        )
    suggested = "" if question.named_by_hand else question.name
    name = st.text_input(
        "分成两件事时，新主题的名字", suggested, key=f"lineage.name.{question.lineage_id}", max_chars=NAME_LIMIT,
        placeholder="不写就用这次的名字加编号",
    )  # fmt: skip
    with st.container(horizontal=True):
        same = st.button("是同一件事", key=f"lineage.same.{question.lineage_id}", icon=":material/check:")
        apart = st.button("是两件事", key=f"lineage.apart.{question.lineage_id}", icon=":material/call_split:")
    said = (
        f"已确认：“{question.name_before}”还是同一件事。"
        if same
        else f"已分成两件事：这次的句子有了自己的主题，“{question.name_before}”（主题 {question.theme_id}）只留原来的历史。"
    )
    if (same or apart) and carry_out(
        actor, said, lambda session: decide_lineage(session, actor, question.lineage_id, same, name)
    ):
        st.rerun()


def _shown(actor: Actor, unit_ids: list[int], key: str, otherwise: str) -> None:
    if not unit_ids:
        st.caption(otherwise)
        return
    with page_database().read() as session:
        rows, _ = evidence(session, actor, unit_ids=unit_ids)
    quotes(rows, key, around=_AROUND)
