"""The survey editor's logic, by choosing: when a question is asked, and every way through the survey."""

from __future__ import annotations

import streamlit as st

from fanops.collect.surveys.answers import OTHER, scale
from fanops.collect.surveys.check import every_path
from fanops.collect.surveys.compose import COMPARISONS, compose, with_condition, with_jumps
from fanops.collect.surveys.conditions import BadCondition, parse_condition
from fanops.collect.surveys.definition import END, Jump, Question, SurveyDefinition
from fanops.collect.surveys.flow import answer_words, piped
from fanops.collect.surveys.paper import condition_words
from fanops.ui import words
from fanops.ui.refusal import plain

_JOINS = {"": "只看这一条", "and": "并且（和原来的条件都要成立）", "or": "或者（有一条成立就问）"}


def choose_logic(survey: SurveyDefinition) -> SurveyDefinition | None:
    """Let a person choose when a question is asked; give the survey with it when they have."""
    asked = [question for _, question in survey.questions() if question.kind != "page_break"]
    with st.expander("设条件：什么时候问某一题", icon=":material/alt_route:"):
        if len(asked) < 2:
            st.caption("有两道题以后，就可以按前面的回答决定后面问不问。")
            return None
        names = {question.code: f"{place}. {question.title}" for place, question in enumerate(asked, 1)}
        code = st.selectbox("哪一题", list(names)[1:], format_func=names.get, key="logic.question")
        target = survey.question(code)
        before = {}
        for question in asked:
            if question.code == code:
                break
            if question.is_asked:
                before[question.code] = names[question.code]
        if not before:
            st.caption("它前面还没有要回答的题。")
            return None
        now = target.show_if.source if target.show_if else ""
        st.caption(f"现在：{plain(condition_words(target.show_if, survey)) + '，才问这一题' if now else '总是问'}")
        seen = survey.question(st.selectbox("看哪一题的回答", list(before), format_func=before.get, key="logic.seen"))
        source = _condition(seen, "logic")
        join = st.radio("和原来的条件", list(_JOINS), format_func=_JOINS.get, key="logic.join") if now else ""
        with st.container(horizontal=True):
            put = st.button("设为这样", key="logic.do", disabled=source is None, type="primary")
            always = st.button("改成总是问", key="logic.always", disabled=not now)
    if always:
        return with_condition(survey, code, None)
    if not put or source is None:
        return None
    whole = f"({now}) {join} ({source})" if join and now else source
    try:
        return with_condition(survey, code, parse_condition(whole))
    except BadCondition as refusal:
        st.error(plain(str(refusal)), icon=":material/block:")
        return None


def choose_jump(survey: SurveyDefinition) -> SurveyDefinition | None:
    """Let a person choose where to go on after a question; give the survey with it when they have."""
    asked = [question for _, question in survey.questions() if question.kind != "page_break"]
    names = {question.code: f"{place}. {question.title}" for place, question in enumerate(asked, 1)}
    with st.expander("设跳转：答完某一题跳到哪里", icon=":material/redo:"):
        able = [question.code for question in asked[:-1] if question.is_asked]
        if not able:
            st.caption("有两道题以后，就可以跳过中间的题。")
            return None
        code = st.selectbox("答完哪一题", able, format_func=names.get, key="jump.question")
        target = survey.question(code)
        places = {END: "结束，不用再答"} | dict(zip(names, names.values(), strict=True))
        for jump in target.jumps:
            st.caption(
                f"现在：{plain(condition_words(jump.when, survey)) if jump.when else '总是'} → {plain(places[jump.to])}"
            )
        later = [*list(names)[list(names).index(code) + 2 :], END]
        to = st.selectbox("跳到", later, format_func=places.get, key="jump.to")
        always = st.checkbox("不管怎么答都跳", key="jump.always")
        source = None if always else _condition(target, "jump")
        with st.container(horizontal=True):
            put = st.button("加上这个跳转", key="jump.do", disabled=not always and source is None, type="primary")
            none = st.button("去掉它的跳转", key="jump.none", disabled=not target.jumps)
    if none:
        return with_jumps(survey, code, [])
    if not put:
        return None
    made = Jump(to, None if always else parse_condition(source))
    kept = [jump for jump in target.jumps if jump.when is not None or not always]
    # The first jump that holds is taken: one that always holds comes last.
    return with_jumps(survey, code, sorted([*kept, made], key=lambda jump: jump.when is None))


def _condition(seen: Question, key: str) -> str | None:
    """Let a person choose what the answer must be; give it as a condition, None while it is not chosen."""
    ways = COMPARISONS[seen.kind]
    with st.container(horizontal=True):
        way = st.selectbox("怎样", list(ways), format_func=ways.get, key=f"{key}.way.{seen.code}")
        if way == "answered" or way == "not answered":
            return compose(seen, way, [])
        labels = {option.code: option.label for option in seen.options} | ({OTHER: seen.other} if seen.other else {})
        if labels:
            chosen = st.multiselect(
                "选项",
                list(labels),
                format_func=labels.get,
                key=f"{key}.options.{seen.code}",
                placeholder="选一项或几项",
            )
            return compose(seen, way, chosen) if chosen else None
        lowest = scale(seen)[0] if seen.kind != "number" else 0
        return compose(seen, way, [st.number_input("数", value=lowest, step=1, key=f"{key}.number.{seen.code}")])


def every_way(survey: SurveyDefinition) -> None:
    """Show each way through the survey before anybody has to walk it."""
    ways: dict[tuple[str, ...], list[dict]] = {}
    for answers, shown in every_path(survey):
        ways.setdefault(tuple(question.code for question in shown), []).append(answers)
    with st.expander(f"走一遍：{len(ways)} 种走法", icon=":material/route:"):
        at = st.pagination(len(ways), key="editor.way") if len(ways) > 1 else 1
        codes, answers = list(ways.items())[min(at, len(ways)) - 1]
        if len(ways) > 1:
            st.caption(f"{words.count(len(answers), '种回答')}会这样走，例如：{_said(survey, answers[0])}")
        number = 0
        for code in codes:
            question = survey.question(code)
            number += question.is_asked
            title = plain(piped(question.title, survey, answers[0]))
            st.markdown(f"{number}. {title}" if question.is_asked else f":gray[{title}]")
        st.caption(f"问 {number} 题，然后交卷。")


def _said(survey: SurveyDefinition, answers: dict) -> str:
    """Say answers as a person does."""
    said = [
        f"“{plain(question.title)}”答“{plain(answer_words(question, value))}”"
        for code, value in answers.items()
        if (question := survey.question(code)) is not None
    ]
    return "，".join(said) or "什么也不答"
