"""``fanops value``: where orders and new customers come from, and the product master."""

from __future__ import annotations

import click


@click.group()
def value() -> None:
    """渠道订单、品牌净值、新客来源、商品。"""


@value.command()
@click.option("--months", type=click.IntRange(1, 120), default=12, show_default=True, help="看几个月，到本月为止。")
@click.option("--by-store", is_flag=True, help="同时按门店分。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def net(months: int, by_store: bool, brand: str | None, as_json: bool) -> None:
    """品牌净值：不靠外卖平台、也不靠商场的订单，占多少。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.records_value import channel_sums
    from fanops.fans.value import net_value

    with ready_database().read() as session:
        sums = channel_sums(session, owner_actor(session, brand), months)
    table = net_value(sums, ["month", "store"] if by_store else ["month"])
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False))
        return
    for row in table.itertuples():
        share = "—" if row.share != row.share else f"{row.share:.1%}"
        name = f"{row.month} {row.store}" if by_store else row.month
        click.echo(
            f"{name}  净值 ¥{row.net_fen / 100:,.0f} / ¥{row.amount_fen / 100:,.0f}（{share}，{row.net_orders}/{row.orders} 单）"
        )


@value.command()
@click.option("--months", type=click.IntRange(1, 120), default=12, show_default=True, help="看几个月，到本月为止。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def newcomers(months: int, brand: str | None, as_json: bool) -> None:
    """新客来源：按第一单的月份，粉丝推荐的也在内。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.records_value import new_customers

    with ready_database().read() as session:
        table = new_customers(session, owner_actor(session, brand), months)
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False))
        return
    for row in table.itertuples():
        click.echo(f"{row.month}  {row.source}  {row.fans} 位")


@value.command()
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def products(brand: str | None, as_json: bool) -> None:
    """列出商品、它们的各种写法和销量。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.records_products import product_table

    with ready_database().read() as session:
        table = product_table(session, owner_actor(session, brand))
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False))
        return
    for row in table.itertuples():
        also = f"（也叫 {'、'.join(row.aliases)}）" if row.aliases else ""
        click.echo(f"{row.product_id:>6}  {row.name}{also}  {row.quantity} 份，{row.orders} 单")


@value.command("alias")
@click.argument("alias")
@click.argument("product_id", type=int, required=False)
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def alias_command(alias: str, product_id: int | None, brand: str | None) -> None:
    """让写法 ALIAS 指商品 PRODUCT_ID；不写编号就取消。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.records_products import add_alias, remove_alias

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        if product_id is None:
            remove_alias(session, actor, alias)
        else:
            add_alias(session, actor, product_id, alias)
    click.echo(f"“{alias}”已拆开。" if product_id is None else f"“{alias}”已是它的别名。")
