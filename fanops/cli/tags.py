"""``fanops tag``: the dictionary of tags, a rule previewed and applied, the nightly refresh."""

from __future__ import annotations

import json

import click


@click.group()
def tag() -> None:
    """标签：列表、规则（可以试算）、每晚更新。"""


@tag.command("list")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def list_tags(brand: str | None, as_json: bool) -> None:
    """列出标签：现在多少位粉丝有、怎么贴上的。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.records_tags import tag_dictionary

    with ready_database().read() as session:
        table = tag_dictionary(session, owner_actor(session, brand))
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False))
        return
    for row in table.itertuples():
        source = f"规则：{row.rule}" if row.rule else f"主题：{row.theme}" if row.theme else "手工"
        click.echo(
            f"{row.tag_id:>6}  {row.name}  {row.fans} 位（手工 {row.by_hand}、规则 {row.by_rule}、主题 {row.by_theme}）  {source}"
        )


@tag.command()
@click.argument("name")
@click.argument("conditions")
@click.option("--meaning", default="", help="有这个标签的粉丝是什么样的。")
@click.option("--lasts-days", type=int, help="不再符合以后还留多少天。")
@click.option("--apply", "really", is_flag=True, help="保存规则并贴标签；不写只数一数。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def rule(name: str, conditions: str, meaning: str, lasts_days: int | None, really: bool, brand: str | None) -> None:
    """试算或执行标签 NAME 的规则 CONDITIONS。

    规则写成 JSON，例如 '{"orders_from": 6, "last_to": 30}'。
    """
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.errors import InvalidInput
    from fanops.fans.records_conditions import parse_conditions
    from fanops.fans.records_tags import preview_rule, refresh_tags, save_tag

    try:
        stored = json.loads(conditions)
    except ValueError as error:
        raise InvalidInput("条件不是 JSON。", '例如：{"orders_from": 6, "last_to": 30}') from error
    wanted, db = parse_conditions(stored), ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
        counts, _ = preview_rule(session, actor, wanted, name)
    click.echo(
        f"{counts.words}：符合 {counts.fit} 位，新贴 {counts.new}，已有 {counts.have}，拒绝过 {counts.refused}，会到期 {counts.leave}。"
    )
    if really:
        with db.write() as session:
            tag_id = save_tag(session, actor, name, meaning=meaning, lasts_days=lasts_days, rule=wanted).id
        done = refresh_tags(db, actor, tag_id)
        click.echo(f"已贴 {done['added']} 位；以后每晚更新。")


@tag.command()
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def refresh(brand: str | None) -> None:
    """现在就做每晚的事：符合规则的贴上，不再符合的到期。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.records_tags import refresh_tags

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
    done = refresh_tags(db, actor)
    click.echo(f"新加 {done['added']}，继续 {done['kept']}，到期 {done['ended']}。")


@tag.command()
@click.option("--confirm", type=int, help="把这个建议的标签（编号）贴给等着的每一位。")
@click.option(
    "--most", type=click.IntRange(1), default=5, show_default=True, help="每个标签列出多少位粉丝，附他们的话。"
)
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def suggested(confirm: int | None, most: int, brand: str | None, as_json: bool) -> None:
    """列出主题建议的标签和给谁，或确认一个。"""
    from fanops.access.accounts import owner_actor
    from fanops.actions import records_suggestions as records
    from fanops.database import ready_database

    db = ready_database()
    if confirm is not None:
        with db.write() as session:
            actor = owner_actor(session, brand)
            waiting = records.suggestions(session, actor, confirm, limit=100_000)
            count = records.confirm_suggestions(session, actor, confirm, waiting["fan_id"].astype(int).tolist())
        click.echo(f"已贴 {count} 位。")
        return
    with db.read() as session:
        actor = owner_actor(session, brand)
        found = [
            {"tag_id": row.id, "tag": row.name, "theme": theme, "fans": count,
             "first": records.suggestions(session, actor, row.id, limit=most)[["fan_id", "fan", "sentence"]].to_dict("records")}
            for row, theme, count in records.suggested_tags(session, actor)
        ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for each in found:
        click.echo(f"{each['tag_id']:>6}  {each['tag']}（主题“{each['theme']}”）  {each['fans']} 位等确认")
        for fan in each["first"]:
            click.echo(f"        {fan['fan_id']} {fan['fan'] or ''}  “{fan['sentence']}”")
    if not found:
        click.echo("没有等确认的标签。")
