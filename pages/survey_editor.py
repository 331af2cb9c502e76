"""写问卷: a table of questions with a live check and a phone preview; from a pack, from Excel, from pasted text."""

import streamlit as st

from fanops.collect import records_surveys as records
from fanops.ui.collect import editor_views as views
from fanops.ui.done import show_done
from fanops.ui.guard import need

actor = need(*records.WRITERS)
st.title("写问卷")
st.caption("每行一道题。右边的手机预览随改随变；发布以后是新的一版，答过的版本不会变。")
show_done()
views.begin(actor)
draft = views.current()
if draft is None:
    st.info("从现成的问卷、Excel 或粘贴的文字开始，也可以从空白写起。", icon=":material/edit_document:")
    st.stop()
left, right = st.columns([3, 2], gap="large")
with left:
    survey = views.edit(draft)
with right:
    views.phone(survey)
if survey is not None:
    views.publish(actor, survey)
