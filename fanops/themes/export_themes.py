"""Themes as Excel, with the sentences of each and the figures by store: what the theme page shows, in the same scope and filters."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from fanops.access import Actor
from fanops.database import Database
from fanops.errors import Conflict
from fanops.fans.levels import LEVEL_LABELS
from fanops.fans.value import CHANNEL_LABELS
from fanops.settings import settings
from fanops.spreadsheet import XLSX, write_xlsx
from fanops.tables import row_id
from fanops.themes import records
from fanops.themes.records_evidence import evidence
from fanops.themes.records_identified import count_unidentified, counted_in, most_said_first
from fanops.themes.selection import Selection, selection_of

MOST_SENTENCES = 100_000
_POLARITY = {1: "满意", 0: "中性", -1: "不满"}


def export_themes(db: Database, actor: Actor, parameters: Mapping[str, str]) -> tuple[str, str, bytes]:
    """Give the themes in the actor's scope.

    Args:
        db: The database.
        actor: Whose scope.
        parameters: ``theme`` for one theme alone, and filters as ``address_of`` writes them.

    Returns:
        File name, media type, content: sheets 主题, 句子, 门店.

    Raises:
        NotFound: No such theme.
        Conflict: More sentences than one sheet should hold.
    """
    return (
        "需求主题.xlsx",
        XLSX,
        write_xlsx(theme_sheets(db, actor, selection_of(parameters), row_id(parameters.get("theme", "")))),
    )


def theme_sheets(
    db: Database, actor: Actor, selection: Selection, theme_id: int | None = None
) -> dict[str, pd.DataFrame]:
    """Give the sheets by name; the counts are those of ``theme_table``."""
    with db.read() as session:
        counts = records.totals(session, actor, selection) | count_unidentified(session, actor, selection)
        table = most_said_first(records.theme_table(session, actor, selection), counted_in(counts))
        if theme_id is not None:
            records.get_theme(session, actor, theme_id)
            table = table[table["theme_id"] == theme_id]
        if table["units"].sum() > MOST_SENTENCES:
            raise Conflict(
                f"句子超过 {MOST_SENTENCES:,} 句，放不进一个文件。", "请先筛选门店或时间，或一个主题一个主题导出。"
            )
        rows, _ = evidence(session, actor, selection, theme_id=theme_id, in_themes=True, limit=MOST_SENTENCES)
        stores = records.theme_by_store(session, actor, selection, theme_id)
    names = dict(zip(table["theme_id"], table["name"], strict=True))
    rows, stores = (frame[frame["theme_id"].isin(names)] for frame in (rows, stores))
    place = {each: at for at, each in enumerate(names)}
    rows = rows.sort_values("theme_id", key=lambda ids: ids.map(place), kind="stable")
    stores = stores.sort_values("theme_id", key=lambda ids: ids.map(place), kind="stable")
    return {"主题": _themes(table), "句子": _sentences(rows), "门店": _stores(stores, names)}


def _themes(table: pd.DataFrame) -> pd.DataFrame:
    vague = table["vague"].map({True: "多是笼统的话"}).fillna("").astype(object)
    return pd.DataFrame(
        {
            "编号": table["theme_id"], "主题": table["name"],
            "笼统": vague.mask(table["general"], "笼统评价"),
            "方面": table["aspect"], "关键词": table["keywords"].map("、".join), "粉丝": table["fans"],
            "门店": table["stores"], "原声": table["voices"], "句子": table["units"], "满意": table["positive"],
            "中性": table["units"] - table["positive"] - table["negative"], "不满": table["negative"],
            "不满占比": table["negative_share"].round(4), "拿不准": table["unsure"],
            "手工命名": table["named_by_hand"].map(_mark), "固定": table["pinned"].map(_mark),
        }
    )  # fmt: skip


def _sentences(rows: pd.DataFrame) -> pd.DataFrame:
    said_at = pd.to_datetime(rows["said_at"], utc=True).dt.tz_convert(settings().zone)
    return pd.DataFrame(
        {
            "主题编号": rows["theme_id"].astype("Int64"), "主题": rows["theme"], "句子": rows["sentence"],
            "整条原声": rows["voice"], "情感": rows["polarity"].map(_POLARITY), "方面": rows["aspect"],
            "归属强度": rows["strength"].round(3), "拿不准": rows["unsure"].map(_mark), "手工归类": rows["by_hand"].map(_mark),
            "粉丝": rows["fan"], "分层": rows["level"].map(LEVEL_LABELS), "门店": rows["store"],
            "时间": said_at.dt.strftime("%Y-%m-%d %H:%M"), "来源": rows["source"],
            "渠道": [CHANNEL_LABELS.get(channel, channel) for channel in rows["channel"]], "评分": rows["score"],
            "句子编号": rows["unit_id"],
        }
    )  # fmt: skip


def _stores(stores: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "主题编号": stores["theme_id"], "主题": stores["theme_id"].map(names), "门店": stores["store"],
            "粉丝": stores["fans"], "原声": stores["voices"], "句子": stores["units"], "不满": stores["negative"],
            "门店全部句子": stores["store_units"], "占比": (stores["units"] / stores["store_units"]).round(4),
        }
    )  # fmt: skip


def _mark(value: object) -> str:
    return "是" if value else ""
