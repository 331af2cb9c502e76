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

_brand = click.option("--brand", help="Name of the brand, when there are several.")


@click.group()
def audit() -> None:
    """Read the audit log."""


@audit.command("list")
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True, help="How far back.")
@click.option("--login", help="Of this account only.")
@click.option("--deed", help="This deed only, as the list shows it: export, reveal_identity, change_role …")
@click.option("--most", type=click.IntRange(1), default=1_000, show_default=True, help="Newest entries shown.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@_brand
def list_entries(days: int, login: str | None, deed: str | None, most: int, as_json: bool, brand: str | None) -> None:
    """List what was done, the newest first."""
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
    """Say whether the log was changed behind fanops' back."""
    with ready_database().read() as session:
        broken = verify_audit(session)
    if broken is None:
        click.echo("审计记录完整，没有被改动。")
        return
    click.echo(f"审计记录从第 {broken} 条起对不上，可能被改动过。请与最近的备份比较。", err=True)
    sys.exit(1)
