"""What click says of itself is Chinese, whatever the locale of the machine."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from fanops.cli import cli
from fanops.cli.click_words import WORDS, columns, first_columns

ENGLISH = ("Usage", "Error", "Try ", "Missing", "Invalid", "No such", "Did you", "Options", "Commands", "Show", "[OPT",
           "TEXT", "INTEGER", "is not", "unexpected", "requires", "exist", "required")  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "命令："),
        (("fix", "open", "--help"), "[必填]"),
        (("fix", "open"), "缺少参数 'THEME_ID'。"),
        (("backlog", "live", "1"), "缺少选项 '--store'。"),
        (("fix", "open", "x"), "'x' 不是整数"),
        (("fix", "opn"), "没有这个命令：opn。 是不是 'open'？"),
        (("fix", "open", "3", "--titel", "a"), "没有这个选项：--titel。"),
        (("fix", "list", "another"), "多出来的参数：another。"),
        (("fix", "open", "1", "--title"), "选项 --title 后面要有内容。"),
        (("fix", "list", "--json=3"), "选项 --json 后面不带内容。"),
        (("run", "--port", "99999"), "99999 不在范围之内：至少 1，最多 65535。"),
        (("account", "add", "--role", "boss"), "没有 'boss'，可用："),
        (("dictionary", "add", "nowhere.txt"), "没有这个文件：nowhere.txt。"),
        (("backlog", "live", "1", "--store", "H01", "--on", "1.2.2026"), "请写成 2026-01-31 这样"),
    ],
)
def test_wrong_options_are_answered_in_chinese(given: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(cli, list(given))
    assert result.exit_code == (0 if "--help" in given else 2)
    assert said in result.output
    assert [word for word in ENGLISH if word in result.output] == [], result.output


@pytest.mark.parametrize("locale", ["C", "zh_CN.UTF-8", "de_DE.UTF-8"])
def test_the_locale_changes_nothing(locale: str) -> None:
    command = [sys.executable, "-m", "fanops.cli", "nosuch"]
    env = {**os.environ, "LANG": locale, "LC_ALL": locale, "LANGUAGE": locale, "PYTHONUTF8": "0"}
    done = subprocess.run(command, capture_output=True, env=env)
    assert done.returncode == 2
    assert "没有这个命令：nosuch。" in done.stderr.decode("utf-8")


def test_the_table_speaks_of_the_click_that_is_installed() -> None:
    marked = {
        argument.value
        for path in Path(click.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"_", "ngettext"}
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }
    assert set(WORDS) - {"required"} <= marked


def test_lines_are_measured_as_a_terminal_shows_them() -> None:
    assert (columns("门店 H01"), first_columns("门店编号", 5), first_columns("门店", 1)) == (8, "门店", "门")


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))


def test_every_help_is_chinese_and_whole() -> None:
    walked = list(commands(cli))
    assert len(walked) > 100
    chinese = re.compile(r"[\u4e00-\u9fff]")
    for path, command in walked:
        told = [command.help, *(each.help for each in command.params if isinstance(each, click.Option))]
        assert [each for each in told if not chinese.search(each or "")] == [], path
        shown = CliRunner().invoke(cli, [*path, "--help"]).output
        assert "..." not in shown, f"{path}: the list of commands cuts a sentence off"
        assert max(map(columns, shown.splitlines())) <= 80, path
