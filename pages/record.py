"""替顾客记答卷: find or add the fan, ask, tap, next; every answer is kept at once."""

import streamlit as st

from fanops.collect import record_on_behalf as record
from fanops.ui.address import asked_id
from fanops.ui.collect import record_views
from fanops.ui.done import show_done
from fanops.ui.guard import current_actor, page_database
from fanops.ui.refusal import refusals

actor = current_actor()
st.title("替顾客记答卷")
show_done()
asked = asked_id("draft")
# No st.stop() here: a stopped run keeps what was typed in fields that are gone, and hands it to the next one like them.
if code := st.session_state.get(record_views.RECEIPT):
    record_views.receipt(code)
elif asked is not None:
    draft = None
    with refusals(), page_database().read() as session:
        draft = record.get_draft(session, actor, asked)
    if draft is not None and draft.response.state == "draft":
        record_views.ask(actor, draft)
    else:
        if draft is not None and draft.response.state == "submitted":
            record_views.handed_in(actor, draft)
        if st.button("下一位", key="record.restart", type="primary"):
            record_views.leave()
            st.rerun()
else:
    with page_database().read() as session:
        waves = record.open_waves(session, actor)
        drafts = record.unfinished(session, actor)
    record_views.unfinished_list(drafts)
    if waves:
        record_views.begin(actor, waves)
    else:
        record_views.no_wave(actor)
