"""同一批人，怎么变了: panels of fans asked again over waves, their change, and who is still there."""

import streamlit as st

from fanops.collect import records_panels as records
from fanops.collect.records_surveys import WAVE_KEEPERS
from fanops.ui import words
from fanops.ui.address import choice
from fanops.ui.collect import panel_deeds, panel_views
from fanops.ui.done import show_done
from fanops.ui.guard import current_actor, page_database
from fanops.ui.refusal import refusals

actor = current_actor()
st.title("同一批人，怎么变了")
st.caption("固定样本组是隔一段时间再问一次的同一批粉丝。只比同一个人的前后，也看谁没有留下。")
show_done()
with page_database().read() as session:
    table = records.panels(session, actor)
if actor.role in WAVE_KEEPERS:
    with st.expander("建一个固定样本组", expanded=table.empty, icon=":material/add:"), refusals():
        panel_deeds.create(actor)
if table.empty:
    way = (
        "可以从答过一期的人、一个人群或说过一个主题的人开始。"
        if actor.role in WAVE_KEEPERS
        else "店长或总部建好后会列在这里。"
    )
    st.info(f"还没有固定样本组。{way}", icon=":material/groups_2:")
    st.stop()
titles = dict(zip(table["panel_id"].astype(int), table["title"], strict=True))
panel_id = choice("固定样本组", list(titles), "panel", titles.get)
with page_database().read() as session:
    found = records.panel_answers(session, actor, panel_id)
inside = int(found.fans["left_at"].isna().sum())
st.caption(f"{words.count(inside, '位')}在组里，问过 {words.count(len(found.waves), '期')}。")
changes, kept, who, again = st.tabs(["变化", "谁还在", "名单", "再问一次"])
with changes, refusals():
    panel_views.change(found)
with kept, refusals():
    panel_views.still_there(found)
with who, refusals():
    panel_deeds.members(actor, panel_id, found.fans)
with again, refusals():
    if actor.role in WAVE_KEEPERS:
        panel_deeds.ask_again(actor, panel_id)
    else:
        st.caption("由店长以上的人开新的一期。")
