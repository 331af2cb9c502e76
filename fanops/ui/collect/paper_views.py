"""Paper on the screen: a form to print, a sheet to fill, and the filled sheet back with every refused cell named."""

from __future__ import annotations

import streamlit as st

from fanops.access import Actor, visible_stores
from fanops.collect.import_paper import import_paper, preview_paper
from fanops.collect.records_imports import IMPORTERS
from fanops.collect.records_paper import versions
from fanops.collect.undo_import import undo_batch
from fanops.tables import Wave
from fanops.ui.done import deeds_done, said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import refusals, show_problems


def paper(actor: Actor, wave: Wave) -> None:
    """Show the three steps of paper: print, fill in, bring back."""
    st.caption("没有网络的店：打印出来请顾客填，誊到录入表里，再传上来。和线上的答案一样检查。")
    with page_database().read() as session:
        stores = {store.id: store.name for store in visible_stores(session, actor)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        store = st.selectbox(
            "印上门店（可不选）",
            list(stores),
            index=None,
            format_func=stores.get,
            key=f"paper.store.{wave.id}",
            placeholder="不印",
        )
        address = f"/print/form?wave={wave.id}" + (f"&store={store}" if store else "")
        st.link_button("打印纸质问卷", address, icon=":material/print:")
        st.link_button("下载录入表", f"/export/paper_sheet?wave={wave.id}", icon=":material/table:")
    _other_versions(actor)
    if actor.role not in IMPORTERS:
        st.caption("填好的录入表，请店长上传。")
        return
    uploaded = st.file_uploader(
        "上传填好的录入表", ["xlsx"], key=f"paper.file.{wave.id}.{deeds_done()}", help="一张纸一行；同一编号只收一次。"
    )
    if uploaded is not None:
        with refusals():
            _bring_back(actor, wave, uploaded.getvalue(), uploaded.name)


def _other_versions(actor: Actor) -> None:
    with page_database().read() as session:
        known = {
            version.id: f"{survey.title}（第 {version.number} 版）" for survey, version in versions(session, actor)
        }
    with st.expander("别的问卷，或以前的版本", icon=":material/description:"):
        chosen = st.selectbox("哪一版", list(known), format_func=known.get, key="paper.version")
        with st.container(horizontal=True):
            st.link_button("打印这一版", f"/print/form?version={chosen}", icon=":material/print:")
            st.link_button("下载这一版的录入表", f"/export/paper_sheet?version={chosen}", icon=":material/table:")


def _bring_back(actor: Actor, wave: Wave, content: bytes, filename: str) -> None:
    preview = preview_paper(page_database(), actor, wave.id, content)
    said = [f"填了 **{preview.rows} 行**", f"新的 **{preview.new}**"]
    if preview.same:
        said.append(f"已经录过、没有变的 {preview.same}")
    if preview.problems:
        said.append(f"不能收的 **{preview.refused}**")
    st.markdown("，".join(said) + "。")
    skip = False
    if preview.problems:
        show_problems(preview.problems)
        skip = st.checkbox("跳过这些行，其余照样导入", key=f"paper.skip.{wave.id}")
    blocked = preview.new == 0 or (bool(preview.problems) and not skip)
    if st.button(f"导入 {preview.new} 份", type="primary", key=f"paper.import.{wave.id}", disabled=blocked):
        done = import_paper(page_database(), actor, wave.id, content, filename, skip_refused=skip)
        text = f"已导入 {done.new} 份。" + (f"{done.refused} 行没有收。" if done.refused else "")
        said_done(text, undo=_undo(actor, done.batch_id) if done.batch_id else None)
        st.rerun()


def _undo(actor: Actor, batch_id: int):
    def undo() -> None:
        undo_batch(page_database(), actor, batch_id)

    return undo
