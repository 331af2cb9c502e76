"""Quotes: the sentence as it was said, the unit marked, who and where under it.

A component of our own because fans' words are hostile input: they reach the page only as text nodes, never as markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from fanops.ui import words

_CSS = """
.list { display: grid; gap: 0.75rem; font-family: var(--st-font); color: var(--st-text-color); }
figure { margin: 0; padding: 0.8rem 1rem 0.7rem; border-left: 3px solid var(--tone);
  background: var(--st-secondary-background-color); border-radius: 0 0.5rem 0.5rem 0; }
blockquote { margin: 0; line-height: 1.6; font-size: 1rem; overflow-wrap: anywhere; white-space: pre-wrap; }
mark { background: color-mix(in srgb, var(--st-primary-color) 20%, transparent); color: inherit;
  padding: 0.1em 0.1em; border-radius: 0.2em; }
figcaption { margin-top: 0.35rem; font-size: 0.85rem; opacity: 0.75; line-height: 1.6; }
label { display: flex; gap: 0.75rem; align-items: flex-start; cursor: pointer; }
input { width: 1.25rem; height: 1.25rem; margin: 0.25rem 0 0; accent-color: var(--st-primary-color); flex: none; }
label > div { flex: 1; min-width: 0; }
"""

_JS = """
const tones = { "1": "#3E7CB1", "0": "#9AA0A6", "-1": "#D9822B" };
export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector(".list");
  root.replaceChildren();
  // What was ticked since the list came is newer than what the server knew when it drew.
  const chosen = root.chosen || (root.chosen = new Set(data.chosen || []));
  for (const quote of data.quotes) {
    const figure = document.createElement("figure");
    figure.style.setProperty("--tone", tones[String(quote.polarity)] || "#9AA0A6");
    const words = document.createElement("blockquote");
    const marked = document.createElement("mark");
    marked.textContent = quote.sentence;
    words.append(document.createTextNode(quote.before), marked, document.createTextNode(quote.after));
    const who = document.createElement("figcaption");
    who.textContent = quote.who;
    if (data.choosable) {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = chosen.has(quote.id);
      box.addEventListener("change", () => {
        if (box.checked) chosen.add(quote.id); else chosen.delete(quote.id);
        setStateValue("chosen", [...chosen]);
      });
      const inner = document.createElement("div");
      inner.append(words, who);
      label.append(box, inner);
      figure.append(label);
    } else {
      figure.append(words, who);
    }
    root.append(figure);
  }
}
"""

_AROUND = 80


def _said_by(row: Any) -> str:
    level = words.LEVEL_LABELS.get(row.level, "")
    known = row.fan_id is not None and row.fan_id == row.fan_id
    fan = f"{row.fan or '未留姓名'}（{level}）" if known else "未识别顾客"
    source = row.source or words.KIND_LABELS.get(row.kind, "")
    parts = [
        fan,
        row.store if isinstance(row.store, str) else "未注明门店",
        words.day(row.said_at if pd.notna(row.said_at) else None),
        source,
        f"{row.staff} 记录" if isinstance(row.staff, str) and row.staff else "",
        words.POLARITY_LABELS.get(None if pd.isna(row.polarity) else int(row.polarity), ""),
        f"同样的话 ×{row.times}" if getattr(row, "times", 1) > 1 else "",
    ]
    return " · ".join(part for part in parts if part)


def _quote(row: Any, around: int = _AROUND) -> dict[str, Any]:
    before, after = row.voice[: row.start], row.voice[row.end :]
    return {
        "id": int(row.unit_id),
        "sentence": row.sentence,
        "before": ("…" if len(before) > around else "") + before[-around:],
        "after": after[:around] + ("…" if len(after) > around else ""),
        "polarity": None if pd.isna(row.polarity) else int(row.polarity),
        "who": _said_by(row),
    }


def quotes(
    evidence: pd.DataFrame, key: str, *, choosable: bool = False, chosen: Sequence[int] = (), around: int = _AROUND
) -> list[int]:
    """Show evidence rows as quotes.

    Args:
        evidence: Rows of ``fanops.themes.records_evidence.evidence``, or of ``sayings``, which say how many say the same.
        key: Widget key.
        choosable: Whether a person can tick quotes (to move them, to use them as evidence).
        chosen: Units that are ticked when the list is first shown under this key.
        around: Letters of the voice shown on each side of the sentence.

    Returns:
        The unit ids ticked, empty when nothing was.
    """
    component = st.components.v2.component("fanops_quotes", html='<div class="list"></div>', css=_CSS, js=_JS)
    shown = [_quote(row, around) for row in evidence.itertuples()]
    result = component(
        key=key,
        data={"quotes": shown, "choosable": choosable, "chosen": list(chosen)},
        default={"chosen": list(chosen)},
        on_chosen_change=lambda: None,
    )
    known = {quote["id"] for quote in shown}
    return [unit_id for unit_id in (result.chosen or []) if unit_id in known]
