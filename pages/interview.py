"""一次访谈: held live with everything kept while it is typed; afterwards read and coded."""

import streamlit as st

from fanops.collect import record_interview as record
from fanops.collect import records_coding as coding
from fanops.ui.address import asked_id
from fanops.ui.collect import coding_views, interview_views
from fanops.ui.done import show_done
from fanops.ui.guard import current_actor, page_database
from fanops.ui.refusal import plain, refusals

actor = current_actor()
st.page_link("interviews.py", label="全部访谈", icon=":material/arrow_back:")
show_done()
held = None
with refusals(), page_database().read() as session:
    held = record.get_interview(session, actor, asked_id("interview") or 0)
if held is None:
    st.stop()
guide = record.guides().get(held.guide)
st.title(plain(guide.title if guide else "访谈"))
if held.state == "live" and guide is not None:
    interview_views.live(actor, held, guide)
    st.stop()
interview_views.about(actor, held)
interview_views.beside(actor, held)
if actor.role in coding.CODERS:
    coding_views.code(actor, held)
else:
    interview_views.read_only(actor, held)
