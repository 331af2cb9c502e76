"""What click itself says, in Chinese: usage, headings, wrong options, prompts.

click marks its sentences for gettext, but gettext asks the locale of the machine; the screens speak Chinese everywhere,
under ``C`` and on Windows too. So click's modules are given this table in gettext's place. A sentence that is missing here
(another version of click) stays English; a test compares the table with the click that is installed.
"""

from __future__ import annotations

import unicodedata

import click
from click import _textwrap, core, decorators, exceptions, formatting, parser, termui, types

# As click marks them; of a plural the second form. Where a sentence can be met by nobody (a mistake in our own code, a
# prompt in an editor) it is left out.
WORDS = {
    "Usage:": "用法：",
    "Options": "选项",
    "Commands": "命令",
    "Positional arguments": "参数",
    "required": "必填",
    "default: {default}": "默认：{default}",
    "env var: {var}": "环境变量：{var}",
    "(dynamic)": "（看情况）",
    "Show this message and exit.": "显示这份说明。",
    "Show the version and exit.": "显示版本号。",
    "%(prog)s, version %(version)s": "%(prog)s %(version)s",
    "Error: {message}": "{message}",
    "Try '{command} {option}' for help.": "看说明：{command} {option}",
    "Missing command.": "没有说要做什么。",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Missing parameter": "缺少参数",
    "Choose from:\n\t{choices}": "可用：\n\t{choices}",
    "No such command {name!r}.": "没有这个命令：{name}。",
    "No such option {name!r}.": "没有这个选项：{name}。",
    "(Did you mean one of: {possibilities}?)": "是不是 {possibilities}？",
    "Got unexpected extra arguments ({args})": "多出来的参数：{args}。有空格的内容请用引号括起来。",
    "Option {name!r} requires {nargs} arguments.": "选项 {name} 后面要有内容。",
    "Option {name!r} does not take a value.": "选项 {name} 后面不带内容。",
    "Argument {name!r} takes {nargs} values.": "参数 {name} 要有 {nargs} 个。",
    "Takes {nargs} values but {len} were given.": "要 {nargs} 个，给了 {len} 个。",
    "Invalid value: {message}": "填得不对：{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 填得不对：{message}",
    "{value!r} is not one of {choices}.": "没有 {value!r}，可用：{choices}。",
    "{value!r} is not a valid {number_type}.": "{value!r} 不是{number_type}。",
    "{value} is not in the range {range}.": "{value} 不在范围之内：{range}。",
    "{value!r} does not match the formats {formats}.": "{value!r} 不是日期，请写成 2026-01-31 这样。",
    "{value!r} is not a valid boolean. Recognized values: {states}": "{value!r} 不是“是”或“否”，可用：{states}。",
    "file": "文件",
    "directory": "文件夹",
    "path": "路径",
    "{name} {filename!r} does not exist.": "没有这个{name}：{filename}。请检查路径。",
    "{name} {filename!r} is a file.": "{filename} 是一个文件，这里要文件夹。",
    "{name} {filename!r} is a directory.": "{filename} 是一个文件夹，这里要文件。",
    "{name} {filename!r} is not readable.": "{name} {filename} 读不了，请检查权限。",
    "{name} {filename!r} is not writable.": "{name} {filename} 写不了，请检查权限。",
    "Could not open file {filename!r}: {message}": "文件 {filename} 打不开：{message}",
    "unknown error": "原因不明",
    "Do you want to continue?": "继续吗？",
    "Repeat for confirmation": "再输入一次",
    "Error: The two entered values do not match.": "两次输入的不一样，请再来一次。",
    "Error: invalid input": "没有听懂，请输入 y 或 n。",
    "Aborted!": "已取消。",
}
# What stands for a value in usage lines and messages; click keeps these unmarked.
KINDS = {"text": "文字", "integer": "整数", "integer range": "整数", "float": "数字", "float range": "数字",
         "filename": "文件"}  # fmt: skip
PLACES = (("[OPTIONS]", "[选项]"), ("COMMAND [ARGS]...", "命令 [参数]…"), ("]...", "]…"), ("...", "…"))


def gettext(message: str) -> str:
    """Give click's sentence in Chinese, or as it is when the table lacks it."""
    return WORDS.get(message, message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """Give the sentence of a plural: Chinese has one form."""
    return WORDS.get(plural, singular if number == 1 else plural)


def columns(text: str) -> int:
    """Count the columns that ``text`` takes in a terminal: a Chinese character takes two."""
    return sum(1 + (unicodedata.east_asian_width(each) in "WF") for each in text)


def first_columns(text: str, most: int) -> str:
    """Give the beginning of ``text`` that fits in ``most`` columns, one character at least."""
    end = 1
    while end < len(text) and columns(text[: end + 1]) <= most:
        end += 1
    return text[:end]


def described(span: click.IntRange | click.FloatRange) -> str:
    """Say which numbers will do; a bound that is only the database's own is left out."""
    low = "" if span.min is None else f"{'大于' if span.min_open else '至少'} {span.min}"
    high = "" if span.max is None or span.max >= 2**31 else f"{'小于' if span.max_open else '最多'} {span.max}"
    return "，".join(filter(None, (low, high)))


class _Formatter(click.HelpFormatter):
    """Headings and usage lines with Chinese punctuation and words."""

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{heading}：\n")

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        for english, chinese in PLACES:
            args = args.replace(english, chinese)
        super().write_usage(prog, args, prefix)


def speak_chinese() -> None:
    """Put the table in place of gettext in click, and let it measure Chinese as a terminal shows it."""
    for module in (core, decorators, exceptions, formatting, parser, termui, types):
        for name, ours in (("_", gettext), ("ngettext", ngettext)):
            if hasattr(module, name):
                setattr(module, name, ours)
    for kind in vars(types).values():
        if isinstance(kind, type) and getattr(kind, "name", None) in KINDS:
            kind.name = KINDS[kind.name]
    types._NumberRangeBase._describe_range = described
    formatting.term_len = _textwrap.term_len = columns
    _textwrap._truncate_visible = first_columns
    click.Context.formatter_class = _Formatter
    # The one full stop that click writes without asking gettext.
    said = exceptions.MissingParameter.format_message
    exceptions.MissingParameter.format_message = lambda missing: said(missing).replace("'.", "'。", 1)
