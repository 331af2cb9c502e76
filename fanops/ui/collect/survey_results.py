"""A wave's results on the screen: each question with base and interval, compared between groups, taken out as Excel."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.collect import records_responses as responses
from fanops.collect import records_surveys as records
from fanops.collect.surveys import results
from fanops.collect.surveys.definition import Question, SurveyDefinition
from fanops.fans.levels import LEVEL_LABELS
from fanops.tables import Wave
from fanops.ui import words
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain
from fanops.ui.tables import show_table

COUNTED = {"single", "multiple", "rating", "nps", "ranking"}
_GROUPINGS = {"store": "门店", "level": "分层", "wave": "各期"}
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
    answers = [{code: each.value for code, each in given.get(row.id, {}).items()} for row in rows]
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.caption(
        f"收到 {words.count(len(rows), '份答卷')}，来自 {len({row.store_id for row in rows if row.store_id})} 家门店。"
    )
    right.link_button("导出 Excel", f"/export/responses?wave={wave.id}", icon=":material/download:", width="stretch")
    groups = {
        "store": [stores.get(row.store_id) for row in rows],
        "level": [LEVEL_LABELS.get(levels.get(row.fan_id, "")) for row in rows],
    }
    each, between = st.tabs(["逐题", "分组对比"])
    with each:
        for _, question in survey.questions():
            if question.is_asked:
                _question_result(question, [given_by.get(question.code) for given_by in answers])
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


def _question_result(question: Question, answers: list) -> None:
    answered = [answer for answer in answers if answer is not None]
    if question.kind in COUNTED:
        table = results.counts(question, answers)
        title = f"{question.title}（{words.base_note(len(answered))}）"
        chart = alt.Chart(table, title=title)
        y = alt.Y("label:N", sort=list(table["label"]), title=None, axis=alt.Axis(labelLimit=180))
        bars = chart.mark_bar(color="#2F6F5E", opacity=0.75).encode(
            y=y, x=alt.X("share:Q", title="占回答者", axis=alt.Axis(format=".0%"), scale=alt.Scale(domain=[0, 1])),
            tooltip=[alt.Tooltip("label:N", title="选项"), alt.Tooltip("count:Q", title="人数"),
                     alt.Tooltip("share:Q", format=".1%", title="占比")],
        )  # fmt: skip
        whiskers = chart.mark_rule(color="#1F2328").encode(y=y, x="low:Q", x2="high:Q")
        st.altair_chart((bars + whiskers).properties(height=90 + 30 * len(table)), alt=question.title)
        if question.kind in ("rating", "nps"):
            mean = results.average(question, answers)
            name = "净推荐值" if question.kind == "nps" else "平均分"
            st.caption(
                f"{name} {mean.value:.1f}（95% 区间 {mean.low:.1f} 到 {mean.high:.1f}，{words.base_note(mean.base)}）"
            )
    elif question.kind == "matrix":
        cells = results.matrix_counts(question, answers)
        shown = cells.assign(share=cells["share"].map(words.share)).pivot(index="row", columns="label", values="share")
        st.markdown(f"**{plain(question.title)}**")
        show_table(shown[[option.label for option in question.options]])
    elif question.kind in ("short_text", "long_text"):
        st.markdown(f"**{plain(question.title)}**（{len(answered)} 人写了）")
        show_table(pd.DataFrame({"原话": answered[:200]}), hide_index=True)
