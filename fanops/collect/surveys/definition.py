"""A survey's definition: read from its file form (YAML) with messages that name line and field, written back to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml

from fanops.collect.surveys.conditions import BadCondition, Condition, parse_condition
from fanops.errors import InvalidInput, Problem

KINDS = {
    "single": "单选", "multiple": "多选", "rating": "评分", "nps": "推荐度", "matrix": "矩阵", "ranking": "排序",
    "number": "数字", "date": "日期", "short_text": "短文字", "long_text": "长文字", "contact": "联系方式",
    "notice": "说明", "page_break": "分页",
}  # fmt: skip
SILENT = {"notice", "page_break"}
WITH_OPTIONS = {"single", "multiple", "ranking"}
PATTERNS = {"phone": "手机号", "email": "邮箱", "digits": "数字", "letters": "字母", "chinese": "汉字"}
END = "end"
SCREEN_QUESTIONS = 8
PIPE = re.compile(r"\{([a-z][a-z0-9_]{0,39})\}")  # in a title: the answer to an earlier question
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


@dataclass(frozen=True)
class Option:
    """选项: what is stored (``code``) and what is read (``label``)."""

    code: str
    label: str


@dataclass(frozen=True)
class Jump:
    """跳转: after its question, when ``when`` holds (None: always), go forward to ``to`` (a question or ``end``)."""

    to: str
    when: Condition | None = None


@dataclass(frozen=True)
class Question:
    """题目. Unused fields keep their defaults; ``other`` is the label of the free-text option, kept in its own column."""

    code: str
    kind: str
    title: str
    help: str = ""
    required: bool = False
    options: tuple[Option, ...] = ()
    rows: tuple[Option, ...] = ()
    other: str = ""
    random_order: bool = False
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    consent: str = ""
    probes: tuple[str, ...] = ()
    show_if: Condition | None = None
    jumps: tuple[Jump, ...] = ()
    line: int = field(default=0, compare=False)

    @property
    def is_asked(self) -> bool:
        """Whether an answer is expected (a notice and a page break have none)."""
        return self.kind not in SILENT


@dataclass(frozen=True)
class Group:
    """题组."""

    code: str
    title: str
    questions: tuple[Question, ...]
    show_if: Condition | None = None


@dataclass(frozen=True)
class SurveyDefinition:
    """问卷定义.

    Attributes:
        code: Stable name of the survey.
        title: What the fan reads on top.
        purpose: For whom and why, for staff.
        notice: The privacy notice, shown first.
        thanks: What the fan reads at the end.
        groups: In order.
        is_guide: Whether this is an interview guide (访谈提纲): asked by staff, never sent to fans.
    """

    code: str
    title: str
    groups: tuple[Group, ...]
    purpose: str = ""
    notice: str = ""
    thanks: str = "谢谢您，我们会认真看每一句。"
    industry: str = ""
    is_guide: bool = False

    def questions(self) -> Iterator[tuple[Group, Question]]:
        """Give every question in order with its group."""
        for group in self.groups:
            for question in group.questions:
                yield group, question

    def question(self, code: str) -> Question | None:
        """Give a question by code, None when there is none."""
        return self._by_code.get(code)

    @cached_property
    def _by_code(self) -> dict[str, Question]:
        # Backwards: of two questions with one code (a draft may have them) the first counts.
        return {question.code: question for _, question in reversed(list(self.questions()))}

    @cached_property
    def screens(self) -> tuple[tuple[Question, ...], ...]:
        """The questions by screen, so that no condition looks at its own screen: it works without JavaScript.

        A screen ends at a page break, before a question or group whose condition looks at a question on it, after a
        question that may jump, and at ``SCREEN_QUESTIONS`` questions.
        """
        result: list[list[Question]] = [[]]
        for group, question in self.questions():
            here = {asked.code for asked in result[-1]}
            conditions = [condition for condition in (group.show_if, question.show_if) if condition]
            looks_here = any(condition.questions & here for condition in conditions)
            if result[-1] and (
                question.kind == "page_break" or looks_here or result[-1][-1].jumps or len(here) >= SCREEN_QUESTIONS
            ):
                result.append([])
            if question.kind != "page_break":
                result[-1].append(question)
        return tuple(tuple(screen) for screen in result if screen)


class _Reader:
    """Reads plain data with line marks into the dataclasses and collects what is wrong."""

    def __init__(self, lines: dict[tuple, int]) -> None:
        self.lines = lines
        self.problems: list[Problem] = []

    def wrong(self, path: tuple, why: str, value: Any = None) -> None:
        line = next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), None)
        name = next((str(part) for part in reversed(path) if isinstance(part, str)), None)
        self.problems.append(Problem(why, row=line, column=name, value=None if value is None else str(value)[:40]))

    def text(self, data: dict, name: str, path: tuple, *, needed: bool = False, limit: int = 2000) -> str:
        value = data.get(name, "")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            self.wrong((*path, name), "要写成文字", value)
            return ""
        if needed and not value.strip():
            self.wrong((*path, name), "不能缺少")
        if len(value) > limit:
            self.wrong((*path, name), f"太长（超过 {limit} 个字）")
        return value.strip()

    def flag(self, data: dict, name: str, path: tuple) -> bool:
        value = data.get(name, False)
        if not isinstance(value, bool):
            self.wrong((*path, name), "要写 true 或 false", value)
        return value is True

    def number(self, data: dict, name: str, path: tuple) -> float | None:
        value = data.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            self.wrong((*path, name), "要写数字", value)
            return None
        return value

    def condition(self, data: dict, name: str, path: tuple) -> Condition | None:
        if data.get(name) is None:
            return None
        try:
            return parse_condition(data[name])
        except BadCondition as error:
            self.wrong((*path, name), str(error))
            return None

    def items(self, data: dict, name: str, path: tuple) -> list:
        value = data.get(name) or []
        if not isinstance(value, list):
            self.wrong((*path, name), "要写成列表（每行以 - 开头）", value)
            return []
        return value

    def known(self, data: dict, names: set[str], path: tuple) -> None:
        for name in data:
            if name not in names:
                self.wrong((*path, name), "不认识的字段", name)

    def options(self, data: dict, name: str, path: tuple) -> tuple[Option, ...]:
        found: list[Option] = []
        for place, item in enumerate(self.items(data, name, path)):
            where = (*path, name, place)
            if isinstance(item, dict):
                option = Option(
                    self.text(item, "code", where, needed=True), self.text(item, "label", where, needed=True)
                )
            else:
                option = Option(str(item).strip(), str(item).strip())
            if not option.label:
                self.wrong(where, "选项不能空着")
            if any(option.code == other.code or option.label == other.label for other in found):
                self.wrong(where, "选项重复了", option.label)
            found.append(option)
        return tuple(found)

    def question(self, data: Any, path: tuple) -> Question | None:
        if not isinstance(data, dict):
            self.wrong(path, "一道题要写成若干个字段", data)
            return None
        self.known(data, _QUESTION_FIELDS, path)
        code = self.text(data, "code", path, needed=True)
        if code and not _CODE.match(code):
            self.wrong((*path, "code"), "题号用小写字母开头，只含小写字母、数字和下划线", code)
        kind = self.text(data, "kind", path, needed=True)
        if kind and kind not in KINDS:
            self.wrong((*path, "kind"), f"没有这种题型；可用：{'、'.join(KINDS)}", kind)
        jumps = []
        for place, item in enumerate(self.items(data, "jump", path)):
            where = (*path, "jump", place)
            if not isinstance(item, dict):
                self.wrong(where, "跳转要写 to 和 if", item)
                continue
            jumps.append(Jump(self.text(item, "to", where, needed=True), self.condition(item, "if", where)))
        question = Question(
            code, kind, self.text(data, "title", path, needed=kind != "page_break", limit=300),
            help=self.text(data, "help", path, limit=300), required=self.flag(data, "required", path),
            options=self.options(data, "options", path), rows=self.options(data, "rows", path),
            other=self.text(data, "other", path, limit=40), random_order=self.flag(data, "random_order", path),
            minimum=self.number(data, "min", path), maximum=self.number(data, "max", path),
            pattern=self.text(data, "pattern", path), consent=self.text(data, "consent", path, limit=300),
            probes=tuple(str(item) for item in self.items(data, "probes", path)),
            show_if=self.condition(data, "show_if", path), jumps=tuple(jumps), line=self.lines.get(path, 0),
        )  # fmt: skip
        self.fitting(question, path)
        return question

    def fitting(self, question: Question, path: tuple) -> None:
        if question.kind in WITH_OPTIONS and len(question.options) + bool(question.other) < 2:
            self.wrong((*path, "options"), "至少要有两个选项")
        if question.kind == "matrix" and (not question.rows or len(question.options) < 2):
            self.wrong(path, "矩阵题要有 rows（行）和至少两个 options（列）")
        if question.pattern and question.pattern not in PATTERNS:
            self.wrong((*path, "pattern"), f"没有这种格式；可用：{'、'.join(PATTERNS)}", question.pattern)
        if question.minimum is not None and question.maximum is not None and question.minimum > question.maximum:
            self.wrong((*path, "min"), "下限比上限大", question.minimum)
        if question.kind == "contact" and not question.consent:
            self.wrong((*path, "consent"), "联系方式题要写明征得同意的那句话")


_QUESTION_FIELDS = {
    "code", "kind", "title", "help", "required", "options", "rows", "other", "random_order", "min", "max", "pattern",
    "consent", "probes", "show_if", "jump",
}  # fmt: skip
_GROUP_FIELDS = {"code", "title", "show_if", "questions"}
_SURVEY_FIELDS = {"code", "title", "purpose", "notice", "thanks", "industry", "is_guide", "groups"}


def _marks(node: yaml.Node, path: tuple, lines: dict[tuple, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[(*path, key.value)] = key.start_mark.line + 1
            _marks(value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            _marks(item, (*path, place), lines)


def read_definition(text: str) -> SurveyDefinition:
    """Read a survey from its file form.

    Raises:
        InvalidInput: With every problem found, each with line and field.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = Problem("文件格式不对（缩进、冒号或引号）", row=mark.line + 1 if mark else None)
        raise InvalidInput("这份问卷读不出来。", "请对照示例检查那一行的缩进和冒号。", [problem]) from error
    lines: dict[tuple, int] = {}
    if node is not None:
        _marks(node, (), lines)
    return build_definition(data, lines)


