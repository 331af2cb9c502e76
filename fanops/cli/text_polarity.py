"""``fanops text polarity``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd


def beside(table: pd.DataFrame, results: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Put results beside a person's columns; where one has a result's name, it stays, the results are renamed, and that is said."""
    from fanops.text.table_file import free_suffix

    suffix = free_suffix(results, table.columns, "_新")
    if suffix:
        taken = "”“".join(name for name in results if name in table.columns)
        named = "”“".join(f"{name}{suffix}" for name in results)
        click.echo(f"文件里已有“{taken}”这一列，没有改动；结果写在“{named}”。", err=True)
    return table.assign(**{f"{name}{suffix}": values for name, values in results.items()})


@click.command()
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
    from fanops.text.polarity import polarity as judge
    from fanops.text.table_file import check_out, read_table, write_table

    check_out(out, file)
    table = read_table(file, text_column)
    found = judge(table[text_column].tolist(), level, adapt)
    results = {
        "polarity": found.values, "polarity_probability": found.probability.round(4),
        "polarity_score": found.score.round(4),
    }  # fmt: skip
    write_table(beside(table, results), out)
    counts = {
        name: int((found.values == value).sum()) for name, value in (("pleased", 1), ("neutral", 0), ("displeased", -1))
    }
    if as_json:
        click.echo(json.dumps({"rows": len(table), **counts}, ensure_ascii=False))
        return
    click.echo(
        f"{len(table)} 行：满意 {counts['pleased']}，中性 {counts['neutral']}，不满 {counts['displeased']}。已写入 {out}"
    )
