"""``fanops audit``: who did what to what, and whether the log is whole."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import click

from fanops.access.accounts import owner_actor
from fanops.access.audit import audit_entries, verify_audit
from fanops.database import ready_database
from fanops.settings import settings
from fanops.tables import now

_brand = click.option("--brand", help="品牌名称，有几个品牌时要写。")


@click.group()
def audit() -> None:
    """查看审计记录。"""


@audit.command("list")
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True, help="往回看多少天。")
@click.option("--login", help="只看这个账号。")
@click.option("--deed", help="只看这种操作，写法与列表一样，例如 export。")
@click.option("--most", type=click.IntRange(1), default=1_000, show_default=True, help="最多列出多少条，最新的在前。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
@_brand
def list_entries(days: int, login: str | None, deed: str | None, most: int, as_json: bool, brand: str | None) -> None:
    """列出做过的事，最新的在前。"""
    with ready_database().read() as session:
        actor = owner_actor(session, brand)
        rows = audit_entries(session, actor, now() - timedelta(days=days), login=login, deed=deed, most=most)
    if as_json:
        click.echo(json.dumps([row | {"at": row["at"].isoformat()} for row in rows], ensure_ascii=False))
        return
    if not rows:
        click.echo(f"近 {days} 天没有这样的记录。")
    for row in rows:
        at = row["at"].astimezone(settings().zone)
        detail = "　".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in row["detail"].items())
        click.echo(f"{at:%Y-%m-%d %H:%M:%S}  {row['who']:<16}{row['deed']:<24}{row['subject']:<20}{detail}".rstrip())
    if len(rows) == most:
        click.echo(f"只列出最近 {most:,} 条；要更多请加 --most。", err=True)


@audit.command()
def check() -> None:
    """检查审计记录有没有被人改动过。"""
    with ready_database().read() as session:
        broken = verify_audit(session)
    if broken is None:
        click.echo("审计记录完整，没有被改动。")
        return
    click.echo(f"审计记录从第 {broken} 条起对不上，可能被改动过。请与最近的备份比较。", err=True)
    sys.exit(1)
