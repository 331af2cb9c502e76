"""我们按什么来编码: the codebook, where each code was used, how far coders agree, and the files to take out."""

import streamlit as st

from fanops.collect import records_coding as records
from fanops.ui.collect import coding_views as views
from fanops.ui.done import show_done
from fanops.ui.guard import need, page_database

actor = need(*records.CODERS)
st.title("我们按什么来编码")
show_done()
with page_database().read() as session:
    book = records.codebook(session, actor)
    grid = records.grid(session, actor)

codes, where, agree, out = st.tabs(["编码", "粉丝 × 编码", "一致性", "导出"])
with codes:
    views.codebook(actor, book)
with where:
    views.grid(actor, grid)
with agree:
    views.agreement(actor)
with out:
    views.exports(book)
