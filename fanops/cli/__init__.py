"""The ``fanops`` command. Each group is imported only when it is used, so that every command starts at once."""

from __future__ import annotations

import importlib
import logging
import secrets
import sys
from typing import Any

import click

from fanops import __version__
from fanops.cli.click_words import gettext, speak_chinese
from fanops.errors import FanopsError, InvalidInput

_log = logging.getLogger("fanops.cli")

_SHOWN_PROBLEMS = 20
speak_chinese()  # before any command is made: click asks for some of its words then

# name → (module, attribute, help line). The help lines stand here so that `fanops --help` imports nothing.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "run": ("fanops.cli.run", "run", "Start the product: web application and worker."),
    "worker": ("fanops.cli.worker", "worker", "Run a worker alone."),
    "import": ("fanops.cli.imports", "imports", "Bring in voices, orders, members from CSV or Excel."),
    "themes": ("fanops.cli.themes", "themes", "Discover, list and label demand themes."),
    "findings": ("fanops.cli.findings", "findings", "What stands out: new, rising, stores unlike others."),
    "dictionary": ("fanops.cli.dictionary", "dictionary", "The brand's own words: add, prove, suggest."),
    "text": ("fanops.cli.text", "text", "Tokens, units and polarity of the texts in a file."),
    "survey": ("fanops.cli.survey", "survey", "Check, list and export survey definitions."),
    "fans": ("fanops.cli.fans", "fans", "Levels, tags and lists of fans."),
    "tag": ("fanops.cli.tags", "tag", "The tag factory: dictionary, rules with a preview, nightly refresh."),
    "value": ("fanops.cli.value", "value", "Orders per channel, net value, new customers by source, products."),
    "fix": ("fanops.cli.actions", "fix", "Service fixes per store (MTQSC)."),
    "backlog": ("fanops.cli.actions", "backlog", "Product backlog (MTPD)."),
    "webhook": ("fanops.cli.sending", "webhook", "Addresses that are told when something moves."),
    "message": ("fanops.cli.sending", "message", "Messages that leave the house, and their attempts."),
    "effect": ("fanops.cli.effect", "effect", "Measure what an action changed."),
    "overview": ("fanops.cli.overview", "overview", "This period in five numbers."),
    "brief": ("fanops.cli.brief", "brief", "The owner's page of the week as a file."),
    "model": ("fanops.cli.model", "model", "Train and describe the shipped language models."),
    "sample": ("fanops.cli.sample", "sample", "Load or clear the sample chain."),
    "account": ("fanops.cli.account", "account", "Add and manage accounts."),
    "audit": ("fanops.cli.audit", "audit", "Who did what: the log, and whether it is whole."),
    "org": ("fanops.cli.org", "org", "Brand, regions, stores and staff."),
    "migrate": ("fanops.cli.maintain", "migrate", "Bring the database up to date."),
    "backup": ("fanops.cli.maintain", "backup", "Write a whole copy of the embedded database."),
    "restore": ("fanops.cli.restore", "restore", "Put a backup back, without what was erased since."),
    "doctor": ("fanops.cli.maintain", "doctor", "Check rows, models, disk and settings."),
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
    if refusal.hint:
        click.echo(refusal.hint, err=True)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fanops")
def cli() -> None:
    """Fan operations for store chains: from what fans say to what stores change, and proof that it helped."""


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
