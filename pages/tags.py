"""粉丝有哪些标签: the dictionary of tags, rules with a preview, what themes suggest and a person confirms."""

import streamlit as st

from fanops.actions import records_suggestions as suggested
from fanops.fans import records_tags as records
from fanops.ui.done import show_done
from fanops.ui.fans import tag_views as views
from fanops.ui.guard import need, page_database

actor = need(*records.KEEPERS)
st.title("粉丝有哪些标签")
show_done()
with page_database().read() as session:
    table = records.tag_dictionary(session, actor)
    listed = suggested.suggested_tags(session, actor)

own, make, waiting = st.tabs(["词典", "新标签", "等您确认"])  # no counts in them: a label that changes closes its tab
with own:
    views.dictionary(actor, table)
with make:
    views.make(actor)
with waiting:
    views.waiting(actor, listed)
