"""Filled sheets from shops without network: the same checks as any answer, each paper once, refused rows by cell."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlmodel import Session, select

from fanops.access import Actor, require, visible_stores
from fanops.collect import paper_sheet as sheet
from fanops.collect import records_imports, records_surveys
from fanops.collect.import_responses import import_responses
from fanops.collect.paper_sheet import PaperColumn
from fanops.collect.read_file import LARGEST_UNZIPPED, check_size, check_zip
from fanops.collect.records_quotas import staff_in_scope
from fanops.collect.records_responses import answers_of_many
from fanops.collect.records_sheet import SheetResponse, paper, stored_key
from fanops.collect.surveys.answers import BadAnswer, Given, read_answer
from fanops.collect.surveys.definition import SurveyDefinition
from fanops.collect.surveys.flow import kept_answers, still_missing, values
from fanops.collect.surveys.paper import paper_questions
from fanops.database import Database
from fanops.errors import InvalidInput, Problem
from fanops.fans.identity import tidy_identifier
from fanops.settings import settings
from fanops.tables import Response, SurveyVersion, now
from fanops.text.masking import mask_identifiers

_TICKED = {"√", "✓", "✔", "1", "是", "x", "X", "v", "V", "有", "TRUE", "True", "true"}
_EMPTY = {"", "0", "否", "无", "FALSE", "False", "false"}
_SHOWN_CHARACTERS = 20
_LONGEST_NUMBER = 40


@dataclass(frozen=True)
class PaperPreview:
    """What an import of a filled sheet would do, before anything is stored.

    Attributes:
        rows: Filled rows.
        new: Papers that would be stored.
        same: Papers that are stored already with the same answers.
        problems: Why the others can't be taken: row, column, value and reason.
        ready: The papers that would be stored.
    """

    rows: int
    new: int
    same: int
    problems: tuple[Problem, ...]
    ready: tuple[SheetResponse, ...] = ()

    @property
    def refused(self) -> int:
        """How many rows can't be taken."""
        return len({problem.row for problem in self.problems})


@dataclass(frozen=True)
class PaperImport:
    """What an import did; ``batch_id`` is None when there was nothing new."""

    batch_id: int | None
    new: int
    same: int
    refused: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _Book:
    """What words in a sheet stand for, and when a row is too late."""

    stores: Mapping[str, int]
    staff: Mapping[str, int]
    default_store_id: int | None
    zone: ZoneInfo
    moment: datetime


def preview_paper(db: Database, actor: Actor, wave_id: int, content: bytes) -> PaperPreview:
    """Say what an import would do; nothing is stored.

    Raises:
        NotAllowed: The role may not import.
        InvalidInput: Not such a sheet, or one of another version.
    """
    require(actor, *records_imports.IMPORTERS)
    check_size(len(content))
    with db.read() as session:
        wave = records_surveys.get_wave(session, actor, wave_id)
        version = session.get_one(SurveyVersion, wave.version_id)
        survey = records_surveys.definition_of(version)
        book = _book(session, actor)
        table = _read_sheet(content, sheet.version_mark(survey, version.number, version.sha256))
        columns, strange = sheet.find_columns(survey, list(table.columns))
        if strange or not columns or sheet.NUMBER not in table.columns:
            raise InvalidInput(
                "这张表的列和问卷对不上。",
                "请用“纸质”里下载的录入表，不要改第一行。",
                [Problem("问卷里没有这一列", row=1, column=heading[:40], sheet=sheet.FILLED) for heading in strange]
                or [Problem("没有“纸卷编号”或任何一道题的列", row=1, sheet=sheet.FILLED)],
            )
        filled = table[(table != "").any(axis=1)]
        ready, problems = [], []
        seen: dict[str, int] = {}
        for row, cells in zip(filled.index, filled.to_dict("records"), strict=True):
            response, wrong = _read_row(survey, columns, cells, int(row), book, seen)
            problems += wrong
            if response is not None and not wrong:
                ready.append(response)
        new, same, known = _compare(session, survey, wave_id, ready)
    problems = sorted([*problems, *known], key=lambda problem: problem.row or 0)
    return PaperPreview(len(filled), len(new), same, tuple(problems), tuple(new))


