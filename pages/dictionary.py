"""词典认不认得我们的词: the brand's own words, proved on what fans wrote, and new words found in it."""

import streamlit as st

from fanops.themes import records_dictionary as records
from fanops.ui.done import show_done
from fanops.ui.fans import product_views
from fanops.ui.guard import need, page_database
from fanops.ui.themes import aspect_views
from fanops.ui.themes import dictionary_views as views

actor = need(*records.KEEPERS)
st.title("词典认不认得我们的词")
st.caption("商品名、别名、竞品名写进词典，就不会被切碎，主题才分得准。")
show_done()
with page_database().read() as session:
    table = records.word_table(session, actor)
checked = views.check_bar(actor, has_words=not table.empty)

own, new, add, goods, about = st.tabs(
    [f"词条 {len(table)}", f"新词建议 {len(views.open_suggestions(actor, checked))}", "添加", "商品库", "方面"]
)
with own:
    views.word_list(actor, table, checked)
with new:
    views.suggestion_list(actor, checked)
with add:
    views.add_form(actor)
with goods:
    product_views.products(actor)
with about:
    aspect_views.aspect_tab(actor)
