"""Pictures: finding first, axes named, intervals drawn, one colour meaning one thing (blue–grey–orange for polarity)."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from fanops.ui.refusal import plain

TEA, PERSIMMON, QUIET = "#2F6F5E", "#C8552B", "#9AA0A6"
POLARITY_SCALE = alt.Scale(domain=["满意", "中性", "不满"], range=["#3E7CB1", "#B9BDC1", "#D9822B"])
_ROW = 30
_MARKED = 60
_TICKS = 6  # on a wide screen Vega would set thirty
_AROUND = 90  # Streamlit fits axes and legend into the height


def ink_and_paper() -> tuple[str, str]:
    """Give the colours of words and of what they stand on, for pictures (ECharts) that do not take them from the theme."""
    return ("#ECEAE4", "#16181A") if st.context.theme.type == "dark" else ("#1F2328", "#FBFAF7")


def show(chart: alt.Chart | alt.LayerChart, finding: str) -> None:
    """Show a chart under the sentence that says what it shows (a title inside the chart is cut off on a phone)."""
    st.markdown(f"**{plain(finding)}**")
    st.altair_chart(chart, alt=finding)


def theme_bars(table: pd.DataFrame, counted: str) -> alt.Chart:
    """Draw themes by distinct ``counted`` (``fans`` or ``voices``), split by polarity of their units.

    A bar of fans is split by the sentences of known fans: what people without a name think is no part of it.

    Args:
        table: Rows of ``theme_table``, sorted by what matters; for ``fans`` with the columns of ``with_fan_polarity``.
        counted: The column that gives the bar's length.
    """
    if counted == "fans":
        table = table.assign(units=table["fan_units"], positive=table["fan_positive"], negative=table["fan_negative"])
    long = table.assign(neutral=table["units"] - table["positive"] - table["negative"])
    long = long.melt(
        ["theme_id", "name", counted, "units"], ["positive", "neutral", "negative"], var_name="sign", value_name="n"
    )
    long["情感"] = long["sign"].map({"positive": "满意", "neutral": "中性", "negative": "不满"})
    long["数量"] = long["n"] / long["units"].clip(lower=1) * long[counted]
    long["order"] = long["sign"].map({"negative": 0, "neutral": 1, "positive": 2})
    unit = "粉丝（位）" if counted == "fans" else "原声（条）"
    return (
        alt.Chart(long)
        .mark_bar(height=16)
        .encode(
            y=alt.Y("name:N", sort=list(table["name"]), title=None, axis=alt.Axis(labelLimit=160)),
            x=alt.X("数量:Q", title=unit, stack="zero"),
            color=alt.Color("情感:N", scale=POLARITY_SCALE, legend=alt.Legend(orient="top", title=None)),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("name:N", title="主题"),
                alt.Tooltip("情感:N"),
                alt.Tooltip("n:Q", title="语义单元"),
                alt.Tooltip(f"{counted}:Q", title=unit),
            ],
        )
        .properties(height=_AROUND + _ROW * len(table))
    )


def trend(
    frame: pd.DataFrame, x: str, y: str, y_title: str, *, moment: pd.Timestamp | None = None,
    moment_label: str = "",
) -> alt.LayerChart:  # fmt: skip
    """Draw a line over time, with the interval where ``low`` and ``high`` are given and a fix's moment marked."""
    base = alt.Chart(frame)
    # Where the points are: on its own Vega marks Sundays, and no week begins on the day that is written under it.
    days = [alt.DateTime(year=day.year, month=day.month, date=day.day) for day in frame[x].drop_duplicates()]
    marks = {"values": days} if len(days) <= _MARKED else {}
    x_axis = alt.X(f"{x}:T", title=None, axis=alt.Axis(format="%-m月%-d日", labelOverlap=True, **marks))
    style = ".0%" if frame[y].max() <= 1 else "~s"  # a share, or a count
    layers = []
    if {"low", "high"} <= set(frame.columns):
        layers.append(base.mark_area(opacity=0.18, color=TEA).encode(x=x_axis, y="low:Q", y2="high:Q"))
    layers.append(
        base.mark_line(color=TEA, point={"size": 28, "color": TEA}).encode(
            x=x_axis,
            y=alt.Y(f"{y}:Q", title=y_title, scale=alt.Scale(zero=True), axis=alt.Axis(format=style)),
            tooltip=[
                alt.Tooltip(f"{x}:T", title="时间", format="%-m月%-d日"),
                alt.Tooltip(f"{y}:Q", title=y_title, format=style),
            ],
        )
    )
    if moment is not None:
        mark = pd.DataFrame({x: [moment], "label": [moment_label]})
        layers.append(alt.Chart(mark).mark_rule(color=PERSIMMON, strokeDash=[4, 3]).encode(x=f"{x}:T"))
        layers.append(
            alt.Chart(mark)
            .mark_text(align="left", dx=4, dy=-4, color=PERSIMMON)
            .encode(x=f"{x}:T", y=alt.value(8), text="label:N")
        )
    return alt.layer(*layers).properties(height=240)


