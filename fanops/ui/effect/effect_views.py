"""Effects on the screen: the frozen plan, the measurement, the picture with its interval."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.effect import records
from fanops.effect.before_after import LABEL
from fanops.effect.measure import compute, keep
from fanops.effect.metrics import METRICS
from fanops.effect.records_notes import plan_notes
from fanops.errors import TooLittleData
from fanops.settings import today
from fanops.tables import Baseline, Measurement
from fanops.ui import charts, words
from fanops.ui.done import deeds_done, said_done
from fanops.ui.effect import effect_details, effect_words
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table


def plan_section(actor: Actor, about: dict[str, int]) -> None:
    """Show the plan in force, or let one be frozen."""
    with page_database().read() as session:
        plan = records.plan_of(session, actor, **about)
        earlier = records.earlier_plans(session, actor, **about)
        stores = {store.id: store.name for store in visible_stores(session, actor)}
        since = records.treated_since(session, actor, **about)
    if plan is not None:
        st.markdown(f":material/lock: **效果方案已冻结**{_plan_words(plan)}")
        for old in earlier:
            st.caption(f":material/history: 被取代的方案{_plan_words(old)}")
    else:
        st.caption("还没有效果方案。没有事先定好的方案和对照门店，只能看前后对比，不能说是它带来的。")
    if actor.role not in records.PLANNERS:
        return
    label = "另立新方案（旧的会一直留着）" if plan else "定效果方案"
    with st.expander(label, icon=":material/edit_calendar:"):
        _plan_form(actor, about, stores, since)


def _plan_words(plan: Baseline) -> str:
    return (
        f"（{words.minute(plan.frozen_at)}）："
        f"看{METRICS[plan.metric].name}，{words.day(plan.starts_on)} 到 {words.day(plan.ends_on)}，"
        f"上线 {len(plan.plan['treated'])} 家，对照 {len(plan.plan['controls'])} 家，"
        f"至少值得的变化 {words.share(plan.plan['smallest_share'], 0)}，达标线 {words.share(plan.plan['pass_share'], 0)}。"
    )


def _alike(actor: Actor, since: dict[int, date], stores: dict[int, str]) -> list[int]:
    treated = [store for store in since if store in stores]
    if not treated:
        return []
    with page_database().read() as session:
        found = records.suggest_controls(session, actor, "revenue", treated, min(since[store] for store in treated))
    return [store for store in found if store in stores]


def _plan_form(actor: Actor, about: dict[str, int], stores: dict[int, str], since: dict[int, date]) -> None:
    key = "-".join(f"{name}{value}" for name, value in about.items())
    metric = st.selectbox(
        "看哪个指标", list(METRICS), format_func=lambda m: METRICS[m].name, key=f"plan.metric.{key}",
        help="；".join(f"{each.name}：{each.meaning}" for each in METRICS.values()),
    )  # fmt: skip
    treated = st.multiselect("上线门店", list(stores), [s for s in since if s in stores], format_func=stores.get,
                             key=f"plan.treated.{key}", placeholder="选门店")  # fmt: skip
    alike = _alike(actor, since, stores)
    if alike:
        st.caption("历史走势最像上线门店的：" + plain("、".join(stores[each] for each in alike)))
    controls = st.multiselect("对照门店（空着：其余全部）", list(stores), format_func=stores.get, key=f"plan.controls.{key}",
                              placeholder="其余全部")  # fmt: skip
    left, right = st.columns(2)
    first = left.date_input(
        "从（含上线前的历史）", today() - timedelta(weeks=16), key=f"plan.first.{key}", format="YYYY-MM-DD"
    )
    last = right.date_input("到", today() + timedelta(weeks=8), key=f"plan.last.{key}", format="YYYY-MM-DD")
    left, right = st.columns(2)
    smallest = left.number_input("至少值得的变化（%）", 0.0, 100.0, 2.0, 0.5, key=f"plan.small.{key}")
    line = right.number_input("达标线（%）", 0.0, 100.0, 3.0, 0.5, key=f"plan.line.{key}")
    rest = tuple(s for s in stores if s not in treated)
    plan = records.Plan(metric, first, last, tuple(treated), tuple(controls) or rest, smallest / 100, line / 100)
    if treated:
        _foretell(actor, about, plan, min([since.get(store, today()) for store in treated]))
    # Once a store has it there is something to see: a plan that could be taken back then would be no promise.
    if since:
        place = st.popover("冻结方案", icon=":material/lock:", key=f"plan.sure.{key}.{deeds_done()}")
        place.caption("已有门店开始，冻结后不能撤销；要改只能另立新方案，旧的会一直留着。")
    else:
        place = st.container()
    if place.button("确定冻结" if since else "冻结方案", key=f"plan.freeze.{key}", icon=":material/lock:"):
        with refusals():
            with page_database().write() as session:
                baseline_id = records.freeze_plan(session, actor, plan, **about).id
            said_done("效果方案已冻结。", None if since else lambda: _unfreeze(actor, baseline_id))
            st.rerun()


def _unfreeze(actor: Actor, baseline_id: int) -> None:
    with page_database().write() as session:
        records.undo_freeze_plan(session, actor, baseline_id)


def _foretell(actor: Actor, about: dict[str, int], plan: records.Plan, start: date) -> None:
    """Say before starting what such a design could show at all."""
    weeks = max(2, (plan.ends_on - start).days // 7)
    try:
        with page_database().read() as session:
            theme_id = records.subject(session, actor, **about).theme_id
            least = records.power(session, actor, plan.metric, plan.treated, plan.controls, start, weeks, theme_id)
    except TooLittleData as refusal:
        st.caption(f"还算不出能看出多大的变化：{plain(refusal.message)}")
        return
    if math.isnan(least):
        st.caption("历史数据不足，算不出能看出多大的变化。")
        return
    text = f"上线后看 {weeks} 周，这些门店有八成把握看出 **{words.share(least)}** 以上的变化。"
    if least > plan.smallest_share:
        st.warning(
            text + "比“至少值得的变化”大：很可能什么也看不出来。多选几家门店，或看久一点。",
            icon=":material/visibility_off:",
        )
    else:
        st.caption(text)


def measure_section(actor: Actor, about: dict[str, int]) -> None:
    """Show the newest measurement and the button that makes one."""
    with page_database().read() as session:
        plan = records.plan_of(session, actor, **about)
        known = records.measurements(session, actor, **about)
        notes = plan_notes(session, known)
        result = records.within_scope(session, actor, known[0].result) if known else {}
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    metric = "revenue"
    if plan is None and actor.sees_all_stores:
        metric = left.selectbox("指标", list(METRICS), format_func=lambda m: METRICS[m].name, key="effects.metric")
    if not actor.sees_all_stores:
        st.caption("结论是全品牌的，由看得到全部门店的同事（总部）来测量。")
    elif right.button("测量", type="primary", key="effects.measure", icon=":material/straighten:", width="stretch"):
        with refusals():
            with page_database().read() as session:  # seconds of work: nobody's writing waits for it
                found = compute(session, actor, metric=metric, **about)
            with page_database().write() as session:
                keep(session, actor, found, **about)
            st.rerun()
    if not known:
        st.info("还没有测量过。上线满两周后由总部测量。", icon=":material/straighten:")
        return
    show_measurement(known[0], result, notes[known[0].id])
    if not actor.sees_all_stores:
        st.caption("门店的数字只列您看得到的门店；结论和变化是全部上线门店的。")
    if len(known) > 1:
        with st.expander(f"以前的 {len(known) - 1} 次测量"):
            rows = [
                {"时间": words.minute(row.measured_at), "结论": row.verdict, "注意": notes[row.id]} for row in known[1:]
            ]
            show_table(pd.DataFrame(rows), hide_index=True)


def show_measurement(row: Measurement, result: dict[str, Any], note: str = "") -> None:
    """Show one measurement: verdict with what it must be read with, numbers with interval and base, picture, rows.

    Args:
        row: The measurement.
        result: Its numbers, as far as the reader may see them (``within_scope``).
        note: What it must be read with.
    """
    if note:
        st.warning(f"{note}。", icon=":material/schedule:")
    metric = METRICS[result["metric"]]
    name = metric.name
    base = f"{name}：{metric.meaning}。{result['first']} 到 {result['last']}，{result['weeks']} 个整周。"
    if row.method == "before_after":
        st.subheader(LABEL)
        _show_before_after(result, name)
    elif "estimate_share" in result:
        st.subheader(f"{row.verdict}：{words.signed_share(result['estimate_share'])}")
        _show_effect(result, name)
    else:
        st.subheader(row.verdict)
        st.write(plain(result.get("note", "")))
    st.caption(base + f" 测量于 {words.minute(row.measured_at)}。")


def _show_before_after(result: dict[str, Any], name: str) -> None:
    columns = ["unit", "before", "after", "change_share", "low", "high", "n_before", "n_after"]
    frame = pd.DataFrame(result["stores"], columns=columns).dropna(subset=["change_share"])
    whole = result["all"]
    if whole["change_share"] is None:
        st.info("上线前后各要有两个整周才能比。", icon=":material/hourglass_empty:")
        return
    title = (
        f"上线门店{name}前后相比 {words.signed_share(whole['change_share'])}"
        f"（区间 {effect_words.range_words(whole['low'], whole['high'])}）"
    )
    if frame.empty:
        st.markdown(f"**{title}**")
        return
    shown = frame.rename(columns={"unit": "门店", "change_share": "变化"})
    charts.show(
        charts.interval_dots(shown[["门店", "变化", "low", "high"]], "门店", "变化", "前后变化", reference=0), title
    )
    show_table(
        pd.DataFrame(
            {
                "门店": frame["unit"],
                "之前每周": frame["before"].map(lambda v: f"{v:,.2f}"),
                "之后每周": frame["after"].map(lambda v: f"{v:,.2f}"),
                "变化": frame["change_share"].map(words.signed_share),
                "周数": [f"前 {a}，后 {b}" for a, b in zip(frame["n_before"], frame["n_after"], strict=True)],
            }
        ),
        hide_index=True,
    )
    st.caption("没有对照门店：同期的天气、节假日、别的活动都可能造成这样的变化。要归因，请先定方案和对照门店。")


def _show_effect(result: dict[str, Any], name: str) -> None:
    first, second, third = st.columns(3)
    first.metric("变化", words.signed_share(result["estimate_share"]), border=True,
                 help="与“如果没有上线会怎样”相比。")  # fmt: skip
    second.metric(
        "95% 区间",
        effect_words.range_words(result["low_share"], result["high_share"]),
        border=True,
    )
    third.metric("能看出的最小变化", words.share(result["minimum_detectable_share"]), border=True,
                 help="这样的门店数和周数，有八成把握能看出的变化。")  # fmt: skip
    times = pd.DataFrame(result["by_time"]).rename(
        columns={"time": "周", "estimate_share": "差异", "low_share": "low", "high_share": "high"}
    )
    charts.show(charts.event_study(times), effect_words.over_time(times, name, result.get("pre_trend_p")))
    st.caption("有作用时，线在上线前贴着 0，上线后才离开。灰影是 95% 区间。")
    if result["by_store"]:
        shown = pd.DataFrame(result["by_store"])
        show_table(
            pd.DataFrame(
                {
                    "上线门店": shown["unit"],
                    "变化": shown["estimate_share"].map(words.signed_share),
                    "区间": effect_details.ranges(shown, "low_share", "high_share"),
                    "上线后周数": shown["periods"],
                    "上线前每周": shown["base"].map(lambda v: f"{v:,.1f}"),
                }
            ),
            hide_index=True,
        )
    effect_details.show_value(result)
    effect_details.show_checks(result)
    st.caption(
        f"上线 {result['n_treated']} 家，对照 {result['n_control']} 家。" + _before_words(result.get("pre_trend_p"))
    )


def _before_words(p: float | None) -> str:
    if p is None:
        return ""
    return "上线前两组就不一样，结论要小心。" if p < 0.05 else "上线前两组的走势看不出差别。"
