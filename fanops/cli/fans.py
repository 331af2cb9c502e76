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
@click.option("--most", type=click.IntRange(1, 100_000), default=30, show_default=True, help="At most this many.")
@click.option("--brand", help="Brand, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_fans(level: str | None, look_for: str, most: int, brand: str | None, as_json: bool) -> None:
    """List fans (masked), core fans first."""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.errors import InvalidInput
    from fanops.fans.levels import LEVELS
    from fanops.fans.records import fan_table

    if level is not None and level not in LEVELS:
        raise InvalidInput(f"没有“{level}”这个分层。", f"可用：{'、'.join(LEVELS)}。")
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
    """Do what runs every night: levels, stages, activity, tags, nightly rules, likely matches."""
    from fanops.access.accounts import owner_actor
    from fanops.actions.run_rules import run_nightly_rules
    from fanops.database import ready_database
    from fanops.fans.refresh import refresh_fans

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
    done = refresh_fans(db, actor, {}, lambda share, doing: None)
    done["rules"] = run_nightly_rules(db, actor, {}, lambda share, doing: None)
    reached = sum(done["rules"].values())
    said = (
        f"分层 {sum(done['levels'].values())} 位，换阶段 {done['stages']['changed']} 位，活跃指数 {done['activity']} 位，"
        f"规则标签加 {done['tags']['added']} 去 {done['tags']['ended']}，自动规则 {reached} 位，疑似同一人 {done['matches']} 对。"
    )
    click.echo(json.dumps(done) if as_json else said)


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


@fans.command()
@click.option("--refresh", "anew", is_flag=True, help="Look for them anew first.")
@click.option("--most", default=20, show_default=True, help="At most this many.")
@click.option("--brand", help="Brand, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def matches(anew: bool, most: int, brand: str | None, as_json: bool) -> None:
    """List records that may be one person (masked), with what speaks for and against."""
    from dataclasses import asdict

    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans import records_matches

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
    if anew:
        records_matches.refresh_matches(db, actor)
    with db.read() as session:
        found = records_matches.matches(session, actor, limit=most)
        total = records_matches.count_matches(session, actor)
    if as_json:
        click.echo(json.dumps([asdict(match) for match in found], ensure_ascii=False))
        return
    for match in found:
        says = "、".join(f"{each['says']}（{each['bits']:+.1f}）" for each in match.reasons)
        click.echo(
            f"{match.match_id:>6}  {match.score:.0%}  {match.one.fan_id} {match.one.name} ~ {match.other.fan_id} {match.other.name}  {says}"
        )
    click.echo(f"共 {total} 对等人决定")


@fans.command()
@click.argument("match_id", type=int)
@click.argument("answer", type=click.Choice(["same", "apart"]))
@click.option("--brand", help="Brand, when there are several.")
def decide(match_id: int, answer: str, brand: str | None) -> None:
    """Say of MATCH_ID that it is one person (same: they are joined, it can be taken apart) or two (apart: remembered)."""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans import records_matches

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        if answer == "same":
            click.echo(f"已合并（合并编号 {records_matches.join_match(session, actor, match_id)}）。")
        else:
            records_matches.part_match(session, actor, match_id)
            click.echo("已记下：不是同一个人。")


@fans.command()
@click.option("--repeat-window-days", type=int, help="Second purchase within so many days of the first.")
@click.option("--fan-orders", type=int, help="So many orders make a fan.")
@click.option("--fan-window-days", type=int, help="Within so many days.")
@click.option("--core-orders", type=int, help="So many orders and voices make a core fan.")
@click.option("--core-voices", type=int, help="See above.")
@click.option("--save", is_flag=True, help="Keep them and recompute; only previewed without it.")
@click.option("--brand", help="Brand, when there are several.")
def rules(save: bool, brand: str | None, **numbers: int | None) -> None:
    """Show the rules of levels, or how many fans would move under other numbers."""
    from dataclasses import replace

    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans import records_levels
    from fanops.fans.levels import LEVEL_LABELS, level_words
    from fanops.fans.refresh import refresh_levels

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
        now_in_force = records_levels.level_rules(session, actor)
        wanted = replace(now_in_force, **{name: value for name, value in numbers.items() if value is not None})
        moves = records_levels.preview_levels(session, actor, wanted)
    for level, said in level_words(wanted).items():
        click.echo(f"{LEVEL_LABELS[level]}：{said}")
    for row in moves.itertuples():
        click.echo(f"{LEVEL_LABELS[row.before]} → {LEVEL_LABELS[row.after]}：{row.fans} 位")
    if moves.empty:
        click.echo("没有人的分层会变。")
    if save:
        with db.write() as session:
            records_levels.save_rules(session, actor, records_levels.LEVEL_RULES, wanted)
        refresh_levels(db, actor)
        click.echo("已保存并重算。")


@fans.command()
@click.argument("fan_id", type=int)
@click.option("--brand", help="Brand, when there are several.")
def outlook(fan_id: int, brand: str | None) -> None:
    """Say how likely FAN_ID still comes and when next, with what it stands on."""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.records_outlook import fan_outlook

    with ready_database().read() as session:
        fit, found, days = fan_outlook(session, owner_actor(session, brand), fan_id)
    if found is None:
        click.echo(f"样本不足：这位 {days} 个到店日，模型 {fit.buyers} 位顾客。")
        return
    when = f"{found.next_in_days} 天内" if found.next_in_days else "说不准"
    click.echo(f"还会来 {found.alive:.0%}，下次 {when}，未来 28 天 {found.orders:.2f} 个到店日")
    click.echo(
        f"这样的顾客上次预计 {found.predicted:.2f}，实际 {found.observed:.2f}（{fit.buyers} 位顾客，{fit.fitted_on}）"
    )


from fanops.cli.fan_deeds import COMMANDS  # noqa: E402  (the group must exist first)
from fanops.cli.fan_rules import rule  # noqa: E402

for _command in (*COMMANDS, rule):
    fans.add_command(_command)
