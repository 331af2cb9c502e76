"""今天做什么: whom to tell, whose trial to record."""

import streamlit as st

from fanops.actions import records_backlog as backlog
from fanops.ui import words
from fanops.ui.guard import current_actor, page_database
from fanops.ui.refusal import plain, refusals

ANSWERS = {"yes": "真的改好了", "no": "还没改好", "": "没有回答"}

actor = current_actor()
st.title("今天做什么")
with page_database().read() as session:
    due = backlog.telling_table(session, actor)
st.caption(f"有 {words.count(len(due), '位粉丝')}提过的事已经做了，等我们告诉他们。")
if due.empty:
    st.info("没有要告知的粉丝。条目在门店上线后，提出过的粉丝会出现在这里。", icon=":material/done_all:")
    st.page_link("fixes.py", label="看服务改进", icon=":material/arrow_forward:")
for row in due.head(20).itertuples():
    with st.container(border=True):
        st.markdown(f"**{plain(row.fan)}** · {plain(row.store or '')}")
        st.text(f"告诉他/她：您说过的“{row.title}”，已经做了。")
        answer = st.segmented_control(
            "回答",
            list(ANSWERS),
            format_func=ANSWERS.get,
            key=f"tell.answer.{row.telling_id}",
            label_visibility="collapsed",
        )
        if st.button("已告知", key=f"tell.done.{row.telling_id}", type="primary"):
            with refusals():
                with page_database().write() as session:
                    backlog.record_told(session, actor, int(row.telling_id), answer or "")
                st.rerun()
if len(due) > 20:
    st.caption(f"先做这 20 位，后面还有 {len(due) - 20} 位。")
