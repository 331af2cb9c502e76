"""What stands beside an effect: its value, checks that it is not chance, what raisers did after, who heard it first."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.effect.measure import mentions_before_after
from fanops.effect.metrics import METRICS
from fanops.effect.records_credit import credit_table
from fanops.effect.records_raisers import OUTCOMES, compare_raisers
from fanops.errors import TooLittleData
from fanops.ui import charts, words
from fanops.ui.effect.effect_words import among_controls, chance_words, over_time, range_words
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain
from fanops.ui.tables import show_table


def ranges(frame: pd.DataFrame, low: str, high: str) -> list[str]:
    """Give each row's interval in words; empty where an older measurement has none."""
    if low not in frame:
        return [""] * len(frame)
    return [range_words(a, b) for a, b in zip(frame[low], frame[high], strict=True)]


def _yuan(value: float | None) -> str:
    return "—" if value is None or value != value else f"{'−' if value < 0 else ''}¥{abs(value):,.0f}"


def show_value(result: dict[str, Any]) -> None:
    """Show what the effect is worth in revenue, in all and per store."""
    worth = result.get("value")
    if not worth:
        return
    if "total" in worth:  # not for who sees a part of the stores
        st.metric("至今带来的营业额", _yuan(worth["total"]), border=True,
                  help="上线门店上线后的营业额，减去“如果没有上线”会有的营业额。")  # fmt: skip
        clear = worth["low"] > 0 or worth["high"] < 0
        st.caption(
            f"95% 区间 {_yuan(worth['low'])} 到 {_yuan(worth['high'])}"
            + ("。" if clear else "，区间含 0：还说不准是赚是亏。")
        )
    with st.expander("每家门店带来多少"):
        shown = pd.DataFrame(worth["by_store"])
        show_table(
            pd.DataFrame(
                {"门店": shown["unit"], "周数": shown["periods"], "带来的营业额": shown["value"].map(_yuan),
                 "区间": [f"{_yuan(a)} 到 {_yuan(b)}" for a, b in zip(shown["low"], shown["high"], strict=True)]}
            ),
            hide_index=True,
        )  # fmt: skip
        st.caption("一家门店的区间比合计宽得多：单店的起伏大。")


def show_checks(result: dict[str, Any]) -> None:
    """Show placebo date and stores, a synthetic control where few are treated, and the other metrics."""
    if placebo := result.get("placebo_date"):
        point, low, high = placebo
        fine = low <= 0 <= high
        st.caption(
            f"假装更早上线再算一次：{words.signed_share(point)}（{words.signed_share(low)} 到 {words.signed_share(high)}），"
            + ("应该是 0，看不出不是 0。" if fine else "**本该是 0 却不是，结论要小心。**")
        )
    if result.get("by_placebo"):
        _placebo_stores(result)
    if synthetic := result.get("synthetic"):
        _synthetic(synthetic)
    others = result.get("others") or []
    if len(others) >= 2:
        _other_metrics(others)


def _placebo_stores(result: dict[str, Any]) -> None:
    """Draw the control stores, as if they had started too, beside the effect."""
    frame = pd.DataFrame(result["by_placebo"]).assign(谁="对照门店（假装上线）")
    own = pd.DataFrame({"unit": ["上线门店合计"], "estimate_share": [result["estimate_share"]], "谁": ["上线门店"]})
    shown = pd.concat([frame, own], ignore_index=True).rename(columns={"unit": "门店", "estimate_share": "变化"})
    farther = int((frame["estimate_share"].abs() >= abs(result["estimate_share"])).sum())
    picture = (
        alt.Chart(shown)
        .mark_tick(thickness=3, height=26)
        .encode(
            x=alt.X("变化:Q", title="变化", axis=alt.Axis(format="+.0%")),
            y=alt.Y("谁:N", title=None, sort=["上线门店"]),
            color=alt.Color("谁:N", legend=None,
                            scale=alt.Scale(domain=["上线门店", "对照门店（假装上线）"], range=[charts.PERSIMMON, charts.QUIET])),
            tooltip=["门店:N", alt.Tooltip("变化:Q", format="+.1%")],
        )
        .properties(height=140)
    )  # fmt: skip
    charts.show(picture, among_controls(farther, len(frame)))


def _synthetic(found: dict[str, Any]) -> None:
    with st.expander(f"换一种算法（合成对照）：{words.signed_share(found['estimate_share'])}"):
        st.caption(
            "用几家对照门店按比例拼出一家“没有上线的它”，比上线后的差距。"
            f"上线前拼得差 {words.share(found['fit_share'])}。碰巧也会这样的可能是 {chance_words(found['p'])}"
            f"；对照门店只有这么多，最低也只能算到 {chance_words(found['least_p'])}。"
        )
        frame = pd.DataFrame(found["by_time"]).rename(columns={"time": "周", "gap_share": "差距"})
        line = (
            alt.Chart(frame)
            .mark_line(color=charts.TEA, point=True)
            .encode(
                x=alt.X("周:Q", title="上线前后第几周（0 是上线那周）"),
                y=alt.Y("差距:Q", axis=alt.Axis(format="+.0%"), title="实际比拼出来的高多少"),
                tooltip=["周:Q", alt.Tooltip("差距:Q", format="+.1%")],
            )
            .properties(height=260)
        )
        start = (
            alt.Chart(pd.DataFrame({"周": [-0.5]})).mark_rule(strokeDash=[4, 4], color=charts.QUIET).encode(x="周:Q")
        )
        shown = frame.rename(columns={"差距": "差异"})
        charts.show(line + start, over_time(shown, "数字", None, "拼出来的那家"))
        mix = pd.DataFrame(found["weights"])
        show_table(
            pd.DataFrame({"上线门店": mix["unit"], "由谁拼成": mix["control"], "比例": mix["weight"].map(words.share)}),
            hide_index=True,
        )


