"""The backlog as Excel, with the sentences, stores and trials behind each item."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from fanops.access import Actor
from fanops.actions import gates, records
from fanops.actions import records_backlog as backlog
from fanops.actions import records_rollout as rollouts
from fanops.database import Database
from fanops.spreadsheet import XLSX, write_xlsx
from fanops.themes.records_evidence import evidence

_MOST_SENTENCES = 2_000


def export_backlog(db: Database, actor: Actor, parameters: Mapping[str, str]) -> tuple[str, str, bytes]:
    """Give the backlog with its evidence, in the actor's scope.

    Args:
        db: The database.
        actor: Whose scope; sentences of other stores are left out.
        parameters: None are taken.

    Returns:
        File name, media type, content: sheets 条目, 依据, 门店, 试用.
    """
    sentences, stores, trials = [], [], []
    with db.read() as session:
        items = backlog.item_table(session, actor)
        for item in items.itertuples():
            units = records.evidence_units(session, actor, item_id=int(item.item_id))[:_MOST_SENTENCES]
            rows, _ = evidence(session, actor, unit_ids=units, limit=_MOST_SENTENCES)
            sentences += [rows.assign(item=item.title)] if len(rows) else []
            stores += [rollouts.rollout_table(session, actor, int(item.item_id)).assign(item=item.title)]
            trials += [backlog.trial_table(session, actor, int(item.item_id)).assign(item=item.title)]
    sheets = {
        "条目": pd.DataFrame(
            {
                "条目": items["title"], "阶段": items["stage"].map(gates.LABELS), "来自主题": items["theme"].fillna(""),
                "开始": items["opened_at"].map(lambda at: f"{at:%Y-%m-%d}"), "粉丝": items["fans"], "依据": items["sentences"],
                "已上线门店": items["live"], "计划门店": items["planned"], "还缺": items["lacking"].map("".join),
            }
        ),
        "依据": _sheet(sentences, {"item": "条目", "sentence": "原话", "fan": "粉丝", "store": "门店", "staff": "员工", "source": "来源",
                                 "said_at": "时间"}),
        "门店": _sheet(stores, {"item": "条目", "store": "门店", "wave": "批次", "state": "状态", "live_on": "上线日"},
                     {"state": rollouts.ROLLOUT_LABELS}),
        "试用": _sheet(trials, {"item": "条目", "fan": "粉丝", "store": "门店", "verdict": "评价", "words": "说了什么"},
                     {"verdict": backlog.VERDICTS | {"": ""}}),
    }  # fmt: skip
    return "需求条目.xlsx", XLSX, write_xlsx(sheets)


def _sheet(
    parts: list[pd.DataFrame], names: dict[str, str], labels: Mapping[str, Mapping[str, str]] | None = None
) -> pd.DataFrame:
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(names))
    for column, words in (labels or {}).items():
        if column in table:
            table[column] = table[column].map(lambda value, words=words: words.get(value, value))
    shown = table[[name for name in names if name in table]].rename(columns=names)
    return shown.map(lambda value: f"{value:%Y-%m-%d}" if hasattr(value, "strftime") and not pd.isna(value) else value)
