"""谁做了什么: the audit log, and whether anybody changed it behind fanops' back."""

from datetime import timedelta

import pandas as pd
import streamlit as st

from fanops.access import Role
from fanops.access.accounts import list_accounts
from fanops.access.audit import audit_entries, verify_audit
from fanops.access.deed_words import DEED_WORDS, subject_words
from fanops.tables import now
from fanops.ui import words
from fanops.ui.address import choice
from fanops.ui.audit_words import detail_words
from fanops.ui.guard import need, page_database
from fanops.ui.tables import show_table

MOST = 500

actor = need(Role.ADMIN)
st.title("谁做了什么")
with page_database().read() as session:
    logins = [account.login for account in list_accounts(session, actor)]
    with st.container(horizontal=True):
        days = choice("时间", [7, 28, 90, 365], "days", lambda days: f"近 {days} 天", width=130)
        login = choice("账号", ["all", *logins], "login", lambda each: "全部" if each == "all" else each, width=180)
        deed = choice("做了什么", ["all", *sorted(DEED_WORDS, key=DEED_WORDS.get)], "deed",
                      lambda each: DEED_WORDS.get(each, "全部"), width=220)  # fmt: skip
    rows = audit_entries(
        session, actor, now() - timedelta(days=days), login=None if login == "all" else login,
        deed=None if deed == "all" else deed, most=MOST,
    )  # fmt: skip
    if st.button("核对记录有没有被改过", icon=":material/verified:"):
        broken = verify_audit(session)
        if broken is None:
            st.success("记录完整，没有被改动。", icon=":material/check:")
        else:
            st.error(f"从第 {broken} 条起对不上，可能被改动过。请与最近的备份比较。", icon=":material/warning:")
if not rows:
    st.info("这段时间没有这样的记录。", icon=":material/history:")
    st.stop()
shown = [
    {"时间": words.minute(row["at"]), "谁": row["who"], "做了什么": DEED_WORDS.get(row["deed"], row["deed"]),
     "对象": subject_words(row["subject"]),
     "细节": detail_words(row["detail"])}
    for row in rows
]  # fmt: skip
show_table(pd.DataFrame(shown), hide_index=True, key="audit.table")
st.caption(f"只列出最近 {MOST} 条；缩短时间或选一个账号看更早的。" if len(rows) == MOST else f"共 {len(rows)} 条。")
