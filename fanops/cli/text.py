"""``fanops text``: the language toolbox on files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fanops.cli.dictionary import dictionary_words

if TYPE_CHECKING:
    import pandas as pd


@click.group()
def text() -> None:
    """文件里文字的分词、语义单元和情感。"""


@text.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text-column", required=True, help="文字在哪一列。")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="要写的 CSV 文件。")
@click.option(
    "--level",
    type=click.Choice(["auto", "clause", "review"]),
    default="auto",
    show_default=True,
    help="每行当作一个短句（三类）还是整条评价来判断。",
)
@click.option(
    "--adapt/--alone",
    default=None,
    help="整条评价互相参照，还是各判各的；默认满 300 行就互相参照。",
)
@click.option("--json", "as_json", is_flag=True, help="小结输出成 JSON。")
def polarity(file: Path, text_column: str, out: Path, level: str, adapt: bool | None, as_json: bool) -> None:
    """判断文件 FILE（CSV 或 Excel）每一行的情感。

    结果是 −1、0、1，附概率和分数。文件里已有同名的列就留着，结果叫 polarity_新 等。
    """
    from fanops.text.frames import polarity_table
    from fanops.text.table_file import check_out, read_table, write_table

    check_out(out, file)
    table = read_table(file, text_column)
    found = polarity_table(table, text_column, level=level, adapt=adapt)
    write_table(found, out)
    _say_renamed(table, found)
    values = found.iloc[:, len(table.columns)]
    counts = {
        name: int((values == value).sum()) for name, value in (("pleased", 1), ("neutral", 0), ("displeased", -1))
    }
    if as_json:
        click.echo(json.dumps({"rows": len(table), **counts}, ensure_ascii=False))
        return
    click.echo(
        f"{len(table)} 行：满意 {counts['pleased']}，中性 {counts['neutral']}，不满 {counts['displeased']}。已写入 {out}"
    )


@text.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text-column", required=True, help="文字在哪一列。")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="要写的 CSV 文件。")
@click.option("--dictionary", type=click.Path(path_type=Path), help="品牌自己的词。")
@click.option("--engine", default="rjieba", show_default=True, help="分词用 rjieba 或 jieba。")
def tokens(file: Path, text_column: str, out: Path, dictionary: Path | None, engine: str) -> None:
    """把文件 FILE 的每一行切成词。

    原来的列都在，加一列 tokens；已有同名的列就叫 tokens_新。
    """
    from fanops.text.frames import tokens_table
    from fanops.text.table_file import check_out, read_table, write_table

    check_out(out, file, dictionary)
    table = read_table(file, text_column)
    found = tokens_table(table, text_column, words=dictionary_words(dictionary), engine=engine)
    write_table(found, out)
    _say_renamed(table, found)
    click.echo(f"{len(table)} 行已分词，写入 {out}")


@text.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text-column", required=True, help="文字在哪一列。")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="要写的 CSV 文件。")
def units(file: Path, text_column: str, out: Path) -> None:
    """把文件 FILE 的每一行切成语义单元，每个一行，附位置。"""
    from fanops.text.frames import units_table
    from fanops.text.table_file import check_out, read_table, write_table

    check_out(out, file)
    table = read_table(file, text_column)
    found = units_table(table, text_column)
    write_table(found, out)
    click.echo(f"{len(table)} 行，{len(found)} 个语义单元，写入 {out}")


def _say_renamed(table: pd.DataFrame, found: pd.DataFrame) -> None:
    """Say where results were given other names because the file has columns of theirs."""
    named = list(found.columns[len(table.columns) :])
    if named[0].rpartition("_新")[0]:
        taken = [name for name in (each.rpartition("_新")[0] for each in named) if name in table.columns]
        click.echo(f"文件里已有“{'”“'.join(taken)}”这一列，没有改动；结果写在“{'”“'.join(named)}”。", err=True)
