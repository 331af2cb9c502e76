"""A table, which on a phone is a list of cards: there a table is cut after its second column, in the middle of a sentence.

The cards are a component of our own because they carry fans' words: they reach the page only as text nodes.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from fanops.ui import words

_CSS = """
.list { display: grid; gap: 0.6rem; font-family: var(--st-font); color: var(--st-text-color); line-height: 1.6; }
.card { border: 1px solid var(--st-border-color); border-radius: 0.5rem; padding: 0.6rem 0.9rem; text-align: left;
  background: none; color: inherit; font: inherit; min-height: 44px; max-height: 24rem;
  overflow-y: auto; width: 100%; box-sizing: border-box; }
button { cursor: pointer; }
.title { font-weight: 600; overflow-wrap: anywhere; }
.card > .title { display: block; }
.fact { display: inline-block; margin-right: 1em; overflow-wrap: anywhere; }
.name { opacity: 0.7; font-size: 0.875rem; margin-right: 0.5em; }
"""

_JS = """
const STEP = 20;
export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector(".list");
  const piece = (kind, name, text) => {
    const node = document.createElement(kind);
    node.className = name;
    node.textContent = text;
    return node;
  };
  let until = STEP;
  const draw = () => {
    root.replaceChildren();
    data.cards.slice(0, until).forEach((card, place) => {
      const box = piece(data.opens ? "button" : "div", "card", "");
      if (card.title) box.append(piece("span", "title", card.title));
      for (const [name, value] of card.facts) {
        const fact = piece("span", "fact", "");
        fact.append(piece("span", "name", name), document.createTextNode(value));
        box.append(fact);
      }
      if (data.opens) box.addEventListener("click", () => setStateValue("opened", place));
      root.append(box);
    });
    if (until < data.cards.length) {
      const more = piece("button", "card", `再看 ${Math.min(STEP, data.cards.length - until)} 行，共 ${data.cards.length} 行`);
      more.addEventListener("click", () => { until += STEP; draw(); });
      root.append(more);
    }
  };
  draw();
}
"""


def on_phone() -> bool:
    """Tell whether the page is looked at on a phone, by what its browser says of itself; a tablet has room for a table."""
    return "Mobi" in _agent()


def _agent() -> str:
    return st.context.headers.get("User-Agent") or ""


def show_table(
    rows: pd.DataFrame | list[dict[str, Any]], *, hide_index: bool = False, column_config: dict | None = None,
    column_order: list[str] | None = None, key: str | None = None, **look: Any,
) -> None:  # fmt: skip
    """Show a table, on a phone as cards.

    Args:
        rows: The table.
        hide_index: False where the index says what a row is.
        column_config: As of ``st.dataframe``; on a card only what is shown in percent and what is left out counts.
        column_order: As of ``st.dataframe``.
        key: Of the table.
        look: Passed on to ``st.dataframe``.
    """
    if on_phone():
        _draw(cards(pd.DataFrame(rows), hide_index=hide_index, config=column_config, order=column_order), key)
        return
    st.dataframe(
        rows, hide_index=hide_index, column_config=column_config, column_order=column_order, key=key, **look
    )  # fmt: skip


def tapped_row(shown: pd.DataFrame, key: str, **look: Any) -> int | None:
    """Show a table and give the place of the row that is tapped anywhere, None for none.

    Args:
        shown: The table.
        key: Of the table.
        look: Passed on to ``st.dataframe``.
    """
    if on_phone():
        place = _draw(cards(shown, config=look.get("column_config")), f"{key}.cards", opens=True)
    else:
        chosen = st.dataframe(
            shown, hide_index=True, key=key, on_select="rerun", selection_mode=["single-row", "single-cell"], **look
        )
        place = place_of(chosen.selection.rows, chosen.selection.cells)
    return place if place is not None and place < len(shown) else None


def place_of(rows: list[int], cells: list[tuple[int, str]]) -> int | None:
    """Give the row of a selection: the one ticked, otherwise the one of the cell that was tapped."""
    return next((int(place) for place in (*rows, *(row for row, _ in cells))), None)


def cards(
    frame: pd.DataFrame, *, hide_index: bool = True, config: dict | None = None, order: list[str] | None = None
) -> list[dict[str, Any]]:
    """Give a card per row: ``title`` is what the row is about, ``facts`` the other columns that say something.

    Args:
        frame: The table.
        hide_index: True: the first column is the title; False: the index is.
        config: Columns whose value is None are left out; those with the format "percent" are shares.
        order: Columns, in this order; None for all.
    """
    config = config or {}
    names = [name for name in order or list(frame.columns) if not (name in config and config[name] is None)]
    made = []
    for index, row in zip(frame.index, frame[names].itertuples(index=False, name=None), strict=True):
        said = [(str(name), _said(value, config.get(name))) for name, value in zip(names, row, strict=True)]
        title = said.pop(0)[1] if hide_index and said else str(index)
        made.append({"title": title, "facts": [[name, value] for name, value in said if value]})
    return made


def _said(value: Any, look: Any) -> str:
    if isinstance(value, list | tuple):
        return "、".join(str(each) for each in value)
    if pd.isna(value):
        return ""
    percent = isinstance(look, dict) and (look.get("type_config") or {}).get("format") == "percent"
    if percent:
        return words.share(float(value), 0)
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _draw(made: list[dict[str, Any]], key: str | None, *, opens: bool = False) -> int | None:
    component = st.components.v2.component("fanops_cards", html='<div class="list"></div>', css=_CSS, js=_JS)
    result = component(
        key=key, data={"cards": made, "opens": opens}, default={"opened": None}, on_opened_change=lambda: None
    )
    return None if result.opened is None else int(result.opened)
