"""Edits by hand in Chinese: one sentence an edit, the same in refusals, on the screen and on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS = {
    "rename": "改名", "merge": "合并", "split": "拆出", "move": "移动句子", "pin": "固定", "retire": "停用", "unretire": "恢复",
    "same": "确认同一件事", "apart": "分成两件事",
}  # fmt: skip


def told(kind: str, name: str, detail: Mapping[str, Any] | None) -> str:
    """Say what an edit did.

    Args:
        kind: As kept on the event.
        name: What its theme is called today.
        detail: As kept on the event.
    """
    detail = detail or {}
    count = len(detail.get("units", []))
    said = {
        "rename": f"改名为“{detail.get('name', '')}”",
        "merge": f"把“{name}”并入“{detail.get('into_name', '')}”",
        "split": f"从“{detail.get('from_name', '')}”拆出“{name}”（{count} 句）",
        "move": f"把 {count} 句移到“{name}”" if detail.get("to") is not None else f"把 {count} 句放回未归类",
        "pin": f"固定“{name}”" if detail.get("pinned") else f"取消固定“{name}”",
        "retire": f"停用“{name}”",
        "unretire": f"恢复“{name}”",
        "same": f"确认“{name}”还是同一件事",
        "apart": f"从“{detail.get('from_name', '')}”分出“{name}”",
    }
    return said.get(kind, kind)
