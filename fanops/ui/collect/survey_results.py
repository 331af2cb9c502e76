"""A wave's results on the screen: each question with base and interval, compared between groups, taken out as Excel."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.collect import records_responses as responses
from fanops.collect import records_surveys as records
from fanops.collect.submit_response import TEXT_KINDS
from fanops.collect.surveys import results
from fanops.collect.surveys.answers import Given
from fanops.collect.surveys.definition import Question, SurveyDefinition
from fanops.fans.levels import LEVEL_LABELS
from fanops.tables import Wave
from fanops.ui import charts, words
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain
from fanops.ui.tables import show_table

COUNTED = {"single", "multiple", "rating", "nps", "ranking"}
_GROUPINGS = {"store": "门店", "level": "分层", "wave": "各期"}
_WHO = ["编号", "门店", "分层", "提交时间"]
_MARKS = {1: " ↑", -1: " ↓", 0: ""}


def wave_results(actor: Actor, wave: Wave) -> None:
    """Show each question's counts, compare groups, and offer the file."""
    with page_database().read() as session:
        rows = records.responses(session, actor, wave.id)
        survey = records.definition_of(session.get_one(records.SurveyVersion, wave.version_id))
        given = responses.answers_of_many(session, [row.id for row in rows])
        stores = {store.id: store.name for store in visible_stores(session, actor)}
        levels = responses.levels_of(session, rows)
    if not rows:
        st.info("还没有人交。把二维码放到桌上或发给粉丝，或到“记答卷”里替顾客记。", icon=":material/hourglass_empty:")
        return
    every = [given.get(row.id, {}) for row in rows]
    answers = [{code: each.value for code, each in each_given.items()} for each_given in every]
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.caption(
        f"收到 {words.count(len(rows), '份答卷')}，来自 {len({row.store_id for row in rows if row.store_id})} 家门店。"
    )
    right.link_button("导出 Excel", f"/export/responses?wave={wave.id}", icon=":material/download:", width="stretch")
    groups = {
        "store": [stores.get(row.store_id) for row in rows],
        "level": [LEVEL_LABELS.get(levels.get(row.fan_id, "")) for row in rows],
    }
    asked = [question for _, question in survey.questions() if question.is_asked and question.kind != "contact"]
    written = [question.code for question in asked if question.kind in TEXT_KINDS]
    about = pd.DataFrame(
        {
            "编号": [row.id for row in rows],
            "门店": groups["store"],
            "分层": groups["level"],
            "提交时间": [words.minute(row.submitted_at) for row in rows],
            "写的话": ["；".join(said for code in written if (said := each.get(code))) for each in answers],
        }
    )
    each, between = st.tabs(["逐题", "分组对比"])
    with each:
        for question in asked:
            _question_result(question, [given_by.get(question.code) for given_by in every], about)
    with between:
        _compare(actor, wave, survey, answers, groups)


def _compare(actor: Actor, wave: Wave, survey: SurveyDefinition, answers: list[dict], groups: dict[str, list]) -> None:
    questions = {question.code: question for _, question in survey.questions() if question.kind in COUNTED}
    if not questions:
        st.info("这份问卷没有选择题，没有可以对比的。", icon=":material/compare_arrows:")
        return
    with st.container(horizontal=True):
        code = st.selectbox("题目", list(questions), format_func=lambda each: questions[each].title, key="wave.compare")
        by = st.segmented_control("按", list(_GROUPINGS), default="store", format_func=_GROUPINGS.get, key="wave.by")
    if by == "wave":
        with page_database().read() as session:
            values, group = responses.answers_over_waves(session, actor, wave.id, code)
    else:
        values, group = [each.get(code) for each in answers], groups[by or "store"]
    table = results.cross_table(questions[code], values, group)
    if table["group"].nunique() < 2:
        st.info("只有一组有回答，没有可以对比的。", icon=":material/compare_arrows:")
        return
    bases = table.drop_duplicates("group").set_index("group")["base"]
    table["shown"] = [
        f"{words.share(share, 0)}{_MARKS[differs]}"
        for share, differs in zip(table["share"], table["differs"], strict=True)
    ]
    wide = table.pivot(index="group", columns="label", values="shown")[list(dict.fromkeys(table["label"]))]
    wide.index = [f"{group}（{words.base_note(int(bases[group]))}）" for group in wide.index]
    show_table(wide)
    marked = int((table["differs"] != 0).sum())
    st.caption(
        (f"{marked} 处与其余各组明显不同（↑ 更多，↓ 更少）。" if marked else "没有一处与其余各组明显不同。")
        + "“明显”是不像碰巧的。",
        help="怎么算的：每一格与其余各组合起来比（Fisher 精确检验）；同时比了许多格，所以校正过（Holm 法）。",
    )


