"""``fanops effect item``: measure an action in the database."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("number", type=int)
@click.option("--fix", "is_fix", is_flag=True, help="NUMBER 是服务改进，不是需求条目。")
@click.option(
    "--metric", default="revenue", show_default=True, help="指标：revenue、orders、repeat_share 或 mention_share。"
)
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def item(number: int, is_fix: bool, metric: str, brand: str | None, as_json: bool) -> None:
    """测量需求条目（或服务改进）NUMBER，并保存结果。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.effect.measure import compute, keep
    from fanops.effect.records_notes import plan_notes

    db, about = ready_database(), {"fix_id": number} if is_fix else {"item_id": number}
    with db.read() as session:
        actor = owner_actor(session, brand)
        computed = compute(session, actor, metric=metric, **about)
    with db.write() as session:
        found = keep(session, actor, computed, **about)
        note = plan_notes(session, [found])[found.id]
    if as_json:
        click.echo(
            json.dumps(
                {"verdict": found.verdict, "method": found.method, "caveat": note, **found.result}, ensure_ascii=False
            )
        )
        return
    if note:
        click.echo(f"注意：{note}。")
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


@click.command()
@click.option(
    "--metric",
    default="revenue",
    show_default=True,
    help="指标：revenue、orders、repeat_share、complaint_share、nps 或 rating。",
)
@click.option("--treated", multiple=True, required=True, help="要做的门店编号；几家就写几次。")
@click.option("--control", "controls", multiple=True, help="对照门店编号；不写是其余全部门店。")
@click.option(
    "--weeks",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="开始以后看多少周。",
)
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def power(
    metric: str, treated: tuple[str, ...], controls: tuple[str, ...], weeks: int, brand: str | None, as_json: bool
) -> None:
    """开始之前先算：这样安排至少要多大的效果才看得出来。"""
    from fanops.access import visible_stores
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.effect import records
    from fanops.errors import NotFound
    from fanops.settings import settings
    from fanops.tables import now

    with ready_database().read() as session:
        actor = owner_actor(session, brand)
        codes = {store.code: store.id for store in visible_stores(session, actor)}
        if unknown := [code for code in (*treated, *controls) if code not in codes]:
            raise NotFound(f"没有这些门店：{'、'.join(unknown)}。", f"现有：{'、'.join(codes)}")
        own = [codes[code] for code in treated]
        rest = [codes[code] for code in controls] or [number for number in codes.values() if number not in own]
        today = now().astimezone(settings().zone).date()
        least = records.power(session, actor, metric, own, rest, today, weeks)
    if as_json:
        click.echo(
            json.dumps({"minimum_detectable_share": least, "treated": len(own), "controls": len(rest), "weeks": weeks})
        )
        return
    click.echo(f"上线 {len(own)} 家，对照 {len(rest)} 家，上线后看 {weeks} 周：有八成把握看出 {least:.1%} 以上的变化。")


@click.command()
@click.argument("number", type=int)
@click.option("--fix", "is_fix", is_flag=True, help="NUMBER 是服务改进，不是需求条目。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def raisers(number: int, is_fix: bool, brand: str | None, as_json: bool) -> None:
    """提出过的粉丝后来怎样，与没提过的相似粉丝比。"""
    from dataclasses import asdict

    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.effect.records_raisers import OUTCOMES, compare_raisers

    about = {"fix_id": number} if is_fix else {"item_id": number}
    with ready_database().read() as session:
        found = compare_raisers(session, owner_actor(session, brand), **about)
    if as_json:
        outcomes = {name: asdict(outcome) for name, outcome in found.outcomes.items()}
        counts = {"raisers": found.raisers, "matched": found.matched, "days": found.days}
        click.echo(json.dumps(counts | outcomes).replace("NaN", "null"))
        return
    click.echo(f"提出者 {found.raisers} 位，配上相似粉丝 {found.matched} 位，上线后 {found.days} 天：")
    for name, outcome in found.outcomes.items():
        if outcome.base:
            click.echo(
                f"  {OUTCOMES[name][0]}  提出者 {outcome.raisers:.2f}，相似粉丝 {outcome.others:.2f}，"
                f"相差 {outcome.difference:+.2f}（{outcome.low:+.2f} 到 {outcome.high:+.2f}，n={outcome.base}）"
            )


@click.command()
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def credit(brand: str | None, as_json: bool) -> None:
    """列出每项行动最早由谁记下，以及它值多少。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.effect.records_credit import credit_table

    with ready_database().read() as session:
        table = credit_table(session, owner_actor(session, brand))
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False, date_format="iso"))
        return
    for row in table.itertuples():
        worth = (
            "还没测"
            if row.value is None or row.value != row.value
            else f"¥{row.value:,.0f}（¥{row.low:,.0f} 到 ¥{row.high:,.0f}）"
        )
        click.echo(f"{row.staff}  {row.store or '总部'}  {row.title}  {row.verdict or '—'}  {worth}")
    if table.empty:
        click.echo("还没有行动来自访谈或问卷。")
