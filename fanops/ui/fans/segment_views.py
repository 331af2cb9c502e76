"""Segments on the screen: made with a count at once, listed, compared."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.fans import records as fans
from fanops.fans import records_segments as records
from fanops.fans.records_segments import Conditions
from fanops.tables import Segment
from fanops.ui import words
from fanops.ui.done import said_done
from fanops.ui.fans.condition_views import conditions_form
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table

_SAMPLE = 20
_EVERYBODY = Conditions()


def segment_list(actor: Actor, saved: list[Segment]) -> None:
    """List segments with today's count; one opens to its fans."""
    if not saved:
        st.info("还没有人群。到“新建”里选几个条件，马上看到有多少人。", icon=":material/filter_alt:")
        return
    for segment in saved:
        wanted = records.read_conditions(segment.conditions)
        with page_database().read() as session:
            count = records.count_members(session, actor, wanted)
            said = records.condition_words(session, actor, wanted)
        with st.container(border=True, gap="small"):
            st.markdown(f"**{plain(segment.name)}** · {words.count(count, '位')}")
            st.caption(plain(said))
            with st.container(horizontal=True):
                if st.toggle("看看是谁", key=f"segment.show.{segment.id}"):
                    _sample(actor, wanted)
                if records.may_change(actor, segment) and st.button(
                    "删除", key=f"segment.remove.{segment.id}", type="tertiary"
                ):
                    with refusals():
                        with page_database().write() as session:
                            was = records.remove_segment(session, actor, segment.id)
                        said_done(f"已删除“{segment.name}”。", lambda was=was: _restore(actor, was))
                        st.rerun()


def _restore(actor: Actor, was: dict) -> None:
    with page_database().write() as session:
        records.save_segment(session, actor, was["name"], records.read_conditions(was["conditions"]))


def _sample(actor: Actor, wanted: Conditions) -> None:
    with page_database().read() as session:
        ids = list(session.exec(records.members(actor, wanted).limit(_SAMPLE)))
        table, _ = fans.fan_table(session, actor, fan_ids=ids, limit=_SAMPLE)
    for row in table.itertuples():
        st.page_link("fan.py", label=f"{plain(words.called(row.name, row.tail))} · {words.LEVEL_LABELS[row.level]} · {row.orders} 单",
                     icon=":material/person:", query_params={"fan": str(row.fan_id)})  # fmt: skip


def make(actor: Actor) -> None:
    """Choose conditions, see the count at once, save under a name."""
    wanted = conditions_form(actor, "segment")
    with page_database().read() as session:
        count = records.count_members(session, actor, wanted)
        said = records.condition_words(session, actor, wanted)
    st.markdown(f"**{words.count(count, '位')}** · {plain(said)}")
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    name = left.text_input(
        "叫什么", key="segment.name", max_chars=records.NAME_LIMIT, placeholder="例如：静安店的沉睡粉丝"
    )
    if right.button("保存", type="primary", key="segment.save", width="stretch"):
        with refusals():
            with page_database().write() as session:
                records.save_segment(session, actor, name, wanted)
            said_done(f"已保存“{name.strip()}”，现在有 {count} 位；以后每次打开都重新数。")
            st.rerun()


def compare(actor: Actor, saved: list[Segment]) -> None:
    """Compare two segments, or one with all fans."""
    choices = {"全部粉丝": _EVERYBODY} | {each.name: records.read_conditions(each.conditions) for each in saved}
    if len(choices) < 2:
        st.info("先保存一个人群，就能和全部粉丝或另一个人群对比。", icon=":material/compare_arrows:")
        return
    with st.container(horizontal=True):
        first = st.selectbox("人群", [name for name in choices if name != "全部粉丝"], key="segment.first")
        second = st.selectbox("对比", [name for name in choices if name != first], key="segment.second")
    with refusals():
        with page_database().read() as session:
            table = records.compare(session, actor, choices[first], choices[second])
        show_table(
            pd.DataFrame(
                {
                    "指标": table["measure"],
                    first: [_value(row, "a") for row in table.to_dict("records")],
                    second: [_value(row, "b") for row in table.to_dict("records")],
                    "差别": ["明显不同" if differs else "看不出不同" for differs in table["differs"]],
                }
            ),
            hide_index=True,
        )
        st.caption("括号里是 95% 区间与样本数；差的区间不含 0 才说“明显不同”。")


def _value(row: dict, side: str) -> str:
    value, low, high, base = (row[f"{side}{end}"] for end in ("", "_low", "_high", "_base"))
    if value != value:
        return "—"

    def write(number: float) -> str:
        return "—" if number != number else words.share(number) if row["kind"] == "share" else f"{number:,.1f}"

    return f"{write(value)}（{write(low)} 到 {write(high)}，{words.base_note(int(base))}）"
