"""``fanops fans``: find, list, recompute levels, tag the raisers of a theme."""

from __future__ import annotations

import json

import click


@click.group()
def fans() -> None:
    """Levels, tags and lists of fans."""


@fans.command("list")
@click.option("--level", help="identified, repeat, fan or core.")
@click.option("--find", "look_for", default="", help="Phone or member number, or first character of the name.")
@click.option("--most", default=30, show_default=True, help="At most this many.")
@click.option("--brand", help="Brand, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_fans(level: str | None, look_for: str, most: int, brand: str | None, as_json: bool) -> None:
    """List fans (masked), biggest spenders first."""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.records import fan_table

    with ready_database().read() as session:
        table, total = fan_table(session, owner_actor(session, brand), level=level, look_for=look_for, limit=most)
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False, date_format="iso"))
        return
    for row in table.itertuples():
        click.echo(
            f"{row.fan_id:>6}  {row.name}  {row.level}  {row.store or ''}  订单 {row.orders}  ¥{row.spent_fen / 100:,.0f}  {row.tags}"
        )
    click.echo(f"共 {total} 位")


@fans.command()
@click.option("--brand", help="Brand, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def levels(brand: str | None, as_json: bool) -> None:
    """Recompute all levels from orders and voices."""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.refresh import refresh_levels

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
    counts = refresh_levels(db, actor)
    click.echo(json.dumps(counts) if as_json else "、".join(f"{name} {count}" for name, count in counts.items()))


@fans.command()
@click.argument("theme_id", type=int)
@click.option("--name", required=True, help="Name of the tag.")
@click.option("--lasts-days", type=int, help="Days until it expires.")
@click.option("--brand", help="Brand, when there are several.")
def tag(theme_id: int, name: str, lasts_days: int | None, brand: str | None) -> None:
    """Tag the fans who said THEME_ID; each tag keeps its source sentence."""
    from fanops.access.accounts import owner_actor
    from fanops.actions.records import tag_raisers
    from fanops.database import ready_database

    with ready_database().write() as session:
        _, count = tag_raisers(session, owner_actor(session, brand), theme_id, name, lasts_days=lasts_days)
    click.echo(f"已给 {count} 位粉丝贴上“{name}”。")
