"""A survey version as an Excel sheet for shops without network: one row per paper, lists to choose from, limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from fanops.collect.surveys.answers import OTHER, scale
from fanops.collect.surveys.definition import KINDS, Question, SurveyDefinition
from fanops.collect.surveys.paper import paper_questions
from fanops.spreadsheet import EntryColumn, write_entry_sheet

FILLED, EXPLAINED = "填写", "说明"
NUMBER, STORE, DAY, STAFF, PHONE, MEMBER = "纸卷编号", "门店", "日期", "记录人", "手机号", "会员号"
HEAD = (NUMBER, STORE, DAY, STAFF, PHONE, MEMBER)
TICK = "√"
_BETWEEN = "｜"
_YES = "同意"


@dataclass(frozen=True)
class PaperColumn:
    """One column of answers.

    Attributes:
        key: What the heading begins with, by which it is known again: ``q1``, ``q2.甜``, ``q1.other.words``.
        heading: First row of the sheet.
        question: Whose answer it holds.
        field: Form field as ``read_answer`` takes it.
        ticked: For a column of ticks: what a tick stands for.
        values: For a column of choices: word in the sheet → code.
    """

    key: str
    heading: str
    question: Question
    field: str
    ticked: str = ""
    values: tuple[tuple[str, str], ...] = ()


def paper_columns(survey: SurveyDefinition) -> list[PaperColumn]:
    """Lay out the columns: one per question, one per option of a multiple choice, one per row of a matrix."""
    columns: list[PaperColumn] = []
    for shown in paper_questions(survey):
        question = shown.question
        if question.is_asked:
            columns += _columns(question, f"{shown.number}. {shown.title}")
    return columns


def _columns(question: Question, title: str) -> list[PaperColumn]:
    code = question.code
    labels = [(option.label, option.code) for option in question.options]
    if question.other and question.kind in ("single", "multiple"):
        labels.append((question.other, OTHER))

    def column(key: str, more: str, field: str, **kind) -> PaperColumn:
        return PaperColumn(key, f"{key}{_BETWEEN}{title}{more}", question, field, **kind)

    match question.kind:
        case "multiple":
            found = [column(f"{code}.{option}", f"：{label}", code, ticked=option) for label, option in labels]
        case "ranking":
            found = [column(f"{code}.{option}", f"：{label}（名次）", f"{code}.{option}") for label, option in labels]
        case "matrix":
            found = [
                column(f"{code}.{row.code}", f"：{row.label}", f"{code}.{row.code}", values=tuple(labels))
                for row in question.rows
            ]
        case "single":
            found = [column(code, "", code, values=tuple(labels))]
        case "contact":
            consent = column(f"{code}.consent", f"：{question.consent}", f"{code}.consent", values=((_YES, "yes"),))
            found = [column(code, "", code), consent]
        case _:
            found = [column(code, "", code)]
    if question.other and question.kind in ("single", "multiple"):
        found.append(column(f"{code}.other.words", f"：{question.other}，写了什么", f"{code}.other"))
    return found


def version_mark(survey: SurveyDefinition, number: int, sha256: str) -> str:
    """Give the mark by which a filled sheet says of which version it was made."""
    return f"{survey.code} 第 {number} 版 {sha256[:12]}"


def write_paper_sheet(
    survey: SurveyDefinition, number: int, sha256: str, stores: Sequence[str], staff: Sequence[str], wave: str = ""
) -> bytes:
    """Write the sheet of a survey version.

    Args:
        survey: The version's definition.
        number: The version's number.
        sha256: The version's fingerprint.
        stores: Names to choose from.
        staff: Names to choose from.
        wave: Title of the wave it is meant for, empty for any.
    """
    head = [
        EntryColumn(NUMBER, kind="key", is_needed=True, hint="纸卷右上角的编号。同一编号只收一次。"),
        EntryColumn(STORE, tuple(stores), is_needed=True),
        EntryColumn(DAY, kind="date", is_needed=True, hint="填表那天，例如 2026-11-22。"),
        EntryColumn(STAFF, tuple(staff), hint="请顾客填表的员工，可不填。"),
        EntryColumn(PHONE, hint="顾客愿意留才填；不愿意就空着，照样可以导入。"),
        EntryColumn(MEMBER, hint="会员号，可不填。"),
    ]
    columns = [_entry(column) for column in paper_columns(survey)]
    about = [
        ("问卷", survey.title),
        ("表的标记", version_mark(survey, number, sha256)),
        ("期", wave or "导入时再选"),
        ("怎么填", f"一张纸一行。绿底的列一定要填。多选题每个选项一列，选了就填 {TICK}。排序题填名次 1、2、3。"),
        ("不用答的题", "按前面的回答不用答的题，空着；填了会退回那一行，并说明原因。"),
        ("没有答的题", "空着就好。必答题空着，那一行不能导入。"),
        ("其他", "选了“其他”，把顾客写的话填在旁边“写了什么”那一列，一字不改。"),
        ("交回", "在“问卷”页的“纸质”里上传。先看有没有问题，再导入；导入以后可以整批撤销。"),
    ]
    explained = {
        EXPLAINED: pd.DataFrame(about, columns=["项目", "说明"]),
        "题目": pd.DataFrame(
            [
                (shown.number, shown.question.code, shown.title, KINDS[shown.question.kind],
                 "是" if shown.question.required else "", shown.only_if or "总是", "；".join(shown.then),
                 "、".join(option.label for option in shown.question.options))
                for shown in paper_questions(survey) if shown.question.is_asked
            ],
            columns=["题", "题号", "题目", "题型", "必答", "什么时候答", "答完去哪里", "选项"],
        ),
    }  # fmt: skip
    return write_entry_sheet([*head, *columns], explained, name=FILLED)


def _entry(column: PaperColumn) -> EntryColumn:
    question = column.question
    needed = question.required and question.show_if is None and not column.key.endswith(".other.words")
    hint = question.help
    if column.ticked:
        return EntryColumn(column.heading, (TICK,), is_needed=False, hint=hint)
    if column.values:
        return EntryColumn(column.heading, tuple(label for label, _ in column.values), is_needed=needed, hint=hint)
    match question.kind:
        case "rating" | "nps":
            return EntryColumn(column.heading, tuple(map(str, scale(question))), is_needed=needed, hint=hint)
        case "ranking":
            places = tuple(str(place + 1) for place in range(len(question.options)))
            return EntryColumn(column.heading, places, hint=hint)
        case "number":
            return EntryColumn(column.heading, (), "number", question.minimum, question.maximum, hint, needed)
        case "date":
            return EntryColumn(column.heading, kind="date", hint=hint, is_needed=needed)
    return EntryColumn(column.heading, hint=hint, is_needed=needed)


def find_columns(survey: SurveyDefinition, headings: Sequence[str]) -> tuple[dict[str, PaperColumn], list[str]]:
    """Match the headings of a filled sheet.

    Returns:
        Heading → column, and the headings that belong to nothing.
    """
    known: dict[str, PaperColumn] = {}
    for column in paper_columns(survey):
        known[column.key] = known[column.heading] = column
    found, strange = {}, []
    for heading in headings:
        column = known.get(heading) or known.get(heading.partition(_BETWEEN)[0].strip())
        if column is not None:
            found[heading] = column
        elif heading and heading not in HEAD:
            strange.append(heading)
    return found, strange
