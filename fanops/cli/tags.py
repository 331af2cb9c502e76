"""``fanops tag``: the dictionary of tags, a rule previewed and applied, the nightly refresh."""

from __future__ import annotations

import json

import click


@click.group()
def tag() -> None:
    """The tag factory: dictionary, rules with a preview, nightly refresh."""


@tag.command("list")
@click.option("--brand", help="Brand, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_tags(brand: str | None, as_json: bool) -> None:
    """List the tags with how many fans carry each now, and how they got it."""
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
@click.option("--meaning", default="", help="What a fan with it is like.")
@click.option("--lasts-days", type=int, help="Days it lasts after a fan is no longer like this.")
@click.option("--apply", "really", is_flag=True, help="Keep the rule and put the tag; only counted without it.")
@click.option("--brand", help="Brand, when there are several.")
def rule(name: str, conditions: str, meaning: str, lasts_days: int | None, really: bool, brand: str | None) -> None:
    """Preview the rule CONDITIONS of tag NAME, or apply it. CONDITIONS is JSON, for example '{"orders_from": 6, "last_to": 30}'."""
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
@click.option("--brand", help="Brand, when there are several.")
def refresh(brand: str | None) -> None:
    """Do what runs every night: put rule tags on who fits, let run out what no longer does."""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.records_tags import refresh_tags

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
    done = refresh_tags(db, actor)
    click.echo(f"新加 {done['added']}，继续 {done['kept']}，到期 {done['ended']}。")


@tag.command()
@click.option("--confirm", type=int, help="Put this suggested tag (its number) on all who wait for it.")
@click.option("--most", default=5, show_default=True, help="Fans shown per tag, with their sentence.")
@click.option("--brand", help="Brand, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def suggested(confirm: int | None, most: int, brand: str | None, as_json: bool) -> None:
    """List the tags that themes suggest and for whom, or confirm one."""
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
