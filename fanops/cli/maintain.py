"""``fanops migrate``, ``backup``, ``doctor``: keeping an installation well."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from fanops.access.attachments import copy_files
from fanops.cli.doctor import examine
from fanops.cli.run import bring_up_to_date
from fanops.database import back_up, database, pending_migrations
from fanops.errors import InvalidInput
from fanops.settings import settings


@click.command()
@click.option("--dry-run", is_flag=True, help="只说还有哪些要更新。")
def migrate(dry_run: bool) -> None:
    """更新数据库结构。"""
    db = database()
    pending = pending_migrations(db)
    if not pending:
        click.echo("数据库已经是最新的。")
    elif dry_run:
        click.echo("待更新：" + "、".join(pending))
    else:
        bring_up_to_date(db, click.echo)


@click.command()
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), help="备份到哪个文件夹（默认是数据文件夹里的 backups）。"
)
def backup(to: Path | None) -> None:
    """备份自带的数据库和附件；使用中也可以备份。"""
    folder = to or settings().data / "backups"
    try:
        copy = back_up(database(), folder)
    except OSError as error:
        raise InvalidInput(
            f"不能备份到 {folder}。", "请检查权限和磁盘空间，或换一个文件夹：fanops backup --to 文件夹"
        ) from error
    click.echo(f"已备份到 {copy}（{copy.stat().st_size / 1e6:.1f} MB）。密钥文件 {settings().secret_file} 请另外保管。")
    click.echo(f"恢复：先停止 fanops，再运行 fanops restore {copy}")
    # After the database: what a row of the copy names was written before that row.
    files = copy_files(copy.with_suffix(".files"))
    if files:
        click.echo(f"附件 {files} 个在 {copy.with_suffix('.files')}，恢复时一起放回。")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """检查数据、模型、磁盘和设置；有问题时退出码是 1。"""
    found = examine(database())
    if as_json:
        checks = {name: [asdict(ill) for ill in ills] for name, ills in found.items()}
        click.echo(json.dumps({"is_well": not any(found.values()), "checks": checks}, ensure_ascii=False))
    else:
        for name, ills in found.items():
            click.echo(f"{'有问题' if ills else '正常　'}　{name}")
            for ill in ills:
                click.echo(f"        {ill.what}{ill.way_out}")
    if any(found.values()):
        ctx.exit(1)
