"""The tag factory on the screen: the dictionary, a rule with its preview, what themes suggest."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from fanops.access import Actor
from fanops.actions import records_suggestions as suggested
from fanops.fans import records as fans
from fanops.fans import records_tags as records
from fanops.fans.records_conditions import Conditions
from fanops.tables import Tag
from fanops.ui import words
from fanops.ui.address import way_to
from fanops.ui.done import said_done
from fanops.ui.fans.condition_views import conditions_form
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table, tapped_row

_SHOWN, _SUGGESTED = 8, 10


def dictionary(actor: Actor, table: pd.DataFrame) -> None:
    """List the tags: meaning, keeper, duration, where from, how many fans have each now."""
    if table.empty:
        st.info("还没有标签。可以在“新标签”里定规则，或在主题页给提出者贴标签。", icon=":material/sell:")
        return
    shown = pd.DataFrame(
        {
            "标签": table["name"],
            "意思": table["meaning"],
            "现在有": table["fans"],
            "手工": table["by_hand"],
            "规则": table["by_rule"],
            "主题": table["by_theme"],
            "有效期": ["一直" if days != days else f"{int(days)} 天" for days in table["lasts_days"]],
            "怎么来": [_source(row) for row in table.to_dict("records")],
            "谁管": table["owner"],
        }
    )
    picked = tapped_row(shown, "tags.table")
    if picked is not None:
        row = table.iloc[picked]
        label = f"看有“{plain(row['name'])}”的 {words.count(row['fans'], '位粉丝')}"
        way_to("fans.py", label, "tags.fans", icon=":material/arrow_forward:", tag=int(row["tag_id"]))
    st.caption(
        f"{words.count(len(table), '个标签')}，点一行去看是哪些粉丝。规则标签每晚更新：符合的加上，不再符合的到期去掉；"
        "手工贴的只有人能去掉。"
    )
    with_rule = table[table["rule"] != ""]
    if actor.role in records.RULE_KEEPERS and len(with_rule):
        names = dict(zip(with_rule["tag_id"].astype(int), with_rule["name"], strict=True))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox("有规则的标签", list(names), format_func=names.get, key="tags.rule.of")
            if st.button("现在更新", key="tags.refresh", icon=":material/refresh:"):
                with refusals():
                    done = records.refresh_tags(page_database(), actor, chosen)
                    said_done(
                        f"“{names[chosen]}”：新加 {done['added']} 位，继续 {done['kept']} 位，到期 {done['ended']} 位。"
                    )
                    st.rerun()
            if st.button("去掉规则", key="tags.rule.drop", type="tertiary"):
                with refusals():
                    with page_database().write() as session:
                        was = records.drop_rule(session, actor, chosen)
                    said_done(
                        f"“{names[chosen]}”不再按规则贴；下次更新时按规则贴的会去掉。",
                        lambda: _put_back(actor, chosen, was),
                    )
                    st.rerun()


def _source(row: dict) -> str:
    parts = [f"规则：{row['rule']}" if row["rule"] else "", f"主题：{row['theme']}" if row["theme"] else ""]
    return "；".join(part for part in parts if part) or "手工"


def _put_back(actor: Actor, tag_id: int, rule: dict) -> None:
    with page_database().write() as session:
        records.put_rule_back(session, actor, tag_id, rule)


def make(actor: Actor) -> None:
    """Enter a tag: name, meaning, duration, and a rule with its preview and a sample before it is applied."""
    with st.container(horizontal=True):
        name = st.text_input("标签名", key="tag.name", max_chars=records.NAME_LIMIT, placeholder="例如：周末常客")
        meaning = st.text_input("意思", key="tag.meaning", max_chars=records.MEANING_LIMIT,
                                placeholder="有这个标签的粉丝是什么样的")  # fmt: skip
        lasts = st.number_input("有效几天", 1, 3650, None, key="tag.lasts", placeholder="一直有效",
                                help="规则标签：不再符合以后还留几天。")  # fmt: skip
    if actor.role not in records.RULE_KEEPERS:
        st.caption("规则会贴到所有门店的粉丝，由总部定；门店可以建手工标签，在粉丝页面里贴。")
        if st.button("加入词典", key="tag.save", type="primary"):
            _save(actor, name, meaning, lasts, None)
        return
    st.markdown("**谁会自动有这个标签**（不选条件就是手工标签）")
    wanted = conditions_form(actor, "tag")
    if wanted != Conditions():
        _preview(actor, wanted, name)
    if st.button("保存并贴上" if wanted != Conditions() else "加入词典", key="tag.save", type="primary"):
        _save(actor, name, meaning, lasts, wanted if wanted != Conditions() else None)


def _preview(actor: Actor, wanted: Conditions, name: str) -> None:
    with page_database().read() as session:
        counts, sample = records.preview_rule(session, actor, wanted, name)
        table, _ = fans.fan_table(session, actor, fan_ids=sample, limit=_SHOWN)
    rest = {"已经有": counts.have, "拒绝过，不再贴": counts.refused, "不再符合，会到期": counts.leave}
    others = "；".join(f"{label} {count} 位" for label, count in rest.items() if count)
    st.markdown(
        f"符合 **{words.count(counts.fit, '位')}**，会新贴 **{words.count(counts.new, '位')}**"
        f"{f'；{others}' if others else ''} · {plain(counts.words)}"
    )
    if len(table):
        shown = pd.DataFrame({"例如": table["name"].replace("", "（无名）"), "分层": table["level"].map(words.LEVEL_LABELS),
                              "门店": table["store"].fillna(""), "订单": table["orders"],
                              "上次": table["last_order"].map(words.day)})  # fmt: skip
        show_table(shown, hide_index=True, key="tag.sample")


def _save(actor: Actor, name: str, meaning: str, lasts: int | None, rule: Conditions | None) -> None:
    with refusals():
        with page_database().write() as session:
            tag_id = records.save_tag(session, actor, name, meaning=meaning, lasts_days=lasts, rule=rule).id
        done = records.refresh_tags(page_database(), actor, tag_id) if rule is not None else None
        said_done(f"已保存“{name.strip()}”" + (f"，贴给 {done['added']} 位；以后每晚更新。" if done else "。"))
        st.rerun()


def waiting(actor: Actor, listed: list[tuple[Tag, str, int]]) -> None:
    """Let a person say whether what a theme suggests fits, sentence by sentence."""
    if not listed:
        st.info("没有等您确认的。主题里有新的人说到时，会出现在这里。", icon=":material/done_all:")
        return
    names = {tag.id: (tag.name, theme, count) for tag, theme, count in listed}
    chosen = st.selectbox("标签", list(names), key="tags.suggested",
                          format_func=lambda key: f"{names[key][0]}（{names[key][2]} 位，主题“{names[key][1]}”）")  # fmt: skip
    with page_database().read() as session:
        table = suggested.suggestions(session, actor, chosen, _SUGGESTED)
    for row in table.itertuples():
        with st.container(border=True, gap="small"):
            st.markdown(
                f"**{plain(row.fan or '未留姓名')}** · {words.LEVEL_LABELS[row.level]} · {words.day(row.said_at)}"
            )
            st.text(f"“{row.sentence}”")
            with st.container(horizontal=True):
                if st.button("合适，贴上", key=f"suggest.yes.{chosen}.{row.fan_id}", icon=":material/check:"):
                    _confirm(actor, chosen, [int(row.fan_id)])
                if st.button("不合适", key=f"suggest.no.{chosen}.{row.fan_id}", type="tertiary"):
                    _reject(actor, chosen, int(row.fan_id))
    if len(table) > 1 and st.button(f"这 {len(table)} 位都合适", key=f"suggest.all.{chosen}", type="primary"):
        _confirm(actor, chosen, [int(each) for each in table["fan_id"]])


def _confirm(actor: Actor, tag_id: int, fan_ids: list[int]) -> None:
    with refusals():
        with page_database().write() as session:
            count = suggested.confirm_suggestions(session, actor, tag_id, fan_ids)
        said_done(f"已贴给 {count} 位，各附原话。")
        st.rerun()


def _reject(actor: Actor, tag_id: int, fan_id: int) -> None:
    with refusals():
        with page_database().write() as session:
            suggested.reject_suggestion(session, actor, tag_id, fan_id)
        said_done("已记下，不再给这位粉丝建议这个标签。", lambda: _take_back(actor, tag_id, fan_id))
        st.rerun()


def _take_back(actor: Actor, tag_id: int, fan_id: int) -> None:
    with page_database().write() as session:
        suggested.take_rejection_back(session, actor, tag_id, fan_id)
