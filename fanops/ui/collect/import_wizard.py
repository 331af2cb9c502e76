"""The steps of an import on the page: choose a file, see what would happen, import as a job, undo."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urlencode

import streamlit as st
from sqlmodel import Session

from fanops.access import Actor
from fanops.collect import records_imports as records
from fanops.collect.check_rows import ROUNDED_WHY
from fanops.collect.fields import BATCH_LABELS, KIND_LABELS, PARTIES, fields_of
from fanops.collect.import_file import ImportRequest, Preview, preview_file, read_source
from fanops.collect.read_file import list_sheets
from fanops.collect.survey_exports import spread_answers
from fanops.collect.undo_import import undo_batch
from fanops.collect.uploads import keep_upload
from fanops.database import Database
from fanops.errors import FanopsError
from fanops.jobs import records as jobs
from fanops.settings import settings
from fanops.tables import ImportBatch, Job
from fanops.ui import words
from fanops.ui.collect import survey_import_views
from fanops.ui.guard import page_database
from fanops.ui.progress import show_job
from fanops.ui.refusal import plain, refusals, show_problems, show_refusal
from fanops.ui.tables import show_table

_NOT_TAKEN = "（不导入）"
_SHOWN_BATCHES = 15


def choose_file(actor: Actor, stores: dict[int, str]) -> tuple[bytes, str, ImportRequest] | None:
    """Ask what is imported, and for the file; None while there is no file."""
    kind = st.segmented_control(
        "导入什么", list(KIND_LABELS), format_func=KIND_LABELS.get, default="voices", key="import.kind", required=True
    )
    file = st.file_uploader(
        f"文件（CSV 或 Excel，最大 {settings().upload_mb} MB）",
        type=["csv", "tsv", "txt", "xlsx", "xls"],
        key=f"import.file.{st.session_state.get('import.turn', 0)}",
        max_upload_size=settings().upload_mb,
    )
    with st.expander("门店、来源和使用依据", icon=":material/tune:"):
        store = None
        if actor.store_id is None:
            store = st.selectbox(
                "没写门店的行算哪家店", list(stores), index=None, format_func=stores.get, key="import.store",
                placeholder="不指定",
            )  # fmt: skip
        source = st.text_input("没写平台的行算什么来源", key="import.source", max_chars=40, placeholder="例如 大众点评")
        party = st.selectbox("数据是谁收集的", list(PARTIES), format_func=PARTIES.get, key="import.party")
        basis = st.text_input("使用依据", key="import.basis", max_chars=200, placeholder="二方、三方数据要写明")
        if party == "third":
            st.caption("三方数据带来的新粉丝会标记为不得联系。")
    if file is None:
        return None
    request = ImportRequest(kind or "voices", store=store, source=source.strip(), party=party, consent_basis=basis)
    return file.getvalue(), file.name, request


def show_preview(db: Database, actor: Actor, content: bytes, name: str, request: ImportRequest) -> None:
    """Show what an import would do, let the columns be put right, and start it; a survey export has a way of its own."""
    sheet = _chosen_sheet(content, request.kind)
    digest = hashlib.sha256(content + sheet.encode()).hexdigest()
    export = None
    if request.kind == "voices":
        export = survey_import_views.recognised(content, name, digest, sheet)
    questions: tuple[str, ...] = ()
    if export is not None:
        # Answers of a wave are read from the sheet that fits; any other sheet gives voices only.
        if not sheet and survey_import_views.asks_for_answers(db, actor, export, request):
            if survey_import_views.show(db, actor, content, name, export, request.store):
                _begin_anew()
            return
        questions = survey_import_views.choose_open_questions(export)
        if not questions:
            st.info("请至少选一道文字题。", icon=":material/info:")
            return
    mapping = _chosen_mapping(digest, request.kind)
    request = ImportRequest(
        request.kind, mapping, store=request.store, source=request.source, party=request.party,
        consent_basis=request.consent_basis, questions=questions, voice_kind="survey" if export else request.voice_kind,
        sheet=sheet,
    )  # fmt: skip
    try:
        preview = _preview(db, actor, content, name, request, digest)
    except FanopsError as refusal:
        show_refusal(refusal)
        headings = st.session_state.get(f"import.headings.{digest}")
        if headings:
            _mapping_selects(digest, request.kind, headings, {})
        return
    if preview.earlier_batch is not None:
        st.info(f"这个文件已经导入过（批次 {preview.earlier_batch}），不会重复导入。", icon=":material/info:")
        return
    st.subheader("会发生什么")
    for place, (label, value) in zip(
        st.columns(4),
        (("新增", preview.new), ("更新", preview.changed), ("已有", preview.same), ("不能导入", preview.refused)),
        strict=True,
    ):
        place.metric(label, f"{value:,} 行")
    with st.expander("哪一列是什么" + ("（用了上次的对应）" if preview.remembered else ""), expanded=True):
        _mapping_selects(digest, request.kind, list(preview.headings), preview.mapping)
    if preview.first_rows:
        show_table(list(preview.first_rows), hide_index=True, key="import.first_rows")
    for note in preview.notes:
        st.caption(plain(note))
    skip = _show_refused(actor, preview, content, request)
    _start(actor, preview, content, request, skip)


def _chosen_sheet(content: bytes, kind: str) -> str:
    """Ask for the sheet of a workbook when several have rows; "" stands for the one that fits best."""
    key = (hashlib.sha256(content).hexdigest(), kind)
    held = st.session_state.get("import.sheets")
    if held is None or held[0] != key:
        try:
            held = (key, list_sheets(content, kind))
        except FanopsError:  # said in its place, when the file is read
            held = (key, ())
        st.session_state["import.sheets"] = held
    sheets = held[1]
    if len(sheets) < 2:
        return ""
    chosen = st.selectbox("工作表", sheets, key=f"import.sheet.{key[0][:12]}.{kind}", help="列名最像的一张已经选好。")
    return "" if chosen == sheets[0] else chosen


def _chosen_mapping(digest: str, kind: str) -> dict[str, str]:
    """Give what was chosen in the selects so far; nothing before they were shown."""
    chosen = {}
    for field in fields_of(kind):
        key = f"import.map.{digest[:12]}.{kind}.{field.name}"
        if key in st.session_state:
            chosen[field.name] = "" if st.session_state[key] == _NOT_TAKEN else st.session_state[key]
    return chosen


def _mapping_selects(digest: str, kind: str, headings: list[str], mapping: dict[str, str]) -> None:
    columns = st.columns(3)
    for place, field in enumerate(fields_of(kind)):
        key = f"import.map.{digest[:12]}.{kind}.{field.name}"
        if key not in st.session_state:
            st.session_state[key] = mapping.get(field.name, _NOT_TAKEN)
        label = f"{field.label}（必需）" if field.required else field.label
        # Kept while hidden: a look at another kind of import must not undo what was put right.
        columns[place % 3].selectbox(label, [_NOT_TAKEN, *headings], key=key, persist_state="page")


def _preview(db: Database, actor: Actor, content: bytes, name: str, request: ImportRequest, digest: str) -> Preview:
    """Preview once per file and request: a rerun of the page costs nothing. Only this session holds it."""
    wanted = (digest, actor.scope_key, json.dumps(vars(request), ensure_ascii=False, sort_keys=True))
    held = st.session_state.get("import.preview")
    if held is None or held[0] != wanted:
        with st.spinner("正在检查文件"):
            table = read_source((content, name), kind=request.kind, sheet=request.sheet)
            table = spread_answers(table, request.kind, request.questions)
            st.session_state[f"import.headings.{digest}"] = table.headings
            held = (wanted, preview_file(db, actor, table, request))
        st.session_state["import.preview"] = held
    return held[1]


def _show_refused(actor: Actor, preview: Preview, content: bytes, request: ImportRequest) -> bool:
    if not preview.refused:
        return False
    st.warning(f"有 {preview.refused:,} 行不能导入。可以改好文件再来，也可以只导入其余的行。", icon=":material/rule:")
    for field in fields_of(preview.kind):
        if not field.required and _is_misread(preview, preview.mapping.get(field.name)):
            st.info(f"“{plain(preview.mapping[field.name])}”这一列大多看不懂。如果它不是{field.label}，"
                    f"请在上面给“{field.label}”另选一列，或选{_NOT_TAKEN}。", icon=":material/help:")  # fmt: skip
    show_problems(preview.problems)
    held = st.session_state.get("import.kept")
    if held is None or held[0] != preview.filename or held[1] != len(content):
        with refusals():
            held = (preview.filename, len(content), keep_upload(content, actor))
            st.session_state["import.kept"] = held
    if held is not None:
        asked = {
            "upload": held[2], "filename": preview.filename, "kind": request.kind,
            "mapping": json.dumps(preview.choices, ensure_ascii=False), "open": ",".join(request.questions),
            "sheet": request.sheet,
        }  # fmt: skip
        st.link_button("下载不能导入的行", f"/export/import_problems?{urlencode(asked)}", icon=":material/download:")
    return st.checkbox(f"只导入可用的行，跳过这 {preview.refused:,} 行", key="import.skip")


def _is_misread(preview: Preview, heading: str | None) -> bool:
    """Say whether most refused rows, and most rows at all, are refused for this one column: it is another thing."""
    others = [problem for problem in preview.problems if problem.why != ROUNDED_WHY]  # which says itself what to do
    blamed = {problem.row for problem in others if heading is not None and problem.column == heading}
    return len(blamed) > len({problem.row for problem in preview.problems}) / 2 and preview.refused > preview.rows / 2


def _start(actor: Actor, preview: Preview, content: bytes, request: ImportRequest, skip: bool) -> None:
    count = preview.new + preview.changed
    ready = count > 0 and (skip or not preview.refused)
    if not count:
        st.caption("没有新的内容可以导入。")
    if not st.button(f"导入 {count:,} 行", type="primary", key="import.start", disabled=not ready):
        return
    with refusals():
        upload = keep_upload(content, actor)
        parameters = {
            "upload": upload, "filename": preview.filename, "kind": request.kind, "mapping": preview.choices,
            "store": request.store, "source": request.source, "party": request.party,
            "consent_basis": request.consent_basis, "skip_refused": skip, "questions": request.questions,
            "voice_kind": request.voice_kind, "sheet": request.sheet,
        }  # fmt: skip
        with page_database().write() as session:
            job = jobs.enqueue(session, actor, "import_file", parameters)
        st.session_state["import.job"] = job.id
        _begin_anew()


def _begin_anew() -> None:
    """Put the chosen file aside: from here on the job is shown."""
    st.session_state["import.turn"] = st.session_state.get("import.turn", 0) + 1
    st.session_state.pop("import.preview", None)
    st.rerun()


def _latest(session: Session, actor: Actor) -> Job | None:
    found = [jobs.latest_job(session, actor, kind) for kind in ("import_file", "import_survey")]
    return max((job for job in found if job is not None), key=lambda job: job.id, default=None)


def show_running(db: Database, actor: Actor) -> None:
    """Show the import that this person started last: its progress, and what came of it with the way back."""
    job_id = st.session_state.get("import.job")
    with db.read() as session:
        job = _latest(session, actor) if job_id is None else jobs.find_job(session, actor, job_id)
    if job is None or (job_id is None and job.state not in jobs.ACTIVE):
        return
    if job.state != jobs.DONE:
        show_job(job.id)
        return
    result = job.result
    if result.get("already"):
        st.info(f"这个文件已经导入过（批次 {result['batch_id']}），没有重复导入。")
        return
    parts = [f"新增 {result.get('new', 0):,} 条"]
    told = {"changed": "更新", "same": "已有", "refused": "跳过", "units": "语义单元", "created_fans": "新粉丝"}
    parts += [f"{word} {result[name]:,}" for name, word in told.items() if result.get(name)]
    said = f"已导入{BATCH_LABELS.get(result.get('kind', ''), '')}：{'，'.join(parts)}。"
    st.success(said, icon=":material/check:")
    if st.session_state.get("import.told") != job.id:  # floating once: who started it stands at the foot of the page
        st.session_state["import.told"] = job.id
        st.toast(said, icon=":material/check:")
    if st.button("撤销这次导入", key="import.undo_last", icon=":material/undo:"):
        _undo(db, actor, int(result["batch_id"]))


def _undo(db: Database, actor: Actor, batch_id: int) -> None:
    with refusals():
        undo_batch(db, actor, batch_id)
        st.session_state.pop("import.job", None)
        st.session_state.pop("import.preview", None)
        st.toast(f"批次 {batch_id} 已撤销。")
        st.rerun()


def show_batches(db: Database, actor: Actor, batches: list[ImportBatch]) -> None:
    """List the batches as cards that also fit a phone, each with its undo."""
    st.subheader("导入过的批次")
    for batch in batches[:_SHOWN_BATCHES]:
        with st.container(border=True):
            left, right = st.columns([5, 1], vertical_alignment="center")
            kind = BATCH_LABELS.get(batch.kind, batch.kind)
            left.markdown(f"**{kind}** · {plain(batch.filename)}")
            notes = [f"批次 {batch.id}", words.minute(batch.created_at), f"{batch.counts.get('new', 0):,} 条"]
            notes += ["示例数据"] if batch.is_sample else []
            notes += ["三方数据，不得联系"] if batch.party == "third" else []
            notes += ["已撤销"] if batch.state == "undone" else []
            left.caption(" · ".join(notes))
            if batch.state != "undone" and actor.role in records.IMPORTERS:
                with right.popover("撤销", width="stretch"):
                    st.write("会移除这一批带来的全部内容；上面有标签、改进依据或手工归类时不能撤销。")
                    if st.button("确认撤销", key=f"import.undo.{batch.id}"):
                        _undo(db, actor, batch.id)
    if len(batches) > _SHOWN_BATCHES:
        st.caption(f"只显示最近 {_SHOWN_BATCHES} 批，另有 {len(batches) - _SHOWN_BATCHES} 批（fanops import list）。")
