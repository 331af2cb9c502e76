"""``fanops survey quota``: how many responses a wave wants from a store or a staff member, and how far they are."""

from __future__ import annotations

import json

import click


@click.group()
def quota() -> None:
    """一期问卷的配额：按门店、按员工。"""


def find_wave(session, actor, title: str) -> int:
    """Give the id of a wave by its title, or by its number.

    Raises:
        NotFound: None of this title, with those that there are.
    """
    from fanops.collect.records_surveys import waves
    from fanops.errors import NotFound

    known = {each.title: each.id for each in waves(session, actor)}
    found = known.get(title, next((number for number in known.values() if str(number) == title), None))
    if found is None:
        raise NotFound(f"没有“{title}”这一期。", f"有：{'、'.join(known) or '还没有开过'}")
    return found


@quota.command("show")
@click.argument("wave")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def show(wave: str, as_json: bool, brand: str | None) -> None:
    """查看一期 WAVE（标题）的配额和已收到的份数。"""
    from fanops.access.accounts import owner_actor
    from fanops.collect.records_quotas import staff_progress, store_progress
    from fanops.database import ready_database

    with ready_database().read() as session:
        actor = owner_actor(session, brand)
        wave_id = find_wave(session, actor, wave)
        stores = store_progress(session, actor, wave_id)
        staff = staff_progress(session, actor, wave_id)
    if as_json:
        both = {"stores": stores, "staff": staff}
        plain = {name: json.loads(table.to_json(orient="records", force_ascii=False)) for name, table in both.items()}
        click.echo(json.dumps(plain, ensure_ascii=False))
        return
    for name, table in (("store", stores), ("staff", staff)):
        for row in table.to_dict("records"):
            wanted = f"{row['wanted']:.0f}" if row["wanted"] == row["wanted"] else "不限"
            mark = "　已满" if row["missing"] == 0 else ""
            click.echo(f"{row[name]}　答了 {row['answered']} / 要 {wanted}{mark}")


@quota.command("set")
@click.argument("wave")
@click.argument("wanted", type=int)
@click.option("--store", help="门店（编号或名称）；不写是每家没有单独配额的门店。")
@click.option("--staff", help="员工编号。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def set_it(wave: str, wanted: int, store: str | None, staff: str | None, brand: str | None) -> None:
    """把一期 WAVE 的配额定为 WANTED 份。

    写 -1 就是去掉（写在 -- 后面）。
    """
    from fanops.access.accounts import owner_actor
    from fanops.access.scope import visible_stores
    from fanops.collect import records_quotas as quotas
    from fanops.database import ready_database
    from fanops.errors import NotFound

    number = None if wanted == -1 else wanted
    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        wave_id = find_wave(session, actor, wave)
        if store is None and staff is None:
            quotas.set_default_quota(session, actor, wave_id, number)
        else:
            stores = {name: each.id for each in visible_stores(session, actor) for name in (each.code, each.name)}
            people = {each.code: each.id for each in quotas.staff_in_scope(session, actor)}
            if store is not None and store not in stores:
                raise NotFound(f"没有“{store}”这家门店。", "用 fanops org show 查看门店编号。")
            if staff is not None and staff not in people:
                raise NotFound(f"没有工号“{staff}”。", "用 fanops org show 查看工号。")
            quotas.set_quota(
                session, actor, wave_id, number, store_id=stores.get(store or ""), staff_id=people.get(staff or "")
            )
    click.echo(f"“{wave}”的配额：{store or staff or '每家门店'} {'不限' if number is None else f'{number} 份'}。")
