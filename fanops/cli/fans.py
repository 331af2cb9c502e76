"""``fanops fans``: find, list, recompute levels, tag the raisers of a theme."""

from __future__ import annotations

import json

import click


@click.group()
def fans() -> None:
    """粉丝：层级、标签和名单。"""


@fans.command("list")
@click.option("--level", type=click.Choice(["identified", "repeat", "fan", "core"]), help="只看这个层级。")
@click.option("--find", "look_for", default="", help="手机号、会员号，或名字的第一个字。")
@click.option("--most", type=click.IntRange(1, 100_000), default=30, show_default=True, help="最多列出多少。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def list_fans(level: str | None, look_for: str, most: int, brand: str | None, as_json: bool) -> None:
    """列出粉丝（号码已遮盖），核心粉丝在前。"""
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
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def levels(brand: str | None, as_json: bool) -> None:
    """按订单和原声重算全部层级。"""
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
@click.option("--name", required=True, help="标签名称。")
@click.option("--lasts-days", type=click.IntRange(1, 3650), help="多少天后到期。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def tag(theme_id: int, name: str, lasts_days: int | None, brand: str | None) -> None:
    """给说过主题 THEME_ID 的粉丝贴标签，附来源句子。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions.records import tag_raisers
    from fanops.database import ready_database

    with ready_database().write() as session:
        _, count = tag_raisers(session, owner_actor(session, brand), theme_id, name, lasts_days=lasts_days)
    click.echo(f"已给 {count} 位粉丝贴上“{name}”。")


@fans.command()
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def refresh(brand: str | None, as_json: bool) -> None:
    """现在就做每晚的事。

    层级、生命周期、活跃指数、标签、每晚的规则、疑似同一人。
    """
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
@click.option("--held-out-days", type=click.IntRange(1, 365), default=28, show_default=True, help="预计并对比多少天。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def alive(held_out_days: int, brand: str | None, as_json: bool) -> None:
    """检验“还会不会来”的模型：各组预计与实际的订单数。"""
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
@click.option("--give", is_flag=True, help="真的分配；不写只是试算。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def allocate(store_code: str, give: bool, brand: str | None) -> None:
    """把门店 STORE_CODE 没人负责的粉丝分给店里的员工。"""
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
@click.option("--refresh", "anew", is_flag=True, help="先重新找一遍。")
@click.option("--most", type=click.IntRange(1), default=20, show_default=True, help="最多列出多少。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def matches(anew: bool, most: int, brand: str | None, as_json: bool) -> None:
    """列出疑似同一人的记录（已遮盖），像和不像的地方都写明。"""
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
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def decide(match_id: int, answer: str, brand: str | None) -> None:
    """决定 MATCH_ID 是不是同一人。

    same：同一人，合并，以后可以拆开；apart：两个人，记住不再问。
    """
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
@click.option("--repeat-window-days", type=int, help="第一次购买以后多少天内有第二次，算复购。")
@click.option("--fan-orders", type=int, help="多少单算粉丝。")
@click.option("--fan-window-days", type=int, help="在多少天以内。")
@click.option("--core-orders", type=int, help="多少单（并有原声）算核心粉丝。")
@click.option("--core-voices", type=int, help="多少条原声（并有订单）算核心粉丝。")
@click.option("--save", is_flag=True, help="保存并重算；不写只是试算。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def rules(save: bool, brand: str | None, **numbers: int | None) -> None:
    """查看层级的规则，或试算换了数字有多少人会变。"""
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
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def outlook(fan_id: int, brand: str | None) -> None:
    """粉丝 FAN_ID 还会不会来、下次大约什么时候，依据是什么。"""
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
