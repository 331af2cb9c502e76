"""谁能登录: who may sign in, as what, over which stores."""

import streamlit as st

from fanops.access import Role
from fanops.access.accounts import account_table, list_accounts
from fanops.access.organisation import org_tree, regions_by_name
from fanops.access.scope import visible_stores
from fanops.ui import account_views
from fanops.ui.done import show_done
from fanops.ui.guard import need, page_database
from fanops.ui.refusal import plain
from fanops.ui.tables import show_table

actor = need(Role.ADMIN)
with page_database().read() as session:
    rows = account_table(session, actor)
    accounts = {account.login: account for account in list_accounts(session, actor)}
    places = account_views.Places(
        {f"{store.code} {store.name}": store.id for store in visible_stores(session, actor)},
        regions_by_name(session, actor),
    )
    brand = org_tree(session, actor)["brand"]

st.title("谁能登录")
st.caption(f"{plain(brand)} · {len(rows)} 个账号。更改角色或密码、停用账号，都会立即结束那个账号的所有登录。")
show_done()
show_table(rows, hide_index=True, key="accounts.table")
st.link_button("导出 Excel", "/export/accounts", icon=":material/download:")

new, change = st.tabs(["添加账号", "更改账号"])
with new:
    account_views.add_form(actor, places)
with change:
    whose = st.selectbox("账号", list(accounts), index=None, key="accounts.change.login", placeholder="请选择")
    if whose:
        account_views.role_form(actor, accounts[whose], places)
        account_views.password_form(actor, whose)
        account_views.open_or_close(actor, accounts[whose])
