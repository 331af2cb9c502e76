"""我的账号: what I am signed in as, and my own password."""

import streamlit as st

from fanops.access.accounts import change_own_password
from fanops.access.scope import visible_stores
from fanops.ui.guard import current_actor, page_database
from fanops.ui.refusal import plain, refusals

actor = current_actor()
db = page_database()
with db.read() as session:
    stores = visible_stores(session, actor)

st.title("我的账号")
names = "、".join(store.name for store in stores[:5])
seen = f"可以看 {len(stores)} 家门店：{plain(names)}{'等' * (len(stores) > 5)}" if stores else "还没有门店"
st.caption(f"{plain(actor.display_name)} · {actor.role.label} · {seen}")

st.subheader("更改密码")
with st.form("me.password"):
    current = st.text_input("现在的密码", type="password", key="me.current", autocomplete="current-password")
    new = st.text_input("新密码", type="password", key="me.new", autocomplete="new-password", help="至少 10 个字符")
    again = st.text_input("再输入一次新密码", type="password", key="me.again", autocomplete="new-password")
    if st.form_submit_button("更改密码", type="primary", key="me.submit"):
        if new != again:
            st.error("两次输入的新密码不一样。", icon=":material/block:")
        else:
            with refusals():
                change_own_password(db, actor, current, new)
                st.rerun()
st.caption("更改后，所有设备上都要用新密码重新登录。")
