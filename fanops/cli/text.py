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
    """Tokens, units and polarity of the texts in a file."""


@text.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text-column", required=True, help="Column that holds the text.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@click.option(
    "--level",
    type=click.Choice(["auto", "clause", "review"]),
    default="auto",
    show_default=True,
    help="Judge rows as single clauses (three classes) or as whole reviews.",
)
@click.option(
    "--adapt/--alone",
    default=None,
    help="Let whole reviews learn from each other, or judge each alone; by default they learn from 300 rows on.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON.")
def polarity(file: Path, text_column: str, out: Path, level: str, adapt: bool | None, as_json: bool) -> None:
    """Judge each row of a CSV or Excel FILE: polarity −1, 0, 1 with probability and score.

    Where FILE has a column of one of these names, it keeps it, and the results are called ``polarity_新`` and so on.
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
@click.option("--text-column", required=True, help="Column that holds the text.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@click.option("--dictionary", type=click.Path(path_type=Path), help="The brand's own words.")
@click.option("--engine", default="rjieba", show_default=True, help="rjieba or jieba.")
def tokens(file: Path, text_column: str, out: Path, dictionary: Path | None, engine: str) -> None:
    """Cut each row of FILE into words: its columns and ``tokens`` (``tokens_新`` where FILE has a column of that name)."""
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
@click.option("--text-column", required=True, help="Column that holds the text.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV to write.")
def units(file: Path, text_column: str, out: Path) -> None:
    """Cut each row of FILE into units: one row per unit with its offsets."""
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
