"""把数据放进来: a file, what would happen, the import itself, and the way back."""

import streamlit as st

from fanops.collect import records_imports as records
from fanops.ui.address import may_open
from fanops.ui.collect import import_wizard
from fanops.ui.guard import need, page_database

actor = need(*records.READERS)
db = page_database()
with db.read() as session:
    batches = records.list_batches(session, actor)
    stores = records.store_names(session, actor)

st.title("把数据放进来")
st.caption("评价、订单和会员的 CSV 或 Excel 文件。先看会发生什么，再导入；整批可以撤销。")

import_wizard.show_running(db, actor)
if not stores:
    st.info("还没有门店，写了门店的行会导不进来。先添加门店，再导入。", icon=":material/store:")
    if may_open("organisation.py"):
        st.page_link("organisation.py", label="去添加门店", icon=":material/arrow_forward:")
if actor.role in records.IMPORTERS:
    chosen = import_wizard.choose_file(actor, stores)
    if chosen is not None:
        import_wizard.show_preview(db, actor, *chosen)
else:
    st.info("您可以查看导入过的批次；导入由店长、区域经理、产品团队或管理员来做。", icon=":material/visibility:")

if batches:
    import_wizard.show_batches(db, actor, batches)
else:
    st.write("还没有导入过。选一个评价文件，十几秒后就能看到粉丝最想要什么。")
