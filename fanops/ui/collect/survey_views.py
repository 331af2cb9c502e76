"""The survey page's parts: shipped definitions to publish, waves with codes, results with base and interval."""

from __future__ import annotations

import io
from urllib.parse import urlencode

import pandas as pd
import segno
import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.collect import records_surveys as records
from fanops.collect.surveys.check import every_path
from fanops.collect.surveys.definition import KINDS, SurveyDefinition, read_definition
from fanops.collect.surveys.flow import piped
from fanops.content import content_path
from fanops.settings import settings
from fanops.tables import Wave
from fanops.ui import words
from fanops.ui.done import deeds_done, said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals
from fanops.ui.tables import show_table


def shipped() -> dict[str, SurveyDefinition]:
    """Give the shipped definitions by title."""
    found = [read_definition(file.read_text("utf-8")) for file in sorted(content_path("surveys").rglob("*.yaml"))]
    return {survey.title: survey for survey in found if not survey.is_guide}


def publish_from_shipped(actor: Actor) -> None:
    """Let a person look at a shipped survey and publish it."""
    choices = shipped()
    title = st.selectbox("从现成的问卷开始", list(choices), index=None, key="surveys.shipped", placeholder="选一份")
    if title is None:
        return
    survey = choices[title]
    st.caption(survey.purpose)
    preview(survey)
    if actor.role in records.WRITERS and st.button("发布这份问卷", type="primary", key="surveys.publish"):
        with refusals():
            with page_database().write() as session:
                number = records.publish(session, actor, survey).number
            st.success(f"“{title}”已发布，第 {number} 版。下面可以开一期。", icon=":material/check:")


def preview(survey: SurveyDefinition) -> None:
    """Show every question with its condition, and how many ways there are through it."""
    ways = {tuple(question.code for question in shown) for _, shown in every_path(survey)}
    rows = [
        {
            "题组": group.title,
            "题目": piped(question.title, survey, {}),
            "题型": KINDS[question.kind],
            "必答": "是" if question.required else "",
            "选项": "、".join(option.label for option in question.options),
            "什么时候问": question.show_if.source if question.show_if else "总是",
        }
        for group, question in survey.questions()
    ]
    show_table(pd.DataFrame(rows), hide_index=True)
    st.caption(f"共 {len(rows)} 题，{len(ways)} 种走法。")


def open_wave_form(actor: Actor) -> None:
    """Open a wave of a published survey."""
    with page_database().read() as session:
        published = {version.id: f"{survey.title}（第 {version.number} 版）" for survey, version in
                     records.surveys(session, actor)}  # fmt: skip
    if not published:
        st.info("还没有发布过问卷。先从上面选一份发布。", icon=":material/quiz:")
        return
    with st.form("surveys.wave", border=False):
        version_id = st.selectbox("问卷", list(published), format_func=published.get, key="surveys.version")
        title = st.text_input("这一期叫什么", key="surveys.title", placeholder="例如：11 月到店体验", max_chars=80)
        if st.form_submit_button("开这一期"):
            with refusals():
                with page_database().write() as session:
                    records.open_wave(session, actor, version_id, title)
                st.success("已开始收集。下面可以取各门店的二维码。", icon=":material/check:")


def end_wave(actor: Actor, wave: Wave) -> None:
    """End a wave after saying what ends with it, or open it again; only for who sees all its stores."""
    if actor.role not in records.WAVE_KEEPERS:
        return
    open_now = records.is_open(wave)
    with page_database().read() as session:
        reach = records.wave_reach(session, actor, wave.id)
    if reach.seen < reach.stores:
        st.caption(f"在 {reach.stores} 家门店收集，由总部或区域经理{'结束' if open_now else '重新开始'}")
        return
    with st.popover(
        "结束这一期" if open_now else "重新开始", key=f"wave.end.{wave.id}.{deeds_done()}", width="stretch"
    ):
        what = f"{words.count(reach.stores, '家门店')}的收集，已收 {words.count(reach.received, '份')}"
        begun = f"正在填的 {reach.begun} 份还可以交。" if reach.begun else ""
        st.write(f"会结束 {what}。{begun}" if open_now else f"会重新开始 {what}。")
        if st.button("结束" if open_now else "重新开始", key="wave.close", type="primary", width="stretch"):
            with refusals():
                _set_closed(actor, wave.id, open_now)
                said_done(f"“{wave.title}”已{'结束' if open_now else '重新开始'}。",
                          lambda: _set_closed(actor, wave.id, not open_now))  # fmt: skip
                st.rerun()


def _set_closed(actor: Actor, wave_id: int, closed: bool) -> None:
    with page_database().write() as session:
        records.close_wave(session, actor, wave_id, closed=closed)


def codes(actor: Actor, wave: Wave) -> None:
    """Give a store's open QR code for a wave."""
    with page_database().read() as session:
        stores = {store.id: store.name for store in visible_stores(session, actor)}
    if actor.role in records.WAVE_KEEPERS:
        st.link_button("打印全部门店的二维码", f"/print/codes?wave={wave.id}", icon=":material/print:")
    left, right = st.columns(2)
    store_id = left.selectbox("门店", list(stores), format_func=stores.get, key=f"wave.store.{wave.id}")
    place = right.text_input(
        "位置（可不填）", key=f"wave.place.{wave.id}", placeholder="例如：3 号桌、新品海报", max_chars=80
    )
    if st.button("取二维码", key=f"wave.code.{wave.id}", icon=":material/qr_code_2:"):
        with refusals():
            with page_database().write() as session:
                code = records.place_code(session, actor, wave.id, store_id, place)
            link = f"{settings().forms_url}/s/{code}"
            picture = io.BytesIO()
            segno.make(link, error="m").save(picture, kind="png", scale=8, border=2)
            st.image(picture.getvalue(), width=260, caption=f"{plain(stores[store_id])} {plain(place)}")
            st.code(link, language=None)
            if settings().fans_reach_forms:
                st.caption("扫码即答，不用登录。同一位置的二维码一直不变，可以打印。")
            else:
                st.warning(records.ONLY_HERE, icon=":material/wifi_off:")
    if actor.role in records.WAVE_KEEPERS:
        with st.popover("打印多个位置的二维码", icon=":material/table_restaurant:"):
            lines = st.text_area(
                "每行一个位置", key=f"wave.places.{wave.id}", height=160,
                placeholder="1 号桌\n2 号桌\n新品 桂花乌龙\n批次 20261122",
            )  # fmt: skip
            places = list(dict.fromkeys(line.strip() for line in lines.splitlines() if line.strip()))
            address = urlencode(
                {"wave": wave.id, "store": store_id, "place": places[: records.MOST_PLACES]}, doseq=True
            )
            st.link_button(
                f"打印 {len(places[:records.MOST_PLACES])} 个" if places else "打印", f"/print/codes?{address}",
                disabled=not places, icon=":material/print:",
            )  # fmt: skip
            if len(places) > records.MOST_PLACES:
                st.caption(f"一次最多 {records.MOST_PLACES} 个，其余的下次再打。")