def import_paper(
    db: Database, actor: Actor, wave_id: int, content: bytes, filename: str, *, skip_refused: bool = False
) -> PaperImport:
    """Import a filled sheet: whole or not at all, or without the refused rows where that is asked for.

    A paper that is stored already with the same answers is passed over, so the same sheet can come again and again.

    Raises:
        InvalidInput: With every problem found, when rows are refused and ``skip_refused`` is not set.
    """
    preview = preview_paper(db, actor, wave_id, content)
    ready, problems = list(preview.ready), list(preview.problems)
    while True:
        if problems and not skip_refused:
            raise InvalidInput(
                f"有 {len({problem.row for problem in problems})} 行不能收，所以什么都没有存。",
                "请按列出的行和列改好再来，或选择“跳过这些行”。", problems,
            )  # fmt: skip
        if not ready:
            return PaperImport(None, 0, preview.same, len({p.row for p in problems}), tuple(problems))
        try:
            done = import_responses(
                db, actor, wave_id, ready, filename=filename, file_sha256=hashlib.sha256(content).hexdigest()
            )
        except InvalidInput as refusal:  # who answered before is known only when the fans are
            rows = {problem.row for problem in refusal.problems}
            left = [response for response in ready if response.row not in rows]
            if len(left) == len(ready):
                raise
            ready, problems = left, [*problems, *refusal.problems]
            continue
        return PaperImport(
            done.batch_id, done.new, preview.same, len({problem.row for problem in problems}), tuple(problems)
        )


def _book(session: Session, actor: Actor) -> _Book:
    stores: dict[str, int] = {}
    for store in visible_stores(session, actor):
        stores |= {store.name: store.id, store.code: store.id}
    staff: dict[str, int] = {}
    people = staff_in_scope(session, actor)
    names = [each.name for each in people]
    for each in people:
        staff[each.code] = each.id
        if names.count(each.name) == 1:
            staff[each.name] = each.id
    return _Book(stores, staff, actor.store_id, settings().zone, now())


def _read_sheet(content: bytes, mark: str) -> pd.DataFrame:
    """Read the filled sheet as text cells; the index is the row as a spreadsheet counts it."""
    from python_calamine import CalamineWorkbook

    if content[:2] == b"PK":
        check_zip(content, LARGEST_UNZIPPED)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {
            title: [
                [_as_text(cell) for cell in row]
                for row in book.get_sheet_by_name(title).to_python(skip_empty_area=False)
            ]
            for title in (sheet.FILLED, sheet.EXPLAINED)
            if title in book.sheet_names
        }
    except Exception as error:  # the reader fails in many ways on damaged files; a person can only save it again
        raise InvalidInput("这个文件打不开。", "请上传 .xlsx 格式的录入表。") from error
    if sheet.FILLED not in sheets:
        raise InvalidInput(f"文件里没有“{sheet.FILLED}”这张表。", "请用“纸质”里下载的录入表。")
    marks = [row[1] for row in sheets.get(sheet.EXPLAINED, []) if len(row) > 1 and row[0] == "表的标记"]
    if marks and marks[0] != mark:
        raise InvalidInput(
            "这张表是按另一版问卷做的，所以没有导入。",
            f"表里写的是“{marks[0][:60]}”，这一期用的是“{mark}”。请选对期，或重新下载录入表誊过去。",
        )
    cells = sheets[sheet.FILLED]
    if not cells:
        raise InvalidInput("这张表是空的。", "请用“纸质”里下载的录入表，一张纸填一行。")
    headings = [heading.removeprefix("'") for heading in cells[0]]
    table = pd.DataFrame(cells[1:], columns=headings, index=range(2, len(cells) + 1), dtype=object)
    table = table.loc[:, [heading != "" for heading in headings]]
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise InvalidInput("有两列的列名一样。", f"请只留一列：{twice[0][:40]}。")
    return table