def build_definition(data: Any, lines: dict[tuple, int] | None = None) -> SurveyDefinition:
    """Build a survey from plain data (what the file form holds, or what the database keeps).

    Raises:
        InvalidInput: With every problem found.
    """
    reader = _Reader(lines or {})
    if not isinstance(data, dict):
        raise InvalidInput("这份问卷是空的。", "至少要有 code、title 和 groups。", [Problem("没有内容", row=1)])
    reader.known(data, _SURVEY_FIELDS, ())
    groups = []
    for place, item in enumerate(reader.items(data, "groups", ())):
        path = ("groups", place)
        if not isinstance(item, dict):
            reader.wrong(path, "题组要写成若干个字段", item)
            continue
        reader.known(item, _GROUP_FIELDS, path)
        asked = [
            reader.question(question, (*path, "questions", n))
            for n, question in enumerate(reader.items(item, "questions", path))
        ]
        groups.append(
            Group(
                reader.text(item, "code", path, needed=True),
                reader.text(item, "title", path, limit=100),
                tuple(question for question in asked if question),
                reader.condition(item, "show_if", path),
            )
        )
    texts = {name: reader.text(data, name, (), needed=name in ("code", "title")) for name in
             ("code", "title", "purpose", "notice", "thanks", "industry")}  # fmt: skip
    if not texts["thanks"]:
        del texts["thanks"]
    survey = SurveyDefinition(groups=tuple(groups), is_guide=reader.flag(data, "is_guide", ()), **texts)
    if not any(question.is_asked for _, question in survey.questions()):
        reader.wrong(("groups",), "一道题也没有")
    seen: set[str] = set()
    for _, question in survey.questions():
        if question.code and question.code in seen:
            reader.problems.append(Problem("题号重复了", row=question.line or None, column="code", value=question.code))
        seen.add(question.code)
    if reader.problems:
        raise InvalidInput(f"这份问卷有 {len(reader.problems)} 处要改。", "按行号改好后再来一次。", reader.problems)
    return survey