def interval_dots(
    frame: pd.DataFrame, label: str, value: str, value_title: str, *, reference: float | None = None,
    percent: bool = True,
) -> alt.LayerChart:  # fmt: skip
    """Draw one dot with its interval (``low``, ``high``) per row, and a dashed reference line."""
    sign = "+" if percent and reference == 0 else ""
    style = alt.Axis(format=f"{sign}.{_digits(frame, value)}%" if percent else "~s", tickCount=_TICKS)
    shared = alt.Chart(frame)
    y = alt.Y(f"{label}:N", sort=list(frame[label]), title=None, axis=alt.Axis(labelLimit=160))
    tip = [alt.Tooltip(f"{column}:N", title=column) for column in frame.columns if column.startswith("·")]
    layers = [
        shared.mark_rule(color=QUIET, strokeWidth=2).encode(y=y, x=alt.X("low:Q", title=value_title), x2="high:Q"),
        shared.mark_point(filled=True, size=80, color=TEA, opacity=1).encode(
            y=y, x=alt.X(f"{value}:Q", title=value_title, axis=style), tooltip=[f"{label}:N", f"{value}:Q", *tip]
        ),
    ]
    if reference is not None:
        line = alt.Chart(pd.DataFrame({"at": [reference]}))
        layers.append(line.mark_rule(color=PERSIMMON, strokeDash=[4, 3]).encode(x="at:Q"))
    return alt.layer(*layers).properties(height=_AROUND + _ROW * len(frame))


def option_bars(table: pd.DataFrame) -> alt.LayerChart:
    """Draw how many chose each option, with its interval.

    Args:
        table: Rows of ``results.counts``.
    """
    chart = alt.Chart(table)
    y = alt.Y("label:N", sort=list(table["label"]), title=None, axis=alt.Axis(labelLimit=180))
    x = alt.X("share:Q", title="占回答者", axis=alt.Axis(format=".0%", tickCount=_TICKS), scale=alt.Scale(domainMin=0))
    bars = chart.mark_bar(color=TEA, opacity=0.75).encode(
        y=y, x=x,
        tooltip=[alt.Tooltip("label:N", title="选项"), alt.Tooltip("count:Q", title="人数"),
                 alt.Tooltip("share:Q", format=".1%", title="占比")],
    )  # fmt: skip
    whiskers = chart.mark_rule(color=ink_and_paper()[0]).encode(y=y, x="low:Q", x2="high:Q")
    return (bars + whiskers).properties(height=_AROUND + _ROW * len(table))


def spread(values: pd.Series) -> alt.Chart:
    """Draw how numbers or days are spread: bars over ranges of numbers, or over days."""
    days = pd.api.types.is_datetime64_any_dtype(values)
    x = (
        alt.X("值:T", timeUnit="yearmonthdate", title=None)
        if days
        else alt.X("值:Q", bin=alt.Bin(maxbins=20), title=None)
    )
    counted = alt.Y("count():Q", title="人数", axis=alt.Axis(tickMinStep=1, tickCount=_TICKS))
    return (
        alt.Chart(pd.DataFrame({"值": values}))
        .mark_bar(color=TEA, opacity=0.75)
        .encode(x=x, y=counted)
        .properties(height=200)
    )


def _digits(frame: pd.DataFrame, value: str) -> int:
    """Give the decimals of a percentage axis: enough that no two of its marks, about ``_TICKS``, read the same."""
    shown = frame[[value, "low", "high"]].to_numpy(dtype=float)
    span = float(np.nanmax(shown) - min(0.0, np.nanmin(shown))) if np.isfinite(shown).any() else 1.0
    return 0 if span > 0.05 else 1 if span > 0.005 else 2


