"""``fanops themes``: label a file without a database; discover, list and edit in the database."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click

from fanops.cli.dictionary import dictionary_words
from fanops.cli.theme_edits import COMMANDS
from fanops.cli.themes_database import discover, export, history, listing


@click.group()
def themes() -> None:
    """需求主题。"""


themes.add_command(discover)
themes.add_command(listing, "list")
themes.add_command(history)
themes.add_command(export)
for _command in COMMANDS:
    themes.add_command(_command)


@themes.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text-column", required=True, help="文字在哪一列。")
@click.option(
    "--id-column",
    help="带到结果里的编号列（与结果的列同名时叫“列名_原”）；编号相同的行是同一个人，没有编号的行各算一个人。",
)
@click.option("--granularity", default="normal", show_default=True, help="粗细：coarse 粗、normal 中、fine 细。")
@click.option("--level", default="row", show_default=True, help="row：每行算一个单元；unit：每行先切成语义单元。")
@click.option("--method", default="graph", show_default=True, help="方法：graph 或 hdbscan。")
@click.option("--encoder", "encoder_name", help="换一个 sentence-transformers 模型（路径或名称）。")
@click.option("--dictionary", type=click.Path(path_type=Path), help="品牌自己的词，一行一个。")
@click.option("--pack", help="用哪个行业的方面（茶饮、餐饮、家居、汽车、地产、零售）。")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="要写的 CSV 文件。")
@click.option("--json", "as_json", is_flag=True, help="小结输出成 JSON。")
def label(
    file: Path, text_column: str, id_column: str | None, granularity: str, level: str, method: str,
    encoder_name: str | None, dictionary: Path | None, pack: str | None, out: Path, as_json: bool,
) -> None:  # fmt: skip
    """给文件 FILE（CSV 或 Excel）的每一行归主题。

    每行（或每个语义单元）一行结果：主题、归属强度、情感、方面。
    """
    from fanops.settings import settings
    from fanops.text.table_file import check_out, read_sheet, write_columns
    from fanops.themes.label import carried_as, label_texts
    from fanops.themes.vague import names_nothing

    began = time.perf_counter()
    check_out(out, file, dictionary)
    words = frozenset(dictionary_words(dictionary))
    sheet = read_sheet(file, text_column, *([id_column] if id_column else []))
    carried = {id_column: sheet.column(id_column)} if id_column else {}
    with click.progressbar(length=100, label="发现主题", file=sys.stderr, hidden=as_json) as bar:
        found = label_texts(
            sheet.column(text_column), carried, people=carried.get(id_column), level=level, granularity=granularity, method=method,
            encoder_name=encoder_name, words=words, pack=pack,
            progress=lambda share, doing: bar.update(round(share * 100) - bar.pos), cluster=settings().dask,
        )  # fmt: skip
    write_columns(found.columns, out)
    seconds = time.perf_counter() - began
    units = len(found.columns["row"])
    unassigned = sum(theme < 0 for theme in found.columns["theme_id"]) - found.no_content
    renamed = {name: new for name, new in carried_as(carried, level).items() if name != new}
    for name, new in renamed.items():
        click.echo(f"结果自己有“{name}”这一列，文件里的“{name}”在结果里叫“{new}”。", err=True)
    if as_json:
        summary = {
            "rows": len(sheet.rows), "units": units, "themes": found.themes,
            "unassigned": unassigned, "no_content": found.no_content, "fingerprint": found.fingerprint, "seconds": round(seconds, 2),
            "note": found.note,
        }  # fmt: skip
        click.echo(json.dumps(summary, ensure_ascii=False, indent=1, default=int))
        return
    if found.note:
        click.echo(found.note)
    for theme in found.themes:
        vague = "多是笼统的话：" if names_nothing(theme["keywords"].split("、")) else ""
        kind = "笼统评价：" if theme["general"] else vague
        click.echo(f"{theme['size']:>7}  {kind}{theme['name']}（{theme['keywords']}）")
    click.echo(
        f"{units} 句，{len(found.themes)} 个主题，未归类 {unassigned} 句，无内容 {found.no_content} 句，"
        f"用时 {seconds:.1f} 秒。已写入 {out}"
    )


@themes.command()
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def assign(brand: str | None, as_json: bool) -> None:
    """把新来的句子归到已有的主题（后台程序会自己做）。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.themes.assign import assign_new_units

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
    done = assign_new_units(db, actor)
    said = (
        f"新句子 {done['new']}：归入主题 {done['assigned']}（拿不准 {done['unsure']}），未归类 {done['unassigned']}。"
    )
    click.echo(json.dumps(done) if as_json else said)
