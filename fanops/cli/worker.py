"""``fanops worker``: the process that does what takes longer than a page may."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

import click

from fanops.cli.run import set_up_logging, stop_on_signals
from fanops.database import Database, ready_database
from fanops.jobs.worker import Handler, JobContext, JobWorker

_POLITENESS = 10

# kind → package.module:function, called with (db, actor, parameters, progress) and imported when first needed.
HANDLERS: dict[str, str] = {
    "discover_themes": "fanops.findings.find:discover_and_find",
    "prove_dictionary": "fanops.themes.prove:prove_dictionary",
    "reopen_returned": "fanops.actions.review_returns:reopen_returned",
    "refresh_fans": "fanops.fans.refresh:refresh_fans",
    "find_findings": "fanops.findings.find:find_nightly",
    "run_rules": "fanops.actions.run_rules:run_nightly_rules",
    "import_file": "fanops.collect.import_file:run_import",
    "import_survey": "fanops.collect.import_survey_export:run_import",
    "sweep_attachments": "fanops.access.attachments:sweep_attachments",
    "keep_weekly": "fanops.web.weekly_brief:keep_weekly",
}
# What is done once a night for each brand, in this order: findings and rules stand on levels and stages.
DAILY = ("refresh_fans", "find_findings", "run_rules", "reopen_returned", "sweep_attachments", "keep_weekly")


def handlers() -> dict[str, Handler]:
    """Give the worker's table of handlers."""
    return {kind: _lazy(path) for kind, path in HANDLERS.items()}


def _lazy(path: str) -> Handler:
    module, name = path.split(":")

    def handle(db: Database, context: JobContext) -> Mapping[str, Any] | None:
        function = getattr(importlib.import_module(module), name)
        result = function(db, context.actor, context.parameters, context.progress)
        if dataclasses.is_dataclass(result) and not isinstance(result, type):
            result = dataclasses.asdict(result)
        return json.loads(json.dumps(result, default=_plain)) if isinstance(result, Mapping) else None

    return handle


def _lazy_idle() -> Callable[[Database], None]:
    """Give what the worker does between jobs, imported when first needed."""
    kept: list[Callable[[Database], None]] = []

    def idle(db: Database) -> None:
        if not kept:
            from fanops.themes.assign import NewUnits

            kept.append(NewUnits())
        kept[0](db)

    return idle


def _lazy_sending() -> Callable[[Database, threading.Event], object]:
    """Give what the worker does beside jobs: it sends what waits."""

    def send(db: Database, stop: threading.Event) -> object:
        from fanops.sending.send_messages import send_due

        return send_due(db, stop)

    return send


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


@click.command()
@click.option("--parent", type=int, hidden=True, help="跟着结束的进程。")
@click.option("--once", is_flag=True, help="做完等着的就结束。")
def worker(parent: int | None, once: bool) -> None:
    """单独运行后台程序。"""
    db = ready_database()
    set_up_logging()
    if hasattr(os, "nice"):
        os.nice(_POLITENESS)  # people at the pages go first
    send = _lazy_sending()
    laborer = JobWorker(db, handlers(), parent=parent, daily=DAILY, idle=_lazy_idle(), meanwhile=send)
    if once:
        while laborer.work_once():
            continue
        send(db, laborer.stop)
        return
    stop_on_signals(laborer.stop)
    if parent is None:
        click.echo(f"后台程序已启动（{laborer.name}），按 Ctrl-C 停止。")
    laborer.run()