def change_dots(frame: pd.DataFrame, unit: str, *, percent: bool = False) -> alt.LayerChart:
    """Draw the change of each row (``name, change, low, high, base, differs``) from no change; the clear ones stand out."""
    style = "+.0%" if percent else "+.0f" if unit == "点" else "+.2f"
    y = alt.Y("name:N", sort=list(frame["name"]), title=None, axis=alt.Axis(labelLimit=190))
    title = f"后一期减前一期（{unit}）"
    shared = alt.Chart(frame.assign(明显=frame["differs"] != 0))
    tip = [
        alt.Tooltip("name:N", title="题"),
        alt.Tooltip("change:Q", title="变化", format=style),
        alt.Tooltip("low:Q", title="区间下限", format=style),
        alt.Tooltip("high:Q", title="区间上限", format=style),
        alt.Tooltip("base:Q", title="两期都答的人"),
    ]
    zero = alt.Chart(pd.DataFrame({"at": [0]})).mark_rule(color=QUIET, strokeDash=[4, 3]).encode(x="at:Q")
    colour = alt.condition("datum.明显", alt.value(PERSIMMON), alt.value(TEA))
    return alt.layer(
        zero,
        shared.transform_filter("isValid(datum.low)").mark_rule(color=QUIET, strokeWidth=2).encode(
            y=y, x="low:Q", x2="high:Q"
        ),
        shared.mark_point(filled=True, size=90, opacity=1).encode(
            y=y, x=alt.X("change:Q", title=title, axis=alt.Axis(format=style, tickCount=5)), color=colour, tooltip=tip
        ),
    ).properties(height=_AROUND + _ROW * len(frame))  # fmt: skip


def still_there(frame: pd.DataFrame) -> alt.LayerChart:
    """Draw a panel through its waves: asked (line), answered and answered all along (bars beside it).

    Args:
        frame: Rows of ``attrition``.
    """
    names = {"asked": "问了", "answered": "答了", "all_along": "一直在答"}
    long = frame.melt(["title"], list(names), var_name="which", value_name="人数")
    long["谁"] = long["which"].map(names)
    scale = alt.Scale(domain=list(names.values()), range=["#C9CCCF", TEA, PERSIMMON])
    base = alt.Chart(long).encode(
        x=alt.X("title:N", sort=list(frame["title"]), title=None, axis=alt.Axis(labelAngle=0, labelLimit=110)),
        xOffset=alt.XOffset("谁:N", sort=list(names.values())),
        y=alt.Y("人数:Q", title="粉丝（位）", axis=alt.Axis(tickMinStep=1)),
    )
    bars = base.mark_bar().encode(
        color=alt.Color("谁:N", scale=scale, sort=list(names.values()), legend=alt.Legend(orient="top", title=None)),
        tooltip=[alt.Tooltip("title:N", title="期"), "谁:N", "人数:Q"],
    )
    return alt.layer(bars, base.mark_text(dy=-7, fontSize=11).encode(text="人数:Q")).properties(height=260)


def event_study(frame: pd.DataFrame) -> alt.LayerChart:
    """Draw the difference from the controls by weeks since the start (周), with interval (low, high) and both zero lines."""
    base = alt.Chart(frame)
    x = alt.X("周:Q", title="上线后第几周（负数：上线前）", axis=alt.Axis(tickMinStep=1))
    zero = alt.Chart(pd.DataFrame({"at": [0]}))
    return alt.layer(
        zero.mark_rule(color=QUIET).encode(y="at:Q"),
        zero.mark_rule(color=PERSIMMON, strokeDash=[4, 3]).encode(x="at:Q"),
        base.mark_area(opacity=0.18, color=TEA).encode(
            x=x, y=alt.Y("low:Q", title="差异", axis=alt.Axis(format="+.0%")), y2="high:Q"
        ),
        base.mark_line(color=TEA, point={"size": 28, "color": TEA}).encode(
            x=x,
            y="差异:Q",
            tooltip=[alt.Tooltip("周:Q"), alt.Tooltip("差异:Q", format="+.1%"), alt.Tooltip("stores:Q", title="门店")],
        ),
    ).properties(height=280)


def heat(frame: pd.DataFrame, x: str, y: str, value: str, value_title: str) -> alt.Chart:
    """Draw theme × store as a heat map of a share (0–1)."""
    return (
        alt.Chart(frame)
        .mark_rect(stroke="white", strokeWidth=1)
        .encode(
            x=alt.X(f"{x}:N", title=None, axis=alt.Axis(labelAngle=-45, labelLimit=120, labelOverlap=False)),
            y=alt.Y(f"{y}:N", title=None, sort=list(dict.fromkeys(frame[y])), axis=alt.Axis(labelLimit=160)),
            color=alt.Color(f"{value}:Q", title=value_title, scale=alt.Scale(scheme="tealblues"),
                            legend=alt.Legend(format=".0%", orient="top")),
            tooltip=[f"{y}:N", f"{x}:N", alt.Tooltip(f"{value}:Q", format=".1%", title=value_title),
                     alt.Tooltip("units:Q", title="语义单元"), alt.Tooltip("store_units:Q", title="门店合计")],
        )
        .properties(height=_AROUND + 80 + 26 * frame[y].nunique())
    )  # fmt: skip
