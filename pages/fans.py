"""谁是我们的粉丝: levels, tags, and the way to each one."""

from datetime import timedelta
from functools import partial

import streamlit as st

from fanops.access import visible_stores
from fanops.fans import records, records_matches
from fanops.fans.merge import MERGERS
from fanops.summary.records_brief import SILENT_DAYS
from fanops.summary.records_period import period_end, periods
from fanops.ui import words
from fanops.ui.address import choice, way_to_first_voices
from fanops.ui.done import show_done
from fanops.ui.fans import fan_views, match_views
from fanops.ui.guard import current_actor, page_database
from fanops.ui.paging import open_page, turn_pages

PAGE_SIZE = 30

actor = current_actor()
st.title("谁是我们的粉丝")
show_done()
with page_database().read() as session:
    counts = records.level_counts(session, actor)
    tags = records.tag_table(session, actor)
    if not sum(counts.values()):
        st.info("还没有粉丝。导入会员，或在问卷里留下联系方式的顾客会出现在这里。", icon=":material/groups:")
        way_to_first_voices()
        st.stop()
    st.caption("、".join(f"{words.LEVEL_LABELS[level]} {words.count(n, '位')}" for level, n in counts.items()))
    stores = {store.id: store.name for store in visible_stores(session, actor)}
    by_tag = dict(zip(tags["tag_id"].astype(int), tags["name"], strict=True))
    if st.query_params.get("came", st.session_state.get("came.asked")) != st.session_state.get("came.asked"):
        st.session_state["fans.words"] = ""  # a figure's own rows: all of them
    with st.container(horizontal=True):
        look_for = st.text_input(
            "找人", key="fans.words", placeholder="手机号、尾号 4 位、会员号或姓", width=220, persist_state="session"
        )
        level = choice("分层", ["all", *words.LEVEL_LABELS], "level", lambda key: words.LEVEL_LABELS.get(key, "全部"),
                       persist=True, width=150)  # fmt: skip
        store = choice("门店", [0, *stores], "store", lambda key: stores.get(key, "全部门店"), width=160)
        away = choice("多久没来", [0, 30, SILENT_DAYS, 90], "away", lambda days: f"{days} 天以上" if days else "不限",
                      width=130)  # fmt: skip
        came = choice("最近来过", [0, 7, 28, 90], "came", lambda days: f"{days} 天内" if days else "不限", width=130)
        named = {0: "全部", records.ANY_TAG: "有标签的", **by_tag}
        tag = choice("标签", list(named), "tag", named.get, width=200)
    may_join = actor.role in MERGERS
    waiting = records_matches.count_matches(session, actor) if may_join else 0
    if waiting and st.toggle(f"疑似同一人 {waiting} 对，等您决定", key="fans.matches"):
        match_views.match_list(actor, records_matches.matches(session, actor), waiting)
        st.stop()
    since = period_end() - timedelta(days=away) if away else None
    came_since = periods(session, actor, came)["orders"].since if came else None  # as the figure that leads here counts
    table, total, _ = open_page(
        "fans.page", PAGE_SIZE,
        partial(records.fan_table, session, actor, level=None if level == "all" else level, tag_id=tag or None,
                look_for=look_for, store_id=store or None, away_since=since, came_since=came_since, limit=PAGE_SIZE),
    )  # fmt: skip
if table.empty:
    st.info("没有这样的粉丝。检查号码，或放宽筛选。", icon=":material/search_off:")
    st.stop()
if came and not actor.sees_all_stores:
    st.caption("这里列常去您门店的顾客；总览里的数字还算上别店来的。")
fan_views.fan_list(table, total)
turn_pages("fans.page", PAGE_SIZE, total)
