"""他们原话怎么说: search the voices, and sort the 未归类 and unsure ones by hand."""

from functools import partial

import streamlit as st

from fanops.themes import records
from fanops.themes.records_evidence import evidence
from fanops.themes.records_identified import count_unidentified
from fanops.ui import words
from fanops.ui.address import way_to_first_voices
from fanops.ui.done import show_done
from fanops.ui.guard import current_actor, page_database
from fanops.ui.paging import open_page, turn_pages
from fanops.ui.selection_row import selection_row, standing_on
from fanops.ui.themes.no_content_views import NO_CONTENT, no_content_pile
from fanops.ui.themes.theme_edits import move_bar
from fanops.ui.themes.ticks import finder, tick_bar, tick_quotes
from fanops.ui.themes.unsure_views import unsure_pile

PAGE_SIZE = 20
PILES = ["全部", "不满", "未归类", "拿不准", NO_CONTENT]

actor = current_actor()
with page_database().read() as session:
    st.title("他们原话怎么说")
    show_done()
    heading = st.empty()
    selection = selection_row(session, actor)
    counts = records.totals(session, actor, selection)
    heading.caption(standing_on(counts | count_unidentified(session, actor, selection)))
    looked_for = st.text_input("搜索原声", key="voices.words", placeholder="例如：排队、珍珠、杯盖")
    pile = st.segmented_control("看哪些", PILES, default="全部", key="pile", bind="query-params") or "全部"
    if pile == NO_CONTENT:
        no_content_pile(session, actor, selection, looked_for)
        st.stop()
    if pile == "拿不准":
        unsure_pile(session, actor, selection, looked_for, records.theme_table(session, actor, selection))
        st.stop()
    which = {"words": looked_for, "unassigned": pile == "未归类", "polarity": -1 if pile == "不满" else None}
    rows, total, page = open_page(
        "voices.page", PAGE_SIZE, partial(evidence, session, actor, selection, limit=PAGE_SIZE, **which)
    )
    if total == 0:
        st.info("没有符合条件的原声。换一个词，或放宽筛选；还没有数据时请先导入。", icon=":material/search_off:")
        way_to_first_voices()
        st.stop()
    st.caption(f"共 {words.count(total, '句')}")
    ticked = tick_quotes(rows, f"voices.{pile}", f"{page}.{looked_for}")
    turn_pages("voices.page", PAGE_SIZE, total)
    tick_bar(f"voices.{pile}", ticked, total, finder(actor, selection, which))
    move_bar(actor, None, ticked, records.theme_table(session, actor), f"voices.{pile}")
