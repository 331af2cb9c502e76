"""The retired themes under the list: each a link, and the way back into use."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.themes import edit
from fanops.themes.records_retired import retired_themes
from fanops.ui import words
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain
from fanops.ui.themes.theme_edits import carry_out


def retired_list(actor: Actor) -> None:
    """List what was retired, in an expander; nothing while there is none."""
    with page_database().read() as session:
        themes = retired_themes(session, actor)
    if themes.empty:
        return
    with st.expander(f"已停用（{len(themes)}）", icon=":material/archive:", key="themes.retired"):
        st.caption("不再列出的主题。句子都还在，以后同样的话也归在里面。")
        for row in themes.itertuples():
            with st.container(horizontal=True, vertical_alignment="center"):
                theme_id = int(row.theme_id)
                when = "" if pd.isna(row.retired_at) else f"，{words.day(row.retired_at)}停用"
                st.page_link("theme.py", label=plain(row.name) + when, query_params={"theme": str(theme_id)})
                if (
                    actor.role in edit.EDITORS
                    and st.button("恢复", key=f"themes.restore.{theme_id}", icon=":material/unarchive:")
                    and carry_out(
                        actor,
                        f"已恢复“{row.name}”。",
                        lambda session, theme=theme_id: edit.set_retired(session, actor, theme, False),
                    )
                ):
                    st.rerun()
