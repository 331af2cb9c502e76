"""The page for accounts: an administrator adds, changes and closes accounts; nobody else gets in."""

from __future__ import annotations

import pytest
from sqlmodel import select

from fanops.access import Role
from fanops.access.passwords import password_fits
from fanops.tables import Account, SignInSession

ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
FILE = "accounts.py"


def _account(chain, login: str) -> Account | None:
    with chain.db.read() as session:
        return session.exec(select(Account).where(Account.login == login)).first()


@ONE
def test_an_administrator_sees_the_brands_accounts_only(open_page) -> None:
    at = open_page("admin", FILE)
    assert not at.exception
    logins = set(at.dataframe[0].value["登录名"])
    assert {"clerk", "ceo", "admin"} <= logins
    assert "stranger" not in logins


@ONE
def test_adding_an_account(open_page, chain) -> None:
    at = open_page("admin", FILE)
    at.text_input(key="accounts.add.login").input("WangFang ")
    at.text_input(key="accounts.add.name").input("王芳")
    at.selectbox(key="accounts.add.store").select("S1 静安店")
    at.text_input(key="accounts.add.password").input("yi-ju-hao-ji-de-hua")
    at.button(key="accounts.add.submit").click().run()
    assert [box.value for box in at.error] == []
    added = _account(chain, "wangfang")
    assert (added.role, added.store_id) == ("clerk", chain.stores["S1"])
    # The table shows it at once, and the form is empty for the next one.
    assert "wangfang" in set(at.dataframe[0].value["登录名"]) and "已添加账号 wangfang" in at.success[0].value
    assert [at.text_input(key=f"accounts.add.{each}").value for each in ("login", "name", "password")] == ["", "", ""]
    assert at.selectbox(key="accounts.add.store").value is None


@ONE
def test_a_place_that_does_not_go_with_the_role_is_refused_not_dropped(open_page, chain) -> None:
    at = open_page("admin", FILE)
    at.text_input(key="accounts.add.login").input("wangfang")
    at.text_input(key="accounts.add.name").input("王芳")
    at.selectbox(key="accounts.add.role").select(Role.PRODUCT)
    at.selectbox(key="accounts.add.store").select("S1 静安店")
    at.text_input(key="accounts.add.password").input("yi-ju-hao-ji-de-hua")
    at.button(key="accounts.add.submit").click().run()
    assert "不能指定门店" in at.error[0].value and _account(chain, "wangfang") is None
    assert at.text_input(key="accounts.add.login").value == "wangfang"


def _box(at, what: str):
    return next(box for box in at.selectbox if str(box.key).startswith(f"accounts.role.{what}."))


@ONE
def test_the_role_form_starts_at_what_is_so_and_is_taken_back(open_page, chain) -> None:
    at = open_page("admin", FILE)
    at.selectbox(key="accounts.change.login").select("ceo").run()
    assert (_box(at, "role").value, _box(at, "store").value) == (Role.CEO, None)
    at.selectbox(key="accounts.change.login").select("clerk").run()
    assert (_box(at, "role").value, _box(at, "store").value) == (Role.CLERK, "S1 静安店")
    _box(at, "role").select(Role.STORE_MANAGER)
    at.button(key="accounts.role.submit").click().run()
    assert [box.value for box in at.error] == [] and _account(chain, "clerk").role == "store_manager"
    assert _box(at, "role").value == Role.STORE_MANAGER
    at.button(key="done.undo").click().run()
    back = _account(chain, "clerk")
    assert (back.role, back.store_id) == ("clerk", chain.stores["S1"])


@ONE
def test_closing_an_account_says_so_and_has_its_way_back(open_page, chain) -> None:
    at = open_page("admin", FILE)
    at.selectbox(key="accounts.change.login").select("ceo").run()
    at.button(key="accounts.disable").click().run()
    assert "账号 ceo 已停用" in at.success[0].value and _account(chain, "ceo").disabled_at is not None
    at.button(key="done.undo").click().run()
    assert _account(chain, "ceo").disabled_at is None


@ONE
def test_a_refusal_keeps_what_was_typed(open_page, chain) -> None:
    at = open_page("admin", FILE)
    at.text_input(key="accounts.add.login").input("wangfang")
    at.text_input(key="accounts.add.name").input("王芳")
    at.text_input(key="accounts.add.password").input("short")
    at.button(key="accounts.add.submit").click().run()
    assert "密码至少" in at.error[0].value
    assert at.text_input(key="accounts.add.login").value == "wangfang"
    assert _account(chain, "wangfang") is None


@ONE
def test_a_new_password_ends_the_sessions(open_page, chain) -> None:
    open_page("clerk")
    at = open_page("admin", FILE)
    at.selectbox(key="accounts.change.login").select("clerk").run()
    at.text_input(key="accounts.password.password").input("xin-de-mi-ma-2026")
    at.button(key="accounts.password.submit").click().run()
    assert password_fits(_account(chain, "clerk").password_hash, "xin-de-mi-ma-2026")
    with chain.db.read() as session:
        rows = session.exec(select(SignInSession).where(SignInSession.account_id == chain.accounts["clerk"])).all()
    assert rows
    assert all(row.revoked_at for row in rows)


@ONE
def test_the_last_administrator_stays(open_page, chain) -> None:
    at = open_page("admin", FILE)
    at.selectbox(key="accounts.change.login").select("admin").run()
    at.button(key="accounts.disable").click().run()
    assert "没有能登录的管理员" in at.error[0].value
    assert _account(chain, "admin").disabled_at is None


@ONE
@pytest.mark.parametrize("login", ["clerk", "store_manager", "region_manager", "product", "ceo"])
def test_nobody_else_gets_in(open_page, login: str) -> None:
    at = open_page(login, FILE)
    assert [title.value for title in at.title] == ["看不了这个页面"]
    assert not at.dataframe
