"""粉丝最想要什么: which demands, how many fans and stores, satisfied or not, rising or falling."""

import pandas as pd
import streamlit as st

from fanops.summary.records_period import periods
from fanops.themes import records
from fanops.themes.records_identified import count_unidentified, counted_in, most_said_first, with_fan_polarity
from fanops.themes.selection import Selection
from fanops.ui.done import show_done
from fanops.ui.guard import current_actor, page_database
from fanops.ui.selection_row import selection_row, standing_on
from fanops.ui.themes import map_views, quality_views, theme_flow_views, theme_views
from fanops.ui.themes.retired_views import retired_list

actor = current_actor()
with page_database().read() as session:
    st.title("粉丝最想要什么")
    show_done()
    heading = st.empty()
    selection = selection_row(session, actor)
    counts = records.totals(session, actor, selection) | count_unidentified(session, actor, selection)
    table = records.theme_table(session, actor, selection)
    table = with_fan_polarity(session, actor, selection, table)
    heard = periods(session, actor, 28)["voices"]
    change = records.recent_change(session, actor, heard.until, selection=selection)
    change = change if heard.whole else change.head(0)  # what was not imported yet is no fall
    run = records.latest_run(session, actor)

heading.caption(standing_on(counts))
theme_views.discovery_bar(actor, run, counts)

if table.empty:
    theme_views.nothing_yet(actor, counts)
    retired_list(actor)
    st.stop()

counted = counted_in(counts)
shown = most_said_first(table, counted)


@st.fragment
def views(
    selection: Selection, counts: dict[str, int], shown: pd.DataFrame, change: pd.DataFrame, counted: str
) -> None:
    """Draw the tab that is open, and only that one; another tab reads nothing above again."""
    actor = current_actor()
    listed, mapped, by_store, flow, trust = st.tabs(
        ["列表", "地图", "门店对比", "沿革", "质量"], key="themes.tab", on_change="rerun"
    )
    if listed.open:
        with listed:
            theme_views.overview(shown, change, counted)
            theme_views.piles(counts, shown)
            theme_views.export_link(actor, selection)
            retired_list(actor)
    if mapped.open:
        with mapped:
            map_views.map_view(actor, selection, shown)
    if by_store.open:
        with by_store:
            theme_views.store_heat(actor, selection, shown)
    if flow.open:
        with flow:
            theme_flow_views.lineage_view(actor)
    if trust.open:
        with trust:
            quality_views.quality(actor, shown, counts)


views(selection, counts, shown, change, counted)
