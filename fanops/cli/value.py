"""``fanops value``: where orders and new customers come from, and the product master."""

from __future__ import annotations

import click


@click.group()
def value() -> None:
    """Orders per channel, net value, new customers by source, products."""


@value.command()
@click.option("--months", default=12, show_default=True, help="How many months, this one last.")
@click.option("--by-store", is_flag=True, help="Per store too.")
@click.option("--brand", help="Brand, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def net(months: int, by_store: bool, brand: str | None, as_json: bool) -> None:
    """Net value of the brand: orders that came by neither delivery platform nor mall, with share and base."""
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
@click.option("--months", default=12, show_default=True, help="How many months, this one last.")
@click.option("--brand", help="Brand, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def newcomers(months: int, brand: str | None, as_json: bool) -> None:
    """New customers by the month of their first order and where they came from, fan referrals among them."""
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
@click.option("--brand", help="Brand, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def products(brand: str | None, as_json: bool) -> None:
    """List products with all their names and what was sold."""
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
@click.option("--brand", help="Brand, when there are several.")
def alias_command(alias: str, product_id: int | None, brand: str | None) -> None:
    """Let ALIAS mean PRODUCT_ID; without one, take the alias away."""
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
