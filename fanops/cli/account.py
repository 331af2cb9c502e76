"""``fanops account``: accounts from the command line, on behalf of the installation's owner."""

from __future__ import annotations

import json
import sys

import click

from fanops.access.accounts import add_account, change_account, list_accounts, owner_actor
from fanops.access.actor import Role
from fanops.access.passwords import SHORTEST
from fanops.database import Database, ready_database
from fanops.errors import InvalidInput, NotFound
from fanops.tables import Account, Region, Staff, Store

_ROLES = click.Choice([str(role) for role in Role])
_brand = click.option("--brand", help="品牌名称，有几个品牌时要写。")
_region = click.option("--region", help="大区名称，区域经理要写。")
_store = click.option("--store", help="门店编号，店员和店长要写。")


@click.group()
def account() -> None:
    """添加和管理账号。"""


def ask_password(given: str | None) -> str:
    """Take the password from the option, from standard input when piped, else ask twice."""
    if given is not None:
        return given
    if not sys.stdin.isatty():
        typed = sys.stdin.readline().rstrip("\r\n")
        if not typed:
            raise InvalidInput("没有给出密码。", "请加上 --password，或从标准输入给出一行密码。")
        return typed
    return click.prompt(f"密码（至少 {SHORTEST} 个字符）", hide_input=True, confirmation_prompt="再输入一次")


def found_first_brand(db: Database, name: str | None) -> None:
    """On an empty installation, add the brand first: the named one, or the one asked for at a terminal."""
    from sqlmodel import select

    from fanops.access.organisation import add_brand
    from fanops.tables import Brand

    with db.read() as session:
        if session.exec(select(Brand.id).limit(1)).first() is not None:
            return
    if name is None and sys.stdin.isatty():
        name = click.prompt("还没有品牌。品牌名称")
    if name is not None:
        with db.write() as session:
            add_brand(session, name)
        click.echo(f"已添加品牌 {name}。")


def find_place(session, brand_id: int, region: str | None, store: str | None) -> tuple[int | None, int | None]:
    """Give (region id, store id) for a region's name and a store's code.

    Raises:
        NotFound: None of that name or code in the brand.
    """
    from sqlmodel import select

    region_id = store_id = None
    if region is not None:
        region_id = session.exec(select(Region.id).where(Region.brand_id == brand_id, Region.name == region)).first()
        if region_id is None:
            raise NotFound(f"没有名为“{region}”的大区。", "请用 fanops org show 查看。")
    if store is not None:
        store_id = session.exec(select(Store.id).where(Store.brand_id == brand_id, Store.code == store)).first()
        if store_id is None:
            raise NotFound(f"没有编号为“{store}”的门店。", "请用 fanops org show 查看。")
    return region_id, store_id


@account.command("add")
@click.argument("login", required=False)
@click.option("--name", help="页面上显示的名字。")
@click.option("--role", type=_ROLES, help="账号能做什么（第一个账号默认是 admin）。")
@click.option("--password", help="密码；不写就会问。")
@click.option("--staff", help="使用这个账号的员工编号。")
@_region
@_store
@_brand
def add(
    login: str | None,
    name: str | None,
    role: str | None,
    password: str | None,
    staff: str | None,
    region: str | None,
    store: str | None,
    brand: str | None,
) -> None:
    """添加账号；新安装的第一个账号是管理员。"""
    from sqlmodel import select

    db = ready_database()
    found_first_brand(db, brand)
    with db.read() as session:
        actor = owner_actor(session, brand)
        is_first = not list_accounts(session, actor)
        region_id, store_id = find_place(session, actor.brand_id, region, store)
        staff_id = None
        if staff is not None:
            query = select(Staff.id).where(Staff.brand_id == actor.brand_id, Staff.code == staff)
            staff_id = session.exec(query).first()
            if staff_id is None:
                raise NotFound(f"没有编号为“{staff}”的员工。", "请用 fanops org show 查看。")
    login = login or click.prompt("登录名")
    role = role or (str(Role.ADMIN) if is_first else click.prompt("角色", type=_ROLES))
    name = name or login
    password = ask_password(password)
    with db.write() as session:
        added = add_account(
            session,
            actor,
            brand_id=actor.brand_id,
            login=login,
            display_name=name,
            role=Role(role),
            password=password,
            region_id=region_id,
            store_id=store_id,
            staff_id=staff_id,
        )
    click.echo(f"已添加账号 {added.login}（{Role(added.role).label}）。")


@account.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
@_brand
def show(as_json: bool, brand: str | None) -> None:
    """列出品牌的账号。"""
    with ready_database().read() as session:
        rows = list_accounts(session, owner_actor(session, brand))
    if as_json:
        click.echo(json.dumps([_plain(row) for row in rows], ensure_ascii=False))
        return
    if not rows:
        click.echo("还没有账号。用 fanops account add 添加第一个管理员。")
    for row in rows:
        state = "　已停用" if row.disabled_at else ""
        click.echo(f"{row.login:<20}{Role(row.role).label}　{row.display_name}{state}")


def _plain(row: Account) -> dict[str, object]:
    return {
        "login": row.login,
        "display_name": row.display_name,
        "role": row.role,
        "region_id": row.region_id,
        "store_id": row.store_id,
        "disabled": row.disabled_at is not None,
        "is_sample": row.is_sample,
    }


@account.command("disable")
@click.argument("login")
@click.option("--enable", is_flag=True, help="重新启用（与 fanops account enable 一样）。")
@_brand
def disable(login: str, enable: bool, brand: str | None) -> None:
    """停用账号，结束它的登录。"""
    _open_or_close(login, brand, disabled=not enable)


@account.command("enable")
@click.argument("login")
@_brand
def enable(login: str, brand: str | None) -> None:
    """重新启用账号。"""
    _open_or_close(login, brand, disabled=False)


def _open_or_close(login: str, brand: str | None, *, disabled: bool) -> None:
    with ready_database().write() as session:
        row = change_account(session, owner_actor(session, brand), login, disabled=disabled)
    click.echo(f"账号 {row.login} 已{'停用，所有登录已结束' if disabled else '启用'}。")


@account.command("password")
@click.argument("login")
@click.option("--password", help="新密码；不写就会问。")
@_brand
def new_password(login: str, password: str | None, brand: str | None) -> None:
    """换一个密码，结束账号的登录。"""
    password = ask_password(password)
    with ready_database().write() as session:
        row = change_account(session, owner_actor(session, brand), login, password=password)
    click.echo(f"账号 {row.login} 的密码已更改，所有登录已结束。")


@account.command("roles")
@click.argument("login", required=False)
@click.argument("role", type=_ROLES, required=False)
@_region
@_store
@_brand
def roles(login: str | None, role: str | None, region: str | None, store: str | None, brand: str | None) -> None:
    """列出角色，或给账号换一个（会结束它的登录）。"""
    if login is None or role is None:
        for each in Role:
            click.echo(f"{each:<16}{each.label}")
        return
    with ready_database().write() as session:
        actor = owner_actor(session, brand)
        region_id, store_id = find_place(session, actor.brand_id, region, store)
        row = change_account(session, actor, login, role=Role(role), region_id=region_id, store_id=store_id)
    click.echo(f"账号 {row.login} 现在是{Role(row.role).label}，所有登录已结束。")
