"""The map on the screen: every unit a point, found by word, theme or polarity; a point or a box opens the voices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.themes.records_evidence import evidence
from fanops.themes.records_map import Box, map_bounds, map_points, units_in
from fanops.themes.selection import Selection
from fanops.ui import charts, words
from fanops.ui.guard import page_database
from fanops.ui.paging import open_page, turn_pages
from fanops.ui.tables import on_phone
from fanops.ui.themes import theme_edits
from fanops.ui.themes.ticks import TICKS_MOST, finder, tick_bar, tick_quotes

MAP_THEMES = 24
MAP_POINTS = 20_000
_QUOTED = 20
_FEW = 2_000  # so few points are drawn larger
_LETTERS = 60  # of a unit in the hover text
_THUMB = 44  # px, what a finger hits
_EDGE = 0.3  # of the width: a name in the middle of its place would be cut off there, on a phone
# As many as themes are drawn: no two of them look the same, and none is lost on light or dark paper.
_PALETTE = [
    "#2F6F5E", "#C8552B", "#3E7CB1", "#B08D3C", "#7A5BA8", "#5E8C31", "#B5508A", "#4A9AA5", "#8C6D5A", "#6C7A89",
    "#A33B3B", "#3C5AA6", "#7DBBA8", "#E89A76", "#8FB8DE", "#D9BE77", "#B9A2DB", "#A3C777", "#DE9AC4", "#1F6670",
    "#C7A995", "#9AA32B", "#E08585", "#8E9FD9",
]  # fmt: skip
_QUIET = "#C9CCCF"
_SIGNS = {"全部": None, "不满": -1, "中性": 0, "满意": 1}


def map_view(actor: Actor, selection: Selection, table: pd.DataFrame) -> None:
    """Show the map of units: near means alike; a word, a theme and a polarity narrow it.

    Args:
        actor: Who looks.
        selection: The page's filters.
        table: Rows of ``theme_table``, sorted by what matters.
    """
    names = dict(zip(table["theme_id"].astype(int), table["name"], strict=True))
    left, middle, right = st.columns([2, 2, 1])
    looked_for = left.text_input("在地图上找", key="map.words", placeholder="输入一个词，例如：珍珠", max_chars=30)
    theme_id = middle.selectbox(
        "主题", [None, *names], format_func=lambda key: names.get(key, "全部主题"), key="map.theme"
    )
    sign = right.selectbox("情感", list(_SIGNS), key="map.sign")
    which = {"words": looked_for, "theme_id": theme_id, "polarity": _SIGNS[sign]}
    with st.spinner("正在画地图……"), page_database().read() as session:
        points, total = map_points(session, actor, selection, most=MAP_POINTS, **which)
        bounds = map_bounds(session, actor)
    if points.empty:
        st.info("没有符合条件的句子。换一个词，或放宽筛选。", icon=":material/scatter_plot:")
        return
    top = {theme_id: names[theme_id]} if theme_id in names else dict(list(names.items())[:MAP_THEMES])
    ink_and_paper = charts.ink_and_paper()
    option, groups = theme_map(points, top, bounds, theme_colours(names), ink_and_paper, narrow=on_phone())
    # Another picture has other places: what was chosen in the one before means nothing in it.
    key = f"themes.map.{total}.{looked_for}.{theme_id}.{sign}"
    chosen = st.echarts_chart(option, height=500, key=key, on_select="rerun", alt="语义单元地图，按主题分色")
    note = f"{words.count(total, '个语义单元')}；靠得近的意思相近。点一个点，或用右上角的框选圈出一片，下面就列出原声。"
    if total > len(points):
        note += f"为了流畅，均匀画出其中 {words.count(len(points), '个')}；找词和筛选时在全部里找。"
    st.caption(note)
    boxes = chosen_boxes(chosen)
    if boxes:
        with page_database().read() as session:
            unit_ids = units_in(session, actor, selection, boxes, most=TICKS_MOST + 1, **which)
    else:
        unit_ids = chosen_units(chosen, groups)
    _opened(actor, selection, unit_ids, table)


def chosen_boxes(chosen: Any) -> list[Box]:
    """Give the boxes that were drawn on the map."""
    found = []
    for area in chosen["selection"]["areas"]:
        across, upward = area["coord_range"]
        found.append((min(across), max(across), min(upward), max(upward)))
    return found


def chosen_units(chosen: Any, groups: list[list[int]]) -> list[int]:
    """Give the units under the chosen points, by their places in the picture; without doubles, in order."""
    found = {
        groups[group["series_index"]][place]
        for group in chosen["selection"]["selected"]
        if group["series_index"] < len(groups)
        for place in group["data_indices"]
        if place < len(groups[group["series_index"]])
    }
    return sorted(found)


def _opened(actor: Actor, selection: Selection, unit_ids: list[int], table: pd.DataFrame) -> None:
    if not unit_ids:
        return
    if len(unit_ids) > TICKS_MOST:
        st.info(f"圈出的超过 {words.count(TICKS_MOST, '句')}。圈小一点，或先找一个词。", icon=":material/select_all:")
        return
    name, which = f"map.{hash(tuple(unit_ids))}", {"unit_ids": unit_ids}
    with page_database().read() as session:
        rows, total, page = open_page(
            f"{name}.page", _QUOTED, partial(evidence, session, actor, selection, limit=_QUOTED, **which)
        )
    st.markdown(f"**圈出 {words.count(total, '句')}**")
    ticked = tick_quotes(rows, name, str(page))
    turn_pages(f"{name}.page", _QUOTED, total)
    tick_bar(name, ticked, total, finder(actor, selection, which))
    theme_edits.move_bar(actor, None, ticked, table, name)


def theme_colours(theme_ids: Iterable[int]) -> dict[int, str]:
    """Give each theme a colour by its number: a theme that comes later changes none, and none is given twice while there is another."""
    colours: dict[int, str] = {}
    for theme_id in sorted(theme_ids):
        own = [_PALETTE[(theme_id + step) % len(_PALETTE)] for step in range(len(_PALETTE))]
        colours[theme_id] = next((each for each in own if each not in colours.values()), own[0])
    return colours


def theme_map(
    points: pd.DataFrame,
    names: dict[int, str],
    bounds: Box,
    colours: Mapping[int, str],
    writing: tuple[str, str],
    *,
    narrow: bool = False,
) -> tuple[dict[str, Any], list[list[int]]]:
    """Give the ECharts option of the map (canvas), and the units of each series in the order of its points.

    Args:
        points: Rows of ``map_points``; ``theme_id`` empty is 未归类.
        names: Theme id → name, biggest first: only these get a colour and a label of their own.
        bounds: Edges of the picture.
        colours: Of each theme.
        writing: Colours of words and of the paper.
        narrow: Whether it is drawn on a phone: names stay inside the picture, and the tools fit a finger.
    """
    parts = [("未归类与其他主题", points[~points["theme_id"].isin(names)], _QUIET)]
    parts += [(name, points[points["theme_id"] == theme_id], colours[theme_id]) for theme_id, name in names.items()]
    parts = [part for part in parts if len(part[1])]
    left, right, bottom, top = bounds
    labels = [
        {
            "name": name,
            "value": [round(x := float(own["x"].median()), 3), round(float(own["y"].median()), 3)],
            "label": {"align": _inwards((x - left) / (right - left)) if narrow else "center"},
        }
        for name, own, colour in parts
        if colour != _QUIET
    ]
    size = 5 if len(points) > _FEW else 9
    series = [_points(place, name, colour, size, writing[0]) for place, (name, _, colour) in enumerate(parts)]
    tool = _THUMB if narrow else 22
    option = {
        "animation": False,
        "grid": {"left": 8, "right": 8, "top": tool + 14, "bottom": 8},
        "xAxis": {"show": False, "min": left, "max": right},
        "yAxis": {"show": False, "min": bottom, "max": top},
        # Values come in as escaped text: fans' words stay words.
        "tooltip": {"trigger": "item", "formatter": "{a}<br/>{@text}", "confine": True,
                    "extraCssText": "max-width: 20rem; white-space: normal; overflow-wrap: anywhere;"},
        "dataZoom": [{"type": "inside", "xAxisIndex": 0}, {"type": "inside", "yAxisIndex": 0}],
        "brush": {"xAxisIndex": "all", "yAxisIndex": "all", "seriesIndex": list(range(len(series))),
                  "throttleType": "debounce", "throttleDelay": 300},
        "toolbox": {"right": 4, "top": 0, "itemSize": tool, "itemGap": 8 if narrow else 16, "feature": {
            "brush": {"type": ["rect", "clear"], "title": {"rect": "框选", "clear": "清除框选"}}}},
        "dataset": [{"source": _source(own)} for _, own, _ in parts],
        "series": [*series, _labels(labels, *writing)],
    }  # fmt: skip
    return option, [own["unit_id"].astype(int).tolist() for _, own, _ in parts]


def _inwards(share: float) -> str:
    """Say how a name is set over its place, ``share`` of the way from the left edge, so that it grows away from the edge."""
    return "left" if share < _EDGE else "right" if share > 1 - _EDGE else "center"


def _source(points: pd.DataFrame) -> pd.DataFrame:
    short = points["text"].where(points["text"].str.len() <= _LETTERS, points["text"].str[:_LETTERS] + "…")
    places = points[["x", "y"]].astype("float32")
    return places.assign(text=short).reset_index(drop=True)


def _points(place: int, name: str, colour: str, size: int, ink: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "name": name,
        "datasetIndex": place,
        "encode": {"x": "x", "y": "y", "tooltip": ["text"]},
        "symbolSize": size - 2 if colour == _QUIET else size,
        "itemStyle": {"color": colour, "opacity": 0.55},
        "selectedMode": "single",
        "select": {"itemStyle": {"borderColor": ink, "borderWidth": 2, "opacity": 1}},
    }


def _labels(labels: list[dict[str, Any]], ink: str, paper: str) -> dict[str, Any]:
    # above their place: a theme of which one point is left must not hide it under its name
    return {
        "type": "scatter", "name": "主题名", "symbolSize": 1, "silent": True, "z": 5, "data": labels,
        "label": {"show": True, "position": "top", "distance": 8, "formatter": "{b}", "fontSize": 13, "fontWeight": "bold",
                  "textBorderColor": paper, "textBorderWidth": 3, "color": ink},
        "labelLayout": {"hideOverlap": True, "moveOverlap": "shiftY"},
    }  # fmt: skip
