"""Photos and sound beside an interview or a store's fix: shown, played, added, taken away with a way back."""

from __future__ import annotations

from functools import partial

import streamlit as st

from fanops.access import Actor
from fanops.access.attachments import (
    MOST_PER_OWNER,
    add_attachment,
    remove_attachment,
    restore_attachment,
)
from fanops.access.attachments import attachments as list_attachments
from fanops.access.media import LARGEST_PHOTO, PHOTO_NAMES, SOUND_NAMES, prepare_media
from fanops.settings import settings
from fanops.tables import Attachment
from fanops.ui import words
from fanops.ui.done import said_done
from fanops.ui.guard import page_database
from fanops.ui.refusal import plain, refusals

_CSS = """
figure { margin: 0; }
img { display: block; max-width: 100%; max-height: 16rem; border-radius: 0.5rem; border: 1px solid var(--st-border-color); }
audio { width: 100%; }
"""
# The content comes from the authenticated route; the name is set as text, never as HTML.
_JS = """
export default function ({ parentElement, data }) {
  const place = parentElement.querySelector("figure")
  if (place.dataset.shown === data.address) return
  place.dataset.shown = data.address
  place.replaceChildren()
  if (data.photo) {
    const link = document.createElement("a"), picture = document.createElement("img")
    link.href = data.address; link.target = "_blank"; link.rel = "noopener"
    picture.src = data.address; picture.alt = data.name; picture.loading = "lazy"
    link.append(picture); place.append(link)
  } else {
    const player = document.createElement("audio")
    player.controls = true; player.preload = "none"; player.src = data.address
    player.setAttribute("aria-label", data.name)
    place.append(player)
  }
}
"""
_media = st.components.v2.component("fanops_attachment", html="<figure></figure>", css=_CSS, js=_JS)


def attachments(
    actor: Actor, *, interview_id: int | None = None, fix_store_id: int | None = None, may_add: bool = True
) -> None:
    """Show what is kept beside an interview (photos and sound) or a store's fix (photos), and take more.

    The page calls ``show_done()``, where the way back from a removal stands.

    Args:
        actor: Who looks.
        interview_id: The interview; exactly one of the two owners is given.
        fix_store_id: The store's fix.
        may_add: Whether to offer adding and removing.
    """
    owner = {"interview_id": interview_id, "fix_store_id": fix_store_id}
    name = f"attachments.{'interview' if interview_id else 'fix'}.{interview_id or fix_store_id}"
    with page_database().read() as session:
        rows = list_attachments(session, actor, **owner)
    for row in rows:
        _one(actor, row, may_remove=may_add)
    if not may_add:
        if not rows:
            st.caption("没有照片和录音。" if interview_id else "没有照片。")
        return
    if len(rows) >= MOST_PER_OWNER:
        st.caption(f"已有 {len(rows)} 个，最多放 {MOST_PER_OWNER} 个。")
        return
    _add(actor, owner, name, with_sound=interview_id is not None)


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{max(1, round(size / 1e3))} KB"


def _one(actor: Actor, row: Attachment, *, may_remove: bool) -> None:
    with st.container(border=True, gap="small"):
        _media(
            key=f"attachment.{row.id}",
            data={
                "address": f"/file/{row.id}", "photo": row.media_type.startswith("image/"), "name": row.name,
            },
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{plain(row.name)} · {_size(row.size_bytes)} · {words.minute(row.added_at)}")
            if may_remove and st.button("移除", key=f"attachment.remove.{row.id}", icon=":material/delete:"):
                with refusals():
                    with page_database().write() as session:
                        remove_attachment(session, actor, row.id)
                    said_done(f"已移除 {row.name}。", partial(_restore, actor, row.id))
                    st.rerun()


def _restore(actor: Actor, attachment_id: int) -> None:
    with page_database().write() as session:
        restore_attachment(session, actor, attachment_id)


def _add(actor: Actor, owner: dict[str, int | None], name: str, *, with_sound: bool) -> None:
    turn = st.session_state.get(f"{name}.turn", 0)
    file = st.file_uploader(
        "添加照片或录音" if with_sound else "添加照片",
        type=[*PHOTO_NAMES, *(SOUND_NAMES if with_sound else ())],
        key=f"{name}.file.{turn}",
        max_upload_size=settings().upload_mb,
    )
    st.caption(
        f"照片最大 {LARGEST_PHOTO // 1_000_000} MB，里面的地点和设备信息会去掉"
        + (f"；录音最大 {settings().upload_mb} MB。内容加密保存。" if with_sound else "。内容加密保存。")
    )
    if file is None:
        return
    # Refused or kept, the chosen file is done with only once it is kept: a refusal stays on the screen beside it.
    with refusals():
        media = prepare_media(file.getvalue(), file.name)
        with page_database().write() as session:
            add_attachment(session, actor, media, **owner)
        st.session_state[f"{name}.turn"] = turn + 1
        said_done(f"已添加 {media.name}。")
        st.rerun()
