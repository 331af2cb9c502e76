"""Commands of ``fanops fans`` that do what a person does on a page: nominate, note a referral, opt out, hand over; and flow, staff."""

from __future__ import annotations

from datetime import timedelta

import click


def _brand(command):
    return click.option("--brand", help="品牌名称，有几个品牌时要写。")(command)


@click.command()
@click.argument("fan_id", type=int)
@click.option("--level", type=click.Choice(["core", "fan"]), default="core", show_default=True, help="认定成什么。")
@click.option("--ground", help="发烧友、意见领袖 或 价值观相近。")
@click.option("--why", default="", help="理由。")
@click.option("--undo", is_flag=True, help="收回认定，层级照规则来。")
@_brand
def nominate(fan_id: int, level: str, ground: str | None, why: str, undo: bool, brand: str | None) -> None:
    """手工认定粉丝 FAN_ID，要写理由；订单怎样都不变。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans import records_levels

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        if undo:
            records_levels.put_level_back(session, actor, fan_id)
        else:
            records_levels.nominate(session, actor, fan_id, level, ground or "", why)
    click.echo("已改为按规则算。" if undo else "已提名。")


@click.command()
@click.argument("fan_id", type=int)
@click.option("--by", help="介绍人的手机号或会员号；不写就会问。")
@click.option("--note", default="", help="说明。")
@click.option("--undo", is_flag=True, help="收回。")
@_brand
def referral(fan_id: int, by: str | None, note: str, undo: bool, brand: str | None) -> None:
    """记下粉丝 FAN_ID 是谁带来的。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans import records_value

    if not undo and by is None:
        by = click.prompt("介绍人的手机号或会员号", hide_input=True)
    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        if undo:
            records_value.remove_referral(session, actor, fan_id)
        else:
            records_value.record_referral(session, actor, fan_id, by or "", note)
    click.echo("已去掉。" if undo else "已记下是谁介绍来的。")


@click.command()
@click.argument("fan_id", type=int)
@click.option("--said", default="", help="粉丝的原话。")
@click.option("--undo", is_flag=True, help="又同意联系了；要同时写 --said。")
@_brand
def optout(fan_id: int, said: str, undo: bool, brand: str | None) -> None:
    """记下粉丝 FAN_ID 不想再被联系，或又同意了。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans import records_consent

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        if undo:
            records_consent.opt_in(session, actor, fan_id, said)
        else:
            records_consent.opt_out(session, actor, fan_id, said)
    click.echo("又可以联系了。" if undo else "已退订。")


@click.command("hand-over")
@click.argument("staff_code")
@click.option("--left", is_flag=True, help="这位员工已经离职。")
@_brand
def hand_over(staff_code: str, left: bool, brand: str | None) -> None:
    """把员工 STAFF_CODE 的粉丝交给同店的人；往来记录都在。"""
    from sqlmodel import select

    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.errors import NotFound
    from fanops.fans import assign_owners
    from fanops.tables import Staff

    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        found = select(Staff.id).where(Staff.brand_id == actor.brand_id, Staff.code == staff_code)
        staff_id = session.exec(found).first()
        if staff_id is None:
            raise NotFound(f"没有员工 {staff_code}。", "用 fanops org show 看有哪些。")
        deed = assign_owners.leave if left else assign_owners.hand_over
        moved = deed(session, actor, staff_id)
    click.echo(f"{moved} 位粉丝已转给同店的其他人。")


@click.command()
@click.option(
    "--what",
    type=click.Choice(["stage", "level"]),
    default="stage",
    show_default=True,
    help="看阶段（stage）还是层级（level）。",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=28,
    show_default=True,
    help="订单的最后一天与多少天之前相比。",
)
@_brand
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def flow(what: str, days: int, brand: str | None, as_json: bool) -> None:
    """数一数多少人从哪个阶段或层级到了哪个。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.errors import TooLittleData
    from fanops.fans.behaviour import STAGES
    from fanops.fans.levels import LEVEL_LABELS
    from fanops.fans.records_behaviour import orders_of
    from fanops.fans.records_flow import moves_between

    with ready_database().read() as session:
        actor = owner_actor(session, brand)
        orders = orders_of(session, actor)
        if orders.empty:
            raise TooLittleData("还没有带顾客身份的订单。", "先导入订单。")
        end = orders["placed_at"].max().date()
        moves = moves_between(session, actor, orders, what, end - timedelta(days=days), end)
    if as_json:
        click.echo(moves.to_json(orient="records", force_ascii=False))
        return
    labels = STAGES if what == "stage" else LEVEL_LABELS
    for row in moves.itertuples():
        click.echo(f"{labels.get(row.before, '还没来过')} → {labels[row.after]}  {row.fans} 位")


@click.command()
@click.option("--days", type=click.IntRange(1, 3650), default=90, show_default=True, help="看多少天。")
@click.option(
    "--by", type=click.Choice(["staff", "store", "source"]), default="staff", show_default=True, help="按什么分。"
)
@_brand
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def staff(days: int, by: str, brand: str | None, as_json: bool) -> None:
    """员工、门店或来源的成绩。

    按员工：配额、有内容的比例、跟进率、又来、被采纳的想法；按门店或来源：跟进率。
    """
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.assign_owners import follow_up_by
    from fanops.summary.records_staff import staff_ledger

    with ready_database().read() as session:
        actor = owner_actor(session, brand)
        table = staff_ledger(session, actor, days) if by == "staff" else follow_up_by(session, actor, by, days)
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False))
        return

    def share(value: float) -> str:
        return "—" if value != value else f"{value:.0%}"

    for row in table.itertuples():
        base = f"做了 {row.done}，没做 {row.not_done}，跟进 {share(row.follow_up)}，又来 {share(row.converted)}"
        if by == "staff":
            quota = "—" if row.wanted != row.wanted else f"{row.answered}/{row.wanted:.0f}"
            base = f"配额 {quota}，有内容 {share(row.informative_share)}（{row.units} 句），{base}，首倡 {row.adopted}"
        click.echo(f"{row.staff if by == 'staff' else row.name}  {base}")


@click.command()
@click.option("--years", type=click.IntRange(1, 30), required=True, help="多少年没有音信。")
@click.option("--erase", is_flag=True, help="真的删除，不能撤销；不写只数一数。")
@_brand
def forget(years: int, erase: bool, brand: str | None) -> None:
    """删除多年没有订单、没说过话、没有往来的粉丝。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.fans.erase import CONFIRMATION, erase_fan, idle_fans
    from fanops.tables import now

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
        idle = idle_fans(session, actor, now() - timedelta(days=365 * years))
    said = f"{len(idle):,} 位粉丝 {years} 年没有下过单、说过话，也没有联系过"
    if not erase or not idle:
        click.echo(f"{said}。" + ("加 --erase 删除他们的姓名和号码；不能恢复。" if idle else ""))
        return
    for fan_id in idle:  # one deed each: nobody's writing waits for all of them
        with db.write() as session:
            erase_fan(session, actor, fan_id, CONFIRMATION)
    click.echo(f"{said}，已删除。")


COMMANDS = (forget, nominate, referral, optout, hand_over, flow, staff)
