"""和谁聊过: begin an interview, bring in a transcript, look at those held."""

import streamlit as st

from fanops.ui.collect import interview_views as views
from fanops.ui.done import show_done
from fanops.ui.guard import current_actor

actor = current_actor()
st.title("和谁聊过")
show_done()
may_import = actor.role in views.IMPORTERS
held, begin, *bring = st.tabs(["访谈", "现场访谈", *(["导入文字稿"] if may_import else [])])
with held:
    views.interview_list(actor)
with begin:
    views.begin(actor)
if may_import:
    with bring[0]:
        views.bring_in(actor)
