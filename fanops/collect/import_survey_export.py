"""A survey export of 问卷星 or 腾讯问卷 into a wave (期) of ours: what would happen, the import itself, refused rows by reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pandas as pd

from fanops.access import Actor, require
from fanops.collect import records_imports as records
from fanops.collect import records_surveys
from fanops.collect.import_file import Imported, Source, read_source
from fanops.collect.import_responses import Weighed, import_responses, weigh_responses
from fanops.collect.parse_cells import parse_moments
from fanops.collect.read_file import SourceTable
from fanops.collect.records_sheet import SheetResponse
from fanops.collect.survey_exports import (
    LAYOUTS,
    SurveyExport,
    asks_for,
    duration_of,
    guess_questions,
    read_form,
    recognise,
)
from fanops.collect.surveys.answers import BadAnswer
from fanops.collect.surveys.definition import SurveyDefinition
from fanops.collect.uploads import forget_upload, read_upload
from fanops.database import Database
from fanops.errors import InvalidInput, Problem
from fanops.fans.identity import tidy_column
from fanops.settings import settings
from fanops.tables import SurveyVersion, now

ROLES = {"store": "门店", "phone": "手机号", "member": "会员号"}


@dataclass(frozen=True)
class ExportRequest:
    """What a person says about a survey export.

    Attributes:
        wave_id: The wave that the answers belong to.
        questions: Question code by number of the export's question; "" leaves one out, None guesses all.
        roles: Number of the question that gives ``store``, ``phone`` or ``member``; "" for none, None guesses.
        store: Store (id, code or name) of the rows that name none.
        skip_refused: Import the rows that can be taken.
    """

    wave_id: int
    questions: Mapping[str, str] | None = None
    roles: Mapping[str, str] | None = None
    store: str | int | None = None
    skip_refused: bool = False


@dataclass(frozen=True)
class ExportPreview:
    """What an import would do, before anything is stored.

    Attributes:
        layout: 问卷星 or 腾讯问卷.
        questions: Code by number, as used.
        roles: Number by role, as used.
        new, same, refused: Rows.
        problems: Why rows were refused.
        earlier_batch: This very file was imported as this batch.
    """

    layout: str
    questions: dict[str, str]
    roles: dict[str, str]
    rows: int
    new: int
    same: int
    refused: int
    problems: tuple[Problem, ...]
    earlier_batch: int | None = None


@dataclass(frozen=True)
class _Read:
    export: SurveyExport
    questions: dict[str, str]
    roles: dict[str, str]
    responses: list[SheetResponse]
    problems: list[Problem] = field(default_factory=list)


def require_export(table: SourceTable) -> SurveyExport:
    """Give what the headings say.

    Raises:
        InvalidInput: No survey export.
    """
    export = recognise(table.headings)
    if export is None:
        raise InvalidInput(
            "没有认出问卷星或腾讯问卷的导出。", "请在问卷后台导出“按选项文本”的 Excel 或 CSV，不要改列名。"
        )
    return export


def _read(db: Database, actor: Actor, table: SourceTable, request: ExportRequest) -> _Read:
    export = require_export(table)
    with db.read() as session:
        wave = records_surveys.get_wave(session, actor, request.wave_id)
        survey = records_surveys.definition_of(session.get_one(SurveyVersion, wave.version_id))
        recalled = records.recall_mapping(session, actor, "responses", table.headings)
        stores = records.store_book(session, actor, request.store)
    questions = _chosen_questions(export, survey, request, recalled)
    roles = dict(request.roles) if request.roles is not None else _guess_roles(export)
    roles = {role: number for role, number in roles.items() if role in ROLES and export.question(number)}
    problems = list(table.problems)

    def column(number: str | None) -> list[str]:
        question = export.question(number) if number else None
        return (
            [""] * len(table.rows)
            if question is None
            else table.rows[next(iter(question.columns))].str.strip().tolist()
        )

    heading = export.roles["at"]
    moments = parse_moments(table.rows[heading].str.strip().reset_index(drop=True), settings().zone)
    tidied = {kind: tidy_column(kind, column(roles.get(kind))) for kind in ("phone", "member")}
    places, responses = column(roles.get("store")), []
    first_rows: dict[str, int] = {}
    latest = pd.Timestamp(now() + timedelta(days=1))
    for place, (row_number, row) in enumerate(table.rows.to_dict("index").items()):
        wrong: list[Problem] = []

        def refuse(why: str, title: str | None, row_number: int = row_number, wrong: list[Problem] = wrong) -> None:
            wrong.append(Problem(why, row=row_number, column=title, sheet=table.sheet or None))

        at = moments.iloc[place]
        if pd.isna(at) or at > latest:
            refuse("看不懂这个时间" if pd.isna(at) else "时间在未来", heading)
        store = stores.find(places[place]) if places[place] else stores.default_id or -1
        if store < 0 and (places[place] or stores.required):
            refuse("没有这家门店，或不归您管" if places[place] else "没有写门店", export.question(roles["store"]).title
                   if "store" in roles else None)  # fmt: skip
        for kind, (_, reasons) in tidied.items():
            if place in reasons:
                refuse(reasons[place], ROLES[kind])
        form: dict[str, list[str]] = {}
        for number, code in questions.items():
            try:
                form |= read_form(survey.question(code), export.question(number), row)
            except BadAnswer as error:
                refuse(str(error), survey.question(code).title)
        key = f"{export.layout}:{row[export.roles['number']].strip()}:{'' if pd.isna(at) else at.isoformat()}"
        if first_rows.setdefault(key, row_number) != row_number:
            refuse(f"与第 {first_rows[key]} 行是同一份答卷", export.roles["number"])
        problems += wrong
        if wrong:
            continue
        identities = {kind: values[place] for kind, (values, _) in tidied.items() if values[place]}
        responses.append(
            SheetResponse(
                row_number, form, at.to_pydatetime(), identities, store if store > 0 else None,
                key=key, began=_began(export, row, at),
            )
        )  # fmt: skip
    return _Read(export, questions, roles, responses, problems)


def _chosen_questions(
    export: SurveyExport, survey: SurveyDefinition, request: ExportRequest, recalled: Mapping[str, str]
) -> dict[str, str]:
    """Take what the person chose, what was chosen for these headings before, or a guess; each of ours at most once."""
    chosen = request.questions
    if chosen is None:
        known = {number: code for number, code in recalled.items() if survey.question(code) is not None}
        chosen = known or guess_questions(export, survey)
    kept: dict[str, str] = {}
    for number, code in chosen.items():
        ours = survey.question(code) if code else None
        if not code or export.question(number) is None:
            continue
        if ours is None or not ours.is_asked or ours.kind == "contact":
            raise InvalidInput(f"问卷里没有可以对应的题“{code}”。", "请重新选择对应的题。")
        if code in kept.values():
            raise InvalidInput(f"“{ours.title}”对应了两次。", "每道题只能对应一次，请改正其中一个。")
        kept[number] = code
    if not kept:
        raise InvalidInput("导出里没有一道题和这份问卷对得上。", "请手工选择对应的题，或只把文字回答作为原声导入。")
    return kept


def _guess_roles(export: SurveyExport) -> dict[str, str]:
    return {
        role: question.number
        for role in ROLES
        if (question := next((each for each in export.questions if asks_for(each, role)), None)) is not None
    }


def _began(export: SurveyExport, row: Mapping[str, str], at: pd.Timestamp) -> Any:
    if "began" in export.roles:
        began = parse_moments(pd.Series([row[export.roles["began"]].strip()]), settings().zone).iloc[0]
        return at.to_pydatetime() if pd.isna(began) or began > at else began.to_pydatetime()
    took = duration_of(row[export.roles["took"]]) if "took" in export.roles else None
    return (at - took).to_pydatetime() if took is not None else at.to_pydatetime()


def preview_survey_export(db: Database, actor: Actor, source: Source, request: ExportRequest) -> ExportPreview:
    """Say what an import would do; nothing is stored.

    Raises:
        NotAllowed: The role may not import.
        NotFound: No such wave.
        InvalidInput: No survey export, or no question that fits.
    """
    require(actor, *records.IMPORTERS)
    table = read_source(source, kind="voices")
    read = _read(db, actor, table, request)
    with db.read() as session:
        earlier = records.find_live_batch(session, actor, "responses", table.sha256)
    weighed = weigh_responses(db, actor, request.wave_id, read.responses) if earlier is None else Weighed(0, 0, ())
    problems = tuple(sorted((*read.problems, *weighed.problems), key=lambda problem: problem.row or 0))
    return ExportPreview(
        LAYOUTS[read.export.layout], read.questions, read.roles, len(table.rows) + len(table.problems), weighed.new,
        weighed.same, len({problem.row for problem in problems}), problems, earlier.id if earlier else None,
    )  # fmt: skip


def import_survey_export(db: Database, actor: Actor, source: Source, request: ExportRequest) -> Imported:
    """Import a survey export: one transaction; the same file again, or a later export with the same answers, adds nothing twice.

    Raises:
        NotAllowed: The role may not import.
        NotFound: No such wave.
        InvalidInput: No survey export, or rows were refused and ``skip_refused`` is not set.
    """
    require(actor, *records.IMPORTERS)
    table = read_source(source, kind="voices")
    read = _read(db, actor, table, request)
    return import_responses(
        db, actor, request.wave_id, read.responses, filename=table.filename, file_sha256=table.sha256,
        refused=read.problems, skip_refused=request.skip_refused, remember=(table.headings, read.questions),
    )  # fmt: skip


def run_import(
    db: Database, actor: Actor, parameters: Mapping[str, Any], progress: Callable[[float, str], None]
) -> Imported:
    """Import an uploaded export for the worker; ``parameters``: ``upload``, ``filename``, fields of ``ExportRequest``."""
    request = request_of(parameters)
    upload, filename = str(parameters["upload"]), re.sub(r"[\\/]", "_", str(parameters.get("filename", "")))
    progress(0.0, "读取答卷")
    try:
        return import_survey_export(db, actor, (read_upload(upload, actor), filename), request)
    finally:
        forget_upload(upload, actor)


def request_of(parameters: Mapping[str, Any]) -> ExportRequest:
    """Read a request from a job's or an address's parameters."""
    return ExportRequest(
        int(parameters["wave"]), parameters.get("questions"), parameters.get("roles"), parameters.get("store"),
        bool(parameters.get("skip_refused")),
    )  # fmt: skip
