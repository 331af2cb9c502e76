"""A survey export of 问卷星 or 腾讯问卷 in the import wizard: which wave, which question is which, what would happen."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from fanops.access import Actor
from fanops.collect import records_imports as records
from fanops.collect import records_surveys
from fanops.collect.import_file import ImportRequest, read_source
from fanops.collect.import_survey_export import ROLES, ExportPreview, ExportRequest, preview_survey_export
from fanops.collect.survey_exports import LAYOUTS, SurveyExport, guess_questions, open_questions, recognise
from fanops.collect.surveys.definition import SurveyDefinition
from fanops.collect.uploads import keep_upload
from fanops.database import Database
from fanops.errors import FanopsError
from fanops.jobs import records as jobs
from fanops.tables import SurveyVersion
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals, show_problems, show_refusal

_LEFT_OUT = "（不导入）"
_WAYS = {"answers": "导入成一期的答卷", "voices": "只把文字回答作为原声"}


def recognised(content: bytes, name: str, digest: str, sheet: str = "") -> SurveyExport | None:
    """Tell whether a file, or a sheet of it, is a survey export; what can't be read is refused later, in its place."""
    held = st.session_state.get("import.export")
    if held is None or held[0] != digest:
        export, numbers, headings = None, [], []
        try:
            table = read_source((content, name), kind="voices", sheet=sheet)
            headings = table.headings
            export = recognise(headings)
            numbers = open_questions(export, table.rows) if export else []
        except FanopsError:
            export = None
        held = (digest, export, numbers, headings)
        st.session_state["import.export"] = held
    return held[1]


def asks_for_answers(db: Database, actor: Actor, export: SurveyExport, request: ImportRequest) -> bool:
    """Say what was recognised, and ask whether it becomes answers of a wave or voices only."""
    st.info(f"认出来了：{LAYOUTS[export.layout]}的导出，{len(export.questions)} 道题。IP 和位置不会保存。",
            icon=":material/assignment_turned_in:")  # fmt: skip
    with db.read() as session:
        has_waves = bool(records_surveys.waves(session, actor))
    if not has_waves:
        st.caption("还没有开过问卷的一期，所以只导入文字回答。要导入全部题目，先在“问卷”里发布同样的问卷并开一期。")
        return False
    if request.party != "first":
        st.caption("合作方或外面来的数据只导入文字回答。")
        return False
    way = st.segmented_control(
        "怎么导入", list(_WAYS), format_func=_WAYS.get, default="answers", key="import.survey.way", required=True
    )
    return way == "answers"


def choose_open_questions(export: SurveyExport) -> tuple[str, ...]:
    """Ask which questions were answered in free words; guessed ones are chosen already."""
    titles = {question.number: question.shown for question in export.questions}
    digest, _, guessed, _ = st.session_state["import.export"]
    chosen = st.multiselect("哪些题的回答是原声", list(titles), guessed, format_func=titles.get,
                            key=f"import.survey.open.{digest[:12]}", placeholder="选文字题")  # fmt: skip
    return tuple(chosen)


def show(db: Database, actor: Actor, content: bytes, name: str, export: SurveyExport, store: int | str | None) -> bool:
    """Choose the wave, match the questions, see what would happen, start; True once the job is on its way."""
    digest = st.session_state["import.export"][0][:12]
    with db.read() as session:
        waves = {wave.id: wave for wave in records_surveys.waves(session, actor)}
        wave_id = st.selectbox(
            "属于哪一期", list(waves), format_func=lambda each: waves[each].title, key="import.survey.wave"
        )
        survey = records_surveys.definition_of(session.get_one(SurveyVersion, waves[wave_id].version_id))
        headings = st.session_state["import.export"][3]
        recalled = records.recall_mapping(session, actor, "responses", headings)
    guessed = {number: code for number, code in recalled.items() if survey.question(code)} or guess_questions(
        export, survey
    )
    with st.expander("哪道题是哪道题", expanded=True):
        questions = _match(export, survey, guessed, f"{digest}.{wave_id}")
    with st.expander("门店和身份在哪道题", icon=":material/badge:"):
        roles = _roles(export, digest)
    request = ExportRequest(wave_id, questions, roles, store if isinstance(store, int) else None)
    try:
        preview = _preview(db, actor, content, name, request)
    except FanopsError as refusal:
        show_refusal(refusal)
        return False
    if preview.earlier_batch is not None:
        st.info(f"这个文件已经导入过（批次 {preview.earlier_batch}），不会重复导入。", icon=":material/info:")
        return False
    st.subheader("会发生什么")
    counted = (("新增", preview.new), ("已有", preview.same), ("不能导入", preview.refused))
    for place, (label, value) in zip(st.columns(3), counted, strict=True):
        place.metric(label, f"{value:,} 份")
    skip = _show_refused(actor, preview, content, name, request)
    return _start(actor, preview, content, name, replace(request, skip_refused=skip))


