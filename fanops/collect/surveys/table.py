"""A survey as a table of questions, for people who don't write files: to it, from it, from Excel, from pasted text.

One row is one question. What a table can't say (jumps, probes) is kept from the survey it was made of.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fanops.collect.surveys.definition import KINDS, SurveyDefinition, build_definition
from fanops.collect.surveys.write import to_data
from fanops.errors import InvalidInput, Problem

COLUMNS = (
    "题号",
    "题组",
    "题目",
    "题型",
    "必答",
    "选项",
    "矩阵行",
    "其他选项",
    "最少",
    "最多",
    "什么时候问",
    "说明",
    "征得同意",
)
NOTICE = "您的回答只用来改进我们的产品和服务。不想回答的题可以跳过。答完会得到一个回执码，凭它随时可以查看、修改或删除您的回答。"
CONSENT = "我同意用这个号码联系我，只为回复这次反馈"
_KIND_OF = {label: kind for kind, label in KINDS.items()}
# What stands between options, strongest first: options that have a 、 in them are set apart by ； instead.
_BETWEEN = (
    ("\n", re.compile(r"\n")),
    ("|", re.compile(r"[|｜]")),
    ("；", re.compile(r"[;；]")),
    ("、", re.compile("、")),
)
_CHOSEN_FROM = ("single", "multiple", "ranking", "matrix")
_REQUIRED = {True, "是", "1", "true", "True", "√", "必答"}


def to_table(survey: SurveyDefinition) -> pd.DataFrame:
    """Give a survey as a table with COLUMNS, in order."""
    rows = []
    for group, question in survey.questions():
        conditions = [condition.source for condition in (group.show_if, question.show_if) if condition]
        condition = " and ".join(f"({each})" for each in conditions) if len(conditions) > 1 else "".join(conditions)
        rows.append(
            (
                question.code, group.title, question.title, KINDS[question.kind], question.required,
                _joined([option.label for option in question.options]), _joined([row.label for row in question.rows]),
                question.other, question.minimum, question.maximum, condition, question.help, question.consent,
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _joined(labels: Sequence[str]) -> str:
    """Write labels into one cell so that ``_parts`` reads the same labels from it."""
    written = "".join(labels)
    strongest = next((place for place, (_, sign) in enumerate(_BETWEEN) if sign.search(written)), len(_BETWEEN))
    return _BETWEEN[max(0, strongest - 1)][0].join(labels)


def _parts(cell: str) -> list[str]:
    """Read the labels in a cell, split by the strongest sign that stands in it."""
    sign = next((sign for _, sign in _BETWEEN if sign.search(cell)), _BETWEEN[-1][1])
    return [part.strip() for part in sign.split(cell) if part.strip()]


def from_table(
    table: pd.DataFrame, title: str, code: str = "", base: SurveyDefinition | None = None
) -> SurveyDefinition:
    """Make a survey of a table.

    Args:
        table: Rows with some of COLUMNS; 题目 is needed, 题型 is guessed where it is empty, a row without 题组 belongs to
            the group above it, empty rows are left out.
        title: Of the survey.
        code: Its stable name; made from the title when empty.
        base: The survey that the table was made of: what a table can't say is kept from it.

    Raises:
        InvalidInput: With the row (as a spreadsheet counts, the header is row 1) and what is wrong in it.
    """
    if "题目" not in table.columns:
        raise InvalidInput("表里没有“题目”这一列。", f"第一行写列名，可用：{'、'.join(COLUMNS)}。")
    problems: list[Problem] = []
    groups: list[tuple[str, list[dict[str, Any]]]] = []  # a title that comes again later is another group: order counts
    codes: set[str] = set()
    lines = [{name: _cell(row.get(name)) for name in COLUMNS} for row in table.to_dict("records")]
    # A new question never takes the code of one that is there or was: its answers would pass for that one's.
    taken = {cells["题号"] for cells in lines} | ({each.code for _, each in base.questions()} if base else set())
    for place, cells in enumerate(lines):
        if not any(cells.values()):
            continue
        if not cells["题号"]:
            cells["题号"] = next(f"q{n}" for n in itertools.count(place + 1) if f"q{n}" not in taken)
            taken.add(cells["题号"])
        question, wrong = _question(cells, place + 2, codes)
        problems += wrong
        kept = base.question(question["code"]) if base else None
        if kept is not None and base is not None:
            question = _with_what_a_table_cannot_say(question, base, kept.code)
        title_above = groups[-1][0] if groups else "问卷"
        if not groups or (cells["题组"] or title_above) != title_above:
            groups.append((cells["题组"] or title_above, []))
        groups[-1][1].append(question)
    if problems:
        raise InvalidInput(f"有 {len(problems)} 处要改。", "改好以后再来，填的都还在。", problems)
    if not groups:
        raise InvalidInput("一道题也没有。", "每行写一道题，至少写“题目”。")
    data: dict[str, Any] = {
        "code": code or (base.code if base else _code_of(title)), "title": title.strip(),
        "notice": base.notice if base else NOTICE,
        "groups": [{"code": f"g{number}", "title": name, "questions": questions}
                   for number, (name, questions) in enumerate(groups, 1)],
    }  # fmt: skip
    if base is not None:
        data |= {
            name: value
            for name, value in to_data(base).items()
            if name in ("purpose", "industry", "thanks", "is_guide")
        }
    return build_definition(data)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return "是" if value else ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _question(cells: dict[str, str], row: int, codes: set[str]) -> tuple[dict[str, Any], list[Problem]]:
    problems: list[Problem] = []
    options = _parts(cells["选项"])
    label = cells["题型"] or ("单选" if options else "长文字")
    kind = _KIND_OF.get(label, label)
    if kind not in KINDS:
        problems.append(Problem(f"没有这种题型；可用：{'、'.join(_KIND_OF)}", row=row, column="题型", value=label))
        kind = "long_text"
    if not cells["题目"] and kind != "page_break":
        problems.append(Problem("没有写题目", row=row, column="题目"))
    code = cells["题号"]
    if code in codes:
        problems.append(Problem("题号重复了", row=row, column="题号", value=code))
    codes.add(code)
    question: dict[str, Any] = {"code": code, "kind": kind}
    if cells["题目"]:
        question["title"] = cells["题目"]
    if options and kind in _CHOSEN_FROM:
        question["options"] = options
    said = {"help": cells["说明"], "other": cells["其他选项"], "show_if": cells["什么时候问"]}
    question |= {name: value for name, value in said.items() if value and value != "总是"}
    rows = _parts(cells["矩阵行"])
    if rows and kind == "matrix":
        question["rows"] = rows
    if kind in _CHOSEN_FROM and len(options) + bool(cells["其他选项"]) < 2:
        problems.append(Problem("至少要有两个选项，用“、”隔开", row=row, column="选项", value=cells["题目"][:20]))
    if kind == "matrix" and not rows:
        problems.append(Problem("矩阵要写每一行问什么，用“、”隔开", row=row, column="矩阵行", value=cells["题目"][:20]))
    if kind == "contact":
        question["consent"] = cells["征得同意"] or CONSENT
    if cells["必答"] in _REQUIRED:
        question["required"] = True
    for name, column in (("min", "最少"), ("max", "最多")):
        if cells[column]:
            try:
                question[name] = float(cells[column])
            except ValueError:
                problems.append(Problem("要写数字", row=row, column=column, value=cells[column][:20]))
    return question, problems


def _with_what_a_table_cannot_say(question: dict[str, Any], base: SurveyDefinition, code: str) -> dict[str, Any]:
    known = next(each for group in to_data(base)["groups"] for each in group["questions"] if each["code"] == code)
    kept = {name: known[name] for name in ("jump", "probes", "pattern", "random_order") if name in known}
    for name in ("options", "rows"):  # an option that is still there keeps its code
        codes = {each["label"]: each for each in known.get(name, ()) if isinstance(each, dict)}
        if name in question:
            question = question | {name: [codes.get(label, label) for label in question[name]]}
    return kept | question


def _code_of(title: str) -> str:
    """Make a stable name for a new survey: letters of the title where there are any, else a number from it."""
    plain = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    return plain if re.match(r"[a-z]", plain) else f"survey_{sum(map(ord, title)) % 1_000_000:06d}"


# --- pasted text ------------------------------------------------------------------------------------------------

_NUMBERED = re.compile(
    r"^\s*(?:第?\s*(?:\d{1,3}|[一二三四五六七八九十]{1,3})\s*[题、.．)）:：]|Q\d{1,3}\s*[.、:：]?)\s*(.+)$", re.I
)
_OPTION = re.compile(r"^\s*(?:[A-Za-z]\s*[.、．)）:：]|[A-Za-z]\s+(?=[一-鿿])|[○●◯□■☐☑◻▢•·\-*])\s*(.+)$")
_MARK = re.compile(r"[\[【(（]\s*([^\]】)）]{1,14})\s*[\]】)）]")
_OTHER = re.compile(r"^其他|^其它")
_NOTE = re.compile(r"^[（(]|^(?:说明|注|提示|备注)\s*[:：]")
_CHOICE = ("单选", "多选", "排序")  # whose lines are options, with or without a letter before them
_LONGEST_BARE = 30
_BLANK = re.compile(r"[_＿]{2,}")
_WORDS = {
    "NPS": "推荐度", "可多选": "多选", "多选": "多选", "不定项": "多选", "单选": "单选", "填空": "短文字", "问答": "长文字",
    "简答": "长文字", "开放": "长文字", "量表": "评分", "打分": "评分", "评分": "评分", "排序": "排序", "日期": "日期", "矩阵": "矩阵",
}  # fmt: skip


@dataclass(frozen=True)
class Pasted:
    """What was read from pasted text.

    Attributes:
        title: The line before the first question, "" when there is none.
        table: Rows with COLUMNS, to look at and to change.
        unread: Lines that fitted nowhere, with their numbers.
    """

    title: str
    table: pd.DataFrame
    unread: tuple[Problem, ...] = ()


def read_pasted(text: str) -> Pasted:
    """Read a numbered questionnaire as 问卷星 and Word write it: ``1. 题目 [单选题] *``, options on their own lines.

    Lines under a question that says it is one of choice are options also without a letter or a dot before them.

    Raises:
        InvalidInput: Not a single question in it.
    """
    title, rows, unread = "", [], []
    bare_options = False
    for number, line in enumerate(text.replace("\r", "\n").split("\n"), 1):
        bare = line.strip().replace("\u3000", " ")
        if not bare:
            continue
        if found := _NUMBERED.match(bare):
            rows.append(_head(found[1]))
            bare_options = rows[-1]["题型"] in _CHOICE
        elif rows and (found := _OPTION.match(bare)):
            _add_option(rows[-1], found[1])
            bare_options = False
        elif bare_options and len(bare) <= _LONGEST_BARE and not _NOTE.match(bare):
            _add_option(rows[-1], bare)
        elif not rows and not title:
            title = bare[:80]
        elif rows and rows[-1]["选项"]:
            unread.append(Problem("不知道属于哪道题", row=number, value=bare[:40]))
        elif rows:
            rows[-1]["说明"] = f"{rows[-1]['说明']} {bare}".strip()[:300]
    if not rows:
        raise InvalidInput("没有读到题目。", "每道题以题号开头，例如“1. 今天满意吗？[单选题]”，选项各占一行。")
    for place, row in enumerate(rows, 1):
        row["题号"] = f"q{place}"
        row["题型"] = row["题型"] or _guess(row)
        row["选项"] = _joined(row["选项"]) if row["题型"] in (*_CHOICE, "矩阵") else ""
    return Pasted(title, pd.DataFrame(rows).reindex(columns=list(COLUMNS)), tuple(unread))


def _head(text: str) -> dict[str, Any]:
    kind = ""
    for mark in _MARK.findall(text):
        for word, label in _WORDS.items():
            if word.lower() in mark.lower():
                kind = kind or label
                text = _MARK.sub(lambda found, mark=mark: "" if found[1].strip() == mark.strip() else found[0], text)
    required = "*" in text or "（必填）" in text or "必答" in text
    title = _BLANK.sub("", text.replace("*", "").replace("（必填）", "")).strip()
    return {"题目": title[:300], "题组": "", "题型": kind, "必答": required, "选项": [], "其他选项": "", "说明": ""}


def _add_option(row: dict[str, Any], text: str) -> None:
    label = _BLANK.sub("", text.replace("*", "")).strip(" ：:")[:80]
    if _OTHER.match(label):
        row["其他选项"] = label if len(label) > 2 else "其他，请说明"
    elif label and label not in row["选项"]:
        row["选项"].append(label)


def _guess(row: dict[str, Any]) -> str:
    title, options = row["题目"], row["选项"]
    if options:
        if all(re.fullmatch(r"\d{1,2}分?", option) for option in options):
            return "推荐度" if len(options) == 11 else "评分"
        return "多选" if "哪些" in title else "单选"
    if re.search(r"手机|电话|联系方式", title):
        return "联系方式"
    if re.search(r"推荐.*(?:0|零).{0,4}10|愿意推荐", title):
        return "推荐度"
    return "长文字"
