"""The survey editor's parts: where to begin, the table, the check, the phone, publishing."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.collect import records_surveys as records
from fanops.collect.surveys.answers import scale
from fanops.collect.surveys.check import check_survey
from fanops.collect.surveys.definition import KINDS, Question, SurveyDefinition
from fanops.collect.surveys.flow import piped
from fanops.collect.surveys.table import COLUMNS, from_table, read_pasted, to_table
from fanops.collect.surveys.write import to_file
from fanops.errors import InvalidInput
from fanops.ui.collect.editor_logic import choose_jump, choose_logic, every_way
from fanops.ui.collect.survey_views import shipped
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals, show_problems

_DRAFT, _ROUND = "editor.draft", "editor.round"
_PHONE_PX = 390
_MOST_EXCEL_ROWS = 300
_FIRST = ("顺序", "题目", "题型", "选项", "必答")


@dataclass(frozen=True)
class Draft:
    """What is being edited: title, table, and the survey it was made of."""

    title: str
    table: pd.DataFrame
    base: SurveyDefinition | None = None


def current() -> Draft | None:
    """Give what is being edited in this session."""
    return st.session_state.get(_DRAFT)


def _take(draft: Draft) -> None:
    st.session_state[_DRAFT] = draft
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1  # a new table, not the edits of the last one
    st.rerun()


def begin(actor: Actor) -> None:
    """Choose what to start from."""
    with st.expander("从哪里开始", icon=":material/start:", expanded=current() is None):
        ready, excel, pasted, blank = st.tabs(["现成的问卷", "Excel", "粘贴文字", "空白"])
        with ready:
            with page_database().read() as session:
                own = {f"{survey.title}（已发布，第 {version.number} 版）": records.definition_of(version)
                       for survey, version in records.surveys(session, actor)}  # fmt: skip
            choices = own | shipped()
            title = st.selectbox("问卷", list(choices), index=None, key="editor.ready", placeholder="选一份来改")
            if title is not None and st.button("用它开始", key="editor.ready.do"):
                _take(Draft(choices[title].title, to_table(choices[title]), choices[title]))
        with excel:
            st.caption(f"第一行写列名，至少有“题目”；可用的列：{'、'.join(COLUMNS)}。选项用“、”隔开。")
            file = st.file_uploader("Excel 文件", type=["xlsx"], key="editor.excel")
            if file is not None and st.button("读入", key="editor.excel.do"):
                with refusals():
                    _take(Draft(file.name.removesuffix(".xlsx"), _read_excel(file.getvalue())))
        with pasted:
            text = st.text_area(
                "粘贴问卷", key="editor.pasted", height=200,
                placeholder="到店体验问卷\n1. 您今天满意吗？[单选题] *\nA. 很满意\nB. 一般\n2. 您的建议 [填空题]",
            )  # fmt: skip
            if st.button("读入文字", key="editor.pasted.do"):
                with refusals():
                    found = read_pasted(text)
                    if found.unread:
                        st.session_state["editor.unread"] = found.unread
                    _take(Draft(found.title or "新问卷", found.table))
        with blank:
            if st.button("从空白开始", key="editor.blank"):
                _take(
                    Draft(
                        "新问卷",
                        pd.DataFrame([{"题号": "q1", "题型": "评分", "题目": "今天整体满意吗？", "必答": True}]),
                    )
                )


def _read_excel(content: bytes) -> pd.DataFrame:
    try:
        table = pd.read_excel(io.BytesIO(content), engine="calamine", dtype=object, nrows=_MOST_EXCEL_ROWS)
    except Exception as error:
        raise InvalidInput("打不开这个 Excel 文件。", "请另存为 .xlsx 再试，或把题目粘贴进来。") from error
    if "题目" not in table.columns:
        raise InvalidInput("表里没有“题目”这一列。", f"第一行写列名，可用：{'、'.join(COLUMNS)}。")
    return table


def edit(draft: Draft) -> SurveyDefinition | None:
    """Show the table and what is wrong in it; give the survey when it can be one."""
    if unread := st.session_state.pop("editor.unread", None):
        st.warning("有几行没有读懂，请看看是否要补进去。", icon=":material/help:")
        show_problems(unread)
    turn = st.session_state[_ROUND]
    title = st.text_input("问卷名称", draft.title, key=f"editor.title.{turn}", max_chars=80)
    table = draft.table.reindex(columns=list(COLUMNS))
    table.insert(0, "顺序", [float(place) for place in range(1, len(table) + 1)])
    table["必答"] = [value in (True, "是", 1, "√") for value in table["必答"]]
    for name in (*COLUMNS,):
        if name not in ("必答", "最少", "最多"):
            table[name] = ["" if value is None or value != value else str(value) for value in table[name]]
    table[["最少", "最多"]] = table[["最少", "最多"]].apply(pd.to_numeric, errors="coerce")
    edited = st.data_editor(
        table, num_rows="dynamic", hide_index=True, key=f"editor.table.{turn}", height=460,
        # what is written comes first: beside the preview four columns are seen without scrolling
        column_order=[*_FIRST, *(name for name in COLUMNS if name not in _FIRST)],
        column_config={
            "顺序": st.column_config.NumberColumn(width="small", help="改数字就换位置，例如 2.5 插在 2 和 3 之间。"),
            "题号": st.column_config.TextColumn(width="small", help="小写字母开头；条件里用它。空着会自动编。"),
            "题目": st.column_config.TextColumn(width="medium", required=True),
            "题型": st.column_config.SelectboxColumn(options=list(KINDS.values()), width="small"),
            "必答": st.column_config.CheckboxColumn(width="small"),
            "选项": st.column_config.TextColumn(width="medium", help="用“、”隔开。"),
            "什么时候问": st.column_config.TextColumn(help='例如：q1 <= 3，或 q2 == "不好"，可用 and、or、not、has(q3, "价格")。'),
        },
    )  # fmt: skip
    order = edited["顺序"].astype(float).fillna(float("inf"))
    ordered = edited.iloc[order.sort_values(kind="stable").index.map(edited.index.get_loc)].drop(columns="顺序")
    try:
        survey = from_table(ordered.reset_index(drop=True), title or "新问卷", base=draft.base)
    except InvalidInput as refusal:
        st.error(f"{plain(refusal.message)}{plain(refusal.hint)}", icon=":material/block:")
        show_problems(refusal.problems)
        return None
    changed = choose_logic(survey) or choose_jump(survey)
    if changed is not None:
        _take(Draft(changed.title, to_table(changed), changed))
    issues = check_survey(survey)
    for issue in issues:
        st.markdown(f":material/{'block' if issue.serious else 'info'}: {plain(issue.question)} {plain(issue.why)}")
    if not issues:
        st.success(f"检查过了：{len(list(survey.questions()))} 题，每题都走得到。", icon=":material/check:")
        every_way(survey)
    return None if any(issue.serious for issue in issues) else survey


def phone(survey: SurveyDefinition | None) -> None:
    """Show the survey as a phone shows it, screen by screen."""
    st.markdown("**手机预览**")
    if survey is None:
        st.caption("改好左边的问题，这里就会显示。")
        return
    pages = survey.screens
    at = st.pagination(len(pages), key="editor.screen") if len(pages) > 1 else 1
    with st.container(border=True, width=_PHONE_PX):
        for question in pages[min(at, len(pages)) - 1]:
            _shown(question, survey)
        st.button(
            "下一页" if at < len(pages) else "提交", type="primary", width="stretch", disabled=True, key="editor.next"
        )


def _shown(question: Question, survey: SurveyDefinition) -> None:
    st.markdown(f"**{plain(piped(question.title, survey, {}))}**" + (" :red[*]" if question.required else ""))
    if question.help:
        st.caption(plain(question.help))
    if question.show_if:
        st.caption(f"只在 {plain(question.show_if.source)} 时问")
    labels = [option.label for option in question.options] + ([question.other] if question.other else [])
    key = f"editor.preview.{question.code}"
    if question.kind in ("rating", "nps"):
        st.segmented_control(
            "分数", [str(n) for n in scale(question)], key=key, label_visibility="collapsed", disabled=True
        )
    elif question.kind == "matrix":
        for row in question.rows:
            st.radio(row.label, labels, index=None, key=f"{key}.{row.code}", horizontal=True, disabled=True)
    elif question.kind == "ranking":
        for option in question.options:
            st.text_input(option.label, key=f"{key}.{option.code}", placeholder="名次", disabled=True)
    elif question.kind == "multiple":
        st.pills("可多选", labels, selection_mode="multi", key=key, label_visibility="collapsed", disabled=True)
    elif labels:
        st.radio("选项", labels, index=None, key=key, label_visibility="collapsed", disabled=True)
    elif question.is_asked:
        st.text_area("回答", key=key, label_visibility="collapsed", disabled=True, height=68)


def publish(actor: Actor, survey: SurveyDefinition) -> None:
    """Publish as a new version, or take the file form away."""
    if st.button("发布为新的一版", type="primary", key="editor.publish", icon=":material/publish:"):
        with refusals():
            with page_database().write() as session:
                number = records.publish(session, actor, survey).number
            said_done(f"“{survey.title}”已发布，第 {number} 版。", link=("surveys.py", "去开一期"))
            st.rerun()
    with st.expander("文件形式（可以存进 surveys/）", icon=":material/code:"):
        st.code(to_file(survey), language="yaml")
