"""A field that is kept while it is typed: on this device at once, on the server within a second, also after a lost network.

Streamlit's own text area sends nothing until it is left, so a closed browser would lose what was typed.
"""

from __future__ import annotations

import streamlit as st

from fanops.collect import record_interview as record
from fanops.errors import FanopsError
from fanops.ui.guard import find_actor, page_database

_HTML = '<label></label><textarea rows="4"></textarea><output aria-live="polite"></output>'
_CSS = """
label { display: block; font-size: 0.875rem; margin-bottom: 0.25rem; color: var(--st-text-color); }
textarea { width: 100%; box-sizing: border-box; font: inherit; font-size: 1rem; line-height: 1.6; padding: 0.5rem 0.75rem;
  border: 1px solid var(--st-border-color); border-radius: 0.5rem; background: var(--st-secondary-background-color);
  color: var(--st-text-color); resize: vertical; }
textarea:focus { outline: 2px solid var(--st-primary-color); outline-offset: -1px; }
output { display: block; min-height: 1.2em; font-size: 0.8rem; color: var(--st-text-color); opacity: 0.7; }
"""
_JS = """
export default function ({ parentElement, data, setStateValue }) {
  const box = parentElement.querySelector("textarea")
  const mark = parentElement.querySelector("output")
  const shelf = "fanops.note." + data.about.interview + "." + data.about.question + "." + data.about.field
  const kept = () => JSON.parse(localStorage.getItem(shelf) || "null")
  let timer = 0, sent = 0
  const later = (wait) => { clearTimeout(timer); timer = setTimeout(send, wait) }
  const send = async () => {
    const note = kept()
    if (!note) return
    let answer
    try {
      answer = await fetch("/api/interview/note", {
        method: "POST", keepalive: true, headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...data.about, text: note.text, at: note.at }),
      })
    } catch { answer = null }
    if (answer && answer.ok) {
      const now = kept()
      if (now && now.at === note.at) { localStorage.removeItem(shelf); mark.textContent = "已存" }
    } else if (answer && answer.status === 401) {
      mark.textContent = "登录已结束。写的还在这台设备上，重新登录后会自动补交。"
    } else if (answer && answer.status < 500) {
      mark.textContent = (await answer.json().catch(() => ({}))).message || "没有存上"
    } else {
      mark.textContent = "连不上服务器，先存在这台设备上，恢复后自动补交。"
      later(3000)
    }
  }
  if (box.dataset.shelf !== shelf) {
    box.dataset.shelf = shelf
    const note = kept()
    box.value = note && note.at > data.at ? note.text : data.text
    parentElement.querySelector("label").textContent = data.label
    box.setAttribute("aria-label", data.label)
    box.placeholder = data.placeholder
    box.maxLength = data.longest
  }
  box.oninput = () => {
    localStorage.setItem(shelf, JSON.stringify({ text: box.value, at: Date.now() }))
    mark.textContent = "……"
    later(600)
  }
  // What is not kept yet also goes the page's own way, ahead of the tap that follows: on a slow network the interview would
  // otherwise end before its last sentence arrives. A tap does not take the focus everywhere, so taps are watched as well.
  const leave = () => {
    const note = kept()
    if (note && note.at !== sent) { sent = note.at; setStateValue("left", note) }
    later(0)
  }
  const tapped = (event) => { if (!event.composedPath().includes(box)) leave() }
  box.onblur = leave
  document.addEventListener("pointerdown", tapped, true)
  window.addEventListener("online", send)
  if (kept()) later(0)
  return () => {
    clearTimeout(timer)
    document.removeEventListener("pointerdown", tapped, true)
    window.removeEventListener("online", send)
    send()
  }
}
"""
_field = st.components.v2.component("fanops_live_note", html=_HTML, css=_CSS, js=_JS)


def live_note(
    label: str, interview_id: int, question: str, field: str, note: dict, *, placeholder: str = "", longest: int = 4000
) -> None:
    """Show one field of an interview's question.

    Args:
        label: What it is for.
        interview_id: The interview.
        question: Code of the question.
        field: A key of ``record_interview.FIELDS``.
        note: What is kept of this question.
        placeholder: A hint in the empty field.
        longest: Most characters.
    """
    key = f"note.{interview_id}.{question}.{field}"

    def left() -> None:
        note, actor = st.session_state[key].get("left"), find_actor()
        if actor is None:
            return
        try:
            with page_database().write() as session:
                record.keep_note(session, actor, interview_id, question, field, str(note["text"]), int(note["at"]))
        except (FanopsError, KeyError, TypeError, ValueError):
            pass  # the route refuses the same words, and says so under the field

    _field(
        key=key,
        on_left_change=left,
        data={
            "about": {"interview": interview_id, "question": question, "field": field},
            "label": label, "text": note.get(field, ""), "at": note.get(f"{field}_at", 0), "placeholder": placeholder,
            "longest": longest,
        },
    )  # fmt: skip
