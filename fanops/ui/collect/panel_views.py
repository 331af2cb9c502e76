"""A panel on the screen: what changed in the same fans, who is still there, and who stands behind each number."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd
import streamlit as st

from fanops.collect.records_panels import PanelAnswers
from fanops.collect.surveys import attrition as kept
from fanops.collect.surveys import change as changed
from fanops.collect.surveys.definition import Question
from fanops.collect.surveys.flow import answer_words
from fanops.terms import TERMS
from fanops.ui import charts, words
from fanops.ui.refusal import plain
from fanops.ui.tables import show_table, tapped_row

_UNITS = {"rating": "分", "nps": "点", "single": "占比"}
_HEADINGS = {"rating": "评分题", "nps": "推荐度", "single": "选择题"}
_MARKS = {1: " ↑", -1: " ↓", 0: ""}
_NUMBERS = {
    "asked": "问了", "answered": "答了", "all_along": "一直在答", "dropped": "上期答了、这期没答", "back": "又回来答",
    "first_time": "第一次答",
}  # fmt: skip


def number(kind: str, value: float, *, signed: bool = False) -> str:
    """Write a figure of a rating (3.42), an NPS (+12) or a share (38.2%); — where there is none."""
    if value != value:
        return "—"
    if kind == "single":
        return words.signed_share(value) if signed else words.share(value)
    digits = 2 if kind == "rating" else 0
    return f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"


def change(found: PanelAnswers) -> None:
    """Show the change of every question between two waves, in the fans who answered it both times."""
    titles = {wave.wave_id: wave.title for wave in found.waves}
    if len(titles) < 2:
        st.info("问过两期以后，这里会显示同一批人的变化。到“再问一次”里开下一期。", icon=":material/timeline:")
        return
    ids = list(titles)
    left, right = st.columns(2)
    first = left.selectbox("从", ids[:-1], format_func=titles.get, key="panel.from")
    later = [each for each in ids if ids.index(each) > ids.index(first)]
    second = right.selectbox("到", later, len(later) - 1, format_func=titles.get, key=f"panel.to.{first}")
    pairs, unlike = changed.comparable(found.surveys[first], found.surveys[second])
    if not pairs:
        st.info("这两期没有同样的评分、推荐度或单选题，没有可以比的。", icon=":material/compare_arrows:")
        return
    before, after = found.values[first], found.values[second]
    table = changed.changes(pairs, before, after)
    answered = [wave.answered for wave in found.waves if wave.wave_id in (first, second)]
    st.caption(
        f"两期都答的 {len(answered[0] & answered[1])} 位；只算同一个人前后的变化。"
        + (f"问法不同、没有比：{'、'.join(plain(each) for each in unlike)}。" if unlike else "")
    )
    for kind, heading in _HEADINGS.items():
        mine = table[table["kind"] == kind]
        if len(mine):
            names = mine["title"] if kind != "single" else mine["title"] + "：" + mine["label"]
            drawn = mine.assign(name=names).dropna(subset=["change"])
            if len(drawn):
                finding = _finding(heading, kind, mine)
                charts.show(charts.change_dots(drawn, _UNITS[kind], percent=kind == "single"), finding)
    _change_table(table)
    _open_change(found, table, before, after, {question.code: question for question, _ in pairs})
    _transitions(found, [pair for pair in pairs if pair[0].kind == "single"], before, after)


def _finding(heading: str, kind: str, table: pd.DataFrame) -> str:
    clear = table[table["differs"] != 0]
    if clear.empty:
        return f"{heading}：看不出明显变化"
    said = [
        f"{row.title}{'' if kind == 'rating' else f'（{row.label}）'} {number(kind, row.change, signed=True)}"
        for row in clear.itertuples()
    ]
    return f"{heading}：{'；'.join(said)}"


def _change_table(table: pd.DataFrame) -> None:
    shown = pd.DataFrame(
        [
            {
                "题": row.title, "看什么": row.label, "前": number(row.kind, row.before), "后": number(row.kind, row.after),
                "变化": number(row.kind, row.change, signed=True) + _MARKS[row.differs],
                "95% 区间": f"{number(row.kind, row.low, signed=True)} 到 {number(row.kind, row.high, signed=True)}"
                if row.low == row.low else "—",
                "两期都答": words.base_note(row.base),
            }
            for row in table.itertuples()
        ]
    )  # fmt: skip
    show_table(shown, hide_index=True)
    st.caption(
        "同一批人前后两期的回答；↑↓ 是不像碰巧的变化。",
        help="怎么算的：评分和推荐度用配对 t 检验，选择题用 McNemar 检验；同时比了许多题，所以校正过（Holm 法）。",
    )


def _open_change(
    found: PanelAnswers, table: pd.DataFrame, before: dict, after: dict, questions: dict[str, Question]
) -> None:
    codes = list(dict.fromkeys(table["code"]))
    code = st.selectbox(
        "看是哪些人", codes, index=None, format_func=lambda key: questions[key].title, key="panel.change.open",
        placeholder="选一道题",
    )  # fmt: skip
    if code is None:
        return
    first, second = before.get(code, {}), after.get(code, {})
    fans = changed.both(first, second)
    more = {
        "前": [_said(questions[code], first[fan]) for fan in fans],
        "后": [_said(questions[code], second[fan]) for fan in fans],
    }
    fan_rows(found.fans, fans, f"panel.change.{code}", more)


def _said(question: Question, value: Any) -> str:
    return answer_words(question, value)


def _transitions(found: PanelAnswers, pairs: list, before: dict, after: dict) -> None:
    if not pairs:
        return
    st.subheader("选择去了哪里", anchor=False)
    by_code = {question.code: (question, later) for question, later in pairs}
    code = st.selectbox(
        "题目", list(by_code), format_func=lambda key: by_code[key][0].title, key="panel.moved.question"
    )
    question, later = by_code[code]
    table = changed.transitions(question, later, before.get(code, {}), after.get(code, {}))
    if not table["count"].sum():
        st.caption("没有人两期都答了这道题。")
        return
    wide = table.pivot(index="from_label", columns="to_label", values="count").fillna(0).astype(int)
    order = list(changed.option_labels(question, later).values())
    wide = wide.reindex(index=order, columns=order, fill_value=0)
    bases = table.drop_duplicates("from_label").set_index("from_label")["base"]
    wide.index = [f"前：{label}（{bases.get(label, 0)}）" for label in order]
    wide.columns = [f"后：{label}" for label in order]
    show_table(wide)
    moved = {f"{row.from_label} → {row.to_label}（{len(row.fan_ids)} 位）": row.fan_ids
             for row in table.itertuples() if row.fan_ids}  # fmt: skip
    chosen = st.selectbox("看是哪些人", list(moved), index=None, key=f"panel.moved.{code}", placeholder="选一格")
    if chosen is not None:
        fan_rows(found.fans, moved[chosen], "panel.moved.fans")


def still_there(found: PanelAnswers) -> None:
    """Show who was asked, answered and dropped per wave, who left and why, and whether they differed from the start."""
    if not found.waves:
        st.info("还没有问过。到“再问一次”里开第一期。", icon=":material/group:")
        return
    table = kept.attrition(found.waves)
    last = table.iloc[-1]
    finding = f"问了 {last['asked']} 位，{last['answered']} 位答了这一期，{last['all_along']} 位每一期都答了"
    charts.show(charts.still_there(table), finding)
    shown = pd.DataFrame({"期": table["title"]} | {label: table[name] for name, label in _NUMBERS.items()})
    shown.insert(3, "答了的占比", [
        f"{words.share(row.share, 0)}（{words.share(row.low, 0)} 到 {words.share(row.high, 0)}）"
        for row in table.itertuples()
    ])  # fmt: skip
    show_table(shown, hide_index=True)
    first = found.waves[0]
    chosen_by_answer = "第一期问的都答了：名单就是从答卷来的，要看还有多少人在，从第二期看起。"
    st.caption("流失：" + TERMS["attrition"].definition + (chosen_by_answer if first.asked <= first.answered else ""))
    behind = {
        f"{row['title']} · {label}（{row[name]} 位）": row[f"{name}_ids"]
        for row in table.to_dict("records")
        for name, label in _NUMBERS.items()
        if row[name]
    }
    chosen = st.selectbox("看是哪些人", list(behind), index=None, key="panel.kept.open", placeholder="选一个数字")
    if chosen is not None:
        fan_rows(found.fans, behind[chosen], "panel.kept.fans")
    _left(found)
    _different(found)


def _left(found: PanelAnswers) -> None:
    gone = found.fans[found.fans["left_at"].notna()]
    if gone.empty:
        st.markdown("没有人退出。")
        return
    reasons = "、".join(f"{plain(why)} {count} 位" for why, count in gone["why"].value_counts().items())
    st.markdown(f"退出 **{words.count(len(gone), '位')}**：{reasons}。")
    with st.expander("退出的人"):
        more = {"退出": [words.day(each) for each in gone["left_at"]], "原因": list(gone["why"])}
        fan_rows(found.fans, list(gone["fan_id"]), "panel.left", more)


def _different(found: PanelAnswers) -> None:
    if len(found.waves) < 2:
        return
    st.subheader("留下的和没留下的，一开始就不一样吗", anchor=False)
    first = found.waves[0]
    stayed = frozenset.intersection(*(wave.answered for wave in found.waves))
    left = first.answered - stayed
    if not stayed or not left:
        st.caption("第一期答的人全都留下了。" if stayed else "没有人每一期都答，没有可以比的。")
        return
    questions = [question for _, question in found.surveys[first.wave_id].questions()]
    table = kept.stayed_against_left(questions, found.values[first.wave_id], stayed, left)
    clear = table[table["differs"] != 0]
    told = "、".join(dict.fromkeys(plain(each) for each in clear["title"]))
    st.markdown(
        f"有不同：{told}。看变化时要记得，留下的人一开始就不一样。"
        if len(clear)
        else "在第一期的回答上看不出不同（人少时看不出，不等于没有）。"
    )
    show_table(
        pd.DataFrame(
            [
                {
                    "题": row.title, "看什么": row.label, "留下的": number(row.kind, row.stayed),
                    "没留下的": number(row.kind, row.left), "相差": number(row.kind, row.change, signed=True) + _MARKS[row.differs],
                    "95% 区间": f"{number(row.kind, row.low, signed=True)} 到 {number(row.kind, row.high, signed=True)}"
                    if row.low == row.low else "—",
                    "人数": f"{row.stayed_base} 比 {row.left_base}",
                }
                for row in table.itertuples()
            ]
        ),
        hide_index=True,
    )  # fmt: skip
    small = "样本不足，只供参考。" if min(len(stayed), len(left)) < words.SMALL_BASE else ""
    st.caption(f"留下：每一期都答（{len(stayed)} 位）；没留下：第一期答了、后来缺过（{len(left)} 位）。{small}")


def fan_rows(fans: pd.DataFrame, fan_ids: Collection[int], key: str, more: dict[str, list] | None = None) -> None:
    """List fans masked; a tap opens one.

    Args:
        fans: As ``panel_fans`` gives them.
        fan_ids: Which, in order.
        key: Of the table.
        more: Further columns, in the same order.
    """
    ids = list(fan_ids)
    known = fans.set_index("fan_id").reindex(ids)
    shown = pd.DataFrame(
        {
            "粉丝": known["fan"].replace("", "（无名）"),
            "分层": known["level"].map(words.LEVEL_LABELS),
            "门店": known["store"],
        }
    ).reset_index(drop=True)
    for name, values in (more or {}).items():
        shown[name] = values
    chosen = tapped_row(shown, key)
    st.caption(f"{words.count(len(ids), '位')}。点一行看这位粉丝。")
    if chosen is not None:
        st.switch_page("fan.py", query_params={"fan": str(ids[chosen])})
