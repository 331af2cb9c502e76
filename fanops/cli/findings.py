"""``fanops findings``: what stands out, and what was decided about it."""

from __future__ import annotations

import json

import click


@click.group()
def findings() -> None:
    """发现：新出现、在变多、某店与众不同、核心粉丝不一样。"""


@findings.command()
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def find(brand: str | None, as_json: bool) -> None:
    """按时间、门店、层级比较主题，误报率有控制。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.findings.find import find_findings

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
    counts = find_findings(db, actor)
    click.echo(
        json.dumps(counts)
        if as_json
        else f"新发现 {counts['new']} 条，仍成立 {counts['kept']} 条，消退 {counts['gone']} 条。"
    )


@findings.command("list")
@click.option(
    "--state", type=click.Choice(["open", "accepted", "dismissed", "merged", "gone", "all"]), default="open",
    show_default=True, help="只看这个状态的。",
)  # fmt: skip
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def list_findings(state: str, brand: str | None, as_json: bool) -> None:
    """列出发现，最急的在前。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.findings import records

    with ready_database().read() as session:
        table = records.finding_table(session, owner_actor(session, brand), None if state == "all" else state)
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False, date_format="iso"))
        return
    if table.empty:
        click.echo("没有这样的发现。先运行：fanops findings find")
    for row in table.itertuples():
        click.echo(f"{row.finding_id:>4}  {row.priority:>3.0f} 分  {records.describe_kind(row.kind)}  {row.claim}")


@findings.command()
@click.argument("finding_id", type=int)
@click.option("--dismiss", "reason", help="忽略它，写明原因；不写就是采纳。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def decide(finding_id: int, reason: str | None, brand: str | None) -> None:
    """采纳或忽略一个发现。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.findings import records

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        records.decide(session, actor, finding_id, "accepted" if reason is None else "dismissed", reason or "")
    click.echo(f"发现 {finding_id} {'已采纳' if reason is None else '不采纳，原因已记下'}。")
