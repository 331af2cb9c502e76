"""做了，有没有用: plan before rollout, measure after, and say only what the numbers carry."""

import streamlit as st

from fanops.access import Role
from fanops.actions import records_backlog, records_fixes
from fanops.effect import records as effect_records
from fanops.ui.address import choice
from fanops.ui.done import show_done
from fanops.ui.effect import effect_details, effect_views
from fanops.ui.guard import need, page_database
from fanops.ui.refusal import refusals

actor = need(Role.STORE_MANAGER, Role.REGION_MANAGER, Role.PRODUCT, Role.CEO, Role.ADMIN)
st.title("做了，有没有用")
show_done()
with page_database().read() as session:
    measured = effect_records.measured(session, actor)
    items = records_backlog.item_table(session, actor)
    fixes = records_fixes.fix_table(session, actor)
choices = {f"item-{row.item_id}": f"需求条目 · {row.title}" for row in items.itertuples()}
choices |= {f"fix-{row.fix_id}": f"服务改进 · {row.title}" for row in fixes.itertuples()}
if not choices:
    st.info("还没有可以测量的行动。先从主题开一项改进或一个条目。", icon=":material/trending_up:")
    st.page_link("themes.py", label="去看主题", icon=":material/arrow_forward:")
    st.stop()
choices = dict(sorted(choices.items(), key=lambda entry: entry[0] not in measured))
chosen = choice("哪一项行动", list(choices), "action", choices.get)
kind, number = chosen.split("-")
about = {"item_id": int(number)} if kind == "item" else {"fix_id": int(number)}
measured_tab, raisers_tab, credit_tab = st.tabs(["效果", "提出者和原声", "谁最先听到"])
with measured_tab, refusals():
    effect_views.plan_section(actor, about)
    effect_views.measure_section(actor, about)
with raisers_tab, refusals():
    effect_details.mentions_section(actor, about)
    effect_details.raisers_section(actor, about)
with credit_tab:
    effect_details.credit_section(actor)
