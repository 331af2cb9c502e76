"""Survey exports of 问卷星 and 腾讯问卷: recognised by their headings, cut into questions, read as answers to a survey of ours.

Where the fan's device was (IP, province, city) is dropped as soon as the file is read: nothing after this sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pandas as pd

from fanops.collect.fields import tidy_heading
from fanops.collect.read_file import SourceTable
from fanops.collect.surveys.answers import OTHER, BadAnswer
from fanops.collect.surveys.definition import Question, SurveyDefinition

LAYOUTS = {"wjx": "问卷星", "tencent": "腾讯问卷"}
_ADDRESSES = {
    "来自ip",
    "ip",
    "ip地址",
    "省份",
    "城市",
    "来源详情",
    "用户id",
    "地理位置国家和地区",
    "地理位置省",
    "地理位置市",
}
_ROLES = {
    "wjx": {"number": "序号", "at": "提交答卷时间", "took": "所用时间"},
    "tencent": {"number": "编号", "at": "结束答题时间", "began": "开始答题时间"},
}
_HEADINGS = {
    "wjx": re.compile(r"(\d{1,3})\s*[、.．]\s*(.*)"),
    "tencent": re.compile(r"[Qq](\d{1,3})\s*[.．、]\s*(.*)"),
}
_CUTS = "-—–:：(（"
_TAGS = re.compile(
    r"[【\[](?:单选|多选|填空|必答|选填|量表|矩阵|排序|评分)[^】\]]*[】\]]|[(（](?:必填|选填|单选|多选)[)）]"
)
_NOT_ANSWERED = {"", "(跳过)", "(空)", "-2", "-3"}  # what 问卷星 writes for a question that was not shown or left empty
_NOT_CHOSEN = {"0", "否", "未选", "未选中", "false"}
_MERELY_CHOSEN = {"1", "是", "√", "✓", "选中", "已选", "true"}
_FILLED = re.compile(r"(.+?)\s*(?:〖(.*)〗|【(.*)】|\[(.*)\]|[:：]\s*(.+))", re.DOTALL)
_POINTS = re.compile(r"(\d+(?:\.\d+)?)\s*(?:分|颗?星)?")
_SPLIT = re.compile(r"┋|;|；|\n")
_WHO = {"phone": ("手机", "电话", "联系方式"), "member": ("会员号", "会员卡号"), "store": ("门店", "哪家店")}
_PRIVATE = (*_WHO["phone"], *_WHO["member"], "姓名", "称呼", "微信", "邮箱", "身份证", "地址", "生日")


@dataclass(frozen=True)
class ExportQuestion:
    """One question of an export.

    Attributes:
        number: As the export counts.
        title: As the export writes it, "" where only options stand in the headings.
        columns: Heading → the option or row it stands for, "" when the question has one column.
    """

    number: str
    title: str
    columns: Mapping[str, str]

    @property
    def shown(self) -> str:
        """How a person recognises it."""
        return f"{self.number}、{self.title or '（' + '、'.join(self.columns.values())[:30] + '）'}"


@dataclass(frozen=True)
class SurveyExport:
    """What the headings of an export say.

    Attributes:
        layout: A key of LAYOUTS.
        roles: Heading by role: ``number``, ``at``, and ``took`` or ``began``.
        questions: In order.
    """

    layout: str
    roles: Mapping[str, str]
    questions: tuple[ExportQuestion, ...]

    def question(self, number: str) -> ExportQuestion | None:
        """Give a question by its number, None when there is none."""
        return next((each for each in self.questions if each.number == number), None)


def recognise(headings: Sequence[str]) -> SurveyExport | None:
    """Tell a survey export by its headings; None for any other table."""
    for layout, roles in _ROLES.items():
        found = {role: heading for role, heading in roles.items() if heading in headings}
        if "number" not in found or "at" not in found:
            continue
        groups: dict[str, dict[str, str]] = {}
        for heading in headings:
            match = _HEADINGS[layout].fullmatch(heading)
            if match is not None and heading not in found.values():
                groups.setdefault(match[1], {})[heading] = match[2].strip()
        if groups:
            questions = tuple(_question(number, columns) for number, columns in groups.items())
            return SurveyExport(layout, found, questions)
    return None


def _question(number: str, columns: dict[str, str]) -> ExportQuestion:
    if len(columns) == 1:
        (heading, title), = columns.items()  # fmt: skip
        return ExportQuestion(number, title, {heading: ""})
    rests = list(columns.values())
    # The title is what all columns begin with, up to the last mark that parts it from the option.
    common = 0
    while all(len(rest) > common and rest[common] == rests[0][common] for rest in rests):
        common += 1
    cut = max((rests[0].rfind(mark, 0, common) for mark in _CUTS), default=-1)
    if cut < 0:  # the first column has the title, the others only their option: 3、喜欢什么(茶好) , (店近)
        cuts = [max(rest.rfind(mark) for mark in "(（") for rest in rests]
        options = {
            heading: _bare(rest[max(at, 0) :]) for (heading, rest), at in zip(columns.items(), cuts, strict=True)
        }
        title = max((rest[: max(at, 0)] for rest, at in zip(rests, cuts, strict=True)), key=len)
        return ExportQuestion(number, title.strip(), options)
    title = rests[0][:cut].rstrip(_CUTS + " ")
    return ExportQuestion(number, title, {heading: _bare(rest[cut + 1 :]) for heading, rest in columns.items()})


def _bare(option: str) -> str:
    option = option.strip().lstrip("(（").strip()
    return option[:-1].strip() if option.endswith((")", "）")) and not re.search(r"[(（]", option) else option


def without_addresses(table: SourceTable) -> SourceTable:
    """Drop the columns that say where a device was; other tables stay as they are."""
    if recognise(table.headings) is None:
        return table
    gone = [heading for heading in table.headings if tidy_heading(heading) in _ADDRESSES]
    return replace(table, rows=table.rows.drop(columns=gone))


def asks_for(question: ExportQuestion, role: str) -> bool:
    """Say whether a question asks for ``phone``, ``member`` or ``store``."""
    return len(question.columns) == 1 and any(word in question.title for word in _WHO[role])


# --- open answers as voices -------------------------------------------------------------------------------------


def open_questions(export: SurveyExport, rows: pd.DataFrame) -> list[str]:
    """Guess which questions were answered in free words, by number; a person confirms."""
    found = []
    for question in export.questions:
        if len(question.columns) > 1 or any(word in question.title for word in _PRIVATE):
            continue
        cells = [cell for cell in rows[next(iter(question.columns))].str.strip() if not _is_empty(cell)]
        if not cells or any("┋" in cell or "→" in cell for cell in cells):
            continue
        lengths = [len(cell) for cell in cells]
        is_varied = len(set(cells)) >= 0.5 * len(cells) and sum(lengths) / len(cells) >= 4
        if (is_varied or max(lengths) >= 16) and sum(cell.isdecimal() for cell in cells) < 0.5 * len(cells):
            found.append(question.number)
    return found


def spread_answers(table: SourceTable, kind: str, numbers: Sequence[str] = ()) -> SourceTable:
    """Turn a survey export into a table of voices: one row per open answer, under the row number it came from.

    Args:
        table: The file; what is no survey export, or not imported as voices, stays as it is.
        kind: Of the import.
        numbers: The questions answered in free words; guessed when none is named.
    """
    export = recognise(table.headings) if kind == "voices" else None
    if export is None:
        return table
    wanted = [
        question for number in numbers or open_questions(export, table.rows) if (question := export.question(number))
    ]
    columns = {"时间": export.roles["at"]}
    for role, name in (("store", "门店"), ("phone", "手机号"), ("member", "会员号")):
        asking = next((each for each in export.questions if asks_for(each, role)), None)
        if asking is not None:
            columns[name] = next(iter(asking.columns))
    parts = []
    for question in wanted:
        answers = table.rows[list(question.columns)].agg(lambda cells: "".join(cells), axis=1).str.strip()
        given = table.rows[[not _is_empty(cell) for cell in answers]]
        part = pd.DataFrame({name: given[heading] for name, heading in columns.items()}, index=given.index, dtype="str")
        part.insert(0, "内容", answers[given.index])
        part["题目"] = question.title or question.shown
        part["编号"] = given[export.roles["number"]].str.strip() + f"-{question.number}"
        part["来源"] = LAYOUTS[export.layout]
        parts.append(part)
    headings = ["内容", *columns, "题目", "编号", "来源"]
    rows = pd.concat(parts) if parts else pd.DataFrame(columns=headings, dtype="str")
    return replace(table, rows=rows.astype("str"))


def _is_empty(cell: str) -> bool:
    return cell.strip().replace("（", "(").replace("）", ")") in _NOT_ANSWERED


# --- answers to a survey of ours --------------------------------------------------------------------------------


def guess_questions(export: SurveyExport, survey: SurveyDefinition) -> dict[str, str]:
    """Match the export's questions to the survey's, by title, then by options: code by number; a person confirms.

    A question that asks for contact is never matched: without its own consent it may not be stored.
    """
    matched: dict[str, str] = {}
    asked = [question for _, question in survey.questions() if question.is_asked and question.kind != "contact"]
    for is_like in (_same_title, _title_within, _same_options):
        for question in export.questions:
            if question.number in matched:
                continue
            free = [each for each in asked if each.code not in matched.values()]
            like = [each for each in free if is_like(question, each)]
            if len(like) == 1:
                matched[question.number] = like[0].code
    return matched


def _tidy(title: str) -> str:
    return tidy_heading(_TAGS.sub("", title)) if title else ""


def _same_title(given: ExportQuestion, ours: Question) -> bool:
    return bool(given.title) and _tidy(given.title) == _tidy(ours.title)


def _title_within(given: ExportQuestion, ours: Question) -> bool:
    one, other = _tidy(given.title), _tidy(ours.title)
    return min(len(one), len(other)) >= 5 and (one in other or other in one)


def _same_options(given: ExportQuestion, ours: Question) -> bool:
    labels = {tidy_heading(option.label) for option in (*ours.options, *ours.rows)}
    shown = {tidy_heading(option) for option in given.columns.values() if option}
    return len(shown) > 1 and len(shown & labels) >= max(2, 0.6 * len(labels))


def read_form(ours: Question, given: ExportQuestion, row: Mapping[str, str]) -> dict[str, list[str]]:
    """Read one person's cells as the fan's page would send them (see ``read_answer``); empty when not answered.

    Raises:
        BadAnswer: A cell names no option of ours.
    """
    cells = {option: row[heading].strip() for heading, option in given.columns.items() if not _is_empty(row[heading])}
    if not cells:
        return {}
    if ours.kind in ("single", "multiple"):
        return _choices(ours, cells)
    if ours.kind == "matrix":
        rows = {f"{ours.code}.{_code(ours.rows, name)}": [_code(ours.options, cell)] for name, cell in cells.items()}
        return rows
    if ours.kind == "ranking":
        return _ranks(ours, cells)
    cell = "".join(cells.values())
    if ours.kind in ("rating", "nps", "number"):
        match = _POINTS.fullmatch(cell)
        return {ours.code: [match[1] if match else cell]}
    if ours.kind == "date":
        parts = re.findall(r"\d+", cell)[:3]
        return {ours.code: ["-".join(part.zfill(2) for part in parts)]}
    return {ours.code: [cell]}


def _code(options: Iterable, label: str) -> str:
    options = list(options)
    tidy = tidy_heading(label)
    for option in options:
        if tidy_heading(option.label) == tidy:
            return option.code
    if label.isdecimal() and 1 <= int(label) <= len(options):
        return options[int(label) - 1].code
    raise BadAnswer(f"“{label[:20]}”不是这一题的选项。")


def _choices(ours: Question, cells: Mapping[str, str]) -> dict[str, list[str]]:
    """Read one column (options joined by a mark, or one option) or one column per option."""
    labels: list[tuple[str, str]] = []  # (option, free words)
    for option, cell in cells.items():
        if option:
            if cell.casefold() not in _NOT_CHOSEN:
                is_mark = cell.casefold() in _MERELY_CHOSEN or tidy_heading(cell) == tidy_heading(option)
                labels.append((option, "" if is_mark else cell))
        else:
            known = {option.label for option in ours.options}
            whole = ours.kind == "single" or cell in known
            labels += [(part.strip(), "") for part in ([cell] if whole else _SPLIT.split(cell)) if part.strip()]
    form: dict[str, list[str]] = {ours.code: []}
    for label, words in labels:
        try:
            form[ours.code].append(_code(ours.options, label))
        except BadAnswer:
            filled = _FILLED.fullmatch(label)
            name = filled[1] if filled else label
            own = next((part for part in filled.groups()[1:] if part), "") if filled else ""
            if not ours.other or not (name.startswith("其他") or tidy_heading(name) == tidy_heading(ours.other)):
                raise
            form[ours.code].append(OTHER)
            inner = _FILLED.fullmatch(words)
            words = next((part for part in inner.groups()[1:] if part), "") if inner else words
            form[f"{ours.code}.other"] = [own or words]
    return form if form[ours.code] else {}


def _ranks(ours: Question, cells: Mapping[str, str]) -> dict[str, list[str]]:
    if "" in cells:
        order = [part.strip() for part in re.split(r"→|┋|>|;|；", cells[""]) if part.strip()]
        return {f"{ours.code}.{_code(ours.options, label)}": [str(place)] for place, label in enumerate(order, start=1)}
    return {f"{ours.code}.{_code(ours.options, label)}": [cell] for label, cell in cells.items()}


def duration_of(cell: str) -> timedelta | None:
    """Read how long answering took (123秒, 2分3秒, 00:02:03); None when not understood."""
    clock = re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})", cell.strip())
    words = re.fullmatch(r"(?:(\d+)\s*小?时)?\s*(?:(\d+)\s*分钟?)?\s*(?:(\d+)\s*秒?)?", cell.strip())
    match = clock or words
    if match is None or not any(match.groups()):
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
