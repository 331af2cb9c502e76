"""One theme: who says it, where, since when, in their own words; and what to do about it."""

import pandas as pd
import streamlit as st

from fanops.themes import records
from fanops.themes.records_evidence import evidence
from fanops.ui import charts, theme_actions, theme_edits, theme_views, words
from fanops.ui.guard import current_actor, page_database
from fanops.ui.quotes import quotes
from fanops.ui.refusal import refusals
from fanops.ui.selection_row import selection_row, standing_on

PAGE_SIZE = 10

actor = current_actor()
theme_id = theme_views.asked_theme()
if theme_id is None:
    theme_views.choose_theme(actor)
    st.stop()

with refusals(), page_database().read() as session:
    theme = records.get_theme(session, actor, theme_id)
    st.page_link("pages/themes.py", label="全部主题", icon=":material/arrow_back:")
    st.title(theme.name)
    heading = st.empty()
    selection = selection_row(session, actor)
    table = records.theme_table(session, actor, selection)
    mine = table[table["theme_id"] == theme_id]
    times = records.theme_times(session, actor, selection, theme_id)
    all_times = records.theme_times(session, actor, selection)
    stores = records.theme_by_store(session, actor, selection, theme_id)
    subthemes = records.subtheme_table(session, actor, theme_id, selection)

    if mine.empty:
        st.info("当前筛选下没有人说到这个主题。放宽上面的筛选再看。", icon=":material/filter_alt_off:")
        theme_edits.edit_bar(actor, theme)
        st.stop()
    row = mine.iloc[0]
    heading.caption(standing_on(row.to_dict()))
    if row["keywords"]:
        st.caption("关键词：" + "、".join(str(word) for word in row["keywords"][:8]))

    first, second, third, fourth = st.columns(4)
    first.metric("粉丝", words.count(row["fans"], "位"), border=True, help="说到过它的不同粉丝，同一个人只算一次。")
    second.metric("门店", words.count(row["stores"], "家"), border=True)
    third.metric("原声", words.count(row["voices"], "条"), border=True)
    fourth.metric(
        "不满占比",
        words.share(row["negative_share"]),
        words.base_note(int(row["units"])),
        delta_color="off",
        delta_arrow="off",
        border=True,
        help="不满的语义单元 ÷ 全部语义单元。",
    )

    theme_actions.action_bar(actor, theme)

    said, where, when, inside, edits = st.tabs(["原声", "门店", "时间", "子主题", "编辑与历史"])
    with said:
        sign = st.segmented_control(
            "情感", ["全部", "不满", "中性", "满意"], default="全部", key="theme.sign", label_visibility="collapsed"
        )
        polarity = {"不满": -1, "中性": 0, "满意": 1}.get(sign or "全部")
        pages = st.session_state.get("theme.page", 1)
        rows, total = evidence(
            session,
            actor,
            selection,
            theme_id=theme_id,
            polarity=polarity,
            limit=PAGE_SIZE,
            offset=(pages - 1) * PAGE_SIZE,
        )
        chosen = quotes(rows, f"theme.quotes.{theme_id}.{pages}.{sign}", choosable=True)
        if total > PAGE_SIZE:
            st.pagination(-(-total // PAGE_SIZE), key="theme.page")
        st.caption(f"共 {words.count(total, '句')}。勾选句子可以移动到别的主题，或拆成新主题。")
        theme_edits.move_bar(actor, theme, chosen, table)
    with where:
        if stores.empty:
            st.info("这些原声没有注明门店。", icon=":material/storefront:")
        else:
            st.altair_chart(
                charts.interval_dots(
                    theme_views.store_shares(stores),
                    "门店",
                    "占比",
                    theme_views.store_headline(stores),
                    "占该店全部语义单元的比例",
                ),
                alt="各门店提到这个主题的比例与区间",
            )
            st.dataframe(theme_views.store_rows(stores), hide_index=True)
    with when:
        weekly = theme_views.weekly_shares(times, all_times)
        if len(weekly) < 2:
            st.info("有日期的原声还不到两周，画不出趋势。", icon=":material/timeline:")
        else:
            st.altair_chart(
                charts.trend(weekly, "周", "占比", theme_views.trend_headline(weekly), "占当周原声的比例"),
                alt="每周提到这个主题的比例",
            )
            st.dataframe(
                weekly.assign(周=pd.to_datetime(weekly["周"]).dt.strftime("%m月%d日")),
                hide_index=True,
                column_order=["周", "原声", "合计", "占比"],
                column_config={"占比": st.column_config.NumberColumn(format="percent")},
            )
    with inside:
        theme_views.subtheme_list(subthemes)
    with edits:
        theme_edits.edit_bar(actor, theme)
        theme_edits.history(session, actor, theme_id)
