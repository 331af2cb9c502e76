"""Conditions over fans on the screen: one form for segments and for the rules of tags."""

from __future__ import annotations

import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.collect import records_coding
from fanops.collect import records_surveys as surveys
from fanops.collect.surveys.answers import scale
from fanops.collect.surveys.definition import Question
from fanops.fans import records as fans
from fanops.fans.behaviour import STAGES
from fanops.fans.records_conditions import LIMITS, Conditions
from fanops.fans.records_products import product_table
from fanops.themes import records as themes
from fanops.ui import words
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain

_ASKED = ("single", "multiple", "rating", "nps", "ranking")


def conditions_form(actor: Actor, prefix: str) -> Conditions:
    """Let a person choose conditions; nothing chosen asks nothing.

    Args:
        actor: Whose stores, tags and themes are offered.
        prefix: Of the widgets' keys.
    """
    with page_database().read() as session:
        stores = {store.id: store.name for store in visible_stores(session, actor)}
        tags = fans.tag_table(session, actor)
        table = themes.theme_table(session, actor)
    by_tag = dict(zip(tags["tag_id"].astype(int), tags["name"], strict=True))
    by_theme = dict(zip(table["theme_id"].astype(int), table["name"], strict=True))
    levels = st.pills("分层", list(words.LEVEL_LABELS), selection_mode="multi", format_func=words.LEVEL_LABELS.get,
                      key=f"{prefix}.levels")  # fmt: skip
    with st.container(horizontal=True):
        store = _choice("常去的店", stores, f"{prefix}.store")
        tag = _choice("标签", by_tag, f"{prefix}.tag")
        theme = _choice("说过的主题", by_theme, f"{prefix}.theme")
    with st.container(horizontal=True):
        numbers = {
            name: st.number_input(label, 0, LIMITS[name], None, key=f"{prefix}.{name}", placeholder="不限")
            for name, label in {"orders_from": "至少几单", "spent_from": "至少消费（元）", "last_from": "至少几天没来",
                                "last_to": "几天内来过"}.items()
        }  # fmt: skip
    with st.expander("更多条件：生命周期、商品、访谈编码、答卷"):
        more = _more(actor, prefix)
    for name in ("orders_from", "spent_from"):
        numbers[name] = numbers[name] or None  # 0 asks nothing, like a field left empty
    return Conditions(levels=tuple(levels or ()), store_id=store, tag_id=tag, theme_id=theme, **numbers, **more)


def _choice(label: str, options: dict, key: str):
    return st.selectbox(label, [None, *options], format_func=lambda each: options.get(each, "不限"), key=key)


def _more(actor: Actor, prefix: str) -> dict:
    with page_database().read() as session:
        products = product_table(session, actor)
        codes = records_coding.codebook(session, actor)
        asked = {survey.id: (survey.title, surveys.definition_of(version))
                 for survey, version in surveys.surveys(session, actor)}  # fmt: skip
    stages = st.pills("生命周期（昨晚算的）", list(STAGES), selection_mode="multi", format_func=STAGES.get,
                      key=f"{prefix}.stages")  # fmt: skip
    with st.container(horizontal=True):
        product = _choice(
            "买过的商品", dict(zip(products["product_id"].astype(int), products["name"], strict=True)), f"{prefix}.product"
        )  # fmt: skip
        code = _choice(
            "访谈编码", dict(zip(codes["code_id"].astype(int), codes["name"], strict=True)), f"{prefix}.code"
        )
    found = {"stages": tuple(stages or ()), "product_id": product, "code_id": code}
    with st.container(horizontal=True):
        survey = _choice("答过的问卷", {key: title for key, (title, _) in asked.items()}, f"{prefix}.survey")
        if survey is None:
            return found
        questions = {each.code: each for _, each in asked[survey][1].questions() if each.kind in _ASKED}
        question = st.selectbox("题目", list(questions), format_func=lambda key: questions[key].title,
                                key=f"{prefix}.question.{survey}")  # fmt: skip
        if question is None:
            st.caption(f"“{plain(asked[survey][0])}”里没有可以选答案的题目。")
            return found
        options = _options(questions[question])
        answer = st.selectbox(
            "答了", list(options), format_func=options.get, key=f"{prefix}.answer.{survey}.{question}"
        )
    return found | {"survey_id": survey, "question": question, "answer": answer or "",
                    "answer_words": f"{questions[question].title}：{options.get(answer, '')}"}  # fmt: skip


def _options(question: Question) -> dict[str, str]:
    if question.kind in ("rating", "nps"):
        return {str(point): f"{point} 分" for point in scale(question)}
    return {option.code: option.label for option in question.options}