def _other_metrics(others: list[dict[str, Any]]) -> None:
    rows = [
        {"指标": METRICS[row["metric"]].name + ("（方案里定的）" if row["planned"] else ""),
         "变化": "见上" if row["planned"] else words.signed_share(row["estimate_share"]),
         "区间": "" if row["planned"] else range_words(row["low_share"], row["high_share"]),
         "碰巧的可能": chance_words(row["p_corrected"])}
        for row in others
    ]  # fmt: skip
    st.markdown("**别的指标**")
    chance = st.column_config.TextColumn(
        help="要是什么作用也没有，碰巧也变这么多的可能；5% 以下才算看得出。一起看几个指标，碰巧的机会更大，所以调高过（Holm 法）。"
    )
    show_table(pd.DataFrame(rows), hide_index=True, column_config={"碰巧的可能": chance})
    st.caption("同一批门店、同一段时间。只有方案里定的指标决定结论。")


def mentions_section(actor: Actor, about: dict[str, int]) -> None:
    """Show per store whether people still talk about it."""
    st.subheader("还有人说吗", anchor=False)
    try:
        with page_database().read() as session:
            frame = mentions_before_after(session, actor, **about)
    except TooLittleData as refusal:
        st.caption(plain(f"不足：{refusal.message}{refusal.hint}"))
        return
    known = frame.dropna(subset=["before", "after"])
    if known.empty:
        st.caption("不足：上线前后的原声还太少。")
        return
    show_table(
        pd.DataFrame(
            {
                "门店": known["unit"],
                "之前提到的比例": known["before"].map(words.share),
                "之后": known["after"].map(words.share),
                "变化": known["change_share"].map(words.signed_share),
                "区间": ranges(known, "low", "high"),
                "周数": [f"前 {a}，后 {b}" for a, b in zip(known["n_before"], known["n_after"], strict=True)],
            }
        ),
        hide_index=True,
    )
    st.caption("每周原声中说到这个主题的比例，上线前后各看最多 8 周。前后对比(不能归因)。")


def raisers_section(actor: Actor, about: dict[str, int]) -> None:
    """Show what raisers did after the change, against similar fans who had not asked."""
    st.subheader("提出者后来怎么样", anchor=False)
    try:
        with page_database().read() as session:
            found = compare_raisers(session, actor, **about)
    except TooLittleData as refusal:
        st.caption(plain(f"不足：{refusal.message}{refusal.hint}"))
        return
    rows = []
    for name, outcome in found.outcomes.items():
        share = name == "again"  # a difference of shares is in points, and none is over 100
        write = words.share if share else lambda value: "—" if value != value else f"{value:.2f}"
        low, high = (
            (max(-100.0, outcome.low * 100), min(100.0, outcome.high * 100)) if share else (outcome.low, outcome.high)
        )
        difference = outcome.difference * (100 if share else 1)
        rows.append(
            {"看什么": OUTCOMES[name][0], "提出者": write(outcome.raisers), "相似粉丝": write(outcome.others),
             "相差": "—" if not outcome.base else f"{difference:+.1f}" + (" 个百分点" if share else ""),
             "区间": "—" if low != low else f"{low:+.1f} 到 {high:+.1f}", "人数": words.base_note(outcome.base)}
        )  # fmt: skip
    show_table(pd.DataFrame(rows), hide_index=True)
    st.caption(
        f"提出者 {found.raisers} 位，配上相似粉丝的 {found.matched} 位；上线后 {found.days} 天。"
        "相似：同店、同层，之前买得一样多、一样近，没有提过这件事。能看出相关，不能证明是因果。"
    )


def credit_section(actor: Actor) -> None:
    """Show who first wrote down what actions came from, and what those were worth."""
    with page_database().read() as session:
        table = credit_table(session, actor)
    if table.empty:
        st.info("还没有行动来自访谈或问卷。员工记下的原声成为依据后，会列在这里。", icon=":material/record_voice_over:")
        return
    shown = pd.DataFrame(
        {
            "员工": table["staff"],
            "门店": table["store"].fillna("总部"),
            "最先记下": table["said_at"].map(words.day),
            "后来的行动": table["title"],
            "结论": table["verdict"].replace("", "还没测"),
            "带来的营业额": table["value"].map(_yuan),
            "区间": [
                "" if a is None or a != a else f"{_yuan(a)} 到 {_yuan(b)}"
                for a, b in zip(table["low"], table["high"], strict=True)
            ],
        }
    )
    show_table(shown, hide_index=True)
    st.caption("谁的访谈或答卷最先说到它，就记在谁名下；条目拆开后，功劳也跟着回去。")
