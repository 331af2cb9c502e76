"""``fanops text``: the language toolbox on files."""

from __future__ import annotations

from pathlib import Path

import click

from fanops.cli.dictionary import dictionary_words
from fanops.cli.text_polarity import beside, polarity


@click.group()
def text() -> None:
    """Tokens, units and polarity of the texts in a file."""


text.add_command(polarity)


@text.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text-column", required=True, help="Column that holds the text.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@click.option("--dictionary", type=click.Path(path_type=Path), help="The brand's own words.")
@click.option("--engine", default="rjieba", show_default=True, help="rjieba or jieba.")
def tokens(file: Path, text_column: str, out: Path, dictionary: Path | None, engine: str) -> None:
    """Cut each row of FILE into words: its columns and ``tokens`` (``tokens_新`` where FILE has a column of that name)."""
    from fanops.text.table_file import check_out, read_table, write_table
    from fanops.text.tokens import Tokenizer

    check_out(out, file, dictionary)
    table = read_table(file, text_column)
    cut = Tokenizer(dictionary_words(dictionary), engine)
    found = [" ".join(filter(str.strip, cut.tokens(value))) for value in table[text_column]]
    write_table(beside(table, {"tokens": found}), out)
    click.echo(f"{len(table)} 行已分词，写入 {out}")


@text.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--text-column", required=True, help="Column that holds the text.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV to write.")
def units(file: Path, text_column: str, out: Path) -> None:
    """Cut each row of FILE into units: one row per unit with its offsets."""
    import pandas as pd

    from fanops.text.no_content import no_content
    from fanops.text.table_file import check_out, read_table, write_table
    from fanops.text.units import split_many

    check_out(out, file)
    texts = read_table(file, text_column)[text_column].tolist()
    voice, start, end = split_many(texts)
    found = [texts[v][s:e] for v, s, e in zip(voice.tolist(), start.tolist(), end.tolist(), strict=True)]
    frame = pd.DataFrame({"row": voice + 1, "start": start, "end": end, "unit": found, "no_content": no_content(found)})
    write_table(frame, out)
    click.echo(f"{len(texts)} 行，{len(frame)} 个语义单元，写入 {out}")