def _question_result(question: Question, given: list[Given | None], about: pd.DataFrame) -> None:
    """Show what was answered to a question, and let each figure be opened.

    Args:
        question: One that is asked.
        given: The answer of each response, None where there is none.
        about: Who answered and when, a row per response.
    """
    values = [each.value if each else None for each in given]
    answered = [value for value in values if value is not None]
    title = f"{question.title}（{words.base_note(len(answered))}）"
    if not answered:
        st.markdown(f"**{plain(question.title)}**")
        st.caption("还没有人答这一题。")
        return
    if question.kind in COUNTED:
        charts.show(charts.option_bars(results.counts(question, values)), title)
    elif question.kind == "matrix":
        cells = results.matrix_counts(question, values)
        shown = cells.assign(share=cells["share"].map(words.share)).pivot(index="row", columns="label", values="share")
        st.markdown(f"**{plain(title)}**")
        show_table(shown.loc[[row.label for row in question.rows], [option.label for option in question.options]])
    elif question.kind in ("number", "date"):
        charts.show(charts.spread(pd.to_datetime(answered) if question.kind == "date" else pd.Series(answered)), title)
    if question.kind in ("rating", "nps", "number"):
        st.caption(_average_words(question, values))
    if question.kind in TEXT_KINDS:
        st.markdown(f"**{plain(question.title)}**（{len(answered)} 人写了）")
        _written(answered, about[[value is not None for value in values]])
        return
    _opened(question, values, about)
    others = [each.other if each else "" for each in given]
    if question.other and any(others):
        st.caption(f"{plain(question.other)}：{sum(map(bool, others))} 人写了")
        _written([other for other in others if other], about[[bool(other) for other in others]])


def _average_words(question: Question, values: list) -> str:
    mean = results.average(question, values)
    name = "净推荐值" if question.kind == "nps" else "平均分" if question.kind == "rating" else "平均"
    interval = f"95% 区间 {mean.low:.1f} 到 {mean.high:.1f}，" if mean.base > 1 else ""
    return f"{name} {mean.value:.1f}（{interval}{words.base_note(mean.base)}）"


def _written(texts: list[str], about: pd.DataFrame) -> None:
    show_table(about.assign(原话=texts)[["原话", *_WHO]], hide_index=True)


def _opened(question: Question, values: list, about: pd.DataFrame) -> None:
    """Let the responses under a figure be seen: who gave this answer, where, when, and what else they wrote."""
    given: dict[str, list[int]] = {}
    for place, value in enumerate(values):
        for said in results.said_words(question, value):
            given.setdefault(said, []).append(place)
    if not given:
        return
    chosen = st.selectbox(
        "看答卷", list(given), index=None, key=f"wave.opened.{question.code}", placeholder="选一个答案，看是哪些答卷",
        format_func=lambda said: f"{said}（{len(given[said])} 份）", label_visibility="collapsed",
    )  # fmt: skip
    if chosen:
        show_table(about.iloc[given[chosen]], hide_index=True)
