"""今天做什么: cards for fans, promises to keep, who is likely to come; each ticked off in one tap."""

import streamlit as st

from fanops.actions.records_trials import waiting_trials
from fanops.fans import records_cards as cards
from fanops.fans import records_consent, records_tellings
from fanops.ui import words
from fanops.ui.done import show_done
from fanops.ui.fans import done_views
from fanops.ui.fans import today_views as views
from fanops.ui.guard import current_actor, page_database

actor = current_actor()
if (done := st.query_params.get("done")) in (done_views.SERVED, done_views.TOLD):
    done_views.done_list(actor, done)
    st.stop()
st.title("今天做什么")
show_done()
with page_database().read() as session:
    due = records_tellings.telling_table(session, actor)
    open_cards = cards.card_table(session, actor)
    trials = waiting_trials(session, actor)
    born = records_consent.birthdays_today(session, actor)
    coming = cards.expected_today(session, actor)
st.caption(
    f"{words.count(len(open_cards), '张服务卡')}，{words.count(len(due), '位粉丝')}等我们告诉他们结果，"
    f"{words.count(len(trials), '位')}受邀来试。"
)

serve, tell, tried, come = st.tabs(["服务卡", "要告知", "来试的", "可能会来"], key="tab", bind="query-params")
with serve:
    views.card_list(actor, open_cards)
with tell:
    views.telling_list(actor, due)
with tried:
    views.trial_list(actor, trials)
with come:
    views.birthday_list(born)
    views.coming_list(actor, coming)
