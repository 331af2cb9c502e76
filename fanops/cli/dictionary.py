"""``fanops dictionary``: the brand's own words."""

from __future__ import annotations

import json
from pathlib import Path

import click

_SHOWN_PROBLEMS = 20


def dictionary_words(path: Path | None) -> list[str]:
    """Give the words of a dictionary file, none without one; what could not be used is said on stderr."""
    if path is None:
        return []
    from fanops.text.dictionary import read_dictionary
    from fanops.text.table_file import file_content

    brand = read_dictionary(file_content(path))
    for problem in brand.problems[:_SHOWN_PROBLEMS]:
        click.echo(f"词典{problem}", err=True)
    if len(brand.problems) > _SHOWN_PROBLEMS:
        click.echo(f"词典另有 {len(brand.problems) - _SHOWN_PROBLEMS} 处没有用上。", err=True)
    return brand.words()


@click.group()
def dictionary() -> None:
    """品牌自己的词：商品、别名、竞品。"""


@dictionary.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def add(file: Path, brand: str | None) -> None:
    """加上文件 FILE 里的词。

    一行一个，写成“名称 = 别名 / 别名”；竞品写在 [竞品] 下面。jieba 的词典文件也可以。
    """
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.themes.records_dictionary import add_words

    with ready_database().write() as session:
        counts, read = add_words(session, owner_actor(session, brand), file.read_bytes())
    for problem in read.problems:
        click.echo(f"没有用上：{problem}", err=True)
    click.echo(f"新增 {counts['new']} 个词，改动 {counts['changed']} 个，{counts['same']} 个本来就有。")


@dictionary.command()
@click.argument("word")
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
def remove(word: str, brand: str | None) -> None:
    """去掉词条 WORD。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.themes.records_dictionary import remove_word

    with ready_database().write() as session:
        remove_word(session, owner_actor(session, brand), word)
    click.echo(f"已移出“{word}”。")


@dictionary.command()
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option(
    "--set",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="改用这个文件里的方面。",
)
@click.option("--reset", is_flag=True, help="改回行业自带的方面。")
def aspects(brand: str | None, file: Path | None, reset: bool) -> None:
    """查看品牌的方面，或换成自己的。

    一行一个方面，例如“口味：好喝 难喝”；换了以后，全部句子照新的来。
    """
    from fanops.access.accounts import owner_actor
    from fanops.collect.records_aspects import brand_pack, keep_pack
    from fanops.database import ready_database
    from fanops.text.aspects import pack_lines
    from fanops.text.table_file import decode

    db = ready_database()
    if file or reset:
        with db.write() as session:
            changed = keep_pack(session, owner_actor(session, brand), decode(file.read_bytes()) if file else "")
        click.echo(f"已保存，{changed:,} 句换了方面。")
        return
    with db.read() as session:
        click.echo(pack_lines(brand_pack(session, owner_actor(session, brand).brand_id)))


@dictionary.command()
@click.option("--brand", help="品牌名称，有几个品牌时要写。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，给程序用。")
def prove(brand: str | None, as_json: bool) -> None:
    """在品牌的原声上检验每个词，并建议新词。"""
    from fanops.access.accounts import owner_actor
    from fanops.database import ready_database
    from fanops.themes.prove import prove_dictionary

    db = ready_database()
    with db.read() as session:
        actor = owner_actor(session, brand)
    found = prove_dictionary(db, actor)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for each in found["proofs"]:
        state = "完整" if each["held"] == each["sentences"] else f"切成 {'、'.join(each['split_as'][:3])}"
        click.echo(f"{each['word']}  {each['held']}/{each['sentences']} {state}  {each['why']}")
    click.echo(f"新词建议（来自 {found['voices']:,} 条原声）：")
    for each in found["suggestions"]:
        click.echo(f"  {each['word']}  {each['texts']} 条  现在切成 {'/'.join(each['tokens'])}")
