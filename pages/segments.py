"""哪一群粉丝: filters over fans with a count at once, saved under a name; two groups compared."""

import streamlit as st

from fanops.fans import records_segments as records
from fanops.ui.done import show_done
from fanops.ui.fans import segment_views as views
from fanops.ui.guard import need, page_database

actor = need(*records.KEEPERS)
st.title("哪一群粉丝")
show_done()
with page_database().read() as session:
    saved = records.segments(session, actor)

listed, make, compared = st.tabs(["人群", "新建", "对比"])
with listed:
    views.segment_list(actor, saved)
with make:
    views.make(actor)
with compared:
    views.compare(actor, saved)