def _as_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()


def _read_row(
    survey: SurveyDefinition,
    columns: Mapping[str, PaperColumn],
    cells: Mapping[str, str],
    row: int,
    book: _Book,
    seen: dict[str, int],
) -> tuple[SheetResponse | None, list[Problem]]:
    problems: list[Problem] = []

    def wrong(why: str, column: str, value: str = "") -> None:
        shown = mask_identifiers(value).text[:_SHOWN_CHARACTERS]
        problems.append(Problem(why, row=row, column=column, value=shown or None, sheet=sheet.FILLED))

    head = {name: cells.get(name, "") for name in sheet.HEAD}
    number = head[sheet.NUMBER]
    if not number or len(number) > _LONGEST_NUMBER:
        wrong("每张纸要有编号" if not number else f"编号最多 {_LONGEST_NUMBER} 个字", sheet.NUMBER, number)
    elif number in seen:
        wrong(f"和第 {seen[number]} 行的编号一样", sheet.NUMBER, number)
    seen.setdefault(number, row)
    store_id = book.stores.get(head[sheet.STORE]) if head[sheet.STORE] else book.default_store_id
    if store_id is None:
        wrong("没有这家门店，或不归您管" if head[sheet.STORE] else "没有写门店", sheet.STORE, head[sheet.STORE])
    staff_id = book.staff.get(head[sheet.STAFF])
    if head[sheet.STAFF] and staff_id is None:
        wrong("没有这位员工，或有同名的（请填工号）", sheet.STAFF, head[sheet.STAFF])
    at = _moment(head[sheet.DAY], book)
    if at is None or at > book.moment:
        wrong("还没有到这一天" if at else "请填日期，例如 2026-11-22", sheet.DAY, head[sheet.DAY])
    identities = {}
    for kind, name in (("phone", sheet.PHONE), ("member", sheet.MEMBER)):
        if head[name]:
            try:
                identities[kind] = tidy_identifier(kind, head[name])
            except InvalidInput as refusal:
                wrong(refusal.message, name, head[name])
    before = len(problems)
    form = _form(columns, cells, wrong)
    given = _given(survey, columns, cells, form, wrong)
    if len(problems) == before:  # which way an answer leads that could not be read, nobody knows
        _check_path(survey, columns, cells, given, wrong)
    if at is None or store_id is None:
        return None, problems
    return SheetResponse(row, form, at, identities, store_id, staff_id, paper(number)), problems


def _moment(text: str, book: _Book) -> datetime | None:
    """Give noon of the day in the stores' time zone (the present moment when that is still to come today)."""
    try:
        day = date.fromisoformat(text.replace("/", "-").replace(".", "-")[:10])
    except ValueError:
        return None
    noon = datetime.combine(day, time(12), book.zone)
    return book.moment if day == book.moment.astimezone(book.zone).date() and noon > book.moment else noon


def _form(columns: Mapping[str, PaperColumn], cells: Mapping[str, str], wrong) -> dict[str, list[str]]:
    """Turn the cells of a row into form fields; what is empty is left out."""
    form: dict[str, list[str]] = {}
    for heading, column in columns.items():
        value = cells.get(heading, "")
        if column.ticked:
            if value in _TICKED:
                form.setdefault(column.field, []).append(column.ticked)
            elif value not in _EMPTY:
                wrong(f"选了填 {sheet.TICK}，没选空着", heading, value)
        elif value and column.values:
            codes = dict(column.values) | {code: code for _, code in column.values}
            if value in codes:
                form[column.field] = [codes[value]]
            else:
                wrong(f"没有这个选项；可填：{'、'.join(label for label, _ in column.values)[:60]}", heading, value)
        elif value:
            form[column.field] = [value]
    return form


