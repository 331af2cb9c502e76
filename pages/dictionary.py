"""词典认不认得我们的词: the brand's own words, proved on what fans wrote, and new words found in it."""

import streamlit as st

from fanops.themes import records_dictionary as records
from fanops.ui import words
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

open_ones = views.open_suggestions(actor, checked)
st.caption(f"词典里有 {words.count(len(table), '个词')}，还有 {words.count(len(open_ones), '个')}新词建议等您看。")

# Labels without counts: a label that changes is another tab, and the first one would open after each click.
own, new, add, goods, about = st.tabs(
    ["词条", "新词建议", "添加", "商品库", "方面"], key="dictionary.tab", on_change="rerun"
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
