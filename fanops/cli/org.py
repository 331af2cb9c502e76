"""``fanops org``: the org tree from the command line."""

from __future__ import annotations

import json
from typing import Any

import click

from fanops.access import organisation
from fanops.access.accounts import owner_actor
from fanops.access.organisation import STORE_KINDS, org_tree
from fanops.database import ready_database
from fanops.errors import NotFound

_brand = click.option("--brand", help="品牌名称，有几个品牌时要写。")


@click.group()
def org() -> None:
    """品牌、大区、门店和员工。"""


@org.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
@_brand
def show(as_json: bool, brand: str | None) -> None:
    """查看组织。"""
    with ready_database().read() as session:
        tree = org_tree(session, owner_actor(session, brand))
    if as_json:
        click.echo(json.dumps(tree, ensure_ascii=False))
        return
    click.echo(f"{tree['brand']}（{tree['industry']}）{'　示例数据' if tree['is_sample'] else ''}")
    for region in tree["regions"]:
        click.echo(f"  {region['name']}：{len(region['stores'])} 家门店")
        for store in region["stores"]:
            kind = STORE_KINDS[store["kind"]]
            click.echo(f"    {store['code']}　{store['name']}　{kind}　{store['city']}　{len(store['staff'])} 位员工")
    for person in tree["staff"]:
        click.echo(f"  总部　{person['code']}　{person['name']}　{person['title']}")


@org.command()
@click.argument("name")
@click.option("--industry", default="茶饮", show_default=True, help="行业，决定自带的词和方面。")
def add_brand(name: str, industry: str) -> None:
    """添加品牌。"""
    with ready_database().write() as session:
        added = organisation.add_brand(session, name, industry=industry)
    click.echo(f"已添加品牌 {added.name}。接着可以：fanops org add-region 名称；fanops account add")


@org.command()
@click.argument("name")
@_brand
def add_region(name: str, brand: str | None) -> None:
    """添加大区。"""
    with ready_database().write() as session:
        added = organisation.add_region(session, owner_actor(session, brand), name)
    click.echo(f"已添加大区 {added.name}。")


@org.command()
@click.argument("code")
@click.argument("name")
@click.option("--region", required=True, help="门店所在的大区名称。")
@click.option(
    "--kind",
    type=click.Choice(list(STORE_KINDS)),
    default="direct",
    show_default=True,
    help="direct 直营，franchise 加盟。",
)
@click.option("--city", default="", help="门店所在城市。")
@_brand
def add_store(code: str, name: str, region: str, kind: str, city: str, brand: str | None) -> None:
    """添加门店。"""
    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        added = organisation.add_store(session, actor, code=code, name=name, region=region, kind=kind, city=city)
    click.echo(f"已添加门店 {added.code} {added.name}（{STORE_KINDS[added.kind]}）。")


@org.command()
@click.argument("code")
@click.option("--name", help="新的名称。")
@click.option("--region", help="换到哪个大区（名称）。")
@click.option("--kind", type=click.Choice(list(STORE_KINDS)), help="direct 直营，franchise 加盟。")
@click.option("--city", help="门店所在城市。")
@click.option("--closed/--open", default=None, help="已经关店，或又开了。")
@_brand
def change_store(code: str, brand: str | None, **given: Any) -> None:
    """修改门店；没写的不变。"""
    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        row = next((each for each in organisation.store_table(session, actor) if each["code"] == code), None)
        if row is None:
            raise NotFound(f"没有编号为“{code}”的门店。", "用 fanops org show 看有哪些。")
        now_so = {key: row[key] for key in ("name", "region", "kind", "city")} | {
            "closed": row["closed_on"] is not None
        }
        wanted = now_so | {key: value for key, value in given.items() if value is not None}
        store = organisation.change_store(session, actor, row["store_id"], **wanted)
    click.echo(f"门店 {store.code} {store.name} 已更改{'，已关店' if store.closed_on else ''}。")


@org.command()
@click.argument("code")
@click.argument("name")
@click.option("--store", help="门店编号；总部的人不写。")
@click.option("--title", default="店员", show_default=True, help="岗位。")
@_brand
def add_staff(code: str, name: str, store: str | None, title: str, brand: str | None) -> None:
    """添加员工。"""
    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        added = organisation.add_staff(session, actor, code=code, name=name, store=store, title=title)
    click.echo(f"已添加员工 {added.code} {added.name}。")
