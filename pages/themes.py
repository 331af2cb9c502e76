"""粉丝最想要什么: which demands, how many fans and stores, satisfied or not, rising or falling."""

import streamlit as st

from fanops.themes import records
from fanops.ui import charts, words
from fanops.ui.guard import current_actor, page_database
from fanops.ui.selection_row import selection_row, standing_on, today_start
from fanops.ui.themes import quality_views, theme_flow_views, theme_views

actor = current_actor()
with page_database().read() as session:
    st.title("粉丝最想要什么")
    heading = st.empty()
    selection = selection_row(session, actor)
    counts = records.totals(session, actor, selection)
    table = records.theme_table(session, actor, selection)
    change = records.recent_change(session, actor, today_start(), selection=selection)
    run = records.latest_run(session, actor)

heading.caption(standing_on(counts))
theme_views.discovery_bar(actor, run, counts)

if table.empty:
    theme_views.nothing_yet(actor, counts)
    st.stop()

counted = "fans" if table["fans"].sum() else "voices"
shown = table.sort_values(["general", counted, "theme_id"], ascending=[True, False, True], ignore_index=True)
listed, mapped, by_store, flow, trust = st.tabs(["列表", "地图", "门店对比", "沿革", "质量"])

with listed:
    top = shown.head(15)
    charts.show(charts.theme_bars(top, counted), theme_views.headline(shown, counted))
    theme_views.theme_list(shown, change, counted)
    if counts["unassigned"]:
        part = words.share(counts["unassigned"] / counts["units"])
        st.page_link(
            "voices.py",
            label=f"未归类 {words.count(counts['unassigned'], '句')}（{part}），去逐条归类",
            icon=":material/inbox:",
            query_params={"pile": "未归类"},
        )

with mapped:
    theme_views.map_view(actor, selection, shown)

with by_store:
    theme_views.store_heat(actor, selection, shown)

with flow:
    theme_flow_views.lineage_view(actor)

with trust:
    quality_views.quality(actor, shown, counts)
