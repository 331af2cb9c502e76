"""A board of cards in columns that are moved by dragging, by keyboard or by the arrows on the card (a finger can't drag)."""

from __future__ import annotations

import streamlit as st

_CSS = """
.fanops-board { display: flex; gap: 0.75rem; overflow-x: auto; padding-bottom: 0.5rem; scroll-snap-type: x proximity; }
.fanops-board section { flex: 1 0 11rem; min-width: 11rem; scroll-snap-align: start; border-radius: 0.5rem; padding: 0.5rem;
  background: var(--st-secondary-background-color); }
.fanops-board section[data-over] { outline: 2px dashed var(--st-primary-color); outline-offset: -2px; }
.fanops-board h4 { margin: 0 0 0.5rem; font-size: 0.875rem; font-weight: 600; }
.fanops-board h4 span { font-weight: 400; opacity: 0.65; }
.fanops-board article { background: var(--st-background-color); border: 1px solid var(--st-border-color);
  border-radius: 0.5rem; padding: 0.5rem 0.625rem; margin-bottom: 0.5rem; cursor: pointer; }
.fanops-board article[draggable="true"] { cursor: grab; }
.fanops-board article:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.fanops-board article[aria-current="true"] { border-color: var(--st-primary-color); box-shadow: 0 0 0 1px var(--st-primary-color); }
.fanops-board b { display: block; font-size: 0.9rem; overflow-wrap: anywhere; }
.fanops-board small { display: block; font-size: 0.78rem; opacity: 0.75; margin-top: 0.25rem; overflow-wrap: anywhere; }
.fanops-board nav { display: flex; justify-content: space-between; margin-top: 0.25rem; }
.fanops-board nav button { font: inherit; min-width: 44px; min-height: 32px; border: 0; border-radius: 0.375rem; cursor: pointer;
  background: transparent; color: var(--st-primary-color); }
.fanops-board nav button:hover, .fanops-board nav button:focus-visible { background: var(--st-secondary-background-color); }
"""
_JS = """
export default function ({ parentElement, data, setTriggerValue }) {
  const board = parentElement.querySelector(".fanops-board")
  const drawn = JSON.stringify(data)
  if (board.dataset.drawn === drawn) return
  board.dataset.drawn = drawn
  const names = data.columns.map((column) => column.name)
  const move = (card, to) => { if (to && to !== card.column) setTriggerValue("moved", { id: card.id, to }) }
  const beside = (card, step) => names[names.indexOf(card.column) + step]
  const made = (tag, text) => { const box = document.createElement(tag); if (text) box.textContent = text; return box }
  const drawCard = (card) => {
    const box = made("article")
    box.tabIndex = 0
    box.draggable = data.movable
    box.dataset.id = card.id
    box.setAttribute("role", "button")
    box.setAttribute("aria-current", String(card.id === data.chosen))
    box.setAttribute("aria-label", card.title + "。" + card.lines.join("。") + (data.movable ? "。回车打开，Alt 加左右箭头移动。" : ""))
    box.append(made("b", card.title), ...card.lines.map((line) => made("small", line)))
    if (data.movable) {
      const nav = made("nav")
      for (const [step, sign] of [[-1, "‹"], [1, "›"]]) {
        const to = beside(card, step)
        const button = made("button", to ? sign : "")
        button.type = "button"
        button.tabIndex = -1
        button.style.visibility = to ? "visible" : "hidden"
        const label = to ? data.columns[names.indexOf(to)].label : ""
        button.title = "移到" + label
        button.setAttribute("aria-label", card.title + "移到" + label)
        button.onclick = (event) => { event.stopPropagation(); move(card, to) }
        nav.append(button)
      }
      box.append(nav)
    }
    box.ondragstart = (event) => { event.dataTransfer.setData("text/plain", String(card.id)); event.dataTransfer.effectAllowed = "move" }
    box.onclick = () => setTriggerValue("opened", { id: card.id })
    box.onkeydown = (event) => {
      if (event.key === "Enter") { event.preventDefault(); setTriggerValue("opened", { id: card.id }) }
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
      if (step && event.altKey && data.movable) { event.preventDefault(); move(card, beside(card, step)) }
      else if (step) { event.preventDefault(); focusBeside(box, step) }
      else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault()
        const next = event.key === "ArrowDown" ? box.nextElementSibling : box.previousElementSibling
        if (next && next.tagName === "ARTICLE") next.focus()
      }
    }
    return box
  }
  const focusBeside = (box, step) => {
    let column = box.parentElement
    do { column = step > 0 ? column.nextElementSibling : column.previousElementSibling } while (column && !column.querySelector("article"))
    column?.querySelector("article").focus()
  }
  board.replaceChildren(...data.columns.map((column) => {
    const box = made("section")
    const cards = data.cards.filter((card) => card.column === column.name)
    const head = made("h4", column.label + " ")
    head.append(made("span", String(cards.length)))
    box.append(head, ...cards.map(drawCard))
    if (data.movable) {
      box.ondragover = (event) => { event.preventDefault(); box.dataset.over = "1" }
      box.ondragleave = () => delete box.dataset.over
      box.ondrop = (event) => {
        event.preventDefault()
        delete box.dataset.over
        const card = data.cards.find((each) => String(each.id) === event.dataTransfer.getData("text/plain"))
        if (card) move(card, column.name)
      }
    }
    return box
  }))
  // a narrow screen shows one or two columns: begin at the open card, else at the first there is
  const card = board.querySelector('[aria-current="true"]') ?? board.querySelector("article")
  if (card) board.scrollLeft = card.parentElement.offsetLeft - board.offsetLeft
}
"""
_board = st.components.v2.component(
    "fanops_board", html='<div class="fanops-board"></div>', css=_CSS, js=_JS, isolate_styles=False
)


def board(
    columns: list[dict], cards: list[dict], key: str, *, chosen: int | None = None, movable: bool = True
) -> tuple[int | None, tuple[int, str] | None]:
    """Show a board.

    Args:
        columns: ``name, label`` in order.
        cards: ``id, column, title, lines``; all text is shown as it is.
        key: Of the element.
        chosen: Id of the card that is open.
        movable: Whether cards can be moved.

    Returns:
        Id of the card just opened (or None), and (id, column) of the card just moved (or None).
    """
    data = {"columns": columns, "cards": cards, "chosen": chosen, "movable": movable}
    done = _board(key=key, data=data, on_moved_change=lambda: None, on_opened_change=lambda: None)
    known, names = {card["id"] for card in cards}, {column["name"] for column in columns}
    opened = int(done.opened["id"]) if done.opened else None
    moved = (int(done.moved["id"]), str(done.moved["to"])) if done.moved and movable else None
    if moved and (moved[0] not in known or moved[1] not in names):
        moved = None
    return (opened if opened in known else None), moved
