"""One theme: who says it, where, since when, in their own words; and what to do about it."""

import streamlit as st

from fanops.themes import records
from fanops.themes.records_identified import count_unidentified
from fanops.ui.address import asked_id
from fanops.ui.done import show_done
from fanops.ui.guard import current_actor, page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.selection_row import selection_row, standing_on
from fanops.ui.themes import compare_views, theme_actions, theme_edits, theme_quote_views, theme_views

actor = current_actor()
theme_id = asked_id("theme")
if theme_id is None:
    theme_views.choose_theme(actor)
    st.stop()

with refusals(), page_database().read() as session:
    st.page_link("themes.py", label="全部主题", icon=":material/arrow_back:")
    theme = records.get_theme(session, actor, theme_id)
    st.title(plain(theme.name))
    heading = st.empty()
    selection = selection_row(session, actor)
    table = records.theme_table(session, actor, selection)
    mine = table[table["theme_id"] == theme_id]
    if mine.empty or not mine.iloc[0]["units"]:
        show_done()  # retiring a theme ends here, and has its way back
        st.info(theme_views.why_empty(session, theme), icon=":material/filter_alt_off:")
        theme_edits.edit_bar(actor, theme)
        theme_edits.history(session, actor, theme_id)
        st.stop()
    row = mine.iloc[0]
    heading.caption(standing_on(row.to_dict() | count_unidentified(session, actor, selection, theme_id)))
    st.caption(theme_views.about(row))

    theme_views.figures(row)

    theme_actions.action_bar(actor, theme)

    said, where, when, inside, edits = st.tabs(
        ["原声", "对比", "时间", "子主题", "编辑与历史"], key="theme.tab", on_change="rerun"
    )
    if said.open:
        with said:
            theme_quote_views.quotes_tab(session, actor, theme, selection, table)
    if where.open:
        with where:
            compare_views.compare_tab(session, actor, selection, theme_id)
    if when.open:
        with when, st.spinner("正在数每一周……"):
            times = records.theme_times(session, actor, selection, theme_id)
            theme_views.times_tab(times, records.theme_times(session, actor, selection))
    if inside.open:
        with inside:
            subthemes = records.subtheme_table(session, actor, theme_id, selection)
            theme_views.subtheme_list(session, actor, selection, subthemes)
    if edits.open:
        with edits:
            theme_edits.edit_bar(actor, theme)
            theme_edits.history(session, actor, theme_id)
