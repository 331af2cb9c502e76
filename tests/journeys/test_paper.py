"""The owner's page on paper: one sheet of A4, however much there is to say; and on a phone nothing runs off the side."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from fanops.access import Actor, Role
from fanops.summary.records import KeyFigure
from fanops.summary.records_brief import Brief
from fanops.tables import Brand, now
from fanops.themes.records_evidence import EVIDENCE_COLUMNS
from fanops.web.brief_sheet import brief_sheet

LONG = "高峰期预点单和取餐柜以及等位区加座和叫号屏放大"


def full_page() -> Brief:
    """Everything a page can hold, and all of it long."""
    wants = [(theme, LONG, 20, 69, 0.29, 0.19, 0.41, 0.27) for theme in range(6)]
    text = "这是很长的一段话，" * 20
    said = dict.fromkeys(EVIDENCE_COLUMNS) | {"voice": text, "start": 80, "end": 110, "sentence": text[80:110], "store": "西溪天堂店",
                                              "said_at": now()}  # fmt: skip
    done = [("服务改进", number, LONG, 40, 12, 120, 46) for number in range(10)]
    verdict = (
        "服务改进",
        LONG,
        "主题提及率",
        "未显示效果（方案在上线后才定，只供参考；还没到期）",
        now(),
        0.082,
        -1.0,
        0.101,
        "fix-1",
    )
    figure = KeyFigure("复购率", 0.59, 0.57, 12_160, "%", "fans.py", "", 0.562, 0.617, beside="比去年同期 +53.0%")
    return Brief(
        now(), now(), "订单到 11月22日（之后没有数据，不比变化），原声到 11月21日。这段时间从最后有数据的那天往回数。", [figure] * 5, "core",
        pd.DataFrame(wants, columns=["theme_id", "theme", "people", "base", "share", "low", "high", "negative_share"]),
        pd.DataFrame([said | {"theme_id": theme} for theme in range(3)]), {},
        pd.DataFrame(done, columns=["kind", "action_id", "title", "stores", "done", "due", "told"]),
        pd.DataFrame([verdict] * 6, columns=["kind", "title", "metric", "verdict", "measured_at", "estimate_share", "low", "high", "action"]),
        40, [f"第{number}个名字挺长的门店" for number in range(40)], 2_340, 380,
    )  # fmt: skip


def test_the_fullest_page_is_one_sheet(chromium: Any) -> None:
    actor = Actor(role=Role.CEO, brand_id=1, display_name="孟禾")
    sheet = brief_sheet(Brand(id=1, name="禾茶小满", is_sample=True), actor, full_page()).body.decode()
    page = chromium.new_page(viewport={"width": 390, "height": 844})
    try:
        page.set_content(sheet)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True))) == 1
    finally:
        page.close()
