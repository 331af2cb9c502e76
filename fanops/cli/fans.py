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
    """List fans (masked), core fans first."""
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


@fans.command()
@click.option("--brand", help="Brand, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def refresh(brand: str | None, as_json: bool) -> None:
    """Do what runs every night: levels, activity index, nightly rules."""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.refresh import refresh_fans

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
    done = refresh_fans(db, actor, {}, lambda share, doing: None)
    cards = sum(done["cards"].values())
    said = f"分层 {sum(done['levels'].values())} 位，活跃指数 {done['activity']} 位，服务卡 {cards} 张。"
    click.echo(json.dumps(done) if as_json else said)


@fans.command()
@click.argument("code")
@click.option("--run", "really", is_flag=True, help="Make the cards; only counted without it.")
@click.option("--brand", help="Brand, when there are several.")
def rule(code: str, really: bool, brand: str | None) -> None:
    """Say whom rule CODE (welcome_back, wake_up, recovery, new_product, promise) would reach, or make its cards."""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.records_rules import dry_run, run_rule

    db = ready_database()
    if really:
        with db.write() as session:
            click.echo(f"生成了 {run_rule(session, owner_actor(session, brand), code)} 张服务卡。")
        return
    with db.read() as session:
        reached, left_out = dry_run(session, owner_actor(session, brand), code)
    click.echo(
        f"会提醒 {len(reached)} 位。" + "".join(f"不含{reason} {count} 位。" for reason, count in left_out.items())
    )


@fans.command()
@click.option("--held-out-days", default=28, show_default=True, help="Days that are predicted and compared.")
@click.option("--brand", help="Brand, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def alive(held_out_days: int, brand: str | None, as_json: bool) -> None:
    """Check the model of who still comes on held-out days: predicted and observed orders per group."""
    import pandas as pd

    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.errors import TooLittleData
    from fanops.fans.alive import calibration
    from fanops.fans.records_behaviour import orders_of

    with ready_database().read() as session:
        orders = orders_of(session, owner_actor(session, brand))
    try:
        table = calibration(
            orders, orders["placed_at"].max() if len(orders) else pd.Timestamp.now("UTC"), held_out_days
        )
    except ValueError as error:
        raise TooLittleData("下过单的顾客不到 100 位，估不准。", "先导入更多订单。") from error
    if as_json:
        click.echo(table.to_json(orient="records"))
        return
    for row in table.itertuples():
        click.echo(f"第 {row.group} 组 {row.fans} 位：预计 {row.predicted:.2f} 单，实际 {row.observed:.2f} 单")


@fans.command()
@click.argument("store_code")
@click.option("--give", is_flag=True, help="Give them; only planned without it.")
@click.option("--brand", help="Brand, when there are several.")
def allocate(store_code: str, give: bool, brand: str | None) -> None:
    """Share the fans of STORE_CODE that nobody looks after over its staff."""
    from fanops.access import visible_stores
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.errors import NotFound
    from fanops.fans.assign_owners import assign_owners, plan_owners

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        stores = {store.code: store.id for store in visible_stores(session, actor)}
        if store_code not in stores:
            raise NotFound(f"没有门店 {store_code}。", f"现有：{'、'.join(stores)}")
        if give:
            click.echo(f"已分配 {assign_owners(session, actor, stores[store_code])} 位。")
            return
        planned = plan_owners(session, actor, stores[store_code])
    click.echo(f"{sum(planned.values())} 位还没有人跟进，会分成：{'、'.join(map(str, planned.values()))}")
