"""``fanops themes`` on the database."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

_READ_PCT = 25  # of the time that an export takes


def _actor(session, brand: str | None):
    from fanops.access.accounts import owner_actor

    return owner_actor(session, brand)


@click.command()
@click.option("--granularity", default="normal", show_default=True, help="粗细：coarse 粗、normal 中、fine 细。")
@click.option("--method", default="graph", show_default=True, help="方法：graph 或 hdbscan。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def discover(granularity: str, method: str, brand: str | None, as_json: bool) -> None:
    """从品牌的全部原声归纳主题；已有主题的编号和名称不变。"""
    from fanops.database import ready_database
    from fanops.themes.discover import run_discovery

    db = ready_database()
    with db.read() as session:
        actor = _actor(session, brand)
    with click.progressbar(length=100, label="发现主题", file=sys.stderr, hidden=as_json) as bar:
        found = run_discovery(
            db, actor, {"granularity": granularity, "method": method},
            lambda share, doing: bar.update(round(share * 100) - bar.pos),
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    click.echo(
        f"{found['units']} 个语义单元，{found['themes']} 个主题（新出现 {found['born']}，消失 {found['died']}），"
        f"未归类 {found['unassigned']}，用时 {found['seconds']:.1f} 秒，指纹 {found['fingerprint'][:12]}"
    )


@click.command()
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def listing(brand: str | None, as_json: bool) -> None:
    """列出现有的主题，说的粉丝最多的在前。

    笼统评价在最后；多数原声不知道是谁说的，就按原声数排。
    """
    from fanops.database import ready_database
    from fanops.themes.records import theme_table, totals
    from fanops.themes.records_identified import count_unidentified, counted_in, most_said_first

    with ready_database().read() as session:
        actor = _actor(session, brand)
        counted = counted_in(totals(session, actor) | count_unidentified(session, actor))
        table = most_said_first(theme_table(session, actor), counted)
    if as_json:
        click.echo(table.to_json(orient="records", force_ascii=False))
        return
    if table.empty:
        click.echo("还没有主题。先导入原声（fanops import voices），再运行 fanops themes discover。")
    for row in table.itertuples():
        share = f"{row.negative_share:.0%}" if row.units else "—"
        mark = "  笼统评价" if row.general else "  多是笼统的话" if row.vague else ""
        click.echo(
            f"{row.theme_id:>5}  {row.name}  粉丝 {row.fans}  门店 {row.stores}  原声 {row.voices}  不满 {share}{mark}"
        )


@click.command()
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def history(brand: str | None, as_json: bool) -> None:
    """查看主题的来历：每次归纳和人做的修改，附撤销用的编号。"""
    from fanops.database import ready_database
    from fanops.themes.edit_words import told
    from fanops.themes.records import edit_history, lineage

    with ready_database().read() as session:
        actor = _actor(session, brand)
        runs, edits = lineage(session, actor), edit_history(session, actor)
    if as_json:
        both = {
            name: json.loads(frame.to_json(orient="records", date_format="iso"))
            for name, frame in (("runs", runs), ("edits", edits))
        }
        click.echo(json.dumps(both, ensure_ascii=False))
        return
    for row in runs.itertuples():
        click.echo(
            f"{row.run_at:%Y-%m-%d %H:%M}  运行 {row.run_id}  {row.kind:<9} {row.theme_id} {row.name}（{row.units} 句）"
        )
    for row in edits.itertuples():
        undone = (
            "" if row.undone_at is None or row.undone_at != row.undone_at else f"  已撤销 {row.undone_at:%m-%d %H:%M}"
        )
        click.echo(
            f"{row.made_at:%Y-%m-%d %H:%M}  编辑 {row.event_id}  {row.author or '命令行'}  "
            f"{told(row.kind, row.name, row.detail)}（主题 {row.theme_id}）{undone}"
        )


@click.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="要写的 Excel 文件。")
@click.option("--theme", "theme_id", type=click.IntRange(1, 2**63 - 1), help="只写这个主题。")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def export(out: Path, theme_id: int | None, brand: str | None) -> None:
    """把主题、句子和各店的数字写成 Excel。"""
    from fanops.access import record_audit
    from fanops.database import ready_database
    from fanops.spreadsheet import write_xlsx
    from fanops.text.table_file import check_out, write_file
    from fanops.themes.export_themes import theme_sheets
    from fanops.themes.selection import Selection

    check_out(out)
    db = ready_database()
    with db.write() as session:
        actor = _actor(session, brand)
        record_audit(session, actor, "export", "export:themes", command=True)
    with click.progressbar(length=100, label="导出主题", file=sys.stderr) as bar:
        sheets = theme_sheets(db, actor, Selection(), theme_id)
        bar.update(_READ_PCT)
        rest = 100 - _READ_PCT
        content = write_xlsx(sheets, lambda share: bar.update(_READ_PCT + round(share * rest) - bar.pos))
    write_file(content, out)
    click.echo(f"{len(sheets['主题'])} 个主题、{len(sheets['句子']):,} 句，已写入 {out}")