def _match(export: SurveyExport, survey: SurveyDefinition, guessed: dict[str, str], digest: str) -> dict[str, str]:
    asked = [question for _, question in survey.questions() if question.is_asked and question.kind != "contact"]
    titles = {question.code: question.title for question in asked}
    st.caption("导出里的每一题，是这份问卷的哪一题。联系方式题不导入：没有顾客在这里的单独同意。")
    chosen = {}
    for question in export.questions:
        codes = ["", *titles]
        guess = guessed.get(question.number, "")
        code = st.selectbox(
            plain(question.shown), codes, codes.index(guess) if guess in codes else 0,
            format_func=lambda each: titles.get(each, _LEFT_OUT), key=f"import.survey.map.{digest}.{question.number}",
        )  # fmt: skip
        if code:
            chosen[question.number] = code
    return chosen


def _roles(export: SurveyExport, digest: str) -> dict[str, str]:
    from fanops.collect.survey_exports import asks_for

    titles = {question.number: question.shown for question in export.questions if len(question.columns) == 1}
    chosen = {}
    for place, (role, label) in zip(st.columns(3), ROLES.items(), strict=True):
        guess = next((question.number for question in export.questions if asks_for(question, role)), "")
        numbers = ["", *titles]
        number = place.selectbox(
            label, numbers, numbers.index(guess) if guess in numbers else 0,
            format_func=lambda each: titles.get(each, "（没有）"), key=f"import.survey.role.{digest}.{role}",
        )  # fmt: skip
        if number:
            chosen[role] = number
    return chosen


def _preview(db: Database, actor: Actor, content: bytes, name: str, request: ExportRequest) -> ExportPreview:
    wanted = (st.session_state["import.export"][0], actor.scope_key, json.dumps(vars(request), sort_keys=True))
    held = st.session_state.get("import.survey.preview")
    if held is None or held[0] != wanted:
        with st.spinner("正在检查答卷"):
            held = (wanted, preview_survey_export(db, actor, (content, name), request))
        st.session_state["import.survey.preview"] = held
    return held[1]


def _show_refused(actor: Actor, preview: ExportPreview, content: bytes, name: str, request: ExportRequest) -> bool:
    if not preview.refused:
        return False
    st.warning(f"有 {preview.refused:,} 份不能导入。可以改好文件再来，也可以只导入其余的。", icon=":material/rule:")
    show_problems(preview.problems)
    digest = st.session_state["import.export"][0]
    held = st.session_state.get("import.survey.kept")
    if held is None or held[0] != digest:
        with refusals():
            held = (digest, keep_upload(content, actor))
            st.session_state["import.survey.kept"] = held
    if held is not None:
        asked = {"upload": held[1], "filename": name, "kind": "responses", "wave": request.wave_id, "store": json.dumps(request.store),
                 "questions": json.dumps(request.questions), "roles": json.dumps(request.roles)}  # fmt: skip
        st.link_button("下载不能导入的行", f"/export/import_problems?{urlencode(asked)}", icon=":material/download:")
    return st.checkbox(f"只导入可用的，跳过这 {preview.refused:,} 份", key="import.survey.skip")


def _start(actor: Actor, preview: ExportPreview, content: bytes, name: str, request: ExportRequest) -> bool:
    ready = preview.new > 0 and (request.skip_refused or not preview.refused)
    if not preview.new:
        st.caption("没有新的答卷可以导入。")
    if not st.button(f"导入 {preview.new:,} 份答卷", type="primary", key="import.survey.start", disabled=not ready):
        return False
    with refusals():
        parameters = {
            "upload": keep_upload(content, actor), "filename": name, "wave": request.wave_id, "questions": request.questions,
            "roles": request.roles, "store": request.store, "skip_refused": request.skip_refused,
        }  # fmt: skip
        with page_database().write() as session:
            st.session_state["import.job"] = jobs.enqueue(session, actor, "import_survey", parameters).id
        st.session_state.pop("import.survey.preview", None)
        return True
    return False
