"""The one row of filters of every page, kept in the URL and for the session: 门店, 时间, 分层, 来源; folded 大区, 渠道, 导入批次."""

from __future__ import annotations

import streamlit as st
from sqlmodel import Session

from fanops.access import Actor, visible_stores
from fanops.fans.value import CHANNEL_LABELS
from fanops.summary.records_period import periods
from fanops.themes.records_breakdown import batches, channels, region_names
from fanops.themes.selection import Selection
from fanops.ui import words
from fanops.ui.address import choice
from fanops.ui.refusal import plain

_PERIODS = {"全部时间": None, "近 7 天": 7, "近 28 天": 28, "近 90 天": 90, "近 180 天": 180}


def _choice(label: str, options: list, key: str, format_func=str):
    return choice(label, options, key, format_func, persist=True)


def selection_row(session: Session, actor: Actor) -> Selection:
    """Show the filters and give what they select."""
    stores = {str(store.id): store.name for store in visible_stores(session, actor)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        store = _choice("门店", ["all", *stores], "store", lambda key: stores.get(key, "全部门店"))
        period = _choice("时间", list(_PERIODS), "period")
        level = _choice("分层", ["all", *words.LEVEL_LABELS], "level", lambda key: words.LEVEL_LABELS.get(key, "全部"))
        kind = _choice("来源", ["all", *words.KIND_LABELS], "kind", lambda key: words.KIND_LABELS.get(key, "全部"))
        region, channel, batch, said = _more(session, actor)
    if said:
        st.caption(f"只看：{said}")
    days = _PERIODS[period]
    chosen = periods(session, actor, days)["voices"] if days else None  # as the figures count that lead here
    return Selection(
        store_id=None if store == "all" else int(store),
        level=None if level == "all" else level,
        kind=None if kind == "all" else kind,
        region_id=region,
        channel=channel,
        batch_id=batch,
        since=chosen.since if chosen else None,
        until=chosen.until if chosen else None,
    )


def _more(session: Session, actor: Actor) -> tuple[int | None, str | None, int | None, str]:
    """Show the filters that are wanted less often, as far as there is something to choose.

    Returns:
        Region, channel, batch, and in words what of them is chosen: folded away, nobody sees it.
    """
    given = {
        "region": ("大区", {str(each): name for each, name in region_names(session, actor).items()}),
        "channel": ("渠道", {each: CHANNEL_LABELS.get(each, each) for each in channels(session, actor)}),
        "batch": ("导入批次", {str(each): f"{each} · {name}" for each, name in batches(session, actor).items()}),
    }
    offered = {key: each for key, each in given.items() if len(each[1]) > 1 or key in st.query_params}
    if not offered:
        return None, None, None, ""
    chosen = dict.fromkeys(given, "all")
    with st.popover("更多筛选", icon=":material/filter_list:"):
        for key, (label, names) in offered.items():
            chosen[key] = _choice(label, ["all", *names], key, lambda value, names=names: names.get(value, "全部"))
    picked = {key: None if value == "all" else value for key, value in chosen.items()}
    left = [f"{label} {plain(names[picked[key]])}" for key, (label, names) in given.items() if picked[key] is not None]
    return (
        picked["region"] and int(picked["region"]),
        picked["channel"],
        picked["batch"] and int(picked["batch"]),
        "，".join(left),
    )


def standing_on(counts: dict[str, int]) -> str:
    """Say what the numbers of a page stand on; ``no_fan`` and ``no_store`` are the voices of which nobody knows whose or where."""
    text = (
        f"来自 {words.count(counts['stores'], '家门店')}、{words.count(counts['fans'], '位粉丝')}的"
        f" {words.count(counts['voices'], '条原声')}（{words.count(counts['units'], '个语义单元')}）"
    )
    unknown = {"没有粉丝": counts.get("no_fan", 0), "没有门店": counts.get("no_store", 0)}
    parts = [f"{words.count(number, '条')}{what}" for what, number in unknown.items() if number]
    return f"{text}，其中 {'、'.join(parts)}" if parts else text
