"""The ``fanops`` command. Each group is imported only when it is used, so that every command starts at once.

The docstring of a command is its help on the screen, so it is Chinese, unlike every other docstring.
"""

from __future__ import annotations

import importlib
import logging
import secrets
import sys
from typing import Any

import click

from fanops import __version__
from fanops.cli.click_words import gettext, speak_chinese
from fanops.cli.ways_out import way_out
from fanops.errors import FanopsError, InvalidInput

_log = logging.getLogger("fanops.cli")

_SHOWN_PROBLEMS = 20
speak_chinese()  # before any command is made: click asks for some of its words then

# name → (module, attribute, help line). The help lines stand here so that `fanops --help` imports nothing.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "run": ("fanops.cli.run", "run", "启动产品：页面和后台程序。"),
    "worker": ("fanops.cli.worker", "worker", "单独运行后台程序。"),
    "import": ("fanops.cli.imports", "imports", "从 CSV 或 Excel 导入原声、订单、会员。"),
    "themes": ("fanops.cli.themes", "themes", "需求主题：归纳、列出、修改、导出。"),
    "findings": ("fanops.cli.findings", "findings", "发现：新出现、在变多、某店与众不同。"),
    "dictionary": ("fanops.cli.dictionary", "dictionary", "品牌自己的词：添加、检验、建议。"),
    "text": ("fanops.cli.text", "text", "文件里文字的分词、语义单元和情感。"),
    "survey": ("fanops.cli.survey", "survey", "问卷：检查、导入导出、配额、固定样本组。"),
    "fans": ("fanops.cli.fans", "fans", "粉丝：层级、标签和名单。"),
    "tag": ("fanops.cli.tags", "tag", "标签：列表、规则（可以试算）、每晚更新。"),
    "value": ("fanops.cli.value", "value", "渠道订单、品牌净值、新客来源、商品。"),
    "fix": ("fanops.cli.actions", "fix", "服务改进，按门店跟踪（MTQSC）。"),
    "backlog": ("fanops.cli.actions", "backlog", "需求条目，从聆听到铺开（MTPD）。"),
    "webhook": ("fanops.cli.sending", "webhook", "接收地址：事情有进展时要告诉的网址。"),
    "message": ("fanops.cli.sending", "message", "发出去的消息，和每次发送的结果。"),
    "effect": ("fanops.cli.effect", "effect", "测量一项行动改变了什么。"),
    "overview": ("fanops.cli.overview", "overview", "这段时间的五个数字。"),
    "brief": ("fanops.cli.brief", "brief", "老板的一页（周报）写成文件。"),
    "model": ("fanops.cli.model", "model", "自带的语言模型：查看和训练。"),
    "sample": ("fanops.cli.sample", "sample", "载入或清除示例连锁。"),
    "account": ("fanops.cli.account", "account", "添加和管理账号。"),
    "audit": ("fanops.cli.audit", "audit", "审计记录：谁做了什么，有没有被改动。"),
    "org": ("fanops.cli.org", "org", "品牌、大区、门店和员工。"),
    "migrate": ("fanops.cli.maintain", "migrate", "更新数据库结构。"),
    "backup": ("fanops.cli.maintain", "backup", "备份自带的数据库。"),
    "restore": ("fanops.cli.restore", "restore", "恢复备份，之后删除过的粉丝照样删除。"),
    "doctor": ("fanops.cli.maintain", "doctor", "检查数据、模型、磁盘和设置。"),
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        return getattr(importlib.import_module(module), attribute)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(gettext("Commands")):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FanopsError as refusal:
            _print_refusal(refusal)
            ctx.exit(1)


def _print_refusal(refusal: FanopsError) -> None:
    click.echo(refusal.message, err=True)
    if isinstance(refusal, InvalidInput):
        for problem in refusal.problems[:_SHOWN_PROBLEMS]:
            click.echo(f"  · {problem}", err=True)
        if len(refusal.problems) > _SHOWN_PROBLEMS:
            click.echo(f"  …… 另有 {len(refusal.problems) - _SHOWN_PROBLEMS} 处", err=True)
    if hint := way_out(refusal):
        click.echo(hint, err=True)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fanops")
def cli() -> None:
    """连锁门店的粉丝运营：从粉丝说的话，到门店做的改变，再到有没有用的证据。"""


def main() -> None:
    """Entry point: bugs are logged with an id, and only the id is shown."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        cli(standalone_mode=True)
    except Exception:
        error_id = secrets.token_hex(4)
        _log.exception("error %s", error_id)
        click.echo(f"出错了（编号 {error_id}）。请把编号和上面的记录发给管理员。", err=True)
        sys.exit(70)
