"""A transcript in which a person selects a passage, by mouse, finger or keyboard; coded passages are marked."""

from __future__ import annotations

import streamlit as st

_CSS = """
.fanops-turn { margin: 0 0 0.75rem; line-height: 1.8; }
.fanops-turn b { display: block; font-size: 0.8rem; font-weight: 400; opacity: 0.65; }
.fanops-turn p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.fanops-turn[data-speaker="staff"] p { opacity: 0.7; }
.fanops-turn mark { color: inherit; background: color-mix(in srgb, var(--shade) 22%, transparent);
  border-bottom: 2px solid var(--shade); }
"""
_JS = """
const count = (text) => [...text].length
function draw(box, turns) {
  box.replaceChildren()
  for (const turn of turns) {
    const row = document.createElement("div")
    row.className = "fanops-turn"
    row.dataset.speaker = turn.speaker
    const who = document.createElement("b")
    who.textContent = turn.label
    const said = document.createElement("p")
    said.dataset.turn = turn.id
    const letters = [...turn.text]
    const edges = [...new Set([0, letters.length, ...turn.marks.flatMap((m) => [m.start, m.end])])].sort((a, b) => a - b)
    for (let n = 0; n + 1 < edges.length; n++) {
      const text = letters.slice(edges[n], edges[n + 1]).join("")
      const over = turn.marks.filter((m) => m.start <= edges[n] && m.end >= edges[n + 1])
      const piece = document.createElement(over.length ? "mark" : "span")
      piece.textContent = text
      if (over.length) {
        piece.style.setProperty("--shade", over[0].colour)
        piece.title = over.map((m) => m.code).join("、")
      }
      said.append(piece)
    }
    row.append(who, said)
    box.append(row)
  }
}
export default function ({ parentElement, data, setStateValue }) {
  const box = parentElement.querySelector(".fanops-transcript")
  const drawn = JSON.stringify(data.turns)
  if (box.dataset.drawn !== drawn) { box.dataset.drawn = drawn; draw(box, data.turns) }
  let timer = 0
  const read = () => {
    const chosen = document.getSelection()
    if (!chosen || chosen.isCollapsed || !chosen.rangeCount) return
    const range = chosen.getRangeAt(0)
    const node = range.startContainer
    const said = (node.nodeType === 1 ? node : node.parentElement)?.closest("p[data-turn]")
    if (!said || !box.contains(said)) return
    const before = document.createRange()
    before.selectNodeContents(said)
    before.setEnd(range.startContainer, range.startOffset)
    const inside = range.cloneRange()
    if (!said.contains(range.endContainer)) inside.setEndAfter(said.lastChild)
    const start = count(before.toString())
    const end = start + count(inside.toString())
    if (end > start) setStateValue("passage", { turn: Number(said.dataset.turn), start, end })
  }
  const changed = () => { clearTimeout(timer); timer = setTimeout(read, 350) }
  document.addEventListener("selectionchange", changed)
  return () => { clearTimeout(timer); document.removeEventListener("selectionchange", changed) }
}
"""
_transcript = st.components.v2.component(
    "fanops_passage", html='<div class="fanops-transcript"></div>', css=_CSS, js=_JS, isolate_styles=False
)


def choose_passage(turns: list[dict], key: str) -> dict[str, int] | None:
    """Show turns and give the passage that is selected.

    Args:
        turns: ``id, speaker, label, text, marks``; a mark is ``start, end, code, colour``; offsets count characters.
        key: Of the element.

    Returns:
        ``turn, start, end``, None when nothing is selected.
    """
    chosen = _transcript(key=key, data={"turns": turns}, on_passage_change=lambda: None)
    passage = chosen.passage
    return {name: int(passage[name]) for name in ("turn", "start", "end")} if passage else None
