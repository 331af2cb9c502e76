"""谁能登录: who may sign in, as what, over which stores."""

import streamlit as st

from fanops.access import Role
from fanops.access.accounts import account_table, add_account, change_account, list_accounts
from fanops.access.organisation import org_tree, regions_by_name
from fanops.access.scope import visible_stores
from fanops.ui.guard import need, page_database
from fanops.ui.refusal import plain, refusals

actor = need(Role.ADMIN)
db = page_database()
with db.read() as session:
    rows = account_table(session, actor)
    logins = [account.login for account in list_accounts(session, actor)]
    stores = {f"{store.code} {store.name}": store.id for store in visible_stores(session, actor)}
    regions = regions_by_name(session, actor)
    brand = org_tree(session, actor)["brand"]

st.title("谁能登录")
st.caption(f"{plain(brand)} · {len(rows)} 个账号。更改角色或密码、停用账号，都会立即结束那个账号的所有登录。")
st.dataframe(rows, hide_index=True, key="accounts.table")
st.link_button("导出 Excel", "/export/accounts", icon=":material/download:")


def _place(role: Role, store: str | None, region: str | None) -> dict[str, int | None]:
    at_store = role in (Role.CLERK, Role.STORE_MANAGER)
    return {
        "store_id": stores.get(store or "") if at_store else None,
        "region_id": regions.get(region or "") if role is Role.REGION_MANAGER else None,
    }


new, change = st.tabs(["添加账号", "更改账号"])
with new, st.form("accounts.add"):
    login = st.text_input("登录名", key="accounts.add.login", help="字母、数字、汉字，2 到 40 个字符")
    name = st.text_input("姓名", key="accounts.add.name")
    role = st.selectbox("角色", list(Role), format_func=lambda each: each.label, key="accounts.add.role")
    store = st.selectbox("门店", list(stores), index=None, key="accounts.add.store", placeholder="店员和店长要选门店")
    region = st.selectbox("大区", list(regions), index=None, key="accounts.add.region", placeholder="区域经理要选大区")
    password = st.text_input("密码", type="password", key="accounts.add.password", help="至少 10 个字符")
    if st.form_submit_button("添加账号", type="primary", key="accounts.add.submit"):
        with refusals():
            with db.write() as session:
                added = add_account(
                    session,
                    actor,
                    brand_id=actor.brand_id,
                    login=login,
                    display_name=name,
                    role=role,
                    password=password,
                    **_place(role, store, region),
                )
            st.success(f"已添加账号 {added.login}，刷新后可以在表里看到。")

with change:
    whose = st.selectbox("账号", logins, index=None, key="accounts.change.login", placeholder="请选择")
    if whose:
        with st.form("accounts.role"):
            role = st.selectbox("新角色", list(Role), format_func=lambda each: each.label, key="accounts.role.role")
            store = st.selectbox("门店", list(stores), index=None, key="accounts.role.store")
            region = st.selectbox("大区", list(regions), index=None, key="accounts.role.region")
            if st.form_submit_button("更改角色", key="accounts.role.submit"):
                with refusals():
                    with db.write() as session:
                        change_account(session, actor, whose, role=role, **_place(role, store, region))
                    st.success("角色已更改，这个账号要重新登录。")
        with st.form("accounts.password", clear_on_submit=True):
            password = st.text_input("新密码", type="password", key="accounts.password.password")
            if st.form_submit_button("更改密码", key="accounts.password.submit"):
                with refusals():
                    with db.write() as session:
                        change_account(session, actor, whose, password=password)
                    st.success("密码已更改，这个账号要重新登录。")
        is_disabled = next(row["状态"] for row in rows if row["登录名"] == whose) == "已停用"
        if st.button("重新启用" if is_disabled else "停用这个账号", key="accounts.disable"):
            with refusals():
                with db.write() as session:
                    change_account(session, actor, whose, disabled=not is_disabled)
                st.rerun()
