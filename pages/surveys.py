"""问什么，谁来答: publish a survey, open a wave, hand out codes, read the results."""

import streamlit as st

from fanops.collect import records_surveys as records
from fanops.ui import words
from fanops.ui.address import choice
from fanops.ui.collect import invite_views, paper_views, quota_views, survey_results, survey_views
from fanops.ui.done import show_done
from fanops.ui.guard import current_actor, page_database
from fanops.ui.refusal import plain, refusals

actor = current_actor()
st.title("问什么，谁来答")
st.caption("问卷用二维码发给到店顾客，答完自动成为原声，进入需求主题。")
show_done()

with page_database().read() as session:
    waves = records.waves(session, actor)

if not waves:
    way = (
        "三步：选一份问卷发布，开一期，取二维码。"
        if actor.role in records.WAVE_KEEPERS
        else "请店长开一期，二维码会在这里。"
    )
    st.info(f"还没有开过一期。{way}", icon=":material/quiz:")
if actor.role in records.WAVE_KEEPERS:
    with st.expander("开新的一期", expanded=not waves, icon=":material/add:"):
        survey_views.publish_from_shipped(actor)
        survey_views.open_wave_form(actor)

if waves:
    by_id = {wave.id: wave for wave in waves}
    chosen = choice("期", list(by_id), "wave", lambda key: by_id[key].title)
    wave = by_id[chosen]
    open_now = records.is_open(wave)
    ended_at = wave.closed_by_hand_at or wave.closes_at
    state = "正在收集" if open_now else f"已结束（{words.minute(ended_at)}）"
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.markdown(f"**{plain(wave.title)}** · {state} · {words.day(wave.opens_at)} 开始")
    with right:
        survey_views.end_wave(actor, wave)
    read, hand_out, ask, paper, quota = st.tabs(["结果", "二维码", "邀请", "纸质", "配额"])
    with read, refusals():
        survey_results.wave_results(actor, wave)
    with hand_out:
        survey_views.codes(actor, wave)
    with ask, refusals():
        invite_views.invite(actor, wave)
    with paper, refusals():
        paper_views.paper(actor, wave)
    with quota, refusals():
        quota_views.quotas(actor, wave)
st.page_link("panels.py", label="同一批人再问一次，看他们怎么变", icon=":material/groups_2:")
