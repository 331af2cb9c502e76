"""``fanops overview``: this period in five numbers, what waits, the loop per store."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import datetime

import click


@click.command()
@click.option("--days", type=click.IntRange(1, 3650), default=28, show_default=True, help="看多少天。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def overview(days: int, brand: str | None, as_json: bool) -> None:
    """这段时间的五个数字。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.summary import records
    from fanops.summary.records_loop import seven_links
    from fanops.summary.records_period import freshness_words, periods

    with ready_database().read() as session:
        actor = owner_actor(session, brand)
        figures = records.key_figures(session, actor, days)
        fresh = freshness_words(periods(session, actor, days))
        waits = records.waiting(session, actor)
        loop = seven_links(session, actor)
    if as_json:
        plain = [
            {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in asdict(f).items()} for f in figures
        ]
        shown = {"figures": plain, "waiting": [asdict(entry) for entry in waits], "stores": loop.to_dict("records")}
        click.echo(json.dumps(shown, ensure_ascii=False, default=_plain).replace("NaN", "null"))
        return
    click.echo(fresh)
    for figure in figures:
        before = "" if math.isnan(figure.before) else f"上一段 {_words(figure.unit, figure.before)}"
        click.echo(f"{figure.name}  {_words(figure.unit, figure.value)}（{before or '无可比'}，n={figure.base:,}）")
    for entry in waits:
        click.echo(f"· {entry.count} {entry.what}")


def _words(unit: str, value: float) -> str:
    if math.isnan(value):
        return "—"
    return f"{value:.1%}" if unit == "%" else f"{value / 100:,.0f} 元" if unit == "¥" else f"{value:,.0f} {unit}"


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else float(value)
