"""``fanops effect item``: measure an action in the database."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("number", type=int)
@click.option("--fix", "is_fix", is_flag=True, help="NUMBER is a service fix, not a backlog item.")
@click.option("--metric", default="revenue", show_default=True, help="revenue, orders, repeat_share or mention_share.")
@click.option("--brand", help="Brand, when there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def item(number: int, is_fix: bool, metric: str, brand: str | None, as_json: bool) -> None:
    """Measure backlog item (or fix) NUMBER and keep the result."""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.effect.measure import measure

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        about = {"fix_id": number} if is_fix else {"item_id": number}
        found = measure(session, actor, metric=metric, **about)
    if as_json:
        click.echo(json.dumps({"verdict": found.verdict, "method": found.method, **found.result}, ensure_ascii=False))
        return
    result = found.result
    if found.method == "did" and "estimate_share" in result:
        click.echo(
            f"{found.verdict}：{result['estimate_share']:+.1%}（{result['low_share']:+.1%} 到 {result['high_share']:+.1%}），"
            f"上线 {result['n_treated']} 家，对照 {result['n_control']} 家，{result['weeks']} 周"
        )
    elif found.method == "before_after":
        click.echo(found.verdict)
        for row in result["stores"]:
            if row["change_share"] is not None:
                click.echo(
                    f"  {row['unit']}  {row['before']:,.1f} → {row['after']:,.1f}  {row['change_share']:+.1%}"
                    f"（{row['low']:+.1%} 到 {row['high']:+.1%}，前 {row['n_before']} 周，后 {row['n_after']} 周）"
                )
    else:
        click.echo(f"{found.verdict}：{result.get('note', '')}")
