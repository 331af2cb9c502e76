"""``fanops import``: voices, members and orders from CSV or Excel; list of batches; undo."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fanops.access.accounts import owner_actor
from fanops.collect.fields import BATCH_LABELS, FIELDS, KIND_LABELS, PARTIES
from fanops.database import ready_database
from fanops.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from fanops.collect.import_file import Imported, Preview

_SHOWN = 20
STATES = {"done": "有效", "undone": "已撤销"}


@click.group()
def imports() -> None:
    """从 CSV 或 Excel 导入原声、订单、会员。"""


@contextmanager
def progress_bar(what: str, hidden: bool) -> Iterator[Callable[[float, str], None]]:
    """Show a progress bar on the terminal's error stream; hidden for programs."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=hidden, transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share, doing="": bar.update(task, completed=share, description=doing or what)


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        name, mark, heading = pair.partition("=")
        if not mark:
            raise InvalidInput(f"--map 要写成 字段=列名，而不是“{pair}”。", "例如：--map text=评论 --map store=门店")
        mapping[name.strip()] = heading.strip()
    return mapping


def _run(
    kind: str, file: Path, mapping: tuple[str, ...], store: str | None, source: str, party: str, basis: str,
    skip_refused: bool, dry_run: bool, as_json: bool, brand: str | None, sheet: str, voice_kind: str = "review",
) -> None:  # fmt: skip
    from fanops.collect.import_file import ImportRequest, import_file, preview_file

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
    request = ImportRequest(
        kind, _mapping(mapping), store=store, source=source, party=party, consent_basis=basis,
        skip_refused=skip_refused, voice_kind=voice_kind, sheet=sheet,
    )  # fmt: skip
    with progress_bar(f"导入 {file.name}", as_json) as progress:
        if dry_run:
            preview = preview_file(db, actor, file, request, progress)
        else:
            imported = import_file(db, actor, file, request, progress)
    if dry_run:
        _show_preview(preview, as_json)
    else:
        _show_imported(imported, as_json)


def _show_preview(preview: Preview, as_json: bool) -> None:
    if as_json:
        plain = asdict(preview)
        click.echo(json.dumps(plain, ensure_ascii=False, default=str))
        return
    labels = {field.name: field.label for field in FIELDS[preview.kind]}
    click.echo(f"{preview.filename}：{preview.rows:,} 行（只预览，没有存）")
    if preview.earlier_batch:
        click.echo(f"这个文件已经导入过（批次 {preview.earlier_batch}）。")
    for name, heading in preview.mapping.items():
        click.echo(f"  {labels[name]} ← {heading}")
    click.echo(f"新增 {preview.new:,}，更新 {preview.changed:,}，已有 {preview.same:,}，不能导入 {preview.refused:,}")
    _show_problems(preview.problems)
    for note in preview.notes:
        click.echo(note)


def _show_problems(problems: tuple[Problem, ...]) -> None:
    for problem in problems[:_SHOWN]:
        click.echo(f"  · {problem}")
    if len(problems) > _SHOWN:
        click.echo(f"  …… 另有 {len(problems) - _SHOWN:,} 处")


def _show_imported(imported: Imported, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(imported), ensure_ascii=False))
        return
    if imported.already:
        click.echo(f"这个文件已经导入过（批次 {imported.batch_id}），没有重复导入。")
        return
    parts = [f"新增 {imported.new:,} 条{KIND_LABELS[imported.kind]}"]
    for words, count in (
        ("更新 {:,} 条", imported.changed), ("已有 {:,} 条未动", imported.same), ("跳过 {:,} 行", imported.refused),
        ("切出 {:,} 个语义单元", imported.units), ("新粉丝 {:,} 位", imported.created_fans),
        ("{:,} 行的号码分属两位粉丝，按会员号优先", imported.torn),
    ):  # fmt: skip
        if count:
            parts.append(words.format(count))
    click.echo(f"批次 {imported.batch_id}：{'，'.join(parts)}。")
    click.echo(f"撤销：fanops import undo {imported.batch_id}")


_OPTIONS = [
    click.argument("file", type=click.Path(path_type=Path)),
    click.option("--map", "mapping", multiple=True, metavar="字段=列名", help="哪个字段在哪一列；可以写几次。"),
    click.option("--sheet", default="", help="工作表名称；不写就用表头最合适的那张。"),
    click.option("--store", help="没写门店的行算哪家（编号或名称）。"),
    click.option("--source", default="", help="没写平台的行算哪个平台。"),
    click.option("--party", type=click.Choice(list(PARTIES)), default="first", show_default=True, help="数据是谁的。"),
    click.option("--consent-basis", "basis", default="", help="凭什么可以使用（二方、三方数据要写）。"),
    click.option("--skip-refused", is_flag=True, help="能导入的行先导入；不写时，有一行不对就都不导入。"),
    click.option("--dry-run", is_flag=True, help="只说会怎样，不导入。"),
    click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。"),
    click.option("--brand", help="品牌名称，有几个品牌时要写。"),
]


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@imports.command()
@_with_options
@click.option("--tickets", is_flag=True, help="这些是工单，不是评价。")
def voices(tickets: bool, **given: Any) -> None:
    """从文件 FILE 导入评价或工单。

    字段：text store member phone openid time score source number channel。
    """
    _run("voices", voice_kind="ticket" if tickets else "review", **given)


@imports.command()
@_with_options
def members(**given: Any) -> None:
    """从文件 FILE 导入会员。

    字段：member phone openid mail name joined store birthday level。
    """
    _run("members", **given)


@imports.command()
@_with_options
def orders(**given: Any) -> None:
    """从文件 FILE 导入订单。

    字段：number store time amount member phone openid channel items source。
    """
    _run("orders", **given)


@imports.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def list_them(as_json: bool, brand: str | None) -> None:
    """列出导入批次，最新的在前。"""
    from fanops.collect.records_imports import list_batches

    with ready_database().read() as session:
        batches = list_batches(session, owner_actor(session, brand))
    if as_json:
        rows = [
            {
                "batch": b.id, "kind": b.kind, "filename": b.filename, "state": b.state, "party": b.party,
                "counts": b.counts, "is_sample": b.is_sample, "created_at": b.created_at.isoformat(),
            }
            for b in batches
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not batches:
        click.echo("还没有导入过。例如：fanops import voices 评价.csv")
    for b in batches:
        kind = BATCH_LABELS.get(b.kind, b.kind)
        sample = "　示例" if b.is_sample else ""
        click.echo(
            f"{b.id:>5}  {kind}　{b.filename}　{b.counts.get('new', 0):,} 条　{STATES.get(b.state, b.state)}{sample}"
        )


@imports.command()
@click.argument("batch", type=int)
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def undo(batch: int, brand: str | None, as_json: bool) -> None:
    """整批撤销一次导入。"""
    from fanops.collect.undo_import import undo_batch

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
    done = undo_batch(db, actor, batch)
    if as_json:
        click.echo(json.dumps({"batch": batch, **done}, ensure_ascii=False))
        return
    labels = {"voice": "条原声", "fan_order": "笔订单", "response": "份答卷", "interview": "次访谈", "fan": "位粉丝"}
    gone = "、".join(f"{done[name]:,} {word}" for name, word in labels.items() if done.get(name))
    click.echo(f"批次 {batch} 已撤销：移除 {gone or '0 条'}。")
    if done.get("restored"):
        click.echo(f"{done['restored']:,} 条改动已恢复原样。")
    if done.get("kept_fans"):
        click.echo(f"{done['kept_fans']:,} 位粉丝还有别的记录，予以保留。")
