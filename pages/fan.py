"""One fan: who (masked), level, tags with their source sentence, everything in one line of time."""

import streamlit as st

from fanops.fans import records
from fanops.fans.records_timeline import timeline
from fanops.ui import words
from fanops.ui.address import asked_id
from fanops.ui.done import show_done
from fanops.ui.fans import fan_deed_views as deeds
from fanops.ui.fans import fan_standing_views as standing
from fanops.ui.fans import fan_views
from fanops.ui.guard import current_actor, page_database
from fanops.ui.refusal import plain, refusals

actor = current_actor()
st.page_link("fans.py", label="全部粉丝", icon=":material/arrow_back:")
show_done()
with refusals(), page_database().read() as session:
    fan = records.get_fan(session, actor, asked_id("fan") or 0)
    st.title(plain(fan.name_masked or "粉丝"))
    st.caption(f"{words.LEVEL_LABELS.get(fan.level, fan.level)} · {words.day(fan.joined_at)} 加入")
    standing.owner(session, actor, fan.id)
    fan_views.in_five_lines(session, actor, fan.id)
    deeds.level(actor, fan)
    deeds.outlook(session, actor, fan.id)
    fan_views.numbers(actor, records.identities(session, actor, fan.id))
    fan_views.activity(session, actor, fan.id)
    tags = records.tags_of(session, actor, fan.id)
    fan_views.tag_list(actor, tags)
    deeds.add_tag(actor, fan.id, set(tags["tag_id"]))
    standing.raised(session, actor, fan.id)
    st.subheader("经过")
    fan_views.timeline(timeline(session, actor, fan.id))
    standing.consent(session, actor, fan)
    deeds.referral(session, actor, fan.id)
    deeds.likely_matches(session, actor, fan.id)
    fan_views.same_person(session, actor, fan)
    fan_views.data_rights(actor, fan.id)
