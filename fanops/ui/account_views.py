"""Accounts on the screen: one is added, given another role or password, closed and opened again."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from fanops.access import Actor, Role
from fanops.access.accounts import add_account, change_account
from fanops.tables import Account
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import refusals

_EMPTY = {
    "accounts.add.login": "", "accounts.add.name": "", "accounts.add.role": Role.CLERK, "accounts.add.store": None,
    "accounts.add.region": None, "accounts.add.password": "",
}  # fmt: skip
_ADDED = "accounts.added"


@dataclass(frozen=True)
class Places:
    """Where an account may belong.

    Attributes:
        stores: Store id by code and name.
        regions: Region id by name.
    """

    stores: dict[str, int]
    regions: dict[str, int]

    def chosen(self, store: str | None, region: str | None) -> dict[str, int | None]:
        """Give what was chosen, all of it: what doesn't go with the role is refused, never dropped."""
        return {"store_id": self.stores.get(store or ""), "region_id": self.regions.get(region or "")}


def add_form(actor: Actor, places: Places) -> None:
    """Offer a new account; the form is empty again once it is added, and as it was when it is refused."""
    if st.session_state.pop(_ADDED, False):
        st.session_state.update(_EMPTY)
    with st.form("accounts.add"):
        login = st.text_input("登录名", key="accounts.add.login", help="字母、数字、汉字，2 到 40 个字符")
        name = st.text_input("姓名", key="accounts.add.name")
        role = st.selectbox("角色", list(Role), format_func=lambda each: each.label, key="accounts.add.role")
        store = st.selectbox(
            "门店", list(places.stores), index=None, key="accounts.add.store", placeholder="店员和店长要选门店"
        )
        region = st.selectbox(
            "大区", list(places.regions), index=None, key="accounts.add.region", placeholder="区域经理要选大区"
        )
        password = st.text_input("密码", type="password", key="accounts.add.password", help="至少 10 个字符")
        if st.form_submit_button("添加账号", type="primary", key="accounts.add.submit"):
            with refusals():
                with page_database().write() as session:
                    added = add_account(
                        session, actor, brand_id=actor.brand_id, login=login, display_name=name, role=role,
                        password=password, **places.chosen(store, region),
                    )  # fmt: skip
                    login = added.login
                st.session_state[_ADDED] = True
                said_done(f"已添加账号 {login}（{role.label}）。")
                st.rerun()


def role_form(actor: Actor, account: Account, places: Places) -> None:
    """Show an account's role and place, and offer others."""
    login, before = account.login, Role(account.role)
    at_store = _at(places.stores, account.store_id)
    in_region = _at(places.regions, account.region_id)
    # Keys carry what is so now: the boxes start there again after a change, and for the next account.
    now = f"{login}.{before}.{account.store_id}.{account.region_id}"
    with st.form("accounts.role"):
        role = st.selectbox(
            "角色", list(Role), index=list(Role).index(before), format_func=lambda each: each.label, placeholder="请选择",
            key=f"accounts.role.role.{now}",
        )  # fmt: skip
        store = st.selectbox(
            "门店", list(places.stores), index=at_store, key=f"accounts.role.store.{now}",
            placeholder="店员和店长要选门店，其他角色留空",
        )  # fmt: skip
        region = st.selectbox(
            "大区", list(places.regions), index=in_region, key=f"accounts.role.region.{now}",
            placeholder="区域经理要选大区，其他角色留空",
        )  # fmt: skip
        if st.form_submit_button("更改角色", key="accounts.role.submit"):
            back = {"store_id": account.store_id, "region_id": account.region_id}
            with refusals():
                _change(actor, login, role=role, **places.chosen(store, region))
                said_done(
                    f"{login} 从{before.label}改为{role.label}，要重新登录。",
                    lambda: _change(actor, login, role=before, **back),
                )
                st.rerun()


def _at(names: dict[str, int], row_id: int | None) -> int | None:
    ids = list(names.values())
    return ids.index(row_id) if row_id in ids else None


def password_form(actor: Actor, login: str) -> None:
    """Offer a new password, which also opens a sign-in lock."""
    with st.form("accounts.password", clear_on_submit=True):
        password = st.text_input("新密码", type="password", key="accounts.password.password", help="至少 10 个字符")
        if st.form_submit_button("更改密码", key="accounts.password.submit"):
            with refusals():
                _change(actor, login, password=password)
                st.success("密码已更改，这个账号要用新密码重新登录。")


def open_or_close(actor: Actor, account: Account) -> None:
    """Offer to close an account, or to open it again."""
    login, is_closed = account.login, account.disabled_at is not None
    if st.button("重新启用" if is_closed else "停用这个账号", key="accounts.disable"):
        with refusals():
            _change(actor, login, disabled=not is_closed)
            said_done(
                f"账号 {login} 已启用。" if is_closed else f"账号 {login} 已停用，所有登录已结束。",
                lambda: _change(actor, login, disabled=is_closed),
            )
            st.rerun()


def _change(actor: Actor, login: str, **what: object) -> None:
    with page_database().write() as session:
        change_account(session, actor, login, **what)