def _heading_of(columns: Mapping[str, PaperColumn], cells: Mapping[str, str], code: str) -> str:
    mine = [heading for heading, column in columns.items() if column.question.code == code]
    return next((heading for heading in mine if cells.get(heading, "") not in _EMPTY), mine[0] if mine else code)


def _given(
    survey: SurveyDefinition, columns: Mapping[str, PaperColumn], cells: Mapping[str, str], form: dict, wrong
) -> dict[str, Given]:
    given: dict[str, Given] = {}
    for _, question in survey.questions():
        if not question.is_asked:
            continue
        try:
            answer = read_answer(question, form)
        except BadAnswer as error:
            heading = _heading_of(columns, cells, question.code)
            wrong(str(error), heading, cells.get(heading, ""))
            continue
        said = _unchosen_words(columns, cells, question.code, answer)
        if said:
            wrong("没有选“其他”，却写了话", said, cells[said])
        if answer.value is not None:
            given[question.code] = answer
    return given


def _unchosen_words(columns: Mapping[str, PaperColumn], cells: Mapping[str, str], code: str, answer: Given) -> str:
    heading = next((name for name, column in columns.items() if column.key == f"{code}.other.words"), "")
    return heading if heading and cells.get(heading) and not answer.other else ""


def _check_path(
    survey: SurveyDefinition, columns: Mapping[str, PaperColumn], cells: Mapping[str, str], given: dict[str, Given],
    wrong,
) -> None:  # fmt: skip
    """Refuse answers to questions that the earlier answers hide, and required questions left open."""
    kept = kept_answers(survey, values(given))
    only_if = {shown.question.code: shown.only_if for shown in paper_questions(survey)}
    for code in given:
        if code not in kept:
            heading = _heading_of(columns, cells, code)
            why = f"{only_if[code]}才答" if only_if.get(code) else "前面的回答已经跳过它"
            wrong(f"这道题不用答，却有答案：{why}", heading, cells.get(heading, ""))
    for code in still_missing(survey, given):
        wrong("必答题没有答案", _heading_of(columns, cells, code))


def _compare(
    session: Session, survey: SurveyDefinition, wave_id: int, ready: Sequence[SheetResponse]
) -> tuple[list[SheetResponse], int, list[Problem]]:
    """Tell papers that are stored already from new ones; stored with other answers is a problem."""
    keys = {stored_key(wave_id, response.key): response for response in ready}
    statement = select(Response.submit_key, Response.id, Response.import_batch_id).where(
        Response.wave_id == wave_id, Response.import_batch_id.is_not(None)
    )
    stored = {key: (row_id, batch) for key, row_id, batch in session.exec(statement) if key in keys}
    answers = answers_of_many(session, [row_id for row_id, _ in stored.values()])
    new, same, problems = [], 0, []
    for key, response in keys.items():
        if key not in stored:
            new.append(response)
            continue
        row_id, batch = stored[key]
        if _plain(survey, answers.get(row_id, {})) == _plain(survey, _again(survey, response)):
            same += 1
        else:
            problems.append(
                Problem(f"这个编号已经录过（批次 {batch}），答案不一样；要更正，先撤销那一批", row=response.row,
                        column=sheet.NUMBER, value=response.key.removeprefix("paper:"), sheet=sheet.FILLED)
            )  # fmt: skip
    return new, same, problems


def _again(survey: SurveyDefinition, response: SheetResponse) -> dict[str, Given]:
    read = {question.code: read_answer(question, response.form) for _, question in survey.questions()}
    return {code: given for code, given in read.items() if given.value is not None}


def _plain(survey: SurveyDefinition, given: Mapping[str, Given]) -> dict[str, tuple[Any, str]]:
    """Give answers in a form that can be compared; a contact is sealed anew each time, so only that it was given counts."""
    kinds = {question.code: question.kind for _, question in survey.questions()}
    return {
        code: (True if kinds[code] == "contact" else answer.value, answer.other)
        for code, answer in given.items()
        if code in kinds
    }
